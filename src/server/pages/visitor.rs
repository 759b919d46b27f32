//! Who may read a page. The admin address asks for no key, so a page of another site must not read it through the
//! browser of someone who can reach it: neither under a name that leads here (DNS rebinding), nor as part of itself.

use http::uri::Authority;
use std::net::IpAddr;

/// Under which hosts pages are read.
#[derive(Debug)]
pub(super) struct Hosts {
    /// The address that is listened on.
    bound: IpAddr,
    /// Names that settings give, in lower case.
    names: Vec<String>,
}

/// Why a page is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// The host is none of this address.
    Host,
    /// Another site asks.
    Site,
}

/// What a browser says of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Visitor<'a> {
    /// Host, as sent.
    pub(super) host: Option<&'a str>,
    /// Sec-Fetch-Site: whose page asks.
    pub(super) site: Option<&'a str>,
    /// Sec-Fetch-Mode: what it asks for.
    pub(super) mode: Option<&'a str>,
}

impl Hosts {
    pub(super) fn new(bound: IpAddr, names: Vec<String>) -> Hosts {
        Hosts { bound: bound.to_canonical(), names }
    }

    /// Lets a visitor in or turns it away. Clients that are no browsers do not say what they ask for.
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

    /// Whether a host is this address. Its port does not count: one that is forwarded here has another number, and only
    /// a name can be made to lead here by someone else.
    fn is_own(&self, host: &str) -> bool {
        let Some(authority) = host.parse::<Authority>().ok().filter(|_| !host.contains('@')) else { return false };
        let name = authority.host().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address == self.bound || self.bound.is_unspecified()
            }
            Err(_) => name == "localhost" || self.names.iter().any(|own| own == name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_here_is_not_this_address() {
        let own = ["127.0.0.1:9001", "127.0.0.1", "localhost:9001", "LOCALHOST.:9001", "localhost:1", "[::1]:9001"];
        let foreign = [
            "evil.test:9001",
            "localhost.evil.test",
            "127.0.0.1.evil.test:9001",
            "evil.localhost",
            "a@localhost:9001",
            "localhost:9001@evil.test",
            "2130706433",
            "localhost/",
            " ",
            "",
        ];
        let hosts = |bound: &str, names: &[&str]| {
            Hosts::new(bound.parse().unwrap(), names.iter().map(|name| (*name).to_owned()).collect())
        };
        for (bound, names, more, fewer) in [
            ("127.0.0.1", &[][..], &[][..], &["192.0.2.7:9001", "[2001:db8::1]:9001"][..]),
            ("::1", &[], &[], &["192.0.2.7:9001", "[2001:db8::1]:9001"]),
            ("192.0.2.7", &[], &["192.0.2.7:9001", "[::ffff:192.0.2.7]:9001"], &["192.0.2.8"]),
            ("127.0.0.1", &["r2.lan"], &["r2.lan:9001", "R2.LAN."], &["a.r2.lan", "r2.lan.evil.test"]),
            ("0.0.0.0", &[], &["192.0.2.7:9001", "[2001:db8::1]:9001"], &["r2.lan", "0.0.0.0.evil.test"]),
            ("::", &["r2.lan"], &["192.0.2.7", "r2.lan"], &["evil.test"]),
        ] {
            let hosts = hosts(bound, names);
            for host in own.iter().chain(more) {
                assert!(hosts.is_own(host), "{host} at {bound}");
            }
            for host in foreign.iter().chain(fewer) {
                assert!(!hosts.is_own(host), "{host} at {bound}");
            }
        }
    }

    #[test]
    fn other_sites_are_turned_away() {
        let hosts = Hosts::new("127.0.0.1".parse().unwrap(), Vec::new());
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
