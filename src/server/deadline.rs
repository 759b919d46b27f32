//! The time a connection has until the next head has arrived on it.
//!
//! pingora limits the wait for each read, so a byte a minute would keep a connection for ever. Here is one deadline over
//! all of it, the idle time before the first byte included. Not here: the time between the bytes of a body.

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task_local;
use tokio::time::sleep;

task_local! {
    /// Told when the head of the task's request is there.
    static HEAD: Arc<Notify>;
}

/// Ends the deadline of the request whose task calls this.
pub fn head_has_arrived() {
    // Without a deadline there is nobody to tell.
    let _ = HEAD.try_with(|head| head.notify_one());
}

/// An application whose connections are closed where a head takes too long. It has to call [`head_has_arrived`].
pub struct HeadDeadline<A> {
    app: Arc<A>,
    limit: Duration,
}

impl<A> HeadDeadline<A> {
    /// `app` with that deadline.
    pub fn new(app: A, limit: Duration) -> HeadDeadline<A> {
        HeadDeadline { app: Arc::new(app), limit }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for HeadDeadline<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let head = Arc::new(Notify::new());
        let mut request = pin!(HEAD.scope(head.clone(), self.app.process_new_http(session, shutdown)));
        tokio::select! {
            biased;
            reused = &mut request => return reused,
            () = head.notified() => {}
            () = sleep(self.limit) => return None,
        }
        request.await
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.app.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.app.server_options()
    }

    async fn http_cleanup(&self) {
        self.app.http_cleanup().await;
    }
}
