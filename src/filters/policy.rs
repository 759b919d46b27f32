//! Filter `policy`: whether the subset has what the request asks for.
//!
//! [`crate::policy`] decides; this passes the request to it.

use crate::filters::authenticate::Caller;
use crate::filters::facts::Facts;
use crate::filters::request::Request;
use crate::policy::Decision;
use crate::s3::payload::PayloadKind;
use crate::sigv4;

/// The policy's ruling on the request.
pub(super) fn decide(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Decision {
    request.rules.policy.decide(facts.spec.operation, &facts.view, payload_kind(request, caller))
}

/// The payload kind that the signature covers. An explained request may have no signature, but its headers announce the
/// kind.
fn payload_kind(request: &Request<'_>, caller: &Caller<'_>) -> PayloadKind {
    match (caller.claim(), caller) {
        (Some(claim), _) => claim.payload().kind(),
        (None, Caller::Anonymous) => PayloadKind::Unsigned,
        (None, _) => sigv4::announced_payload(&request.head),
    }
}
