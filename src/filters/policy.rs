//! Filter `policy`: whether the subset has what the request asks for.
//!
//! The decision is the policy's alone ([`crate::policy`]); this hands it the request.

use crate::filters::authenticate::Caller;
use crate::filters::facts::Facts;
use crate::filters::request::Request;
use crate::policy::Decision;
use crate::s3::payload::PayloadKind;
use crate::sigv4;

/// What the policy says of the request.
pub(super) fn decide(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Decision {
    request.rules.policy.decide(facts.spec.operation, &facts.view, payload_kind(request, caller))
}

/// What the signature says of the body; one that is explained may have none, and announces it all the same.
fn payload_kind(request: &Request<'_>, caller: &Caller<'_>) -> PayloadKind {
    match (caller.claim(), caller) {
        (Some(claim), _) => claim.payload().kind(),
        (None, Caller::Anonymous) => PayloadKind::Unsigned,
        (None, _) => sigv4::announced_payload(&request.head),
    }
}
