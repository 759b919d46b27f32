//! A connection of HTTP/2, from its preface to its end.

use crate::filters::Limits;
use crate::server::connection::deadline::{LAST_CALL, last_call};
use crate::server::connection::http2::announcement::{Announcement, Announcing};
use crate::server::connection::http2::session::Http2Session;
use crate::server::workers::spawn_shared;
use crate::settings::Http2;
use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use pingora::protocols::http::ServerSession;
use pingora::protocols::{Digest, Stream};
use pingora::server::ShutdownWatch;
use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

/// Bytes of the headers of one request, counted as HTTP/2 counts them.
const HEADER_LIST_BYTES: u32 = 64 << 10;
/// Bytes of one frame that a client may send. The default, 16 KiB, makes four times as many pieces of a body.
const FRAME_BYTES: u32 = 64 << 10;
/// Bytes of one answer that wait until the client makes room for them.
const SEND_BUFFER_BYTES: usize = 256 << 10;
/// How many requests a client may reset before the server has read them. With one more the connection ends, because a
/// reset costs the client less than the server.
const TAKEN_BACK: usize = 20;
/// Requests that the server has ended while the client may still send.
const REMEMBERED_RESETS: usize = 100;
/// How many requests over the limit are refused before the connection ends. A client that respects the limit has none.
const TOO_MANY: usize = 100;
/// How long the last GOAWAY of a connection may take.
const FAREWELL_TIME: Duration = Duration::from_secs(2);

/// The bounds on a connection.
#[derive(Debug, Clone, Copy)]
pub struct Http2Limits {
    /// The limits of requests and windows.
    pub sizes: Http2,
    /// From the end of the handshake to the first whole request.
    pub first_request: Duration,
    /// How long a connection is kept without a request.
    pub idle: Duration,
}

impl Http2Limits {
    /// The bounds for these limits.
    pub fn new(limits: &Limits, sizes: Http2) -> Http2Limits {
        Http2Limits { sizes, first_request: limits.ports.first_byte_time, idle: limits.ports.idle_time }
    }

    fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        builder
            .max_concurrent_streams(self.sizes.streams)
            .initial_window_size(self.sizes.stream_window)
            .initial_connection_window_size(self.sizes.connection_window)
            .max_header_list_size(HEADER_LIST_BYTES)
            .max_frame_size(FRAME_BYTES)
            .max_send_buffer_size(SEND_BUFFER_BYTES)
            .max_concurrent_reset_streams(REMEMBERED_RESETS)
            .max_pending_accept_reset_streams(TAKEN_BACK);
        builder
    }
}

/// Serves a connection until its client or its limits end it. Requests run concurrently in `answer`. A server that
/// stops announces it, accepts the requests that were sent before the client could know, and lets all requests end.
pub async fn serve<F>(
    stream: Stream,
    limits: Http2Limits,
    shutdown: &ShutdownWatch,
    answer: impl Fn(ServerSession) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let digest = Arc::new(digest(&stream));
    let first_by = Instant::now() + limits.first_request;
    let announcement = Announcement::default();
    let stream = Announcing::new(stream, announcement.clone());
    let opened = tokio::select! {
        biased;
        opened = timeout_at(first_by, limits.builder().handshake(stream)) => opened,
        () = last_call(shutdown.clone()) => return,
    };
    // A client that sends nothing, or does not speak HTTP/2, gets no answer.
    let Ok(Ok(connection)) = opened else { return };
    let active = Arc::new(Active::new(limits.sizes.streams));
    let start = |(request, respond): Incoming| {
        let session = Http2Session::new(request, respond, digest.clone());
        let (running, answer) = (Running::new(&active), answer(ServerSession::new_custom(Box::new(session))));
        // Several requests of one connection are served by several threads.
        spawn_shared(async move {
            answer.await;
            drop(running);
        });
    };
    let stage = Stage::New { first_by };
    go_on(Open { connection, announcement, stage }, &active, limits.idle, shutdown.clone(), start).await;
}

/// A connection after its preface.
struct Open {
    connection: Connection<Announcing<Stream>, Bytes>,
    announcement: Announcement,
    stage: Stage,
}

/// The stage of a connection.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// It has had no request; the first one has a deadline.
    New { first_by: Instant },
    /// It takes requests.
    Serving,
    /// It has announced that it takes no more requests. Requests sent before that are still accepted.
    Announced { until: Instant },
    /// It takes no more requests.
    Ending,
}

impl Stage {
    /// Waits until the next announcement of the shutdown is due.
    async fn next_word(self, shutdown: &mut ShutdownWatch) {
        match self {
            // If the sender is gone, the server has stopped already.
            Stage::New { .. } | Stage::Serving => drop(shutdown.wait_for(|stop| *stop).await),
            Stage::Announced { until } => sleep_until(until).await,
            Stage::Ending => pending().await,
        }
    }

    /// Waits until there has been no request for too long.
    async fn idle(self, active: &Active, idle: Duration) {
        match self {
            Stage::New { first_by } => sleep_until(first_by).await,
            Stage::Serving => active.idle_for(idle).await,
            Stage::Announced { .. } => pending().await,
            // A client that does not answer must not keep the server from stopping.
            Stage::Ending => active.idle_for(LAST_CALL).await,
        }
    }
}

impl Open {
    /// Sends the next announcement of the shutdown.
    fn say_next_word(&mut self) {
        self.stage = match self.stage {
            Stage::New { .. } | Stage::Serving => {
                self.announcement.make();
                Stage::Announced { until: Instant::now() + LAST_CALL }
            }
            Stage::Announced { .. } | Stage::Ending => {
                self.connection.graceful_shutdown();
                Stage::Ending
            }
        };
    }
}

