//! The request's body, which operations read piece by piece.

use crate::s3::{Code, Limit, S3Error};
use crate::server::connection::pace::{MinimumRate, Pace, TooSlow};
use crate::server::quota::Throttle;
use bytes::Bytes;
use pingora::protocols::http::ServerSession;
use pingora::{BError, ErrorType};
use std::future::Future;
use std::pin::pin;
use tokio::time::{Instant, timeout};

/// The progress of reading a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The client still waits for `100 Continue`, so no body is on its way.
    AwaitsContinue,
    /// It can be read, or has been.
    Readable,
    /// Reading failed, so its end is not known. pingora reports such a body as done.
    Broken,
}

/// The body on a client's connection. `100 Continue` is sent when the first piece is requested, so a request is refused
/// before its body is sent.
pub struct RequestBody<'s> {
    session: &'s mut ServerSession,
    progress: Progress,
    pace: Pace,
    document: Option<Vec<u8>>,
    throttle: Option<Throttle>,
}

/// Why the rest of a body cannot be read.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error(transparent)]
    Connection(#[from] BError),
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
}

impl<'s> RequestBody<'s> {
    /// The body of the session's request, with its minimum `rate`. `expects_continue` is whether the client waits for
    /// `100 Continue`.
    pub fn new(session: &'s mut ServerSession, expects_continue: bool, rate: MinimumRate) -> RequestBody<'s> {
        let progress = if expects_continue { Progress::AwaitsContinue } else { Progress::Readable };
        RequestBody { session, progress, pace: Pace::new(rate), document: None, throttle: None }
    }

    /// Slows the reading down from now on. The minimum rate counts only time in which the server reads, so this does
    /// not make the client too slow.
    pub fn slow_down(&mut self, throttle: Option<Throttle>) {
        self.throttle = throttle;
    }

    /// The limit by which the reading was slowed down, if it was.
    pub fn slowed_by(&self) -> Option<Limit> {
        self.throttle.as_ref().and_then(Throttle::limit)
    }

    /// Keeps the document of the body, for the audit and the inspector, which look at the request after its end.
    pub fn keep(&mut self, document: &[u8]) {
        self.document = Some(document.to_vec());
    }

    /// The document that was kept.
    pub fn document(&self) -> Option<&[u8]> {
        self.document.as_deref()
    }

    /// The progress of reading.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether the client waits for `100 Continue` before it sends anything. Asking for the first piece sends it.
    pub fn awaits_continue(&self) -> bool {
        self.progress == Progress::AwaitsContinue
    }

    /// The next piece; `None` at the end. After an error nothing more can be read.
    pub async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        if let Some(throttle) = &mut self.throttle {
            throttle.ready().await;
        }
        let read = self.read().await.map_err(|error| {
            self.progress = Progress::Broken;
            body_error(&error)
        });
        if let (Ok(Some(piece)), Some(throttle)) = (&read, &mut self.throttle) {
            throttle.passed(piece.len());
        }
        read
    }

    /// Does work that can take long. If the client leaves meanwhile, the work ends.
    ///
    /// # Errors
    /// Those of the work, or, for the log, that the client has left.
    pub async fn while_connected<T>(&mut self, work: impl Future<Output = Result<T, S3Error>>) -> Result<T, S3Error> {
        tokio::select! {
            done = work => done,
            () = self.client_left() => {
                Err(S3Error::new(Code::REQUEST_TIMEOUT).cause("the client has left before it was answered"))
            }
        }
    }

    /// Waits until the client closes the connection. If the client has not sent its whole body, this never ends.
    async fn client_left(&mut self) {
        if !self.session.is_body_done() || self.session.read_body_or_idle(true).await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    async fn read(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.progress == Progress::AwaitsContinue {
            self.progress = Progress::Readable;
            self.session.write_continue_response().await?;
        }
        let mut piece = pin!(self.session.read_request_body());
        loop {
            let waiting = Instant::now();
            // A piece that has arrived is taken, even if the window is nearly over.
            let read = timeout(self.pace.left(), &mut piece).await;
            let bytes = read.as_ref().map_or(0, received);
            self.pace.received(bytes, waiting.elapsed());
            match read {
                Ok(piece) => return Ok(piece?),
                Err(_) => self.pace.check()?,
            }
        }
    }
}

fn received(piece: &Result<Option<Bytes>, BError>) -> u64 {
    piece.as_ref().ok().and_then(Option::as_ref).map_or(0, |bytes| bytes.len() as u64)
}

/// The error for a body that cannot be read: the client was too slow, or the body is incomplete or malformed (the
/// connection ended, or a chunk is invalid).
fn body_error(error: &BodyError) -> S3Error {
    let code = match error {
        BodyError::TooSlow(_) => Code::REQUEST_TIMEOUT,
        BodyError::Connection(error) if *error.etype() == ErrorType::ReadTimedout => Code::REQUEST_TIMEOUT,
        BodyError::Connection(_) => Code::INCOMPLETE_BODY,
    };
    S3Error::new(code).cause(error)
}
