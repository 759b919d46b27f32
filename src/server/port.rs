//! An HTTP port: it reads heads, has each request answered, and keeps the connection for the next one.
//!
//! pingora accepts connections, speaks HTTP and calls [`HttpPort`] for each request. Its proxy is not used: every
//! request is answered here, and the proxy would read heads without a deadline and log their whole text.

use crate::server::deadline::{HeadRead, read_head};
use async_trait::async_trait;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Answers the requests of a port.
pub trait Respond: Send + Sync + 'static {
    /// Answers the request whose head the session has read. What is left of its body afterwards is read and dropped
    /// before the next request, unless the session's keep-alive is switched off.
    fn respond(&self, session: &mut ServerSession) -> impl Future<Output = ()> + Send;
}

/// A port whose requests `R` answers.
#[derive(Debug)]
pub struct HttpPort<R> {
    responder: R,
    head_time: Duration,
}

impl<R: Respond> HttpPort<R> {
    /// A port on which a head has `head_time` to arrive, from the opening of the connection or the end of the request
    /// before.
    pub fn new(responder: R, head_time: Duration) -> HttpPort<R> {
        HttpPort { responder, head_time }
    }
}

#[async_trait]
impl<R: Respond> HttpServerApp for HttpPort<R> {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        match read_head(&mut session, self.head_time, shutdown).await {
            HeadRead::Complete => {}
            HeadRead::Ended => return None,
            HeadRead::Malformed => {
                refuse(&mut session).await;
                return None;
            }
        }
        if *shutdown.borrow() {
            session.set_keepalive(None);
        }
        self.responder.respond(&mut session).await;
        let settings = HttpPersistentSettings::for_session(&session);
        let reusable = session.finish().await.ok().flatten()?;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }
}

/// Answers what is no head with an empty 400, and closes the connection.
async fn refuse(session: &mut ServerSession) {
    // The connection is closed next, whether or not the answer could be written.
    let _ = session.respond_error(http::StatusCode::BAD_REQUEST.as_u16()).await;
    session.shutdown().await;
}
