//! The headers of answers about lifecycle rules: when an object expires, and when an upload is aborted.
//!
//! Clients get these headers only if the policy lists them in `[answers]`. Clients without a key, which read public
//! objects, never get them.

use super::Local;
use crate::filters::Admitted;
use crate::s3::S3Error;
use crate::s3::Timestamp;
use crate::server::answer::Answer;
use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const EXPIRATION: HeaderName = HeaderName::from_static("x-amz-expiration");
const ABORT_DATE: HeaderName = HeaderName::from_static("x-amz-abort-date");
const ABORT_RULE: HeaderName = HeaderName::from_static("x-amz-abort-rule-id");

/// The names of rules are percent-encoded, but for unreserved characters (users report
/// `Default%20Multipart%20Abort%20Rule` of R2).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Local {
    /// The answer about an object that was written at that time, and when it expires.
    pub(super) fn with_expiration(
        &self,
        answer: Answer,
        request: &Admitted<'_>,
        written: Timestamp,
    ) -> Result<Answer, S3Error> {
        if !may_send(request, &EXPIRATION) {
            return Ok(answer);
        }
        let lifecycle = self.configurations.lifecycle(request.bucket()?);
        Ok(match lifecycle.expiration(request.object_key()?.as_str(), written) {
            None => answer,
            Some(due) => {
                let (date, rule) = (due.at.http_date(), utf8_percent_encode(due.rule, ENCODED));
                answer.with(EXPIRATION, &format!("expiry-date=\"{date}\", rule-id=\"{rule}\""))
            }
        })
    }

    /// The answer about an upload that was begun at that time, and when it is aborted.
    pub(super) fn with_abortion(
        &self,
        answer: Answer,
        request: &Admitted<'_>,
        begun: Timestamp,
    ) -> Result<Answer, S3Error> {
        if !may_send(request, &ABORT_DATE) {
            return Ok(answer);
        }
        let lifecycle = self.configurations.lifecycle(request.bucket()?);
        Ok(match lifecycle.abortion(request.object_key()?.as_str(), begun) {
            None => answer,
            Some(due) => {
                let rule = utf8_percent_encode(due.rule, ENCODED).to_string();
                answer.with(ABORT_DATE, &due.at.http_date()).with(ABORT_RULE, &rule)
            }
        })
    }
}

/// Whether the client of the request may get the header.
fn may_send(request: &Admitted<'_>, header: &HeaderName) -> bool {
    request.signer().is_ok() && request.rules.policy.answers().header_reaches_client(header.as_str())
}
