//! How audits name rules: a short text that stays the same from one run to the next.

use crate::filters::{Filter, Finding};
use crate::policy::{Effective, UNLISTED_HEADER, UNLISTED_PARAMETER};
use crate::s3::{Code, S3Error};
use std::borrow::Cow;
use std::fmt;

/// The filter and what it refuses: `policy/x-amz-acl`, `region/foreign`, `parts/unequal`. Every part is from a bounded
/// set, and never a client's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Cow<'static, str>);

/// A request without a signature that the store carried out.
pub const UNSIGNED: RuleId = RuleId::named("authenticate/unsigned");
/// Access that depends on an ACL, as a log says.
pub const ACL_REQUIRED: RuleId = RuleId::named("acl/required");
/// Uploaded parts of unequal size (D, R2's docs on multipart objects).
pub const UNEQUAL_PARTS: RuleId = RuleId::named("parts/unequal");

/// Requests that would reach the store's own interfaces, or another key. They are never passed on, and R2 would not
/// refuse them.
pub const NOT_PASSED_ON: RuleId = RuleId::named("store/not-passed-on");

impl RuleId {
    /// A rule that no filter of the chain has.
    pub const fn named(name: &'static str) -> RuleId {
        RuleId(Cow::Borrowed(name))
    }

    /// A rule as a file or a header has it.
    pub fn from_text(text: impl Into<String>) -> RuleId {
        RuleId(Cow::Owned(text.into()))
    }

    /// The rule behind a finding of the chain: its filter, and what the filter refuses, or R2's code.
    pub fn of(finding: &Finding) -> RuleId {
        RuleId::by(finding.filter, finding.feature().unwrap_or(&finding.error.code))
    }

    /// The rule by which the document in a request's body is refused: R2's code, or the element.
    pub fn of_document(error: &S3Error, element: Option<&str>) -> RuleId {
        match element {
            // A region is one, wherever it is named.
            None if error.code == Code::INVALID_REGION_NAME.name => RuleId::by(Filter::Region, &error.code),
            what => RuleId(Cow::Owned(format!("document/{}", what.unwrap_or(&error.code)))),
        }
    }

    /// The rule that requests are refused by where a policy's line refuses; `None` for a line that refuses nothing
    /// itself.
    pub fn of_line(line: &Effective<'_>) -> Option<RuleId> {
        Some(match (line.kind, line.name) {
            ("operation", _) => RuleId::by(Filter::Policy, line.operation),
            ("query" | "headers" | "payload", name) => RuleId::by(Filter::Policy, name),
            ("unlisted_headers", _) => RuleId::by(Filter::Policy, UNLISTED_HEADER),
            ("unlisted_query", _) => RuleId::by(Filter::Policy, UNLISTED_PARAMETER),
            ("region", _) => RuleId::by(Filter::Region, Code::INVALID_REGION_NAME.name),
            ("limit", "equal_parts") => UNEQUAL_PARTS,
            ("limit", "one_digest" | "checksum_type") => RuleId::by(Filter::Payload, Code::INVALID_REQUEST.name),
            _ => return None,
        })
    }

    fn by(filter: Filter, what: &str) -> RuleId {
        RuleId(Cow::Owned(format!("{}/{what}", filter.name())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
