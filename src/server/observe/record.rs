//! The record of a completed request. The access log writes it, and the metrics count it.

use crate::filters::{Filter, Finding, Subject};
use crate::s3::error::CODES;
use crate::s3::secrecy::{HIDDEN, Secrecy, text_without};
use crate::s3::{Limit, S3Error, Timestamp};
use http::StatusCode;
use std::time::Duration;

/// The record of a completed request.
#[derive(Debug, Default)]
pub struct Record {
    /// When it arrived.
    pub time: Timestamp,
    /// The `x-amz-request-id` of its answer.
    pub request_id: String,
    /// The port at which it arrived.
    pub port: Port,
    /// The client's address: that of the peer, with its port, or the one that a trusted proxy names.
    pub client: String,
    /// The peer's address and port, if a trusted proxy names another client.
    pub peer: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The Host it was sent to.
    pub host: String,
    /// Its version of HTTP.
    pub protocol: &'static str,
    /// The version of TLS of its connection; `None` without TLS.
    pub tls: Option<String>,
    /// What the chain found out about it.
    pub subject: Subject,
    /// The status of its answer.
    pub status: StatusCode,
    /// The code of the error it was answered with.
    pub error: Option<String>,
    /// The message of that error, without secrets.
    pub message: Option<String>,
    /// The filter that refused it.
    pub refused_by: Option<Filter>,
    /// The feature the policy refused, from a bounded set.
    pub feature: Option<String>,
    /// The rule of the policy that refused it: file and line.
    pub rule: Option<String>,
    /// In an audit, the rules by which R2 would refuse it.
    pub audit: Option<String>,
    /// The node of the remote store that answered.
    pub node: Option<String>,
    /// The id of the trace that the client names.
    pub trace_id: Option<String>,
    /// The cause of the error, if the message does not have it; without secrets.
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
    /// Its name in log and metrics.
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

    /// The code of the error, from a bounded set: those of the table and of policies. Other codes of a store are
    /// `other`.
    pub fn known_error(&self) -> Option<&str> {
        let code = self.error.as_deref()?;
        let is_known = self.refused_by.is_some() || CODES.iter().any(|known| known.name == code);
        Some(if is_known { code } else { "other" })
    }

    /// The operation's name, or `-` if the request was for none.
    pub fn operation(&self) -> &'static str {
        self.subject.operation.map_or("-", |operation| operation.name())
    }
}

/// Removes secrets: a message repeats what a client sent, which may be a presigned address in a wrong place.
fn without_secrets(message: &str) -> String {
    text_without(message, |secrecy| (secrecy != Secrecy::KeyName).then_some(HIDDEN)).into_owned()
}
