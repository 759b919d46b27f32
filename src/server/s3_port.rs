//! The S3 port: the chain judges a request's head, and the backend carries out what the chain admits.

use crate::audit::{NOT_PASSED_ON, Verdict};
use crate::filters::{self, Accepted, Admitted, Arrival, Rules};
use crate::s3::S3Error;
use crate::server::answer::Answer;
use crate::server::audit::Recorder;
use crate::server::backend::Backend;
use crate::server::connection::request_body::RequestBody;
use crate::server::exchange::{Call, Service};
use crate::server::observe::record::{Port, Record};
use crate::server::observed;
use crate::server::quota::{Direction, Pass, Quotas};
use http::StatusCode;
use std::sync::Arc;

/// Answers requests of the S3 API.
pub struct S3Port {
    /// The backend, which carries out admitted requests.
    pub backend: Backend,
    /// The recorder of the audit, if there is one.
    pub recorder: Option<Arc<Recorder>>,
    /// How much of the server requests may use.
    pub quotas: Arc<Quotas>,
}

impl S3Port {
    /// The recorder, if these rules are those of an audit.
    fn recorder(&self, rules: &Rules) -> Option<&Recorder> {
        self.recorder.as_deref().filter(|_| rules.mode.is_audit())
    }

    /// The answer to an admitted request that has a pass. Findings of an audit are added to `found`.
    async fn carry_out(
        &self,
        request: &Admitted<'_>,
        pass: Pass,
        body: &mut RequestBody<'_>,
        record: &mut Record,
        found: &mut Vec<Verdict>,
    ) -> Answer {
        body.slow_down(pass.throttle(Direction::In));
        let answer = self.backend.answer(request, body).await.unwrap_or_else(|error| {
            record.note_error(&error);
            Answer::error(&error)
        });
        record.limited = record.limited.or(body.slowed_by());
        if let Some(recorder) = self.recorder(request.rules) {
            let document = body.document();
            found.extend(document.into_iter().flat_map(|document| observed::in_document(request, document)));
            if answer.status.is_success() {
                found.extend(observed::together(recorder, request, document));
            } else if let Err(error) = self.backend.check_place(request) {
                found.push(Verdict::new(NOT_PASSED_ON, &error));
            }
        }
        Answer { pass: Some(pass), ..answer }
    }
}

impl Service for S3Port {
    const PORT: Port = Port::S3;

    async fn answer(&self, call: &Call<'_>, body: &mut RequestBody<'_>, record: &mut Record) -> Answer {
        let (rules, head) = (call.rules, call.head.borrow());
        let arrival = Arrival { now: record.time, certificate: call.certificate };
        let mut found = Vec::new();
        let answer = match filters::admit(rules, head, arrival, &mut record.subject) {
            Ok(Accepted::Preflight(headers)) => return Answer::empty(StatusCode::NO_CONTENT).with_all(headers),
            Ok(Accepted::Request(admitted)) => {
                let admitted = admitted.with_forwarded(call.forwarded);
                // An operator's limits hold in an audit, too: they are about this server, not about R2.
                match self.quotas.admit(&admitted) {
                    Ok(pass) => self.carry_out(&admitted, pass, body, record, &mut found).await,
                    Err(error) => {
                        record.note_error(&error);
                        Answer::error(&error)
                    }
                }
            }
            Err(finding) => {
                record.note_refusal(&finding);
                Answer::error(&finding.error)
            }
        };
        let answer = match self.recorder(rules) {
            Some(recorder) => observed::note(recorder, &head, record, found, answer),
            None => answer,
        };
        let headers = filters::cors_headers(rules, &head, answer.status);
        answer.with_all(headers)
    }

    fn refusal(&self, error: &S3Error) -> Answer {
        Answer::error(error)
    }
}
