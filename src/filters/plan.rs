//! Filter `body`: what the body must be, and what must be true of it before it counts.
//!
//! Digests that cannot be right are refused here, before the body sets out.

use crate::body::Expected;
use crate::filters::exchange::{BodyPlan, Exchange, Identity, Refusal};
use crate::s3::operation::BodyKind;
use crate::s3::view::View;
use crate::s3::{Code, S3Error, checksum};
use crate::sigv4::PayloadHash;

/// Fills in the plan.
pub(super) fn plan(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let limits = &exchange.rules.limits;
    let body = exchange.row()?.body;
    exchange.plan = Some(match body {
        BodyKind::None => BodyPlan::Ignore,
        BodyKind::Document => {
            let expected = expected(exchange, announced_length(exchange.view()?))?;
            BodyPlan::Document { limit: limits.document_bytes, expected }
        }
        BodyKind::Object => {
            let length = announced_length(exchange.view()?).ok_or(Code::MISSING_CONTENT_LENGTH)?;
            if length > limits.object_bytes {
                return Err(Code::ENTITY_TOO_LARGE.into());
            }
            BodyPlan::Object { length, expected: expected(exchange, Some(length))? }
        }
    });
    Ok(())
}

fn announced_length(view: &View<'_>) -> Option<u64> {
    view.header("content-length")?.parse().ok()
}

/// Everything the client said of its body.
fn expected(exchange: &Exchange<'_>, length: Option<u64>) -> Result<Expected, Refusal> {
    let view = exchange.view()?;
    let sha256 = match &exchange.identity {
        Some(Identity::Signer { claim, .. }) => signed_digest(claim.payload())?,
        Some(Identity::Anonymous) | None => None,
    };
    let checksum = checksum::Checksum::of_request(view, false)?;
    Ok(Expected { length, sha256, md5: checksum::content_md5(view)?, checksum })
}

fn signed_digest(payload: &PayloadHash) -> Result<Option<[u8; 32]>, S3Error> {
    match payload {
        PayloadHash::Digest(digest) => Ok(Some(*digest)),
        PayloadHash::Unsigned => Ok(None),
        PayloadHash::Streaming(streaming) => {
            Err(S3Error::new(Code::NOT_IMPLEMENTED).message(format!("{} not implemented", streaming.name())))
        }
    }
}
