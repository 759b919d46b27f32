//! How audits name rules: a short text that stays the same from one run to the next.

use crate::filters::Finding;
use std::borrow::Cow;
use std::fmt;

/// What is refused, and by whom: `policy/x-amz-acl`, `region/foreign`, `parts/unequal`. Every part is from a bounded set:
/// never a client's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Cow<'static, str>);

/// A request without a signature that the store carried out.
pub const UNSIGNED: RuleId = RuleId::named("authenticate/unsigned");
/// Access that depends on an ACL, as a log says.
pub const ACL_REQUIRED: RuleId = RuleId::named("acl/required");

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
        let what = finding.feature().unwrap_or(&finding.error.code);
        RuleId(Cow::Owned(format!("{}/{what}", finding.filter.name())))
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
