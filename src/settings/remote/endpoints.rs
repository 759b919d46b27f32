//! The nodes of a remote store.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::findings::Findings;
use crate::upstream::endpoint::BadEndpoint;
use crate::upstream::{Addressing, Endpoint};
use std::net::{IpAddr, SocketAddr};

const FORM: &str = "write http://HOST:PORT or https://HOST:PORT, one for each node";

/// The nodes, each once, at least one; `None` only if there is a fault. `addressing` is `None` if it is wrong.
pub(super) fn resolve(
    upstream: &Location,
    written: Option<Spanned<Vec<Spanned<String>>>>,
    addressing: Option<Addressing>,
    served: &[SocketAddr],
    findings: &mut Findings,
) -> Option<Vec<Endpoint>> {
    let missing = || Diagnostic::new(upstream.clone(), "[upstream] has no endpoints", FORM);
    let list = findings.good(written.ok_or_else(missing))?;
    if list.value.is_empty() {
        findings.faults.push(list.fault("`endpoints` names none", FORM));
    }
    let mut nodes = Vec::new();
    for text in &list.value {
        let node = read(text).and_then(|node| check(node, text, &nodes, addressing, served));
        nodes.extend(findings.good(node));
    }
    (!nodes.is_empty()).then_some(nodes)
}

fn read(text: &Spanned<String>) -> Result<Endpoint, Diagnostic> {
    if text.value.contains('@') {
        // The text may hold a password, so it is not shown.
        let advice = "write the host alone; the key goes into access_key_id and secret_access_key_env";
        return Err(text.fault("this endpoint names a user", advice));
    }
    Endpoint::parse(&text.value).map_err(|bad| match bad {
        BadEndpoint::Form => text.fault(format!("{:?} is no endpoint", text.value), FORM),
        BadEndpoint::Path => {
            let advice = "write the host alone; a bucket goes into [upstream.buckets], as CLIENTS_NAME = \"BUCKET\"";
            text.fault(format!("{:?} has something behind the host", text.value), advice)
        }
    })
}

fn check(
    node: Endpoint,
    text: &Spanned<String>,
    others: &[Endpoint],
    addressing: Option<Addressing>,
    served: &[SocketAddr],
) -> Result<Endpoint, Diagnostic> {
    if others.contains(&node) {
        return Err(text.fault(format!("{node} is named twice"), "name it once"));
    }
    if addressing == Some(Addressing::Virtual) && node.is_ip() {
        let message = format!("{node} has no name that addressing = \"virtual\" could put a bucket before");
        return Err(text.fault(message, "write addressing = \"path\", or the node's name"));
    }
    if served.iter().any(|address| reaches(&node, *address)) {
        let advice = "name the store's address; requests to this address would return to r2shim in a loop";
        return Err(text.fault(format!("{node} is where r2shim itself listens"), advice));
    }
    Ok(node)
}

/// Whether the node's address is one that this server has bound, as far as that is known without resolving names.
fn reaches(node: &Endpoint, served: SocketAddr) -> bool {
    let Ok(ip) = node.host.parse::<IpAddr>() else { return false };
    let same = ip == served.ip() || (served.ip().is_unspecified() && ip.is_loopback());
    same && node.port == served.port()
}
