//! Reading the head of a request, within the time its connection has for it.
//!
//! pingora limits the wait for each read, so a byte a minute would keep a connection for ever. Here is one deadline over
//! all of it, the idle time before the first byte included. Not here: the time between the bytes of a body.

use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use pingora::{BError, ErrorType};
use std::time::Duration;
use tokio::time::sleep;

/// How the reading of a head ended.
#[derive(Debug)]
pub enum HeadRead {
    /// The session has its head.
    Complete,
    /// The client closed the connection, the server stops, or the deadline passed: nothing is answered.
    Ended,
    /// What came is no head of HTTP.
    Malformed,
}

/// Reads the head of the session's next request, which has `limit` to arrive. A server that stops waits for no head.
pub async fn read_head(session: &mut ServerSession, limit: Duration, shutdown: &ShutdownWatch) -> HeadRead {
    let mut shutdown = shutdown.clone();
    tokio::select! {
        // A head that has arrived is answered, whatever else is true by now.
        biased;
        read = session.read_request() => outcome(read),
        _ = shutdown.wait_for(|stopping| *stopping) => HeadRead::Ended,
        () = sleep(limit) => HeadRead::Ended,
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
