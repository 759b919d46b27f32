//! What reverse proxies report about a request: its client, and the scheme and host that the client used.
//!
//! Anyone can send these headers, so they count only from proxies that the settings trust. Each proxy adds the address
//! of its peer at the right end. The client is the rightmost address that is not a trusted proxy's. Everything to the
//! left of it can be written by the client, and is not read.
//!
//! These headers never name a bucket. The `Host` does, and the signature covers it.

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies that are believed, by their addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// A range of addresses, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// Why a text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadNetwork {
    /// It is neither an address nor a range in CIDR notation.
    Form,
    /// The address has bits that the range leaves open: this range is perhaps meant, or the address alone.
    OpenBits(Network),
}

/// What trusted proxies report about a request; empty if they report nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The address of the client; `None` where the peer is the client.
    pub client: Option<IpAddr>,
    /// The scheme that the client used.
    pub scheme: Option<Scheme>,
    /// The host, and perhaps port, that the client used.
    pub host: Option<String>,
}

/// How a client reached the first server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    #[default]
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The name, as a URL starts with it.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn parse(text: &str) -> Option<Scheme> {
        [Scheme::Http, Scheme::Https].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.name()))
    }
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or an address alone.
    pub fn parse(text: &str) -> Result<Network, BadNetwork> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Network(address.to_canonical().into()));
        }
        let range: IpNet = text.parse().map_err(|_| BadNetwork::Form)?;
        if range.addr() == range.network() {
            Ok(Network(range))
        } else {
            Err(BadNetwork::OpenBits(Network(range.trunc())))
        }
    }

    /// Whether it has every address of its family.
    pub fn is_everything(self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromIterator<Network> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> TrustedProxies {
        TrustedProxies(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    /// Whether the address is that of a trusted proxy.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.0.contains(&address))
    }

    /// What the headers of a request from this peer report. Nothing, unless the peer is trusted and the headers can be
    /// read.
    ///
    /// A proxy adds `Forwarded` or `X-Forwarded-For`, and often passes the other on as it came. So where both name a
    /// client and the two differ, neither is believed.
    pub fn read(&self, peer: IpAddr, headers: &HeaderMap) -> Forwarded {
        if !self.has(peer) {
            return Forwarded::default();
        }
        let hop = self.forwarded(headers);
        let listed = self.x_forwarded_for(headers);
        let standard = hop.as_ref().and_then(|hop| hop.client);
        let client = match (standard, listed) {
            (Some(a), Some(b)) if a != b => return Forwarded::default(),
            (a, b) => a.or(b),
        };
        let hop = hop.unwrap_or_default();
        Forwarded { client, scheme: hop.scheme.or_else(|| x_forwarded_proto(headers)), host: hop.host }
    }

    /// The first address from the right that is no trusted proxy's, or the leftmost if all are; `None` where one on the
    /// way cannot be read.
    fn x_forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lists = texts(headers, &X_FORWARDED_FOR)?;
        let entries = lists.iter().flat_map(|list| list.split(',')).map(|entry| address(entry.trim()));
        self.client_of(entries.rev(), |entry| Some(*entry))
    }

    /// The element of `Forwarded` (RFC 7239) that names the client, found in the same way.
    fn forwarded(&self, headers: &HeaderMap) -> Option<Forwarded> {
        let lists = texts(headers, &header::FORWARDED)?;
        let elements: Option<Vec<_>> = lists.iter().flat_map(|list| split(list, ',')).map(|e| element(e?)).collect();
        self.client_of(elements?.into_iter().rev().map(Some), |element| element.client)
    }

    /// Walks over what proxies added, the nearest first.
    fn client_of<T>(&self, hops: impl Iterator<Item = Option<T>>, address: impl Fn(&T) -> Option<IpAddr>) -> Option<T> {
        let mut found = None;
        for hop in hops {
            let hop = hop?;
            let is_proxy = self.has(address(&hop)?);
            found = Some(hop);
            if !is_proxy {
                break;
            }
        }
        found
    }
}

