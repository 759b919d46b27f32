//! Filter `payload`: what the body must be, and what must be true of it before it counts.
//!
//! Digests that cannot be right are refused here, before the body sets out.

use crate::body::{Announced, Expected, Framing};
use crate::filters::authenticate::{Authenticated, Caller};
use crate::filters::explained_body as explained;
use crate::filters::facts::Facts;
use crate::filters::missing::Missing;
use crate::filters::request::Request;
use crate::filters::rules::Limits;
use crate::filters::run::Examined;
use crate::s3::checksum::{Algorithm, Checksum, announced_trailer, content_md5};
use crate::s3::operation::BodyKind;
use crate::s3::part_checksums::require_usual_kind;
use crate::s3::payload::{PayloadKind, Streaming};
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use crate::sigv4::{self, PayloadHash, Verified};

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

/// The plan.
///
/// # Errors
/// Everything in the announcement that cannot be true of a body; `NotImplemented` for a request without a signature: a
/// policy may accept what browsers send unsigned, but no backend carries it out.
pub(super) fn plan(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Result<BodyPlan, Vec<S3Error>> {
    match caller {
        Caller::Signer(signer) => plan_for(request, signer, facts),
        Caller::Anonymous | Caller::Unverified(_) => Err(vec![comes_unsigned(facts)]),
    }
}

/// The refusal of a request without a signature.
fn comes_unsigned(facts: &Facts<'_>) -> S3Error {
    S3Error::new(Code::NOT_IMPLEMENTED).message(format!("{} not implemented", facts.spec.operation))
}

fn plan_for(request: &Request<'_>, signer: &Authenticated<'_>, facts: &Facts<'_>) -> Result<BodyPlan, Vec<S3Error>> {
    let limits = &request.rules.limits;
    let mut faults = Vec::new();
    keep(&mut faults, check_checksum_type(request, facts));
    if facts.spec.body == BodyKind::None {
        keep(&mut faults, no_body(signer.claim.payload(), &facts.view));
        return if faults.is_empty() { Ok(BodyPlan::Ignore) } else { Err(faults) };
    }
    let announced = announced(signer.claim.payload(), Some(&signer.verified), facts, &mut faults);
    check_digests(request, facts, announced.as_ref(), &mut faults);
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

/// A body that is not wanted is not hashed. Where none comes its hash is known.
fn no_body(payload: &PayloadHash, view: &RequestView<'_>) -> Result<(), S3Error> {
    let comes = view.header("content-length").is_some_and(|length| length != "0") || has_coding(view);
    if comes || payload.may_be_of_nothing() { Ok(()) } else { Err(Code::X_AMZ_CONTENT_SHA256_MISMATCH.into()) }
}

fn has_coding(view: &RequestView<'_>) -> bool {
    view.header_bytes("transfer-encoding").is_some()
}

/// The value; a fault joins the others.
fn keep<T>(faults: &mut Vec<S3Error>, found: Result<T, S3Error>) -> Option<T> {
    found.map_err(|fault| faults.push(fault)).ok()
}

/// Everything the client announced of its body; `None` where its framing or length cannot be known. Only of a request
/// that is explained may the signature not be `verified`.
fn announced(
    payload: &PayloadHash,
    verified: Option<&Verified>,
    facts: &Facts<'_>,
    faults: &mut Vec<S3Error>,
) -> Option<Announced> {
    let view = &facts.view;
    let framing = keep(faults, framing(payload, verified, view));
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

/// Whether the policy takes Content-MD5 beside another checksum. With documents SDKs send both.
fn check_digests(request: &Request<'_>, facts: &Facts<'_>, announced: Option<&Announced>, faults: &mut Vec<S3Error>) {
    let both = |announced: &Announced| announced.expected.md5.is_some() && announced.checksum_algorithm().is_some();
    let of_object = facts.spec.body == BodyKind::Object && request.rules.policy.limits().one_digest;
    if of_object && announced.is_some_and(both) {
        faults.push(Checksum::only_one());
    }
}

/// Whether the policy has the type of the checksum that an upload will have.
fn check_checksum_type(request: &Request<'_>, facts: &Facts<'_>) -> Result<(), S3Error> {
    let judged = request.rules.policy.limits().one_checksum_type && facts.spec.knows_header("x-amz-checksum-type");
    if judged { require_usual_kind(&facts.view) } else { Ok(()) }
}

/// What can be said of the body of an explained request: every fault in what is announced of it and, of what depends on
/// its bytes, what is missing.
pub(super) fn examine(
    request: &Request<'_>,
    facts: &Facts<'_>,
    caller: &Caller<'_>,
    body: Option<&[u8]>,
) -> Examined<BodyPlan, S3Error> {
    let mut found = Examined { value: BodyPlan::Ignore, refusals: Vec::new(), missing: Vec::new() };
    if matches!(caller, Caller::Anonymous) {
        found.refusals.push(comes_unsigned(facts));
        return found;
    }
    keep(&mut found.refusals, check_checksum_type(request, facts));
    if facts.spec.body != BodyKind::None {
        examine_body(request, facts, caller, body, &mut found);
    } else if let (Some(claim), None | Some([])) = (caller.claim(), body) {
        keep(&mut found.refusals, no_body(claim.payload(), &facts.view));
    }
    found
}

fn examine_body(
    request: &Request<'_>,
    facts: &Facts<'_>,
    caller: &Caller<'_>,
    body: Option<&[u8]>,
    found: &mut Examined<BodyPlan, S3Error>,
) {
    let verified = if let Caller::Signer(signer) = caller { Some(&signer.verified) } else { None };
    let payload = caller.claim().map_or_else(|| announced_payload(request), |claim| *claim.payload());
    let Some(announced) = announced(&payload, verified, facts, &mut found.refusals) else { return };
    check_digests(request, facts, Some(&announced), &mut found.refusals);
    let framed = matches!(announced.framing, Framing::AwsChunked { .. });
    // HTTP clients add a length where they know it, so it need not be given.
    let chunked = has_coding(&facts.view);
    if announced.expected.length.is_none() && body.is_none() && !framed && !chunked {
        found.missing.push(Missing::Body("the length of the body".to_owned()));
    } else {
        keep(&mut found.refusals, size(facts, announced.expected.length, &request.rules.limits));
    }
    let judged = explained::judge(announced, body, verified.is_some());
    found.refusals.extend(judged.refusals);
    found.missing.extend(judged.missing);
    if facts.spec.body == BodyKind::Document {
        found.missing.push(Missing::Document);
    }
}

/// What a request without a signature announces.
fn announced_payload(request: &Request<'_>) -> PayloadHash {
    match sigv4::announced_payload(&request.head) {
        PayloadKind::Streaming(form) => PayloadHash::Streaming(form),
        PayloadKind::Signed | PayloadKind::Unsigned => PayloadHash::Unsigned,
    }
}

/// The body's length in bytes, if it may have that length.
fn size(facts: &Facts<'_>, length: Option<u64>, limits: &Limits) -> Result<u64, S3Error> {
    match (facts.spec.body, length) {
        (BodyKind::Object, Some(length)) if length > limits.object_bytes => Err(Code::ENTITY_TOO_LARGE.into()),
        (_, Some(length)) => Ok(length),
        (BodyKind::Object, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
        // No length and no transfer coding is no body, and that is a length.
        (_, None) if !has_coding(&facts.view) => Ok(0),
        (_, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
    }
}

/// How the signature says the body is framed, and the digest it is held against as a whole.
fn framing(
    payload: &PayloadHash,
    verified: Option<&Verified>,
    view: &RequestView<'_>,
) -> Result<(Framing, Option<[u8; 32]>), S3Error> {
    match payload {
        PayloadHash::Digest(digest) => plain(view, Some(*digest)),
        PayloadHash::Unsigned => plain(view, None),
        PayloadHash::Streaming(streaming) => {
            let chain = verified.filter(|_| streaming.is_signed()).map(Verified::chain);
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
