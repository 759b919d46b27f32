//! Addresses to listen at.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// Where clients are served unless settings say otherwise.
pub(super) const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9000));
/// Where metrics and health are served unless settings say otherwise.
pub(super) const ADMIN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9001));

/// Where public buckets are read unless settings say otherwise.
pub(super) const PUBLIC: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9002));

const FORM: &str =
    "write an IP address and a port, as 127.0.0.1:9000, [::1]:9000 or, for every interface, 0.0.0.0:9000";

/// The addresses for clients, each once, at least one.
pub(super) fn listen(written: Option<Spanned<Vec<Spanned<String>>>>, faults: &mut Vec<Diagnostic>) -> Vec<SocketAddr> {
    let Some(written) = written else { return vec![LISTEN] };
    if written.value.is_empty() {
        faults.push(written.fault("`listen` names none, so no client could connect", FORM));
    }
    each(&written.value, &[], faults)
}

/// The addresses at which public buckets are read, each once. `served` are those that serve something else.
pub(super) fn public(
    written: Option<&[Spanned<String>]>,
    served: &[SocketAddr],
    faults: &mut Vec<Diagnostic>,
) -> Vec<SocketAddr> {
    match written {
        Some(written) => each(written, served, faults),
        None => by_default(PUBLIC, "--public-listen", served, faults).into_iter().collect(),
    }
}

/// The default address, if nothing else is served there.
fn by_default(
    address: SocketAddr,
    flag: &str,
    served: &[SocketAddr],
    faults: &mut Vec<Diagnostic>,
) -> Option<SocketAddr> {
    let free = !is_taken(address, served);
    if !free {
        let message = format!("{address}, its default, serves something else already");
        faults.push(Diagnostic::new(Location::from_name(flag), message, "give it an address of its own"));
    }
    free.then_some(address)
}

fn each(written: &[Spanned<String>], served: &[SocketAddr], faults: &mut Vec<Diagnostic>) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for text in written {
        match text.value.parse() {
            Ok(address) if is_taken(address, served) => {
                let advice = "public buckets need an address of their own, as 127.0.0.1:9002";
                faults.push(text.fault(format!("{address} serves something else already"), advice));
            }
            Ok(address) if is_taken(address, &addresses) => {
                faults.push(text.fault(format!("{address} is named twice"), "name it once"));
            }
            Ok(address) => addresses.push(address),
            Err(_) => faults.push(text.fault(format!("{:?} is no address to listen at", text.value), FORM)),
        }
    }
    addresses
}

/// The address for the operator; `None` if it is switched off.
pub(super) fn admin(
    written: Option<Spanned<String>>,
    listen: &[SocketAddr],
    faults: &mut Vec<Diagnostic>,
) -> Option<SocketAddr> {
    let Some(text) = written else { return by_default(ADMIN, "--admin", listen, faults) };
    if text.value == "off" {
        return None;
    }
    match text.value.parse() {
        Ok(address) if is_taken(address, listen) => {
            faults.push(
                text.fault(format!("{address} serves clients already"), "give admin a port of its own, or \"off\""),
            );
            None
        }
        Ok(address) => Some(address),
        Err(_) => {
            let message = format!("{:?} is no address to listen at", text.value);
            faults.push(text.fault(message, format!("{FORM}; or \"off\"")));
            None
        }
    }
}

/// A warning for an address that other machines reach, if clients are served without TLS.
pub(super) fn plain(address: &SocketAddr) -> Option<Diagnostic> {
    if address.ip().to_canonical().is_loopback() {
        return None;
    }
    let message =
        format!("{address} is plain HTTP, and other machines reach it: anyone on the network path can read all bytes");
    let advice = "name a certificate in [tls], or listen where only a server with TLS in front of this one connects";
    Some(Diagnostic::new(Location::from_name("--listen"), message, advice))
}

/// Whether the address is among the others. Port 0 is a new port each time, so never.
fn is_taken(address: SocketAddr, others: &[SocketAddr]) -> bool {
    address.port() != 0 && others.contains(&address)
}
