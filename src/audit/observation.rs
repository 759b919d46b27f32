//! One request, judged.

use crate::audit::client::Client;
use crate::audit::example::without_secrets;
use crate::audit::rule::RuleId;
use crate::filters::Finding;
use crate::s3::operation::Operation;
use crate::s3::{S3Error, Timestamp};

/// One request, judged.
#[derive(Debug, Clone)]
pub struct Observation {
    /// When it came.
    pub time: Timestamp,
    /// The client that sent it.
    pub client: Client,
    /// The version of the client's product; empty where it is not known.
    pub version: String,
    /// The operation it is for; `None` where S3 has none such.
    pub operation: Option<Operation>,
    /// The bucket it names.
    pub bucket: Option<String>,
    /// Every reason for which R2 would refuse it, the one that R2 answers first. Empty where R2 would carry it out.
    pub verdicts: Vec<Verdict>,
    /// The request as an example ([`crate::audit::example`]); `None` where there is no verdict.
    pub example: Option<String>,
}

/// A reason for which R2 would refuse a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What refuses.
    pub rule: RuleId,
    /// The HTTP status of R2's answer.
    pub status: u16,
    /// Its `<Code>`.
    pub code: String,
    /// Its `<Message>`, without secrets of an address that it repeats.
    pub message: String,
}

impl Verdict {
    /// The verdict of a rule that answers with this error.
    pub fn new(rule: RuleId, error: &S3Error) -> Verdict {
        let (code, message) = (error.code.clone().into_owned(), without_secrets(&error.message));
        Verdict { rule, status: error.status.as_u16(), code, message }
    }
}

impl From<&Finding> for Verdict {
    fn from(finding: &Finding) -> Verdict {
        Verdict::new(RuleId::of(finding), &finding.error)
    }
}
