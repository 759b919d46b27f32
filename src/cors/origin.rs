//! Origins as rules name them: `https://app.example.com`, or with one `*`.
//!
//! A browser writes scheme, host and port (RFC 6454, section 6.2) in lower case, without the scheme's default port, and
//! nothing after it. A text that no browser can send would be a rule that never matches, so it is refused.

use crate::cors::wildcard::Wildcard;
use std::fmt;

/// An origin, or origins with a part in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPattern(Wildcard);

/// Why a text can match no origin, as a clause behind "is no origin:".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// It has more than one `*`.
    #[error("it has more than one '*'")]
    Wildcards,
    /// It is `null`, which every sandboxed page and every file has for an origin.
    #[error("it stands for any file and any sandboxed page")]
    Null,
    /// There is no scheme.
    #[error("an origin starts with a scheme, as https://")]
    Scheme,
    /// Something follows host and port.
    #[error("nothing may follow the host and port, not even a slash")]
    Path,
    /// The host is none.
    #[error("its host is no host name")]
    Host,
    /// The port is none.
    #[error("its port is no number from 1 to 65535")]
    Port,
    /// The port is the scheme's own, which browsers leave out.
    #[error("browsers leave the scheme's own port out")]
    OwnPort,
}

/// The texts that are tried for a `*`, the usual one first: a part of a host or of a port, or the rest of an origin.
const FILLINGS: [&str; 7] = ["a", "1", "a://a", "://a", "//a", "/a", ""];

impl OriginPattern {
    /// The origin, checked and in lower case.
    ///
    /// # Errors
    /// A text that no browser can send, whatever its `*` stands for.
    pub fn parse(text: &str) -> Result<OriginPattern, BadOrigin> {
        let text = text.to_ascii_lowercase();
        let wildcard = Wildcard::parse(&text).ok_or(BadOrigin::Wildcards)?;
        let Some((start, end)) = wildcard.sides() else {
            return check(&text).map(|()| OriginPattern(wildcard));
        };
        let tried = FILLINGS.map(|filling| check(&format!("{start}{filling}{end}")));
        if tried.iter().all(Result::is_err) {
            tried[0]?;
        }
        Ok(OriginPattern(wildcard))
    }

    /// Whether it is the origin that a browser sent.
    pub fn matches(&self, origin: &str) -> bool {
        self.0.matches(origin)
    }

    /// Whether it is a lone `*`, which means any origin.
    pub fn is_any(&self) -> bool {
        self.0.is_anything()
    }

    /// An origin that it matches and that anyone can register, where the `*` is in the part of the host that is bought:
    /// `https://*example.com` matches `https://notexample.com`. `None` if there is no such trap.
    pub fn stranger(&self) -> Option<String> {
        let (start, end) = self.0.sides()?;
        let host = start.split_once("://").map_or("", |(_, host)| host);
        if end.contains("://") || host.contains(':') || end.starts_with(['.', ':']) {
            return None;
        }
        let filling = match (host, end) {
            ("", "") => return None,
            (host, "") if host.ends_with('.') => "org",
            (_, "") => ".example.org",
            // Two dots: what is bought stands behind the part that the `*` touches.
            (_, end) if end.matches('.').count() > 1 => return None,
            ("", _) => "not",
            _ => "x.not",
        };
        Some(format!("{start}{filling}{end}"))
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn check(origin: &str) -> Result<(), BadOrigin> {
    if origin == "null" {
        return Err(BadOrigin::Null);
    }
    let (scheme, rest) = origin.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).ok_or(BadOrigin::Scheme)?;
    if rest.contains(['/', '?', '#']) {
        return Err(BadOrigin::Path);
    }
    let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    if !is_host(host) {
        return Err(BadOrigin::Host);
    }
    port.map_or(Ok(()), |port| check_port(scheme, port))
}

/// RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed)
}

fn is_host(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(allowed),
    }
}

fn check_port(scheme: &str, port: &str) -> Result<(), BadOrigin> {
    let number: u16 = port.parse().ok().filter(|number| *number != 0).ok_or(BadOrigin::Port)?;
    let own = matches!((scheme, number), ("http", 80) | ("https", 443));
    if own { Err(BadOrigin::OwnPort) } else { Ok(()) }
}
