//! The proxies that are trusted to name the client.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::routing::{BadNetwork, Network, TrustedProxies};
use crate::settings::findings::Findings;

const FORM: &str = "write addresses or ranges of them, as \"127.0.0.1\", \"10.0.0.0/8\" or \"2001:db8::/32\"; names are not \
                    looked up";

/// The proxies. A range of every address is allowed, with a warning.
pub(super) fn resolve(written: Option<Spanned<Vec<Spanned<String>>>>, findings: &mut Findings) -> TrustedProxies {
    let Some(list) = written else { return TrustedProxies::default() };
    if list.value.is_empty() {
        findings
            .faults
            .push(list.fault("`trusted_proxies` names none", "name some, or leave it out: no proxy is believed"));
    }
    let mut networks = Vec::new();
    for text in &list.value {
        let Some(network) = findings.good(network(text)) else { continue };
        if network.is_everything() {
            findings.warnings.push(text.fault(
                format!("{network} is every address, so every client can say that it is another one"),
                "name the addresses of your proxies, unless only proxies can connect",
            ));
        }
        networks.push(network);
    }
    networks.into_iter().collect()
}

fn network(text: &Spanned<String>) -> Result<Network, Diagnostic> {
    Network::parse(&text.value).map_err(|bad| match bad {
        BadNetwork::Form => text.fault(format!("{:?} is no range of addresses", text.value), FORM),
        BadNetwork::OpenBits(meant) => {
            let message = format!("{:?} is an address in the range {meant}", text.value);
            text.fault(message, format!("write \"{meant}\" for the range, or the address without the slash"))
        }
    })
}
