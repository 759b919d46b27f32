//! A request at the top of the chain.

use crate::filters::rules::Rules;
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// What was sent, when it came, and what it is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The rules in force when the request began.
    pub(super) rules: &'a Rules,
    /// The request as sent.
    pub(super) head: RequestHead<'a>,
    /// When it came.
    pub(super) now: Timestamp,
}
