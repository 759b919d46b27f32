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

/// Why the text, in lower case, is not a host name that can have names under it (RFC 1123, section 2.1).
fn why_not(domain: &str) -> Option<&'static str> {
    if domain.contains("://") || domain.contains('/') {
        return Some("a host name has no scheme and no path");
    }
    if domain.contains(':') {
        return Some("a host name has no port");
    }
    if domain.contains('*') {
        return Some("every bucket under it is meant already");
    }
    if domain.len() > 253 {
        return Some("it is longer than 253 bytes");
    }
    if !domain.split('.').all(is_label) {
        return Some("its parts must be 1 to 63 letters, digits and inner hyphens");
    }
    let last = domain.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|b| b.is_ascii_digit()).then_some("an IP address has no names under it")
}

fn is_label(label: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}
