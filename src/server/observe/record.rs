//! What is known of a request when it is over: the access log writes it, the metrics count it.

use crate::filters::{Filter, Finding, Subject};
use crate::s3::{S3Error, Timestamp};
use std::time::Duration;

/// What is known of a request when it is over.
#[derive(Debug, Default)]
pub struct Record {
    /// When it came.
    pub time: Timestamp,
    /// The `x-amz-request-id` of its answer.
    pub request_id: String,
    /// The client's address and port.
    pub client: String,
    /// The HTTP method.
    pub method: String,
    /// The Host it was sent to.
    pub host: String,
    /// What the chain found out about it.
    pub subject: Subject,
    /// The status of its answer.
    pub status: u16,
    /// The code of the error it was answered with.
    pub error: Option<String>,
    /// The filter that refused it.
    pub refused_by: Option<Filter>,
    /// The feature the policy refused, from a bounded set.
    pub feature: Option<String>,
    /// The node of the remote store that answered.
    pub node: Option<String>,
    /// The cause of the error, where the client gets less than that.
    pub cause: Option<String>,
    /// Body bytes read from the client.
    pub bytes_in: u64,
    /// Body bytes written to the client.
    pub bytes_out: u64,
    /// From the end of its head to the end of its answer.
    pub duration: Duration,
}

impl Record {
    /// Notes that the chain refused the request.
    pub fn note_refusal(&mut self, finding: &Finding) {
        self.note_error(&finding.error);
        self.refused_by = Some(finding.filter);
        self.feature = finding.feature().map(str::to_owned);
    }

    /// Notes the error the request was answered with.
    pub fn note_error(&mut self, error: &S3Error) {
        self.error = Some(error.code.clone().into_owned());
        self.cause = error.cause.clone();
    }

    /// The operation's name, or `-` where the request was for none.
    pub fn operation(&self) -> &'static str {
        self.subject.operation.map_or("-", |operation| operation.name())
    }
}