type Incoming = (Request<RecvStream>, SendResponse<Bytes>);

async fn go_on(mut open: Open, active: &Active, idle: Duration, mut shutdown: ShutdownWatch, start: impl Fn(Incoming)) {
    let mut refused = 0;
    loop {
        let stage = open.stage;
        let accepted = tokio::select! {
            biased;
            () = stage.next_word(&mut shutdown) => {
                open.say_next_word();
                continue;
            }
            accepted = open.connection.accept() => accepted,
            () = stage.idle(active, idle) => return end(open.connection, Reason::NO_ERROR).await,
        };
        if matches!(stage, Stage::New { .. }) {
            open.stage = Stage::Serving;
        }
        match accepted {
            Some(Ok((_, mut respond))) if active.is_full() => {
                respond.send_reset(Reason::REFUSED_STREAM);
                refused += 1;
                if refused > TOO_MANY {
                    return end(open.connection, Reason::ENHANCE_YOUR_CALM).await;
                }
            }
            Some(Ok(incoming)) => start(incoming),
            // The client has gone, or violates HTTP/2; then h2 has sent the reason.
            Some(Err(_)) | None => return,
        }
    }
}

/// Announces that the connection ends, and the reason, so that the client retries its last requests on another one.
async fn end(mut connection: Connection<Announcing<Stream>, Bytes>, why: Reason) {
    connection.abrupt_shutdown(why);
    // The connection ends even if this fails.
    let _ = timeout(FAREWELL_TIME, poll_fn(|cx| connection.poll_closed(cx))).await;
}

fn digest(stream: &Stream) -> Digest {
    Digest {
        ssl_digest: stream.get_ssl_digest(),
        timing_digest: stream.get_timing_digest(),
        proxy_digest: stream.get_proxy_digest(),
        socket_digest: stream.get_socket_digest(),
    }
}

/// How many requests of a connection are being answered. A request that the client has reset counts until its answer
/// ends. h2 no longer counts it, so without this a client could have any number of them at once.
#[derive(Debug)]
struct Active {
    most: usize,
    count: AtomicUsize,
    ended: Notify,
}

impl Active {
    /// No requests yet, for a client that may have this many open at once. As many again may be about to end.
    fn new(streams: u32) -> Active {
        let most = usize::try_from(streams).unwrap_or(usize::MAX).saturating_mul(2);
        Active { most, count: AtomicUsize::new(0), ended: Notify::new() }
    }

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= self.most
    }

    /// Ends when no request has been answered for this long.
    async fn idle_for(&self, time: Duration) {
        while self.count.load(Ordering::Relaxed) > 0 {
            // A request that ended since the check has left a permit, so this does not miss it.
            self.ended.notified().await;
        }
        sleep(time).await;
    }
}

/// A request that counts as long as this lives, even if its task panics.
struct Running(Arc<Active>);

impl Running {
    fn new(active: &Arc<Active>) -> Running {
        active.count.fetch_add(1, Ordering::Relaxed);
        Running(active.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;
    use tokio::sync::watch;

    /// The client does not acknowledge the GOAWAY.
    #[tokio::test]
    async fn a_client_that_is_silent_does_not_keep_the_server() {
        let (client, server) = duplex(1 << 20);
        let (sizes, long) = (Http2::default(), Duration::from_secs(600));
        let limits = Http2Limits { sizes, first_request: long, idle: long };
        let (stop, stopping) = watch::channel(false);
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let begin = std::sync::Mutex::new(Some(begin));
        let serving = tokio::spawn(async move {
            let answer = |_| {
                drop(begin.lock().unwrap().take());
                std::future::ready(())
            };
            serve(Box::new(server), limits, &stopping, answer).await;
        });
        let (mut send, mut connection) = h2::client::handshake(client).await.unwrap();
        let request = Request::builder().uri("https://h/").body(()).unwrap();
        let _answer = send.send_request(request, true).unwrap();
        tokio::select! {
            _ = &mut connection => panic!("it ended"),
            _ = begun => {}
        }
        // The client does nothing from here on.
        stop.send(true).unwrap();
        timeout(long / 10, serving).await.unwrap().unwrap();
    }

    /// Requests that are reset at once and never answered.
    #[tokio::test]
    async fn requests_that_are_taken_back_are_limited_too() {
        let (client, server) = duplex(1 << 20);
        let sizes = Http2 { streams: 10, ..Http2::default() };
        let limits = Http2Limits { sizes, first_request: FAREWELL_TIME, idle: FAREWELL_TIME };
        let (_stop, stopping) = watch::channel(false);
        let most = Arc::new(AtomicUsize::new(0));
        let started = most.clone();
        let serving = tokio::spawn(async move {
            let answer = |_| {
                started.fetch_add(1, Ordering::Relaxed);
                std::future::pending()
            };
            serve(Box::new(server), limits, &stopping, answer).await;
        });
        let (send, connection) = h2::client::handshake(client).await.unwrap();
        let connection = tokio::spawn(connection);
        for _ in 0..10_000 {
            let Ok(mut ready) = send.clone().ready().await else { break };
            let request = Request::builder().uri("https://h/").body(()).unwrap();
            let Ok((_, mut body)) = ready.send_request(request, false) else { break };
            tokio::task::yield_now().await;
            body.send_reset(Reason::CANCEL);
        }
        drop(send);
        let ended = connection.await.unwrap().unwrap_err();
        assert_eq!(ended.reason(), Some(Reason::ENHANCE_YOUR_CALM));
        serving.await.unwrap();
        assert!(most.load(Ordering::Relaxed) <= 20, "{most:?}");
    }
}
