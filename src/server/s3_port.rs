//! One S3 request: its head goes down the chain, the backend carries it out, the reply is sent, logged and counted.

use crate::filters::{self, Accepted, CurrentRules, Rules};
use crate::s3::S3Error;
use crate::s3::request::RequestHead;
use crate::s3::trace::{TRACEPARENT, trace_id};
use crate::server::answer::Answer;
use crate::server::backend::Backend;
use crate::server::clock;
use crate::server::connection::head::OwnedHead;
use crate::server::connection::pace::MinimumRate;
use crate::server::connection::port::Respond;
use crate::server::connection::reply::{self, Unread};
use crate::server::connection::request_body::RequestBody;
use crate::server::observe::access_log;
use crate::server::observe::ids::RequestIds;
use crate::server::observe::metrics::Metrics;
use crate::server::observe::record::Record;
use http::header::HOST;
use http::{HeaderValue, Method, StatusCode};
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers the S3 port; one serves all connections.
pub struct S3Port {
    /// What the chain decides by.
    pub rules: Arc<CurrentRules>,
    /// Who answers what the chain admits.
    pub backend: Backend,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where request ids come from.
    pub ids: RequestIds,
}

impl S3Port {
    /// Walks the request down the chain and gets its answer. Also returns what is left of its body.
    async fn answer(&self, session: &mut ServerSession, rules: &Rules, record: &mut Record) -> (Answer, Unread) {
        if session.req_header().method == Method::CONNECT {
            // What follows such a head is not framed as a body is, so it must not be read as one.
            return (Answer::empty(StatusCode::METHOD_NOT_ALLOWED), Unread::Close);
        }
        let raw = session.to_h1_raw();
        let head = match OwnedHead::from_request(session.req_header(), &raw) {
            Ok(head) => head,
            // Where one request ends and the next begins is in doubt, so nothing more is read as a request.
            Err(error) => return (refused(record, &error), Unread::Close),
        };
        let rate = MinimumRate { bytes: rules.limits.body_bytes, window: rules.limits.body_window };
        let mut body = RequestBody::new(session, head.expects_continue(), rate);
        let answer = self.decide(head.borrow(), rules, &mut body, record).await;
        let progress = body.progress();
        if head.is_chunked() && is_error(answer.status) {
            // pingora takes an empty size of a chunk for the last one. What it reads as the next request could be meant
            // as the rest of the body that was refused.
            return (answer, Unread::Close);
        }
        (answer, Unread::new(session, head.content_length(), progress))
    }

    /// Walks the head down the chain, and has carried out what it admits.
    async fn decide(
        &self,
        head: RequestHead<'_>,
        rules: &Rules,
        body: &mut RequestBody<'_>,
        record: &mut Record,
    ) -> Answer {
        let answer = match filters::admit(rules, head, record.time, &mut record.subject) {
            Ok(Accepted::Preflight(headers)) => return Answer::empty(StatusCode::NO_CONTENT).with_all(headers),
            Ok(Accepted::Request(admitted)) => match self.backend.answer(&admitted, body).await {
                Ok(answer) => answer,
                Err(error) => refused(record, &error),
            },
            Err(finding) => {
                record.note_refusal(&finding);
                Answer::error(&finding.error)
            }
        };
        let headers = filters::cors_headers(rules, &head, answer.status);
        answer.with_all(headers)
    }
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn refused(record: &mut Record, error: &S3Error) -> Answer {
    record.note_error(error);
    Answer::error(error)
}

impl Respond for S3Port {
    async fn respond(&self, session: &mut ServerSession) {
        let started = Instant::now();
        let _in_flight = self.metrics.enter();
        let mut record = Record {
            request_id: self.ids.next(),
            time: clock::now(),
            client: session.client_addr().map(ToString::to_string).unwrap_or_default(),
            method: session.req_header().method.as_str().to_owned(),
            host: host(session.req_header()),
            trace_id: trace(session.req_header()),
            ..Record::default()
        };
        let rules = self.rules.load_full();
        prepare(session, rules.limits.body_idle);
        let (answer, unread) = self.answer(session, &rules, &mut record).await;
        reply::send(session, answer, unread, &mut record).await;
        record.bytes_in = session.body_bytes_read() as u64;
        record.duration = started.elapsed();
        access_log::write(&record);
        self.metrics.count(&record);
    }
}

/// The Host as the client sent it; empty if there is none or it is no text.
fn host(head: &RequestHeader) -> String {
    head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned()
}

/// The id of the trace that the client says the request belongs to.
fn trace(head: &RequestHeader) -> Option<String> {
    trace_id(head.headers.get_all(TRACEPARENT).iter().map(HeaderValue::as_bytes)).map(str::to_owned)
}

fn prepare(session: &mut ServerSession, body_idle: Duration) {
    // Without this, requests that came together are answered one, and the rest are dropped unread.
    session.set_pipelining_enabled(true);
    // pingora closes whenever an answer, `100 Continue` among them, overtakes the body; `Unread` decides here.
    session.set_close_on_response_before_downstream_finish(false);
    // These are for bodies; `HttpPort` limits the wait for a head.
    session.set_read_timeout(Some(body_idle));
    session.set_write_timeout(Some(body_idle));
}
