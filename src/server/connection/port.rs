//! An HTTP port: it reads heads, passes each request to a service, and keeps the connection for the next one.
//!
//! pingora accepts connections, speaks HTTP and calls [`HttpPort`] for each request. Its proxy is not used: every
//! request is answered here, and the proxy would read heads without a deadline and log their whole text.

use crate::server::connection::deadline::{HeadLimits, HeadRead, read_head};
use crate::server::connection::http2::{self, Http2Limits};
use crate::server::observe::metrics::Metrics;
use async_trait::async_trait;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::protocols::tls::ALPN;
use pingora::server::ShutdownWatch;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How long a connection is still read after its head was refused, so that the answer reaches the client.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// Answers the requests of a port.
pub trait Respond: Send + Sync + 'static {
    /// Answers the request whose head the session has read. The rest of its body is read and discarded before the next
    /// request, unless the session's keep-alive is switched off.
    fn respond(&self, session: &mut ServerSession) -> impl Future<Output = ()> + Send;
}

/// A port whose requests `R` answers, in the version of HTTP that its client has agreed on.
#[derive(Debug)]
pub struct HttpPort<R> {
    requests: Arc<Requests<R>>,
    http2: Http2Limits,
}

/// The service for requests of all connections.
#[derive(Debug)]
struct Requests<R> {
    responder: R,
    limits: HeadLimits,
    metrics: Arc<Metrics>,
}

impl<R: Respond> HttpPort<R> {
    /// A port on which heads have these limits, and are counted in `metrics` if they exceed one.
    pub fn new(responder: R, limits: HeadLimits, http2: Http2Limits, metrics: Arc<Metrics>) -> HttpPort<R> {
        HttpPort { requests: Arc::new(Requests { responder, limits, metrics }), http2 }
    }
}

#[async_trait]
impl<R: Respond> ServerApp for HttpPort<R> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        if stream.selected_alpn_proto() != Some(ALPN::H2) {
            return ServerApp::process_new(&self.requests, stream, shutdown).await;
        }
        let answer = |session| {
            let (requests, shutdown) = (self.requests.clone(), shutdown.clone());
            async move { drop(requests.process_new_http(session, &shutdown).await) }
        };
        http2::serve(stream, self.http2, shutdown, answer).await;
        None
    }
}

impl<R: Respond> Requests<R> {
    /// Reads the next head. If the head is refused, this sends the answer and closes the session.
    async fn read_head(&self, mut session: ServerSession, shutdown: &ShutdownWatch) -> Option<ServerSession> {
        let cause = match read_head(&mut session, &self.limits, shutdown).await {
            HeadRead::Complete => return Some(session),
            HeadRead::Ended => return None,
            HeadRead::TooSlow => "slow",
            HeadRead::TooLarge => "too_large",
            HeadRead::Malformed => "malformed",
        };
        self.metrics.count_refused_head(cause);
        let client = session.client_addr().map(ToString::to_string).unwrap_or_default();
        // The line has nothing that the client sent, which may be long, or look like another line.
        tracing::info!(client, cause, "no request: its head was refused");
        if cause != "slow" {
            refuse(session).await;
        }
        None
    }
}

#[async_trait]
impl<R: Respond> HttpServerApp for Requests<R> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let mut session = self.read_head(session, shutdown).await?;
        if *shutdown.borrow() {
            session.set_keepalive(None);
        }
        self.responder.respond(&mut session).await;
        if session.is_custom() {
            // Clients of HTTP/2 also lose an answer while they send. The answer has set how long this may take.
            let _ = session.drain_request_body().await;
        }
        let settings = HttpPersistentSettings::for_session(&session);
        let reusable = session.finish().await.ok().flatten()?;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }
}

/// Answers bytes that are not a head with an empty 400, and closes the connection.
async fn refuse(mut session: ServerSession) {
    // The connection is closed next, whether or not the answer could be written.
    let _ = session.respond_error(http::StatusCode::BAD_REQUEST.as_u16()).await;
    session.shutdown().await;
    let ServerSession::H1(session) = session else { return };
    let mut stream = session.into_inner();
    let rest = async {
        let mut buffer = [0; 4096];
        while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
    };
    // Closing with bytes unread resets the connection, and the client may lose the answer with it.
    let _ = tokio::time::timeout(LINGER_TIME, rest).await;
}
