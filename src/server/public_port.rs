//! The port for public buckets: reads of objects without a key, for browsers. It is not an S3 API: there are no
//! listings, the query is ignored, and errors are pages.

use crate::filters::{self, Accepted, Admitted};
use crate::s3::S3Error;
use crate::server::answer::Answer;
use crate::server::backend::Backend;
use crate::server::connection::request_body::RequestBody;
use crate::server::exchange::{Call, Service};
use crate::server::observe::record::{Port, Record};
use crate::server::public_page;
use crate::server::quota::{Pass, Quotas};
use http::StatusCode;
use std::sync::Arc;

/// Answers reads of public objects.
pub struct PublicPort {
    /// The backend with the objects.
    pub backend: Backend,
    /// How much of the server requests may use.
    pub quotas: Arc<Quotas>,
}

impl PublicPort {
    /// The answer to an admitted request that has a pass.
    async fn carry_out(
        &self,
        request: &Admitted<'_>,
        pass: Pass,
        body: &mut RequestBody<'_>,
        record: &mut Record,
    ) -> Answer {
        let answer = match self.backend.answer(request, body).await {
            Ok(answer) => public_page::object(answer),
            Err(error) => {
                record.note_error(&error);
                public_page::refused_by_store(&error)
            }
        };
        Answer { pass: Some(pass), ..answer }
    }
}

impl Service for PublicPort {
    const PORT: Port = Port::Public;

    async fn answer(&self, call: &Call<'_>, body: &mut RequestBody<'_>, record: &mut Record) -> Answer {
        let (rules, head) = (call.rules, call.head.borrow());
        let answer = match filters::admit_public(rules, head, record.time, &mut record.subject) {
            Ok(Accepted::Preflight(headers)) => return Answer::empty(StatusCode::NO_CONTENT).with_all(headers),
            Ok(Accepted::Request(admitted)) => match self.quotas.admit(&admitted) {
                Ok(pass) => self.carry_out(&admitted, pass, body, record).await,
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
