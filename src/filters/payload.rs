//! Filter `payload`: what the body must be, and what must be true of it before it counts.
//!
//! Digests that cannot be right are refused here, before the body sets out.

use crate::body::{Announced, Expected, Framing};
use crate::filters::authenticate::{Authenticated, Caller};
use crate::filters::facts::Facts;
use crate::filters::request::Request;
use crate::filters::rules::Limits;
use crate::s3::checksum::{Algorithm, Checksum, announced_trailer, content_md5};
use crate::s3::operation::BodyKind;
use crate::s3::payload::Streaming;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use crate::sigv4::{PayloadHash, Verified};

/// What a request's body must be, and what must be true of it before it counts.
#[derive(Debug, Clone)]
pub enum BodyPlan {
    /// The operation has none; what is sent is read and discarded.
    Ignore,
    /// A document, read whole.
    Document {
        /// The most bytes it may have.
        limit: usize,
        /// What the client announced of it.
        announced: Announced,
    },
    /// An object's bytes, streamed.
    Object {
        /// Bytes, without any framing.
        length: u64,
        /// What the client announced of them.
        announced: Announced,
    },
}

/// The plan. A request that is only explained has no body to plan for.
///
/// # Errors
/// Everything in the announcement that cannot be true of a body; `NotImplemented` for a request without a signature: a
/// policy may accept what browsers send unsigned, but no backend carries it out.
pub(super) fn plan(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Result<BodyPlan, Vec<S3Error>> {
    match caller {
        Caller::Signer(signer) => plan_for(signer, facts, &request.rules.limits),
        Caller::Anonymous => {
            let message = format!("{} not implemented", facts.spec.operation);
            Err(vec![S3Error::new(Code::NOT_IMPLEMENTED).message(message)])
        }
        Caller::Unverified => Ok(BodyPlan::Ignore),
    }
}

fn plan_for(signer: &Authenticated<'_>, facts: &Facts<'_>, limits: &Limits) -> Result<BodyPlan, Vec<S3Error>> {
    if facts.spec.body == BodyKind::None {
        return Ok(BodyPlan::Ignore);
    }
    let mut faults = Vec::new();
    let announced = announced(signer, facts, &mut faults);
    let size = match &announced {
        Some(announced) => keep(&mut faults, size(facts, announced.expected.length, limits)),
        None => None,
    };
    match (announced, size) {
        (Some(announced), Some(length)) if faults.is_empty() => Ok(match facts.spec.body {
            BodyKind::Object => BodyPlan::Object { length, announced },
            BodyKind::Document | BodyKind::None => BodyPlan::Document { limit: limits.document_bytes, announced },
        }),
        _ => Err(faults),
    }
}

/// The value; a fault joins the others.
fn keep<T>(faults: &mut Vec<S3Error>, found: Result<T, S3Error>) -> Option<T> {
    found.map_err(|fault| faults.push(fault)).ok()
}

/// Everything the client announced of its body; `None` where its framing or length cannot be known.
fn announced(signer: &Authenticated<'_>, facts: &Facts<'_>, faults: &mut Vec<S3Error>) -> Option<Announced> {
    let (payload, view) = (signer.claim.payload(), &facts.view);
    let framing = keep(faults, framing(payload, &signer.verified, view));
    let length = keep(faults, length(payload, view));
    let md5 = keep(faults, content_md5(view)).flatten();
    let of_body = facts.spec.checksum_is_of_body();
    let checksum = if of_body { keep(faults, Checksum::from_view(view)).flatten() } else { None };
    let ((framing, sha256), length) = (framing?, length?);
    if matches!(framing, Framing::AwsChunked { trailer: Some(_), .. }) && checksum.is_some() {
        faults.push(Checksum::only_one());
    }
    Some(Announced { framing, expected: Expected { length, sha256, md5, checksum } })
}

/// The body's length in bytes, if it may have that length.
fn size(facts: &Facts<'_>, length: Option<u64>, limits: &Limits) -> Result<u64, S3Error> {
    match (facts.spec.body, length) {
        (BodyKind::Object, Some(length)) if length > limits.object_bytes => Err(Code::ENTITY_TOO_LARGE.into()),
        (_, Some(length)) => Ok(length),
        (BodyKind::Object, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
        // No length and no transfer coding is no body, and that is a length.
        (_, None) if facts.view.header_bytes("transfer-encoding").is_none() => Ok(0),
        (_, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
    }
}

/// How the signature says the body is framed, and the digest it is held against as a whole.
fn framing(
    payload: &PayloadHash,
    verified: &Verified,
    view: &RequestView<'_>,
) -> Result<(Framing, Option<[u8; 32]>), S3Error> {
    match payload {
        PayloadHash::Digest(digest) => plain(view, Some(*digest)),
        PayloadHash::Unsigned => plain(view, None),
        PayloadHash::Streaming(streaming) => {
            let chain = streaming.is_signed().then(|| verified.chain());
            Ok((Framing::AwsChunked { chain, trailer: trailer(*streaming, view)? }, None))
        }
    }
}

/// A body without frames has no trailer. A checksum that was announced for one would not be verified.
fn plain(view: &RequestView<'_>, sha256: Option<[u8; 32]>) -> Result<(Framing, Option<[u8; 32]>), S3Error> {
    if view.header_bytes("x-amz-trailer").is_some() {
        let message = "x-amz-trailer does not go with a body that is not aws-chunked";
        return Err(S3Error::new(Code::INVALID_REQUEST).message(message));
    }
    Ok((Framing::Plain, sha256))
}

/// The trailer of a streaming body: one if the sentinel promises it, else none.
fn trailer(streaming: Streaming, view: &RequestView<'_>) -> Result<Option<Algorithm>, S3Error> {
    let announced = announced_trailer(view)?;
    if announced.is_some() && !streaming.has_trailer() {
        let message = format!("x-amz-trailer does not go with {}", streaming.sentinel());
        return Err(S3Error::new(Code::INVALID_REQUEST).message(message));
    }
    Ok(announced)
}

/// How many bytes the body has without any framing; `None` where the client does not say.
fn length(payload: &PayloadHash, view: &RequestView<'_>) -> Result<Option<u64>, S3Error> {
    let name = match payload {
        PayloadHash::Streaming(_) => "x-amz-decoded-content-length",
        PayloadHash::Digest(_) | PayloadHash::Unsigned => "content-length",
    };
    let Some(value) = view.header_bytes(name) else { return Ok(None) };
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let not_a_length = || S3Error::new(Code::INVALID_ARGUMENT).message(format!("{name} is not a length"));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or_else(not_a_length)
}
