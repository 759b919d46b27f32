//! Addresses as URLs that this machine can connect to.

use crate::routing::Scheme;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// A URL that reaches the address from this machine. A client cannot connect to a wildcard address.
pub(super) fn url(scheme: Scheme, address: SocketAddr) -> String {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, v6.port())),
        other => other,
    };
    format!("{}://{host}", scheme.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_urls_one_can_connect_to() {
        for (address, expected) in [
            ("127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://[::1]:80"),
            ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ] {
            assert_eq!(url(Scheme::Http, address.parse().unwrap()), expected);
        }
    }
}
