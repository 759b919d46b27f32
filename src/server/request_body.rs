//! The request's body as the operations read it, piece by piece.

use crate::s3::{Code, S3Error};
use async_trait::async_trait;
use bytes::Bytes;
use pingora::protocols::http::ServerSession;
use pingora::{BError, ErrorType};

/// Where the bytes of a request's body come from.
#[async_trait]
pub trait BodySource: Send {
    /// The next piece; `None` at the end. After an error nothing more can be read.
    async fn next(&mut self) -> Result<Option<Bytes>, S3Error>;

    /// Whether the client waits to be invited before it sends anything; asking for the first piece invites it.
    fn is_uninvited(&self) -> bool;
}

/// How far the reading of a body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The client still waits for `100 Continue`, so no body is on its way.
    Uninvited,
    /// It can be read, or has been.
    Readable,
    /// Reading failed, so nobody knows where it ends. pingora says of such a body that it is done.
    Broken,
}

/// The body on a client's connection. `100 Continue` is sent when the first piece is asked for, not before: what is
/// refused is refused before the body sets out.
pub struct RequestBody<'s> {
    session: &'s mut ServerSession,
    progress: Progress,
}

impl<'s> RequestBody<'s> {
    /// The body of the session's request; `expects_continue` where the client waits to be invited.
    pub fn of(session: &'s mut ServerSession, expects_continue: bool) -> RequestBody<'s> {
        let progress = if expects_continue { Progress::Uninvited } else { Progress::Readable };
        RequestBody { session, progress }
    }

    /// How far the reading came.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    async fn read(&mut self) -> Result<Option<Bytes>, BError> {
        if self.progress == Progress::Uninvited {
            self.progress = Progress::Readable;
            self.session.write_continue_response().await?;
        }
        self.session.read_request_body().await
    }
}

#[async_trait]
impl BodySource for RequestBody<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        self.read().await.map_err(|error| {
            self.progress = Progress::Broken;
            body_error(&error)
        })
    }

    fn is_uninvited(&self) -> bool {
        self.progress == Progress::Uninvited
    }
}

/// What a body that cannot be read means to the client: it was too slow, or what it sent is not all of a body (the
/// connection ended, or its chunks are not chunks).
fn body_error(error: &BError) -> S3Error {
    let code = match error.etype() {
        ErrorType::ReadTimedout => Code::REQUEST_TIMEOUT,
        _ => Code::INCOMPLETE_BODY,
    };
    S3Error::new(code).cause(error)
}
