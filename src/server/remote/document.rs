//! An XML answer on its way to the client: rewritten piece by piece, and an error in it found in time or put into the
//! client's words.

use super::response::AnswerBody;
use crate::s3::S3Error;
use crate::s3::xml::{self, Ending, ErrorDocument, Rewriter};
use crate::server::answer::BodyStream;
use async_trait::async_trait;
use bytes::Bytes;

/// What the first bytes of an answer show it to be.
pub(super) enum Opening {
    /// A document, or blanks that come before one: what there is goes on at once.
    Document(Box<DocumentBody>),
    /// An error, and nothing has gone on yet: it can still be the answer's status.
    Error(S3Error),
}

/// A document being rewritten. What is malformed breaks off; it never ends as if it were whole.
pub(super) struct DocumentBody {
    source: AnswerBody,
    rewriter: Option<Rewriter>,
    /// Rewritten already.
    ready: Option<Bytes>,
    /// What an error in the document becomes.
    error: Box<dyn Fn(&ErrorDocument) -> S3Error + Send>,
}

impl DocumentBody {
    /// Reads until there is something to go on, or the end.
    ///
    /// # Errors
    /// Why it is no document, for the log.
    pub(super) async fn open(
        source: AnswerBody,
        rewriter: Rewriter,
        error: Box<dyn Fn(&ErrorDocument) -> S3Error + Send>,
    ) -> Result<Opening, String> {
        let mut body = DocumentBody { source, rewriter: Some(rewriter), ready: None, error };
        match body.advance().await? {
            Step::Bytes(bytes) => body.ready = Some(bytes),
            Step::Error { document, begun: false } => return Ok(Opening::Error((body.error)(&document))),
            Step::Error { document, begun: true } => body.ready = Some(body.late_error(&document)),
            Step::End => {}
        }
        Ok(Opening::Document(Box::new(body)))
    }

    async fn advance(&mut self) -> Result<Step, String> {
        let Some(rewriter) = &mut self.rewriter else { return Ok(Step::End) };
        while let Some(piece) = self.source.next().await {
            let bytes = rewriter.update(&piece?).map_err(|malformed| malformed.to_string())?;
            if !bytes.is_empty() {
                return Ok(Step::Bytes(Bytes::from(bytes)));
            }
        }
        let Some(rewriter) = self.rewriter.take() else { return Ok(Step::End) };
        match rewriter.finish().map_err(|malformed| malformed.to_string())? {
            Ending::Document => Ok(Step::End),
            Ending::Error { error, begun } => Ok(Step::Error { document: error, begun }),
        }
    }

    /// The error behind a status that has gone out: the document that the client has the beginning of.
    fn late_error(&self, document: &ErrorDocument) -> Bytes {
        Bytes::from(xml::late_error(&(self.error)(document)))
    }
}

enum Step {
    Bytes(Bytes),
    Error { document: ErrorDocument, begun: bool },
    End,
}

#[async_trait]
impl BodyStream for DocumentBody {
    async fn next(&mut self) -> Option<Result<Bytes, String>> {
        if let Some(ready) = self.ready.take() {
            return Some(Ok(ready));
        }
        match self.advance().await {
            Ok(Step::Bytes(bytes)) => Some(Ok(bytes)),
            Ok(Step::Error { document, .. }) => Some(Ok(self.late_error(&document))),
            Ok(Step::End) => None,
            Err(why) => Some(Err(format!("the upstream's document is malformed: {why}"))),
        }
    }
}
