//! Answers to clients of HTTP/1.0, which has no chunks. A body of unknown length would end with the connection, so an
//! incomplete body would look complete. So the body is read to its end before the head is sent.

use crate::s3::{Code, S3Error};
use crate::server::answer::{Answer, Body, BodyStream, StreamError};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

/// The most bytes that are read ahead: no document of S3 is longer, and objects have a known length.
const MAX_BYTES: usize = 16 << 20;

/// The same answer with a length.
///
/// # Errors
/// `BadGateway` for a body that breaks off or has more than 16 MiB.
pub async fn with_length(answer: Answer) -> Result<Answer, S3Error> {
    let Body::Stream { length: None, pieces } = answer.body else { return Ok(answer) };
    let whole = read(pieces).await.map_err(|cause| S3Error::new(Code::BAD_GATEWAY).cause(cause))?;
    let length = Some(whole.len() as u64);
    Ok(Answer { body: Body::Stream { length, pieces: Box::new(InOnePiece(Some(whole))) }, ..answer })
}

async fn read(mut pieces: Box<dyn BodyStream>) -> Result<Bytes, StreamError> {
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > MAX_BYTES {
            return Err("an answer without a length is too long for a client of HTTP/1.0".into());
        }
    }
    Ok(whole.freeze())
}

/// A body in one piece.
struct InOnePiece(Option<Bytes>);

#[async_trait]
impl BodyStream for InOnePiece {
    async fn next(&mut self) -> Option<Result<Bytes, StreamError>> {
        self.0.take().map(Ok)
    }
}
