//! Domains under which buckets are host names: `BUCKET.s3.example.test`.

use crate::diagnostics::{Diagnostic, Spanned};

/// The domains in lower case, each once.
pub(super) fn domains(written: Vec<Spanned<String>>, faults: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut domains = Vec::new();
    for text in written {
        let domain = text.value.to_ascii_lowercase();
        if let Some(reason) = why_not(&domain) {
            let message = format!("{:?} is no domain: {reason}", text.value);
            faults.push(text.fault(message, "write the host name alone, as \"s3.example.test\""));
        } else if domains.contains(&domain) {
            faults.push(text.fault(format!("the domain {domain} is named twice"), "name it once"));
        } else {
            domains.push(domain);
        }
    }
    domains
}

/// Names by which a browser reaches an address, in lower case: host names that need not have names under them.
pub(super) fn hosts(written: Vec<Spanned<String>>, faults: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut hosts = Vec::new();
    for text in written {
        let host = text.value.to_ascii_lowercase();
        match not_a_name(&host) {
            Some(reason) => {
                let message = format!("{:?} is no host name: {reason}", text.value);
                faults
                    .push(text.fault(message, "write the name that browsers have before the port, as \"r2shim.lan\""));
            }
            None => hosts.push(host),
        }
    }
    hosts
}

/// Why the text, in lower case, is not a host name that can have names under it (RFC 1123, section 2.1).
fn why_not(domain: &str) -> Option<&'static str> {
    if domain.contains('*') {
        return Some("every bucket under it is meant already");
    }
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_address = || last.bytes().all(|b| b.is_ascii_digit()).then_some("an IP address has no names under it");
    not_a_name(domain).or_else(is_address)
}

/// Why the text, in lower case, is not a host name.
fn not_a_name(name: &str) -> Option<&'static str> {
    if name.contains("://") || name.contains('/') {
        return Some("a host name has no scheme and no path");
    }
    if name.contains(':') {
        return Some("a host name has no port");
    }
    if name.len() > 253 {
        return Some("it is longer than 253 bytes");
    }
    (!name.split('.').all(is_label)).then_some("its parts must be 1 to 63 letters, digits and inner hyphens")
}

fn is_label(label: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}
