//! The claim of a presigned request: the same fields as in an `Authorization` header, in the query.

use crate::s3::query::Query;
use crate::s3::request::RequestHead;
use crate::sigv4::ALGORITHM;
use crate::sigv4::claim::{Claim, RequestDate, SignedHeaders, only_value};
use crate::sigv4::error::AuthError;
use crate::sigv4::payload::PayloadHash;
use crate::sigv4::scope::parse_credential;
use std::borrow::Cow;

/// The longest validity of a presigned request, in seconds: seven days.
const MAX_EXPIRES: u64 = 604_800;

/// Parameters of which one makes a request a presigned one.
const MARKS: [&str; 3] = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];

/// Parameters that a presigned request must have, in the order in which R2 reports missing ones.
const REQUIRED: [&str; 6] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"];

const PAYLOAD: &str = "X-Amz-Content-Sha256";
const HEADER: &str = "x-amz-content-sha256";

/// Whether the query has a signature. The names are compared without regard to case here, so that a misspelt parameter
/// is reported as missing and does not make the request anonymous.
pub fn is_presigned(query: &Query<'_>) -> bool {
    query.iter().any(|(name, _)| MARKS.iter().any(|mark| name.eq_ignore_ascii_case(mark)))
}

/// The claim that `query` makes for the request.
pub(super) fn parse(query: &Query<'_>, head: &RequestHead<'_>) -> Result<Claim, AuthError> {
    let [algorithm, credential, signature, date, signed_headers, expires] = required(query)?;
    if algorithm != ALGORITHM {
        return Err(AuthError::NotSigV4);
    }
    let date = RequestDate::parse(date, "X-Amz-Date")?;
    let (access_key_id, scope) = parse_credential(credential)?;
    date.check_scope(&scope)?;
    let expires = Some(parse_expires(expires)?);
    let signed_headers = SignedHeaders::parse(signed_headers)?;
    let payload = payload(query, head, signed_headers.contains(HEADER))?;
    let (signature, session_token) = (signature.to_owned(), None);
    Ok(Claim { access_key_id, scope, signed_headers, signature, date, payload, expires, session_token })
}

/// The values of [`REQUIRED`], none missing and none twice. A name in another case is no substitute, and is one too many.
fn required<'q>(query: &'q Query<'_>) -> Result<[&'q str; 6], AuthError> {
    let (mut values, mut times, mut payloads) = ([None; REQUIRED.len()], [0; REQUIRED.len()], 0);
    for (name, value) in query.iter() {
        if let Some(at) = REQUIRED.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            times[at] += 1;
            values[at] = values[at].or((name == REQUIRED[at]).then_some(value));
        } else if name.eq_ignore_ascii_case(PAYLOAD) {
            payloads += 1;
        }
    }
    let [Some(algorithm), Some(credential), Some(signature), Some(date), Some(headers), Some(expires)] = values else {
        let missing = REQUIRED.into_iter().zip(values).filter(|(_, value)| value.is_none()).map(|(name, _)| name);
        return Err(AuthError::MissingParameters(missing.collect()));
    };
    let counted = REQUIRED.into_iter().zip(times).chain([(PAYLOAD, payloads)]);
    match counted.into_iter().find(|(_, times)| *times > 1) {
        Some((name, _)) => Err(AuthError::RepeatedParameter(name)),
        None => Ok([algorithm, credential, signature, date, headers, expires]),
    }
}

/// Seconds. A value under 1 becomes 0, because R2 calls the request expired and not malformed.
fn parse_expires(text: &str) -> Result<u64, AuthError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AuthError::ExpiresNotANumber);
    }
    match text.parse::<i64>() {
        Ok(seconds) if seconds < 0 => Ok(0),
        Ok(seconds) if seconds.unsigned_abs() <= MAX_EXPIRES => Ok(seconds.unsigned_abs()),
        Err(_) if text.starts_with('-') => Ok(0),
        _ => Err(AuthError::ExpiresTooLong),
    }
}

/// What a presigned request says about the body, even if other parts of the signature are missing.
pub(super) fn announced_payload(query: &Query<'_>, head: &RequestHead<'_>) -> Result<PayloadHash, AuthError> {
    let signed_headers = SignedHeaders::parse(query.get("X-Amz-SignedHeaders").unwrap_or_default());
    payload(query, head, signed_headers.is_ok_and(|names| names.contains(HEADER)))
}

/// A presigned request says nothing of its body unless a signed header or the query does, because its signer rarely
/// knows the body. An *unsigned* `x-amz-content-sha256` could be the bearer's, and is ignored.
fn payload(query: &Query<'_>, head: &RequestHead<'_>, header_is_signed: bool) -> Result<PayloadHash, AuthError> {
    let header = if header_is_signed { only_value(head, HEADER)? } else { None };
    match (header, query.get(PAYLOAD).map(Cow::Borrowed)) {
        (Some(header), Some(query)) if header != query => Err(AuthError::TwoPayloadHashes),
        (Some(text), _) | (None, Some(text)) => PayloadHash::parse(&text),
        (None, None) => Ok(PayloadHash::Unsigned),
    }
}
