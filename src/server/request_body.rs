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
}

/// The body on a client's connection. `100 Continue` is sent when the first piece is asked for, not before: what is
/// refused is refused before the body sets out.
pub struct RequestBody<'s> {
    session: &'s mut ServerSession,
    must_invite: bool,
}

impl<'s> RequestBody<'s> {
    /// The body of the session's request; `expects_continue` where the client waits to be invited.
    pub fn of(session: &'s mut ServerSession, expects_continue: bool) -> RequestBody<'s> {
        RequestBody { session, must_invite: expects_continue }
    }

    /// Whether the client still waits for `100 Continue`, so that no body is on its way.
    pub fn is_uninvited(&self) -> bool {
        self.must_invite
    }

    async fn invite(&mut self) -> Result<(), BError> {
        self.must_invite = false;
        // pingora takes an interim answer before the end of the body for a reason to close, unless told otherwise.
        self.session.set_close_on_response_before_downstream_finish(false);
        let sent = self.session.write_continue_response().await;
        self.session.set_close_on_response_before_downstream_finish(true);
        sent
    }
}

#[async_trait]
impl BodySource for RequestBody<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        if self.must_invite {
            self.invite().await.map_err(|error| body_error(&error))?;
        }
        self.session.read_request_body().await.map_err(|error| body_error(&error))
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