/// The values of a header, in order; `None` where there is none, or one is no text.
fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Vec<&'h str>> {
    let values: Option<Vec<_>> = headers.get_all(name).iter().map(|value| value.to_str().ok()).collect();
    values.filter(|values| !values.is_empty())
}

/// The scheme that the peer says it was reached by: the last one, as what stands before it can be the client's own
/// word. One that is unknown says nothing.
fn x_forwarded_proto(headers: &HeaderMap) -> Option<Scheme> {
    let lists = texts(headers, &X_FORWARDED_PROTO)?;
    Scheme::parse(lists.last()?.rsplit(',').next()?.trim())
}

/// An address as proxies write it: alone, with a port, that of IPv6 also in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let address = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

/// One element of `Forwarded`: `for=192.0.2.60;proto=https;host=example.test`. A client that is `unknown` or hidden
/// (`_name`) is none, and the same goes for a host that is no host.
fn element(text: &str) -> Option<Forwarded> {
    let mut read = Forwarded::default();
    for pair in split(text, ';') {
        let Some((name, value)) = pair?.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => read.client = address(&value),
            "proto" => read.scheme = Scheme::parse(&value),
            "host" => read.host = Some(value).filter(|host| is_host(host)),
            _ => {}
        }
    }
    Some(read)
}

/// The parts of a text between separators that stand outside of quotes; an error, the last, where a quote is not
/// closed.
fn split(text: &str, separator: char) -> impl Iterator<Item = Option<&str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let (mut quoted, mut escaped) = (false, false);
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if c == separator && !quoted => {
                    rest = text.get(at + c.len_utf8()..);
                    return Some(text.get(..at));
                }
                _ => {}
            }
        }
        Some((!quoted).then_some(text))
    })
}

/// The text of a token or of a quoted string (RFC 9110 section 5.6.4).
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let mut escaped = false;
    let is_text = |c: &char| {
        let drop = *c == '\\' && !escaped;
        escaped = drop;
        !drop
    };
    inner.chars().filter(is_text).collect()
}

