//! The phases of a request as pingora calls them; each hands over to the chain, the store or the reply.

use crate::filters::{self, Rules};
use crate::s3::S3Error;
use crate::server::access_log;
use crate::server::answer::Answer;
use crate::server::backend::Backend;
use crate::server::clock;
use crate::server::deadline::head_has_arrived;
use crate::server::head::OwnedHead;
use crate::server::ids::RequestIds;
use crate::server::metrics::{InFlight, Metrics};
use crate::server::record::Record;
use crate::server::reply::{self, Unread};
use crate::server::request_body::RequestBody;
use async_trait::async_trait;
use pingora::prelude::{HttpPeer, ProxyHttp, Session};
use pingora::protocols::http::ServerSession;
use pingora::proxy::FailToProxy;
use pingora::{Error, ErrorType};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest wait for the next bytes of a body, either way.
const BODY_IDLE: Duration = Duration::from_secs(60);

/// The proxy: one of it serves all connections.
pub struct Shim {
    /// What the chain decides by.
    pub rules: Arc<Rules>,
    /// Who answers what the chain admits.
    pub backend: Backend,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where request ids come from.
    pub ids: RequestIds,
}

/// One request on its way.
pub struct Context {
    started: Instant,
    record: Record,
    _in_flight: InFlight,
}

impl Shim {
    /// Walks the request down the chain and gets its answer, and says what is left of its body.
    async fn answer(&self, session: &mut ServerSession, record: &mut Record) -> (Answer, Unread) {
        let raw = session.to_h1_raw();
        let head = match OwnedHead::of(session.req_header(), &raw) {
            Ok(head) => head,
            // Where one request ends and the next begins is in doubt, so nothing more is read as a request.
            Err(error) => return (refused(record, &error), Unread::Close),
        };
        let mut body = RequestBody::of(session, head.expects_continue());
        let answer = match filters::admit(&self.rules, head.borrow(), record.time, &mut record.facts) {
            Err(refusal) => {
                record.note_refusal(&refusal);
                Answer::error(&refusal.error)
            }
            Ok(admitted) => match self.backend.answer(&admitted, &mut body).await {
                Ok(answer) => answer,
                Err(error) => refused(record, &error),
            },
        };
        let progress = body.progress();
        (answer, Unread::of(session, head.content_length(), progress))
    }
}

fn refused(record: &mut Record, error: &S3Error) -> Answer {
    record.note_error(error);
    Answer::error(error)
}

#[async_trait]
impl ProxyHttp for Shim {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        head_has_arrived();
        let record = Record { request_id: self.ids.next(), ..Record::default() };
        Context { started: Instant::now(), record, _in_flight: self.metrics.enter() }
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Context) -> pingora::Result<bool> {
        let session = session.as_downstream_mut();
        ctx.started = Instant::now();
        ctx.record.time = clock::now();
        ctx.record.client = session.client_addr().map(ToString::to_string).unwrap_or_default();
        ctx.record.method = session.req_header().method.as_str().to_owned();
        prepare(session);
        let (answer, unread) = self.answer(session, &mut ctx.record).await;
        reply::send(session, answer, unread, &mut ctx.record).await;
        Ok(true)
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut Context) -> pingora::Result<Box<HttpPeer>> {
        // Every request is answered in request_filter, by a remote store too (ARCHITECTURE.md says why).
        Error::e_explain(ErrorType::InternalError, "no request gets this far")
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Context) -> FailToProxy {
        let error = S3Error::new(crate::s3::Code::INTERNAL_ERROR).cause(error);
        let answer = refused(&mut ctx.record, &error);
        if session.response_written().is_none() {
            reply::send(session.as_downstream_mut(), answer, Unread::Close, &mut ctx.record).await;
        }
        FailToProxy { error_code: error.status.as_u16(), can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Context) {
        ctx.record.bytes_in = session.as_downstream().body_bytes_read() as u64;
        ctx.record.duration = ctx.started.elapsed();
        if let (Some(error), None) = (error, &ctx.record.cause) {
            ctx.record.cause = Some(error.to_string());
        }
        access_log::write(&ctx.record);
        self.metrics.count(&ctx.record);
    }

    fn request_summary(&self, session: &Session, ctx: &Context) -> String {
        // pingora's own summary has the query, and so the signatures of presigned URLs.
        format!("{} request {}", session.req_header().method, ctx.record.request_id)
    }
}

fn prepare(session: &mut ServerSession) {
    // Without this, requests that came together are answered one, and the rest are dropped unread.
    session.set_pipelining_enabled(true);
    // pingora closes whenever an answer, `100 Continue` among them, overtakes the body; `Unread` decides here.
    session.set_close_on_response_before_downstream_finish(false);
    // How long an idle connection is kept is not said here but in `HeadDeadline`.
    session.set_read_timeout(Some(BODY_IDLE));
    session.set_write_timeout(Some(BODY_IDLE));
}
