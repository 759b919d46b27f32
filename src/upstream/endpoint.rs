//! The address of a remote store, and where requests to it put the bucket's name.

use http::Uri;
use std::fmt;

/// The address of one node of a remote store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// Whether connections to it use TLS.
    pub tls: bool,
    /// Its host name or IP address; an IPv6 address without its brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Host and port as in a `Host` header, made once and not for every request.
    authority: String,
}

/// Where a request puts the bucket's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// `host/bucket/key`.
    Path,
    /// `bucket.host/key`.
    Virtual,
}

/// Why a text is not an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEndpoint {
    /// It is not `http://HOST[:PORT]` or `https://HOST[:PORT]`.
    Form,
    /// Something follows the host, such as a path or a bucket's name.
    Path,
}

impl Endpoint {
    /// Reads `http://HOST[:PORT]` or `https://HOST[:PORT]`; a slash may follow. The default port is 80 or 443.
    pub fn parse(text: &str) -> Result<Endpoint, BadEndpoint> {
        let uri: Uri = text.parse().map_err(|_| BadEndpoint::Form)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(BadEndpoint::Form),
        };
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(BadEndpoint::Form)?;
        if uri.path_and_query().is_some_and(|rest| rest.as_str() != "/") {
            return Err(BadEndpoint::Path);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = match authority.port() {
            Some(port) if port.as_u16() == 0 => return Err(BadEndpoint::Form),
            Some(port) => port.as_u16(),
            // A colon and no number that could be a port.
            None if authority.as_str().len() != authority.host().len() => return Err(BadEndpoint::Form),
            None => default_port(tls),
        };
        let authority = authority_of(&host, port, tls);
        if host.is_empty() { Err(BadEndpoint::Form) } else { Ok(Endpoint { tls, host, port, authority }) }
    }

    /// Host and port as in a `Host` header: without the port if it is the scheme's default.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether the host is an IP address, so that a bucket's name cannot precede it.
    pub fn is_ip(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok()
    }
}

fn authority_of(host: &str, port: u16, tls: bool) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == default_port(tls) { host } else { format!("{host}:{port}") }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_a_scheme_a_host_and_perhaps_a_port() {
        for (text, tls, host, port, authority) in [
            ("http://127.0.0.1:9100", false, "127.0.0.1", 9100, "127.0.0.1:9100"),
            (
                "https://s3.eu-west-1.amazonaws.com",
                true,
                "s3.eu-west-1.amazonaws.com",
                443,
                "s3.eu-west-1.amazonaws.com",
            ),
            ("https://Ceph.example.test:443/", true, "ceph.example.test", 443, "ceph.example.test"),
            ("http://minio", false, "minio", 80, "minio"),
            ("http://[::1]:9000", false, "::1", 9000, "[::1]:9000"),
            ("https://[::1]", true, "::1", 443, "[::1]"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.tls, endpoint.host.as_str(), endpoint.port), (tls, host, port), "{text}");
            assert_eq!(endpoint.authority(), authority, "{text}");
            assert_eq!(Endpoint::parse(&endpoint.to_string()), Ok(endpoint), "{text}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for (text, bad) in [
            ("", BadEndpoint::Form),
            ("127.0.0.1:9100", BadEndpoint::Form),
            ("minio", BadEndpoint::Form),
            ("ftp://minio", BadEndpoint::Form),
            ("http://", BadEndpoint::Form),
            ("http://user:secret@minio", BadEndpoint::Form),
            ("http://minio:port", BadEndpoint::Form),
            ("http://minio:", BadEndpoint::Form),
            ("http://minio:70000", BadEndpoint::Form),
            ("http://minio:0", BadEndpoint::Form),
            ("http://mi nio", BadEndpoint::Form),
            ("http://minio/bucket", BadEndpoint::Path),
            ("http://minio/?x", BadEndpoint::Path),
            ("http://minio?x", BadEndpoint::Path),
        ] {
            assert_eq!(Endpoint::parse(text), Err(bad), "{text}");
        }
    }
}
