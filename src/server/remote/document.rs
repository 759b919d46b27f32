//! An XML answer on its way to the client: rewritten when it is complete, and an error in it returned with its status,
//! or in the client's words if the status was sent already.

use super::response::{AnswerBody, IncompleteAnswer};
use crate::s3::S3Error;
use crate::s3::xml::{self, Ending, ErrorDocument, Malformed, Rewriter};
use crate::server::answer::{BodyStream, StreamError};
use async_trait::async_trait;
use bytes::Bytes;

/// What an answer is, known when it has ended, or when its first bytes can be sent to the client.
pub(super) enum Opening {
    /// A complete document.
    Whole(String),
    /// A document that the store is still working on. The client gets bytes that keep its connection open.
    Begun(Box<DocumentBody>),
    /// An error before anything was sent to the client, so the answer can still have its status.
    Error(S3Error),
}

/// A document that has begun. If it is malformed, the answer breaks off and never looks complete.
pub(super) struct DocumentBody {
    source: AnswerBody,
    rewriter: Option<Rewriter>,
    /// What the client can have at once.
    ready: Option<Bytes>,
    /// What an error in the document becomes.
    error: Box<dyn Fn(&ErrorDocument) -> S3Error + Send>,
}

/// Why an answer is not a document; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum DocumentError {
    /// It did not arrive.
    #[error(transparent)]
    IncompleteAnswer(#[from] IncompleteAnswer),
    /// It arrived and is not XML, or another document.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It has been read to its end before.
    #[error("the document has ended before")]
    Ended,
}

impl DocumentBody {
    /// Reads to the end of the document, or until there are bytes that the client can have before.
    ///
    /// # Errors
    /// Why it is not a document.
    pub(super) async fn open(
        source: AnswerBody,
        rewriter: Rewriter,
        error: Box<dyn Fn(&ErrorDocument) -> S3Error + Send>,
    ) -> Result<Opening, DocumentError> {
        let mut body = DocumentBody { source, rewriter: Some(rewriter), ready: None, error };
        let Some(bytes) = body.early().await? else {
            return Ok(match body.finish()? {
                Ending::Document(text) => Opening::Whole(text),
                Ending::Error(document) => Opening::Error((body.error)(&document)),
            });
        };
        body.ready = Some(bytes);
        Ok(Opening::Begun(Box::new(body)))
    }

    /// The next bytes that the client can have before the document has ended; `None` when it has.
    async fn early(&mut self) -> Result<Option<Bytes>, DocumentError> {
        let Some(rewriter) = &mut self.rewriter else { return Ok(None) };
        while let Some(piece) = self.source.piece().await {
            let bytes = rewriter.update(&piece?)?;
            if !bytes.is_empty() {
                return Ok(Some(Bytes::from(bytes)));
            }
        }
        Ok(None)
    }

    fn finish(&mut self) -> Result<Ending, DocumentError> {
        Ok(self.rewriter.take().ok_or(DocumentError::Ended)?.finish()?)
    }

    /// The bytes after which the body ends. The status was sent already, so an error is the `<Error>` alone.
    fn last(&mut self) -> Result<Bytes, DocumentError> {
        Ok(Bytes::from(match self.finish()? {
            Ending::Document(text) => text,
            Ending::Error(document) => xml::late_error(&(self.error)(&document)),
        }))
    }
}

#[async_trait]
impl BodyStream for DocumentBody {
    async fn next(&mut self) -> Option<Result<Bytes, StreamError>> {
        if let Some(ready) = self.ready.take() {
            return Some(Ok(ready));
        }
        self.rewriter.as_ref()?;
        let next = match self.early().await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => self.last(),
            Err(why) => Err(why),
        };
        Some(next.map_err(StreamError::from))
    }
}
