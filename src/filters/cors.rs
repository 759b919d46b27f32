//! Filter `cors`: a browser asks whether a page of another origin may send a request. Only the CORS rules decide. A
//! preflight has no signature, and the store is not asked.
//!
//! Every OPTIONS request ends here.

use crate::cors::{self, Header, NotAllowed};
use crate::filters::finding::{Filter, Finding, Refusal};
use crate::filters::missing::Missing;
use crate::filters::request::Request;
use crate::filters::rules::Rules;
use crate::routing::RawAddress;
use crate::s3::names::BucketName;
use crate::s3::request::RequestHead;
use crate::s3::{Code, S3Error};
use http::StatusCode;

/// Why an OPTIONS request is refused.
#[derive(Debug)]
pub(super) struct NotAnswered {
    error: S3Error,
    label: &'static str,
    /// Whether rules stored with a bucket, which are not available here, could allow it.
    may_be_allowed: bool,
}

impl NotAnswered {
    /// What is missing to refuse it for certain.
    pub(super) fn missing(&self) -> Option<Missing> {
        self.may_be_allowed.then_some(Missing::StoredRules)
    }
}

impl Refusal for NotAnswered {
    fn found_by(self, filter: Filter) -> Finding {
        Finding { filter, error: self.error, rule: None, label: Some(self.label) }
    }
}

/// The headers of the answer to a preflight; `None` if the method is not OPTIONS.
pub(super) fn check(request: &Request<'_>) -> Result<Option<Vec<Header>>, NotAnswered> {
    let (head, rules) = (&request.head, request.rules);
    if head.method != "OPTIONS" {
        return Ok(None);
    }
    if !cors::is_preflight(head.method, head.headers) {
        return Err(no_preflight());
    }
    let bucket = bucket(rules, head).map_err(|error| refused(&NotAllowed::Bucket, error.cause))?;
    let answer = rules.cors.preflight(bucket.as_ref(), head.headers);
    let may_be_allowed = bucket.is_some() && rules.cors.may_be_more();
    answer.map(Some).map_err(|refusal| NotAnswered { may_be_allowed, ..refused(&refusal, None) })
}

/// The CORS headers of the answer to a request that is not a preflight ([`cors::CorsRules::headers`]).
pub fn cors_headers(rules: &Rules, head: &RequestHead<'_>, status: StatusCode) -> Vec<Header> {
    rules.cors.headers(|| bucket(rules, head).ok().flatten(), head.method, head.headers, status)
}

/// The bucket that the request names; `None` if it names none, or if the name is invalid.
fn bucket(rules: &Rules, head: &RequestHead<'_>) -> Result<Option<BucketName>, S3Error> {
    let host = head.header("host").unwrap_or_default();
    Ok(RawAddress::find(host, head.path, &rules.domains)?.bucket().ok().flatten())
}

/// R2's answer. It is the same for every refusal, so it does not show which buckets exist. The log has the reason.
fn refused(refusal: &NotAllowed, cause: Option<String>) -> NotAnswered {
    NotAnswered { error: not_allowed(refusal, cause), label: refusal.label(), may_be_allowed: false }
}

/// The same as an error, for a port without a chain.
pub(super) fn not_allowed(refusal: &NotAllowed, cause: Option<String>) -> S3Error {
    let cause = cause.unwrap_or_else(|| refusal.to_string());
    let mut error = S3Error::new(Code::UNAUTHORIZED).message("CORS not configured for this bucket");
    error.status = StatusCode::FORBIDDEN;
    error.cause(format!("{cause}; rules are [[cors]] in the settings, --cors, or what PutBucketCors stores"))
}

fn no_preflight() -> NotAnswered {
    let message =
        "An OPTIONS request must be a CORS preflight: it needs the headers Origin and Access-Control-Request-Method.";
    NotAnswered {
        error: S3Error::new(Code::INVALID_REQUEST).message(message),
        label: "no-preflight",
        may_be_allowed: false,
    }
}
