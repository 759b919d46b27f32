//! Finds the claim of a request, in a header or in the query.

use crate::s3::PayloadKind;
use crate::s3::query::{NotUtf8, Query};
use crate::s3::request::RequestHead;
use crate::sigv4::claim::{Claim, only_value};
use crate::sigv4::error::AuthError;
use crate::sigv4::{authorization, presigned};
use http::header::AUTHORIZATION;
use std::borrow::Cow;

const SESSION_TOKEN: &str = "x-amz-security-token";

/// Reads the claimed key and the list of signed headers. Nothing is verified; errors are about the form only.
///
/// A session token that cannot be one is refused last.
pub fn parse(head: &RequestHead<'_>) -> Result<Claim, AuthError> {
    parse_with_query(head, &Query::parse(head.query))
}

/// The same for a head whose query is parsed already.
pub fn parse_with_query(head: &RequestHead<'_>, query: &Result<Query<'_>, NotUtf8>) -> Result<Claim, AuthError> {
    let query = query.as_ref().map_err(|_| AuthError::QueryNotUtf8)?;
    let claim = match (authorization_header(head)?, presigned::is_presigned(query), is_sigv2(query)) {
        (Some(value), false, false) => authorization::parse(value, head)?,
        (None, true, false) => presigned::parse(query, head)?,
        (None, false, true) => return Err(AuthError::SigV2),
        (None, false, false) => return Err(AuthError::NothingSupplied),
        _ => return Err(AuthError::SeveralKinds),
    };
    let session_token = session_token(head, query, claim.is_presigned())?;
    Ok(Claim { session_token, ..claim })
}

/// The kind of body that a request announces, whether its signature is right, wrong or missing. It is what [`parse`]
/// would find, or [`PayloadKind::Signed`] if that would find nothing.
pub fn announced_payload(head: &RequestHead<'_>) -> PayloadKind {
    let query = Query::parse(head.query).unwrap_or_default();
    let payload = match presigned::is_presigned(&query) {
        true => presigned::announced_payload(&query, head),
        false => authorization::payload(head),
    };
    payload.map_or(PayloadKind::Signed, |payload| payload.kind())
}

/// The only `Authorization`. An empty one counts as none, as on R2.
fn authorization_header<'a>(head: &RequestHead<'a>) -> Result<Option<&'a str>, AuthError> {
    let mut values = head.headers.get_all(AUTHORIZATION).iter().filter(|value| !value.is_empty());
    let Some(value) = values.next() else { return Ok(None) };
    match values.next() {
        Some(_) => Err(AuthError::SeveralKinds),
        None => std::str::from_utf8(value.as_bytes()).map(Some).map_err(|_| AuthError::NotSigV4),
    }
}

/// S3 developer guide, "Signing and authenticating REST requests": query string authentication.
fn is_sigv2(query: &Query<'_>) -> bool {
    query.has("AWSAccessKeyId") && query.has("Signature")
}

/// The only session token of a request. It is a signed header, or a parameter of a presigned query, which is signed
/// with the query. A token in the query is ignored if the request is signed in its headers.
fn session_token(head: &RequestHead<'_>, query: &Query<'_>, presigned: bool) -> Result<Option<String>, AuthError> {
    let in_header = only_value(head, SESSION_TOKEN)?.map(Cow::into_owned);
    let mut in_query = query.iter().filter(|(name, _)| name.eq_ignore_ascii_case(SESSION_TOKEN));
    let refused = |why: &str| Err(AuthError::SessionToken(why.to_owned()));
    match (in_header, in_query.next(), in_query.next()) {
        (token, None, _) => Ok(token),
        (None, Some((_, token)), None) if presigned => Ok(Some(token.to_owned())),
        (None, Some(_), None) => refused("it is in the query, and the signature is in a header"),
        _ => refused("there are several"),
    }
}
