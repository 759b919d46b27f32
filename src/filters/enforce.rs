//! Filter `policy`: whether the subset has what the request asks for.
//!
//! The decision is the policy's alone ([`crate::policy`]); this hands it the request and takes what it says.

use crate::filters::exchange::{Exchange, Identity, Refusal};
use crate::policy::{Decision, Ruling};
use crate::s3::Code;
use crate::s3::payload::PayloadKind;
use crate::sigv4;

/// Refuses what the policy refuses, takes out what it drops, and keeps its own answer where it has one.
pub(super) fn decide(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let view = exchange.view()?;
    let operation = exchange.row()?.operation;
    match exchange.rules.policy.decide(operation, view, payload_kind(exchange)) {
        Decision::Refuse(ruling) => return Err(refusal(ruling)),
        Decision::Answer(answer) => exchange.fixed = Some(answer),
        Decision::Accept(accepted) => {
            exchange.row = Some(accepted.operation.spec());
            if let Ok(view) = &mut exchange.view {
                view.ignore(accepted.dropped.headers, accepted.dropped.parameters);
            }
        }
    }
    Ok(())
}

/// What the signature says of the body; a request that is only explained has none, and says it all the same.
fn payload_kind(exchange: &Exchange<'_>) -> PayloadKind {
    match &exchange.identity {
        Some(Identity::Signer { claim, .. }) => claim.payload().kind(),
        Some(Identity::Anonymous) => PayloadKind::Unsigned,
        None => sigv4::announced_payload(&exchange.head),
    }
}

fn refusal(ruling: Box<Ruling>) -> Refusal {
    Refusal { error: ruling.error.clone(), ruling: Some(ruling), ..Refusal::from(Code::NOT_IMPLEMENTED) }
}
