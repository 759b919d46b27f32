//! The port for public buckets: reads of objects without a key, for browsers. It is no S3 API: there is no listing, a
//! query says nothing, and errors are pages.

use crate::filters::{self, Accepted};
use crate::s3::S3Error;
use crate::server::answer::Answer;
use crate::server::backend::Backend;
use crate::server::connection::request_body::RequestBody;
use crate::server::exchange::{Call, Service};
use crate::server::observe::record::{Port, Record};
use crate::server::public_page;
use http::StatusCode;

/// Answers reads of public objects.
pub struct PublicPort {
    /// Where the objects are.
    pub backend: Backend,
}

impl Service for PublicPort {
    const PORT: Port = Port::Public;

    async fn answer(&self, call: &Call<'_>, body: &mut RequestBody<'_>, record: &mut Record) -> Answer {
        let (rules, head) = (call.rules, call.head.borrow());
        let answer = match filters::admit_public(rules, head, record.time, &mut record.subject) {
            Ok(Accepted::Preflight(headers)) => return Answer::empty(StatusCode::NO_CONTENT).with_all(headers),
            Ok(Accepted::Request(admitted)) => match self.backend.answer(&admitted, body).await {
                Ok(answer) => public_page::object(answer),
                Err(error) => {
                    record.note_error(&error);
                    public_page::refused_by_store(&error)
                }
            },
            Err(error) => {
                record.note_error(&error);
                public_page::error(&error)
            }
        };
        let headers = filters::public_cors_headers(rules, &head, answer.status);
        answer.with_all(headers)
    }

    fn refusal(&self, error: &S3Error) -> Answer {
        public_page::error(error)
    }
}
