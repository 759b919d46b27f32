//! Buckets whose objects are read without a key, and the addresses for them.

use crate::access::{BucketPattern, BucketScope};
use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::address;
use crate::settings::findings::Findings;
use std::net::SocketAddr;

type List = Spanned<Vec<Spanned<String>>>;

/// The buckets, and the addresses at which they are read.
#[derive(Debug)]
pub(super) struct Public {
    pub(super) buckets: BucketScope,
    /// Empty if no bucket is public.
    pub(super) listen: Vec<SocketAddr>,
}

/// Reads both settings. `served` are the addresses that serve something else.
pub(super) fn resolve(
    buckets: Option<List>,
    listen: Option<List>,
    served: &[SocketAddr],
    findings: &mut Findings,
) -> Public {
    let Some(buckets) = buckets else {
        findings.warnings.extend(listen.as_ref().map(without_effect));
        return Public { buckets: BucketScope::none(), listen: Vec::new() };
    };
    if buckets.value.is_empty() {
        findings.faults.push(buckets.fault("`public` names no bucket", "name some, or leave it out"));
    }
    if let Some(list) = listen.as_ref().filter(|list| list.value.is_empty()) {
        findings
            .faults
            .push(list.fault("`public_listen` names no address", "name one, or leave it out for 127.0.0.1:9002"));
    }
    let patterns = buckets.value.iter().filter_map(|text| findings.good(pattern(text))).collect();
    let written = listen.as_ref().map(|list| list.value.as_slice());
    Public { buckets: BucketScope::Matching(patterns), listen: address::public(written, served, &mut findings.faults) }
}

fn without_effect(listen: &List) -> Diagnostic {
    let message = "public_listen has no effect, as no bucket is public";
    Diagnostic::new(listen.location.clone(), message, "name buckets with `public`, or leave it out")
}

fn pattern(text: &Spanned<String>) -> Result<BucketPattern, Diagnostic> {
    BucketPattern::parse(&text.value).map_err(|bad| {
        let advice = "write names, or patterns such as \"site-*\": lower-case letters, digits, hyphens and '*' after \
                      them; there is no way to make every bucket public";
        text.fault(format!("{:?}: {bad}", text.value), advice)
    })
}
