//! Filter `payload`: what the body must be, and what must be verified before it counts.
//!
//! Digests that cannot be right are refused here, before the body is sent.

use crate::body::{Announced, Expected, Framing};
use crate::filters::authenticate::{Authenticated, Caller};
use crate::filters::explained_body as explained;
use crate::filters::facts::Facts;
use crate::filters::finding::Judged;
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

/// What a request's body must be, and what must be verified before it counts.
#[derive(Debug, Clone)]
pub enum BodyPlan {
    /// The operation has no body; if one is sent, it is read and discarded.
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

/// The plan. There is none if no body can match the announcement, or if the request has no signature: a policy may
/// accept the unsigned forms of browsers, but no backend carries them out.
pub(super) fn plan(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Judged<BodyPlan> {
    match caller {
        Caller::Signer(signer) => plan_for(request, signer, facts),
        Caller::Anonymous | Caller::Unverified(_) => Err(comes_unsigned(facts)).into(),
    }
}

/// The refusal of a request without a signature.
fn comes_unsigned(facts: &Facts<'_>) -> S3Error {
    S3Error::new(Code::NOT_IMPLEMENTED).message(format!("{} not implemented", facts.spec.operation))
}

fn plan_for(request: &Request<'_>, signer: &Authenticated<'_>, facts: &Facts<'_>) -> Judged<BodyPlan> {
    let mut judged = plan_of_body(request, signer, facts);
    judged.faults.extend(unusual_checksum_type(request, facts));
    judged
}

fn plan_of_body(request: &Request<'_>, signer: &Authenticated<'_>, facts: &Facts<'_>) -> Judged<BodyPlan> {
    let limits = &request.rules.limits;
    if facts.spec.body == BodyKind::None {
        return no_body(signer.claim.payload(), &facts.view).map(|()| BodyPlan::Ignore).into();
    }
    let mut faults = Vec::new();
    let Some(announced) = announced(signer.claim.payload(), Some(&signer.verified), facts, &mut faults) else {
        return Judged { value: Err(first(&faults)), faults };
    };
    let value = if faults.is_empty() { known_length(facts, announced.expected.length) } else { Err(first(&faults)) };
    // The checks below are only R2's: other stores take two digests, and larger objects.
    faults.extend(two_digests(request, facts, &announced));
    match &value {
        Ok(length) => faults.extend(too_large(facts, *length, limits)),
        Err(fault) if !faults.contains(fault) => faults.push(fault.clone()),
        Err(_) => {}
    }
    let plan = |length| match facts.spec.body {
        BodyKind::Object => BodyPlan::Object { length, announced },
        BodyKind::Document | BodyKind::None => BodyPlan::Document { limit: limits.requests.document_bytes, announced },
    };
    Judged { value: value.map(plan), faults }
}

/// The fault to answer. There is at least one if the plan is not known.
fn first(faults: &[S3Error]) -> S3Error {
    faults.first().cloned().unwrap_or_else(|| Code::INTERNAL_ERROR.into())
}

/// A discarded body is not hashed. If there is no body, its hash is known.
fn no_body(payload: &PayloadHash, view: &RequestView<'_>) -> Result<(), S3Error> {
    let comes = view.header("content-length").is_some_and(|length| length != "0") || has_coding(view);
    if comes || payload.may_be_of_nothing() { Ok(()) } else { Err(Code::X_AMZ_CONTENT_SHA256_MISMATCH.into()) }
}

fn has_coding(view: &RequestView<'_>) -> bool {
    view.header_bytes("transfer-encoding").is_some()
}

/// The value, if there is one. A fault is added to the others.
fn keep<T>(faults: &mut Vec<S3Error>, found: Result<T, S3Error>) -> Option<T> {
    found.map_err(|fault| faults.push(fault)).ok()
}

/// Everything the client announced about its body; `None` if its framing or length is unknown. The signature may be
/// unverified only if the request is explained.
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

/// The refusal of Content-MD5 beside another checksum, if the policy takes only one. SDKs send both with documents.
fn two_digests(request: &Request<'_>, facts: &Facts<'_>, announced: &Announced) -> Option<S3Error> {
    let both = announced.expected.md5.is_some() && announced.checksum_algorithm().is_some();
    let of_object = facts.spec.body == BodyKind::Object && request.rules.policy.limits().one_digest;
    (of_object && both).then(Checksum::only_one)
}

/// The refusal of an upload's checksum type, if the policy lacks it.
fn unusual_checksum_type(request: &Request<'_>, facts: &Facts<'_>) -> Option<S3Error> {
    let judged = request.rules.policy.limits().one_checksum_type && facts.spec.knows_header("x-amz-checksum-type");
    if judged { require_usual_kind(&facts.view).err() } else { None }
}

/// Judges the body of an explained request: every fault in its announcement, and what is missing for the checks that
/// depend on its bytes.
pub(super) fn examine(
    request: &Request<'_>,
    facts: &Facts<'_>,
    caller: &Caller<'_>,
    body: Option<&[u8]>,
) -> Examined<Result<BodyPlan, S3Error>, S3Error> {
    let mut found = Examined { value: (), refusals: Vec::new(), missing: Vec::new() };
    let impossible = match (caller, facts.spec.body) {
        (Caller::Anonymous, _) => Some(comes_unsigned(facts)),
        (_, BodyKind::None) => match (caller.claim(), body) {
            (Some(claim), None | Some([])) => no_body(claim.payload(), &facts.view).err(),
            _ => None,
        },
        _ => examine_body(request, facts, caller, body, &mut found),
    };
    if found.refusals.is_empty() {
        found.refusals.extend(impossible.clone());
    }
    if !matches!(caller, Caller::Anonymous) {
        found.refusals.extend(unusual_checksum_type(request, facts));
    }
    let value = impossible.map_or(Ok(BodyPlan::Ignore), Err);
    Examined { value, refusals: found.refusals, missing: found.missing }
}

/// Returns the faults that every store refuses; only R2 refuses the others.
fn examine_body(
    request: &Request<'_>,
    facts: &Facts<'_>,
    caller: &Caller<'_>,
    body: Option<&[u8]>,
    found: &mut Examined<(), S3Error>,
) -> Option<S3Error> {
    let verified = if let Caller::Signer(signer) = caller { Some(&signer.verified) } else { None };
    let payload = caller.claim().map_or_else(|| announced_payload(request), |claim| *claim.payload());
    let announced = announced(&payload, verified, facts, &mut found.refusals);
    let mut impossible = found.refusals.first().cloned();
    let Some(announced) = announced else { return impossible };
    found.refusals.extend(two_digests(request, facts, &announced));
    let framed = matches!(announced.framing, Framing::AwsChunked { .. });
    // HTTP clients add a length if they know it, so the length may be missing here.
    let chunked = has_coding(&facts.view);
    if announced.expected.length.is_none() && body.is_none() && !framed && !chunked {
        found.missing.push(Missing::Body("the length of the body".to_owned()));
    } else {
        match known_length(facts, announced.expected.length) {
            Ok(length) => found.refusals.extend(too_large(facts, length, &request.rules.limits)),
            Err(fault) => {
                impossible.get_or_insert(fault.clone());
                found.refusals.push(fault);
            }
        }
    }
    let judged = explained::judge(announced, body, verified.is_some());
    impossible = impossible.or_else(|| judged.refusals.first().cloned());
    found.refusals.extend(judged.refusals);
    found.missing.extend(judged.missing);
    if facts.spec.body == BodyKind::Document {
        found.missing.push(Missing::Document);
    }
    impossible
}

/// What a request without a signature announces.
fn announced_payload(request: &Request<'_>) -> PayloadHash {
    match sigv4::announced_payload(&request.head) {
        PayloadKind::Streaming(form) => PayloadHash::Streaming(form),
        PayloadKind::Signed | PayloadKind::Unsigned => PayloadHash::Unsigned,
    }
}

/// The refusal of an object or a part that is larger than R2 takes in one request.
fn too_large(facts: &Facts<'_>, length: u64, limits: &Limits) -> Option<S3Error> {
    (facts.spec.body == BodyKind::Object && length > limits.object_bytes).then(|| Code::ENTITY_TOO_LARGE.into())
}

/// The body's length in bytes.
fn known_length(facts: &Facts<'_>, length: Option<u64>) -> Result<u64, S3Error> {
    match (facts.spec.body, length) {
        (_, Some(length)) => Ok(length),
        (BodyKind::Object, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
        // No length and no transfer coding is no body, and that is a length.
        (_, None) if !has_coding(&facts.view) => Ok(0),
        (_, None) => Err(Code::MISSING_CONTENT_LENGTH.into()),
    }
}

/// The framing of the body according to the signature, and the digest of the whole body.
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

/// The trailer of a streaming body, if the sentinel value announces one.
fn trailer(streaming: Streaming, view: &RequestView<'_>) -> Result<Option<Algorithm>, S3Error> {
    let announced = announced_trailer(view)?;
    if announced.is_some() && !streaming.has_trailer() {
        let message = format!("x-amz-trailer does not go with {}", streaming.sentinel());
        return Err(S3Error::new(Code::INVALID_REQUEST).message(message));
    }
    Ok(announced)
}

/// How many bytes the body has without any framing; `None` if the client does not say.
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
