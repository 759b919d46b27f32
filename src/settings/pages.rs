//! The pages at the admin address: whether they are served, under which names, and what they show.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::domain;
use crate::settings::findings::Findings;
use crate::settings::written::WrittenPages;
use std::net::SocketAddr;

/// How many requests the inspector shows by default.
const REQUESTS: usize = 500;

/// The most it can show. They are kept in memory, up to 16 KiB each.
const MOST_REQUESTS: u64 = 10_000;

/// The pages at the admin address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// Whether there are any.
    pub served: bool,
    /// Names under which the admin address may be asked for more than health besides IP addresses, in lower case.
    pub hosts: Vec<String>,
    /// How many requests the inspector keeps.
    pub requests: usize,
    /// Whether objects can be downloaded from them.
    pub download: bool,
}

impl Default for Pages {
    fn default() -> Pages {
        Pages { served: true, hosts: Vec::new(), requests: REQUESTS, download: false }
    }
}

/// The pages of an admin address. If only this machine can reach it, pages are served unless they are switched off.
/// Else they must be switched on, because they ask for no key.
pub(super) fn resolve(written: WrittenPages, admin: Option<SocketAddr>, findings: &mut Findings) -> Pages {
    let by_default = admin.is_some_and(|address| address.ip().to_canonical().is_loopback());
    let wanted = written.pages.as_ref().map_or(by_default, |pages| pages.value);
    let served = wanted && admin.is_some();
    findings.warnings.extend(without_effect(&written, admin.is_some(), served));
    Pages {
        served,
        hosts: domain::hosts(written.hosts.map(|list| list.value).unwrap_or_default(), &mut findings.faults),
        requests: written.inspector_requests.map_or(REQUESTS, |number| requests(&number, &mut findings.faults)),
        download: written.download.is_some_and(|download| download.value),
    }
}

fn without_effect(written: &WrittenPages, has_address: bool, served: bool) -> Vec<Diagnostic> {
    let fault = |location: &_, name: &str, why: &str, advice: &str| {
        Diagnostic::new(Clone::clone(location), format!("{name} has no effect, as {why}"), advice)
    };
    if served {
        return Vec::new();
    }
    if has_address {
        let unserved = |(location, name)| {
            fault(location, name, "no pages are served", "write pages = true in [admin], or leave it out")
        };
        return written.of_pages().map(unserved).collect();
    }
    let pages = written.pages.as_ref().filter(|pages| pages.value).map(|pages| (&pages.location, "pages"));
    let hosts = written.hosts.as_ref().map(|hosts| (&hosts.location, "hosts"));
    let off = |(location, name)| fault(location, name, "admin is off", "give it an address, or leave this out");
    pages.into_iter().chain(hosts).chain(written.of_pages()).map(off).collect()
}

fn requests(number: &Spanned<u64>, faults: &mut Vec<Diagnostic>) -> usize {
    if !(1..=MOST_REQUESTS).contains(&number.value) {
        let message = format!("the inspector cannot keep {} requests", number.value);
        faults.push(number.fault(message, format!("write 1 to {MOST_REQUESTS}; pages = false switches it off")));
    }
    usize::try_from(number.value).unwrap_or(REQUESTS)
}
