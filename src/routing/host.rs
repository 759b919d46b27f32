//! Whether a `Host` names a bucket.
//!
//! By default, SDKs write the bucket's name before any host that is not an IP address. A server that reads such a
//! request as path style would read its key as bucket and key, and write to another bucket. So every host is either
//! known or refused, regardless of which buckets exist.

use std::net::Ipv4Addr;

/// Domains whose names below are buckets, besides those of the settings: the names of one's own machine, as seen from
/// it and from its containers.
pub const LOCAL_DOMAINS: [&str; 3] = ["localhost", "host.docker.internal", "host.containers.internal"];

/// Where a request has its bucket's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Style {
    /// In the path.
    Path,
    /// In the host: what precedes the domain. It need not be a valid name.
    VirtualHost(String),
}

/// A host of more than one label, not an IP address, that is neither a domain nor below one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The host {host:?} is not a domain of this server, so it is unclear whether it names a bucket. Add the server's \
     domain to `domains` in its settings, or use path-style addressing: forcePathStyle in AWS SDKs, addressing_style=path \
     in boto3 and the AWS CLI, --s3-force-path-style in rclone."
)]
pub struct UnknownHost {
    /// The host, without its port, in lower case.
    pub host: String,
}

/// How a request to this `Host` is addressed. `domains` are those of the settings, in lower case.
///
/// An IP address, a single label and a domain itself are path style. Below a domain, the longest that fits, is a
/// bucket.
///
/// # Errors
/// Every other host.
pub fn style(host: &str, domains: &[String]) -> Result<Style, UnknownHost> {
    let host = normalised(host);
    let domains = || domains.iter().map(String::as_str).chain(LOCAL_DOMAINS);
    if is_ip_address(&host) || !host.contains('.') || domains().any(|domain| domain == host) {
        return Ok(Style::Path);
    }
    let before = |domain: &str| host.strip_suffix(domain)?.strip_suffix('.').map(str::to_owned);
    let names = domains().filter_map(before).filter(|name| !name.is_empty());
    // The longest domain leaves the shortest name.
    match names.min_by_key(String::len) {
        Some(bucket) => Ok(Style::VirtualHost(bucket)),
        None => Err(UnknownHost { host }),
    }
}

/// In lower case, without port and final dot.
fn normalised(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// An address of IPv6 is in brackets (RFC 3986 section 3.2.2).
fn is_ip_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path` for path style, `400` for a host that is not ours, else the bucket.
    fn read(host: &str, domains: &[&str]) -> String {
        let domains: Vec<String> = domains.iter().map(|domain| (*domain).to_owned()).collect();
        match style(host, &domains) {
            Ok(Style::Path) => "path".to_owned(),
            Ok(Style::VirtualHost(bucket)) => bucket,
            Err(UnknownHost { .. }) => "400".to_owned(),
        }
    }

    #[test]
    fn hosts_without_and_with_domains() {
        const DOMAINS: &[&str] = &["s3.localhost", "r2shim", "s3.example.com", "r2shim.ns.svc"];
        for (host, without, with) in [
            ("127.0.0.1", "path", "path"),
            ("127.0.0.1:9000", "path", "path"),
            ("10.0.0.7.", "path", "path"),
            ("[::1]", "path", "path"),
            ("[::1]:9000", "path", "path"),
            ("[FE80::1]:9000", "path", "path"),
            ("localhost", "path", "path"),
            ("LocalHost.:9000", "path", "path"),
            ("r2shim", "path", "path"),
            ("", "path", "path"),
            ("media.localhost", "media", "media"),
            ("MEDIA.LOCALHOST.:9000", "media", "media"),
            ("host.docker.internal:9000", "path", "path"),
            ("media.host.docker.internal:9000", "media", "media"),
            ("media.host.containers.internal", "media", "media"),
            ("s3.localhost", "s3", "path"),
            ("media.s3.localhost", "media.s3", "media"),
            ("a.media.s3.localhost", "a.media.s3", "a.media"),
            (".localhost", "400", "400"),
            ("media.r2shim", "400", "media"),
            ("r2shim.ns.svc", "400", "path"),
            ("media.r2shim.ns.svc:80", "400", "media"),
            ("s3.example.com", "400", "path"),
            ("media.s3.example.com", "400", "media"),
            ("medias3.example.com", "400", "400"),
            ("example.com", "400", "400"),
            ("docker.internal", "400", "400"),
            ("notlocalhost.test", "400", "400"),
            ("127.0.0.1.nip.io", "400", "400"),
            ("127.1", "400", "400"),
            ("1.2.3.4.5", "400", "400"),
            ("media.127.0.0.1", "400", "400"),
        ] {
            assert_eq!(read(host, &[]), without, "{host:?} without domains");
            assert_eq!(read(host, DOMAINS), with, "{host:?} with domains");
        }
    }

    #[test]
    fn the_longest_domain_counts_in_any_order() {
        for domains in [["s3.localtest", "prod.s3.localtest"], ["prod.s3.localtest", "s3.localtest"]] {
            for (host, expected) in [
                ("prod.s3.localtest", "path"),
                ("s3.localtest", "path"),
                ("media.prod.s3.localtest", "media"),
                ("media.s3.localtest", "media"),
            ] {
                assert_eq!(read(host, &domains), expected, "{host} with {domains:?}");
            }
        }
        for domains in [["localhost", "s3.localhost"], ["s3.localhost", "localhost"]] {
            assert_eq!(read("media.s3.localhost", &domains), "media", "{domains:?}");
            assert_eq!(read("s3.localhost", &domains), "path", "{domains:?}");
        }
    }

    #[test]
    fn the_refusal_says_what_to_do() {
        let error = style("Media.Example.com:9000", &[]).unwrap_err().to_string();
        for part in
            ["\"media.example.com\"", "`domains`", "forcePathStyle", "addressing_style=path", "--s3-force-path-style"]
        {
            assert!(error.contains(part), "{error}");
        }
    }
}