/// Whether the text can stand in a URL as host and port, as far as it matters: what is answered is XML, and encoded.
fn is_host(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        networks.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    /// `CLIENT SCHEME HOST`, with `-` for what is not known.
    fn read(peer: &str, lines: &[&str]) -> String {
        let trusted = proxies(&["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"]);
        let read = trusted.read(peer.parse().unwrap(), &headers(lines));
        let client = read.client.map_or("-".to_owned(), |client| client.to_string());
        format!("{client} {} {}", read.scheme.map_or("-", Scheme::name), read.host.as_deref().unwrap_or("-"))
    }

    #[test]
    fn only_trusted_peers_are_believed() {
        let line = &["x-forwarded-for: 203.0.113.7", "x-forwarded-proto: https", "forwarded: host=h"][..];
        for (peer, expected) in [
            ("10.1.2.3", "203.0.113.7 https -"),
            ("::ffff:10.1.2.3", "203.0.113.7 https -"),
            ("127.0.0.1", "203.0.113.7 https -"),
            ("127.0.0.2", "- - -"),
            ("203.0.113.7", "- - -"),
            ("2001:db8:1::9", "203.0.113.7 https -"),
            ("2001:db8:2::9", "- - -"),
        ] {
            assert_eq!(read(peer, line), expected, "{peer}");
        }
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_not_a_proxy() {
        for (list, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("198.51.100.1,203.0.113.7 , 10.0.0.2,10.0.0.3", "203.0.113.7"),
            ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
            ("rubbish, 203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("203.0.113.7, rubbish", "-"),
            ("203.0.113.7,", "-"),
            ("203.0.113.7, unknown, 10.0.0.2", "-"),
            ("", "-"),
            ("203.0.113.700", "-"),
        ] {
            let line = format!("x-forwarded-for: {list}");
            assert_eq!(read("10.0.0.1", &[&line]), format!("{expected} - -"), "{list}");
        }
        let lines = ["x-forwarded-for: 198.51.100.1", "x-forwarded-for: 203.0.113.7"];
        assert_eq!(read("10.0.0.1", &lines), "203.0.113.7 - -", "lines are one list");
    }

    #[test]
    fn the_standard_header_is_read() {
        for (value, expected) in [
            ("for=203.0.113.7", "203.0.113.7 - -"),
            ("For=203.0.113.7; PROTO=HTTPS;host=s3.example.test:9000", "203.0.113.7 https s3.example.test:9000"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7 - -"),
            ("for=\"203.0.113.7:4711\";by=10.0.0.1", "203.0.113.7 - -"),
            ("for=198.51.100.1;host=evil.test, for=203.0.113.7;proto=http", "203.0.113.7 http -"),
            ("for=203.0.113.7;host=a.test, for=10.0.0.2;host=b.test", "203.0.113.7 - a.test"),
            ("for=203.0.113.7;x=\"a,b;c\\\"d\"", "203.0.113.7 - -"),
            ("for=203.0.113.7;proto=gopher;host=\"a b\"", "203.0.113.7 - -"),
            ("for=203.0.113.7;host=\"a\\.test\"", "203.0.113.7 - a.test"),
            ("for=203.0.113.7;host=<script>", "203.0.113.7 - -"),
            ("for=unknown", "- - -"),
            ("for=_hidden;proto=https", "- - -"),
            ("proto=https", "- - -"),
            ("for=\"203.0.113.7", "- - -"),
            ("for", "- - -"),
            (",", "- - -"),
        ] {
            let line = format!("forwarded: {value}");
            assert_eq!(read("10.0.0.1", &[&line]), expected, "{value}");
        }
    }

    #[test]
    fn schemes_are_two() {
        for (value, expected) in [
            ("https", "https"),
            ("HTTP", "http"),
            ("https, http", "http"),
            ("http,https", "https"),
            ("ftp", "-"),
            ("", "-"),
        ] {
            let line = format!("x-forwarded-proto: {value}");
            assert_eq!(read("10.0.0.1", &[&line]), format!("- {expected} -"), "{value}");
        }
    }

    #[test]
    fn two_headers_must_agree() {
        for (standard, listed, expected) in [
            ("for=203.0.113.7;proto=https", "203.0.113.7", "203.0.113.7 https -"),
            ("for=198.51.100.1;proto=https", "203.0.113.7", "- - -"),
            ("for=unknown", "203.0.113.7", "203.0.113.7 - -"),
            ("for=203.0.113.7", "rubbish", "203.0.113.7 - -"),
        ] {
            let lines = [format!("forwarded: {standard}"), format!("x-forwarded-for: {listed}")];
            assert_eq!(read("10.0.0.1", &[&lines[0], &lines[1]]), expected, "{lines:?}");
        }
    }

    #[test]
    fn ranges_are_read_strictly() {
        for (text, expected) in [
            ("10.0.0.0/8", Ok("10.0.0.0/8")),
            ("10.0.0.1", Ok("10.0.0.1/32")),
            ("2001:db8::/32", Ok("2001:db8::/32")),
            ("0.0.0.0/0", Ok("0.0.0.0/0")),
            ("10.0.0.1/8", Err("10.0.0.0/8")),
            ("10.0.0.0/33", Err("-")),
            ("10.0.0.*", Err("-")),
            ("10.0.0.0/255.0.0.0", Err("-")),
            ("proxy.example.test", Err("-")),
            ("", Err("-")),
        ] {
            let read = Network::parse(text).map(|network| network.to_string()).map_err(|bad| match bad {
                BadNetwork::Form => "-".to_owned(),
                BadNetwork::OpenBits(meant) => meant.to_string(),
            });
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        assert!(Network::parse("0.0.0.0/0").unwrap().is_everything());
    }
}
