//! Filter `body`: what the body must be, and what must be true of it before it counts.
//!
//! Digests that cannot be right are refused here, before the body sets out.

use crate::body::{Announced, Expected, Framing};
use crate::filters::exchange::{BodyPlan, Exchange, Identity, Refusal};
use crate::s3::checksum::{Algorithm, Checksum, announced_trailer, content_md5};
use crate::s3::operation::BodyKind;
use crate::s3::payload::Streaming;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use crate::sigv4::{PayloadHash, Verified};

/// Fills in the plan.
pub(super) fn plan(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let limits = &exchange.rules.limits;
    exchange.plan = Some(match exchange.row()?.body {
        BodyKind::None => BodyPlan::Ignore,
        BodyKind::Document => {
            let announced = announced(exchange)?;
            // No length and no transfer coding is no body, and that is a length.
            if announced.expected.length.is_none() && exchange.view()?.header_bytes("transfer-encoding").is_some() {
                return Err(Code::MISSING_CONTENT_LENGTH.into());
            }
            BodyPlan::Document { limit: limits.document_bytes, announced }
        }
        BodyKind::Object => {
            let announced = announced(exchange)?;
            let length = announced.expected.length.ok_or(Code::MISSING_CONTENT_LENGTH)?;
            if length > limits.object_bytes {
                return Err(Code::ENTITY_TOO_LARGE.into());
            }
            BodyPlan::Object { length, announced }
        }
    });
    Ok(())
}

/// Everything the client said of its body.
fn announced(exchange: &Exchange<'_>) -> Result<Announced, Refusal> {
    let view = exchange.view()?;
    let (framing, sha256) = match &exchange.identity {
        Some(Identity::Signer { claim, verified, .. }) => framing(claim.payload(), verified, view)?,
        Some(Identity::Anonymous) | None => (Framing::Plain, None),
    };
    let length = match framing {
        Framing::Plain => "content-length",
        Framing::AwsChunked { .. } => "x-amz-decoded-content-length",
    };
    let of_body = exchange.row()?.checksum_is_of_body();
    let expected = Expected {
        length: parse_length(view, length)?,
        sha256,
        md5: content_md5(view)?,
        checksum: if of_body { Checksum::of_request(view)? } else { None },
    };
    if matches!(framing, Framing::AwsChunked { trailer: Some(_), .. }) && expected.checksum.is_some() {
        return Err(Checksum::only_one().into());
    }
    Ok(Announced { framing, expected })
}

/// How the signature says the body is framed, and the digest it is held against as a whole.
fn framing(
    payload: &PayloadHash,
    verified: &Verified,
    view: &RequestView<'_>,
) -> Result<(Framing, Option<[u8; 32]>), S3Error> {
    match payload {
        PayloadHash::Digest(digest) => Ok((Framing::Plain, Some(*digest))),
        PayloadHash::Unsigned => Ok((Framing::Plain, None)),
        PayloadHash::Streaming(streaming) => {
            let chain = streaming.is_signed().then(|| verified.chain());
            Ok((Framing::AwsChunked { chain, trailer: trailer(*streaming, view)? }, None))
        }
    }
}

/// The trailer of a streaming body: one where the sentinel promises it, none where it does not.
fn trailer(streaming: Streaming, view: &RequestView<'_>) -> Result<Option<Algorithm>, S3Error> {
    let announced = announced_trailer(view)?;
    if announced.is_some() && !streaming.has_trailer() {
        let message = format!("x-amz-trailer does not go with {}", streaming.sentinel());
        return Err(S3Error::new(Code::INVALID_REQUEST).message(message));
    }
    Ok(announced)
}

/// A length in bytes; what is no number is refused, not taken for none.
fn parse_length(view: &RequestView<'_>, name: &str) -> Result<Option<u64>, S3Error> {
    let Some(value) = view.header_bytes(name) else { return Ok(None) };
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let invalid = || S3Error::new(Code::INVALID_ARGUMENT).message(format!("{name} is not a length"));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or_else(invalid)
}
