//! The claim of an `Authorization` header:
//! `AWS4-HMAC-SHA256 Credential=ID/SCOPE, SignedHeaders=a;b, Signature=HEX`.

use crate::s3::request::RequestHead;
use crate::sigv4::ALGORITHM;
use crate::sigv4::claim::{Claim, RequestDate, SignedHeaders, only_value};
use crate::sigv4::error::AuthError;
use crate::sigv4::payload::PayloadHash;
use crate::sigv4::scope::parse_credential;

const PAYLOAD: &str = "x-amz-content-sha256";

/// The claim that `value` makes for the request. R2 checks the payload's hash and the date before it reads the value,
/// except for the scheme of SigV2, which has no hash.
pub(super) fn parse(value: &str, head: &RequestHead<'_>) -> Result<Claim, AuthError> {
    if value.starts_with("AWS ") {
        return Err(AuthError::SigV2);
    }
    if !head.headers.contains_key(PAYLOAD) {
        return Err(AuthError::MissingPayloadHash);
    }
    let date = request_date(head)?;
    let fields = Fields::parse(value).ok_or(AuthError::NotSigV4)?;
    let (access_key_id, scope) = parse_credential(fields.credential)?;
    date.check_scope(&scope)?;
    Ok(Claim {
        access_key_id,
        scope,
        signed_headers: SignedHeaders::parse(fields.signed_headers)?,
        signature: fields.signature.to_owned(),
        date,
        payload: payload(head)?,
        expires: None,
        session_token: None,
    })
}

/// What the header says about the body.
pub(super) fn payload(head: &RequestHead<'_>) -> Result<PayloadHash, AuthError> {
    PayloadHash::parse(&only_value(head, PAYLOAD)?.ok_or(AuthError::MissingPayloadHash)?)
}

fn request_date(head: &RequestHead<'_>) -> Result<RequestDate, AuthError> {
    if let Some(text) = only_value(head, "x-amz-date")? {
        return RequestDate::parse(&text, "'x-amz-date' header");
    }
    let text = only_value(head, "date")?.ok_or(AuthError::MissingDate)?;
    RequestDate::parse(&text, "'date' header")
}

/// The three fields, as sent.
struct Fields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Fields<'a> {
    fn parse(value: &'a str) -> Option<Fields<'a>> {
        let (_, text) = value.split_once(' ').filter(|(algorithm, _)| *algorithm == ALGORITHM)?;
        let field = |name: &str| {
            let mut values = text.split(',').filter_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            values.next().filter(|_| values.next().is_none())
        };
        Some(Fields {
            credential: field("Credential")?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }
}
