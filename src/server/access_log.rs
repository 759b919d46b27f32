//! One line in the log for every request, and its share of the metrics: what was asked, what came of it, what it took.
//!
//! Nothing secret goes in: no header values, no query, so no signature of a presigned URL either.

use crate::filters::{Facts, Refusal};
use crate::s3::S3Error;
use crate::s3::Timestamp;
use crate::server::metrics::Metrics;
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
    /// What the chain found out about it.
    pub facts: Facts,
    /// The status of its answer.
    pub status: u16,
    /// The code of the error it was answered with.
    pub error: Option<String>,
    /// The filter that refused it.
    pub refused_by: Option<&'static str>,
    /// The feature the policy refused, from a bounded set.
    pub feature: Option<String>,
    /// What really went wrong, where the client was told less.
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
    pub fn note_refusal(&mut self, refusal: &Refusal) {
        self.note_error(&refusal.error);
        self.refused_by = Some(refusal.filter);
        self.feature = refusal.ruling.as_ref().map(|ruling| ruling.feature.clone());
    }

    /// Notes the error the request was answered with.
    pub fn note_error(&mut self, error: &S3Error) {
        self.error = Some(error.code.clone().into_owned());
        self.cause = error.cause.clone();
    }

    /// Writes the line and counts the request.
    pub fn finish(&self, metrics: &Metrics) {
        self.write();
        metrics.count(self);
    }

    /// The operation's name, or `-` where the request was for none.
    pub fn operation(&self) -> &'static str {
        self.facts.operation.map_or("-", |operation| operation.name())
    }

    // Names and keys come from clients: they are written as quoted, escaped strings, so that no key can forge a line.
    fn write(&self) {
        tracing::info!(
            target: "access",
            time = %self.time.iso_8601(),
            request_id = %self.request_id,
            client = %self.client,
            key_id = self.facts.key_id.as_deref().map(tracing::field::debug),
            method = ?self.method,
            operation = %self.operation(),
            bucket = self.facts.bucket.as_deref().map(tracing::field::debug),
            key = self.facts.key.as_deref().map(tracing::field::debug),
            status = self.status,
            error = self.error.as_deref(),
            refused_by = self.refused_by,
            feature = self.feature.as_deref(),
            cause = self.cause.as_deref().map(tracing::field::debug),
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            ms = self.duration.as_secs_f64() * 1000.0,
        );
    }
}
