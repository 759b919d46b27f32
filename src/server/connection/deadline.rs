//! Reads the head of a request, within its limits of time and size.
//!
//! pingora limits the wait for each read, so a byte a minute would hold a connection, and it buffers up to a
//! megabyte. Here the first byte and the whole head have a deadline each, and a head has a limit of size. The limit for
//! bodies is in [`pace`](crate::server::connection::pace).

use crate::filters::Limits;
use crate::server::connection::client_stream::HeadMeter;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use pingora::{BError, ErrorType};
use std::time::Duration;
use tokio::time::sleep;

/// How long an idle connection is kept when the server stops. Closing it at once would cut off a request that is on its
/// way. If a request arrives, its answer says that the connection closes.
pub const LAST_CALL: Duration = Duration::from_secs(1);

/// How the reading of a head ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadRead {
    /// The session has its head.
    Complete,
    /// The client closed the connection or was idle for too long, or the server stops. There is no answer.
    Ended,
    /// A deadline passed before the head was complete, or, on a new connection, before it began.
    TooSlow,
    /// The head is too large.
    TooLarge,
    /// The bytes are not a head of HTTP.
    Malformed,
}

/// The bounds on a head. Times are counted from the opening of the connection or the end of the request before.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Until the first byte on a new connection.
    pub first_byte: Duration,
    /// Until the first byte of a later request.
    pub idle: Duration,
    /// From the first byte to the end of the head.
    pub head: Duration,
    /// Bytes, request line and line ends included.
    pub bytes: usize,
}

impl From<&Limits> for HeadLimits {
    fn from(limits: &Limits) -> HeadLimits {
        HeadLimits {
            first_byte: limits.ports.first_byte_time,
            idle: limits.ports.idle_time,
            head: limits.ports.head_time,
            bytes: limits.head_bytes(),
        }
    }
}

/// Reads the head of the session's next request. A server that stops waits only for a head that is on its way.
pub async fn read_head(session: &mut ServerSession, limits: &HeadLimits, shutdown: &ShutdownWatch) -> HeadRead {
    // A request of HTTP/2 already has its head.
    let Some(meter) = HeadMeter::from_session(session) else { return outcome(session.read_request().await) };
    let is_first = meter.expect(limits.bytes);
    let first_byte = if is_first { limits.first_byte } else { limits.idle };
    let read = tokio::select! {
        // A head that has arrived is answered, even if a deadline has passed or the server stops.
        biased;
        read = session.read_request() => outcome(read),
        () = last_call(shutdown.clone()) => HeadRead::Ended,
        () = deadline(&meter, first_byte, limits.head) => HeadRead::TooSlow,
    };
    let read = match read {
        HeadRead::Ended if meter.is_exhausted() => HeadRead::TooLarge,
        // An idle connection ends in this way; it is not a failure.
        HeadRead::TooSlow if !is_first && !meter.has_begun() => HeadRead::Ended,
        other => other,
    };
    meter.release();
    read
}

/// Ends when the server stops, after the time in which a head can arrive that the client sent before it knew.
pub async fn last_call(mut shutdown: ShutdownWatch) {
    // If the sender is gone, the server has stopped.
    let _ = shutdown.wait_for(|stopping| *stopping).await;
    sleep(LAST_CALL).await;
}

/// Ends when the head is late.
async fn deadline(meter: &HeadMeter, first_byte: Duration, head: Duration) {
    tokio::select! {
        () = meter.first_byte() => sleep(head).await,
        () = sleep(first_byte) => {}
    }
}

fn outcome(read: Result<bool, BError>) -> HeadRead {
    match read {
        Ok(true) => HeadRead::Complete,
        Ok(false) => HeadRead::Ended,
        Err(error) if *error.etype() == ErrorType::InvalidHTTPHeader => HeadRead::Malformed,
        // The connection broke, so an answer would not arrive.
        Err(_) => HeadRead::Ended,
    }
}
