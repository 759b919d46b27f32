//! The S3 port: a request's head goes down the chain, and the backend carries out what the chain admits.

use crate::filters::{self, Accepted};
use crate::s3::S3Error;
use crate::server::answer::Answer;
use crate::server::backend::Backend;
use crate::server::connection::request_body::RequestBody;
use crate::server::exchange::{Call, Service};
use crate::server::observe::record::{Port, Record};
use http::StatusCode;

/// Answers requests of the S3 API.
pub struct S3Port {
    /// Who answers what the chain admits.
    pub backend: Backend,
}

impl Service for S3Port {
    const PORT: Port = Port::S3;

    async fn answer(&self, call: &Call<'_>, body: &mut RequestBody<'_>, record: &mut Record) -> Answer {
        let (rules, head) = (call.rules, call.head.borrow());
        let answer = match filters::admit(rules, head, record.time, &mut record.subject) {
            Ok(Accepted::Preflight(headers)) => return Answer::empty(StatusCode::NO_CONTENT).with_all(headers),
            Ok(Accepted::Request(admitted)) => {
                let admitted = admitted.with_forwarded(call.forwarded);
                self.backend.answer(&admitted, body).await.unwrap_or_else(|error| {
                    record.note_error(&error);
                    Answer::error(&error)
                })
            }
            Err(finding) => {
                record.note_refusal(&finding);
                Answer::error(&finding.error)
            }
        };
        let headers = filters::cors_headers(rules, &head, answer.status);
        answer.with_all(headers)
    }

    fn refusal(&self, error: &S3Error) -> Answer {
        Answer::error(error)
    }
}
