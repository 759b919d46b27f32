//! Which requests may read the admin address. It asks for no key, so a page of another site must not read it through
//! the browser of someone who can reach it: neither under a name that leads here (DNS rebinding), nor as a part of the
//! page.

use http::uri::Authority;
use http::{HeaderName, header};
use pingora::protocols::http::ServerSession;
use std::net::IpAddr;

/// The hosts under which the admin address can be read: every IP address, `localhost`, and the names of the settings. A
/// browser connects to the IP address that it names; only a name can be made to lead here by someone else.
#[derive(Debug)]
pub struct Hosts(Vec<String>);

/// Why a page is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// The host does not belong to this address.
    Host,
    /// Another site asks.
    Site,
}

/// The headers of a browser about a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Visitor<'a> {
    /// Host, as sent.
    pub(super) host: Option<&'a str>,
    /// Sec-Fetch-Site: the site of the page that sends the request.
    pub(super) site: Option<&'a str>,
    /// Sec-Fetch-Mode: the kind of the request.
    pub(super) mode: Option<&'a str>,
}

impl<'a> Visitor<'a> {
    pub(super) fn of(session: &'a ServerSession) -> Visitor<'a> {
        let head = session.req_header();
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        let fetch = |name| text(HeaderName::from_static(name));
        // RFC 9112 section 3.2.2: the authority of an absolute target replaces what Host says.
        let host = head.uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST));
        Visitor { host, site: fetch("sec-fetch-site"), mode: fetch("sec-fetch-mode") }
    }
}

impl Hosts {
    /// `names` are those of the settings, in lower case.
    pub fn new(names: Vec<String>) -> Hosts {
        Hosts(names)
    }

    /// Whether a request is for this address, and not for a name that someone else made lead here.
    pub fn know(&self, session: &ServerSession) -> bool {
        Visitor::of(session).host.is_some_and(|host| self.is_own(host))
    }

    /// Allows or refuses a request. Clients other than browsers do not send these headers.
    pub(super) fn admit(&self, visitor: &Visitor<'_>) -> Result<(), Turned> {
        if !visitor.host.is_some_and(|host| self.is_own(host)) {
            return Err(Turned::Host);
        }
        match (visitor.site, visitor.mode) {
            (None | Some("none" | "same-origin"), _) => Ok(()),
            // A link on a page of another port of this host. What it leads to cannot be read by that page.
            (Some("same-site"), Some("navigate")) => Ok(()),
            _ => Err(Turned::Site),
        }
    }

    /// Whether a host is this address. Its port does not count: one that is forwarded here has another number.
    fn is_own(&self, host: &str) -> bool {
        let Some(authority) = host.parse::<Authority>().ok().filter(|_| !host.contains('@')) else { return false };
        let name = authority.host().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        is_address || name == "localhost" || self.0.iter().any(|own| own == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_here_is_not_this_address() {
        let own = [
            "127.0.0.1:9001",
            "127.0.0.1",
            "192.0.2.7:9001",
            "[2001:db8::1]:9001",
            "[::ffff:192.0.2.7]:9001",
            "localhost:9001",
            "LOCALHOST.:9001",
            "localhost:1",
            "[::1]:9001",
        ];
        let foreign = [
            "evil.test:9001",
            "localhost.evil.test",
            "127.0.0.1.evil.test:9001",
            "evil.localhost",
            "a@localhost:9001",
            "localhost:9001@evil.test",
            "2130706433",
            "0x7f.1",
            "localhost/",
            " ",
            "",
        ];
        for (names, more, fewer) in [
            (&[][..], &[][..], &["r2.lan", "0.0.0.0.evil.test"][..]),
            (&["r2.lan"], &["r2.lan:9001", "R2.LAN."], &["a.r2.lan", "r2.lan.evil.test"]),
        ] {
            let hosts = Hosts::new(names.iter().map(|name| (*name).to_owned()).collect());
            for host in own.iter().chain(more) {
                assert!(hosts.is_own(host), "{host} beside {names:?}");
            }
            for host in foreign.iter().chain(fewer) {
                assert!(!hosts.is_own(host), "{host} beside {names:?}");
            }
        }
    }

    #[test]
    fn other_sites_are_turned_away() {
        let hosts = Hosts::new(Vec::new());
        for (host, site, mode, outcome) in [
            (Some("localhost:9001"), None, None, Ok(())),
            (Some("localhost:9001"), Some("none"), Some("navigate"), Ok(())),
            (Some("localhost:9001"), Some("same-origin"), Some("cors"), Ok(())),
            (Some("localhost:9001"), Some("same-site"), Some("navigate"), Ok(())),
            (Some("localhost:9001"), Some("same-site"), Some("no-cors"), Err(Turned::Site)),
            (Some("localhost:9001"), Some("same-site"), None, Err(Turned::Site)),
            (Some("localhost:9001"), Some("cross-site"), Some("navigate"), Err(Turned::Site)),
            (Some("localhost:9001"), Some("cross-site"), Some("cors"), Err(Turned::Site)),
            (Some("localhost:9001"), Some("?"), Some("navigate"), Err(Turned::Site)),
            (Some("evil.test:9001"), Some("same-origin"), Some("navigate"), Err(Turned::Host)),
            (None, None, None, Err(Turned::Host)),
        ] {
            assert_eq!(hosts.admit(&Visitor { host, site, mode }), outcome, "{host:?} {site:?} {mode:?}");
        }
    }
}
