//! What is known of a request when it is over: the access log writes it, the metrics count it.

use crate::filters::{Filter, Finding, Subject};
use crate::s3::error::CODES;
use crate::s3::secrecy::{Secrecy, text_without};
use crate::s3::{Limit, S3Error, Timestamp};
use http::StatusCode;
use std::time::Duration;

/// What is known of a request when it is over.
#[derive(Debug, Default)]
pub struct Record {
    /// When it came.
    pub time: Timestamp,
    /// The `x-amz-request-id` of its answer.
    pub request_id: String,
    /// The port it came to.
    pub port: Port,
    /// The client's address: that of the peer, with its port, or the one that a trusted proxy names.
    pub client: String,
    /// The peer's address and port, where a trusted proxy names another client.
    pub peer: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The Host it was sent to.
    pub host: String,
    /// The version of HTTP that it came in.
    pub protocol: &'static str,
    /// The version of TLS that it came in; `None` if it came without.
    pub tls: Option<String>,
    /// What the chain found out about it.
    pub subject: Subject,
    /// The status of its answer.
    pub status: StatusCode,
    /// The code of the error it was answered with.
    pub error: Option<String>,
    /// What that error says, without secrets that it repeats.
    pub message: Option<String>,
    /// The filter that refused it.
    pub refused_by: Option<Filter>,
    /// The feature the policy refused, from a bounded set.
    pub feature: Option<String>,
    /// The rule of the policy that refused it: file and line.
    pub rule: Option<String>,
    /// The rules by which R2 would refuse it, where requests are audited.
    pub audit: Option<String>,
    /// The node of the remote store that answered.
    pub node: Option<String>,
    /// The id of the trace that the client says it belongs to.
    pub trace_id: Option<String>,
    /// The cause of the error, where the client gets less than that; without secrets that it repeats.
    pub cause: Option<String>,
    /// The limit of the operator that refused it or slowed it down.
    pub limited: Option<Limit>,
    /// Body bytes read from the client.
    pub bytes_in: u64,
    /// Body bytes written to the client.
    pub bytes_out: u64,
    /// From the end of its head to the end of its answer.
    pub duration: Duration,
}

/// The ports whose requests are logged and counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Port {
    /// For clients with a key.
    #[default]
    S3,
    /// For reads of public buckets.
    Public,
}

impl Port {
    /// What log and metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Port::S3 => "s3",
            Port::Public => "public",
        }
    }
}

impl Record {
    /// Notes that the chain refused the request.
    pub fn note_refusal(&mut self, finding: &Finding) {
        self.note_error(&finding.error);
        self.refused_by = Some(finding.filter);
        self.feature = finding.feature().map(str::to_owned);
        self.rule = finding.rule.as_ref().map(|rule| rule.location.to_string());
    }

    /// Notes the error the request was answered with.
    pub fn note_error(&mut self, error: &S3Error) {
        self.error = Some(error.code.clone().into_owned());
        self.message = Some(without_secrets(&error.message));
        self.cause = error.cause.as_deref().map(without_secrets);
        self.limited = error.limit;
    }

    /// The code of the error, from a bounded set: those of the table and of policies. A store may have codes without
    /// number; `other` stands for them.
    pub fn known_error(&self) -> Option<&str> {
        let code = self.error.as_deref()?;
        let is_known = self.refused_by.is_some() || CODES.iter().any(|known| known.name == code);
        Some(if is_known { code } else { "other" })
    }

    /// The operation's name, or `-` where the request was for none.
    pub fn operation(&self) -> &'static str {
        self.subject.operation.map_or("-", |operation| operation.name())
    }
}

/// A message repeats what a client sent, and that may be a presigned address in a wrong place.
fn without_secrets(message: &str) -> String {
    text_without(message, |secrecy| (secrecy != Secrecy::KeyName).then_some("[hidden]")).into_owned()
}
