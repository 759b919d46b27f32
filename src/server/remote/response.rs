//! The answer of a node as it arrives, on a connection that is in use.

use super::nodes::{Node, in_words, kind_of};
use super::pool::{Pool, Target};
use crate::s3::{Code, S3Error};
use crate::server::answer::{BodyStream, StreamError};
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use pingora::http::ResponseHeader;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::{BError, Error, ErrorType};
use std::sync::Arc;
use std::time::Instant;

/// How many interim answers are read before the final one.
const MAX_INTERIM: usize = 8;

/// An answer of a node whose head was read. Dropping it closes the connection; reading its body to the end returns the
/// connection to the pool.
///
/// Large fields are boxed, because it passes through many futures, each of which would grow with it.
pub(super) struct UpstreamResponse {
    pub(super) session: Box<HttpSession>,
    pub(super) target: Target,
    pub(super) node: Node,
    pub(super) pool: Arc<Pool>,
    pub(super) sent: Sent,
}

/// How much of a request was sent when the head of its final answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it.
    Whole,
    /// A part: the node answered before it had the whole body. No other request can use the connection.
    AnsweredEarly,
}

impl UpstreamResponse {
    /// The head of the answer.
    pub(super) fn head(&self) -> Result<&ResponseHeader, S3Error> {
        self.session.resp_header().ok_or_else(|| S3Error::new(Code::BAD_GATEWAY).cause("no answer was read"))
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> Result<StatusCode, S3Error> {
        self.head().map(|head| head.status)
    }

    /// The body, piece by piece.
    pub(super) fn into_body(self) -> AnswerBody {
        AnswerBody { response: Some(self) }
    }

    /// Returns the connection to the pool if the answer was read to its end.
    async fn release(mut self) {
        if self.sent == Sent::Whole && self.session.is_body_done() {
            self.session.respect_keepalive();
            if let Some(stream) = self.session.reuse().await {
                self.pool.put(self.target, stream, Instant::now());
            }
        }
    }
}

/// Reads heads until that of the final answer has come (RFC 9110 section 15: interim and final responses).
pub(super) async fn read_head(session: &mut HttpSession) -> pingora::Result<()> {
    for _ in 0..MAX_INTERIM {
        session.read_response().await?;
        if is_final(session)? {
            return Ok(());
        }
    }
    Error::e_explain(ErrorType::InvalidHTTPHeader, "too many interim answers")
}

/// Whether the head that was read is that of the final answer and not of an interim one. A 101 is an error: no other
/// protocol was asked for, and what follows it is not HTTP.
pub(super) fn is_final(session: &HttpSession) -> pingora::Result<bool> {
    match session.resp_header().map(|head| head.status) {
        Some(StatusCode::SWITCHING_PROTOCOLS) => Error::e_explain(ErrorType::InvalidHTTPHeader, "another protocol"),
        status => Ok(status.is_some_and(|status| !status.is_informational())),
    }
}

/// The body of an answer. One that breaks off ends with an error.
pub(super) struct AnswerBody {
    response: Option<UpstreamResponse>,
}

impl AnswerBody {
    /// All of it, if it has no more bytes than `limit`; `None` if it has more.
    pub(super) async fn read_whole(mut self, limit: usize) -> Result<Option<Vec<u8>>, IncompleteAnswer> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await {
            whole.extend_from_slice(&piece?);
            if whole.len() > limit {
                return Ok(None);
            }
        }
        Ok(Some(whole))
    }

    /// The next piece; `None` at the end.
    pub(super) async fn piece(&mut self) -> Option<Result<Bytes, IncompleteAnswer>> {
        let response = self.response.as_mut()?;
        match response.session.read_body_bytes().await {
            Ok(Some(piece)) => Some(Ok(piece)),
            Ok(None) => {
                Box::pin(self.response.take()?.release()).await;
                None
            }
            Err(error) => {
                // The node may have closed because the client reads slowly, so it is not blamed.
                self.response.take()?.node.count(kind_of(&error));
                Some(Err(IncompleteAnswer(error)))
            }
        }
    }
}

/// The body of an answer broke off.
#[derive(Debug, thiserror::Error)]
#[error("the upstream's answer broke off: {}", in_words(.0))]
pub(super) struct IncompleteAnswer(BError);

#[async_trait]
impl BodyStream for AnswerBody {
    async fn next(&mut self) -> Option<Result<Bytes, StreamError>> {
        self.piece().await.map(|piece| piece.map_err(StreamError::from))
    }
}
