//! Answers as plain data, before they are sent.

use crate::s3::{S3Error, xml};
use crate::server::quota::Pass;
use crate::store;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use std::error::Error;

/// An answer ready to be sent.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers, without Content-Length and the headers that every answer has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What follows the headers.
    pub body: Body,
    /// The node of the remote store that gave it; for the log.
    pub node: Option<String>,
    /// Counts the request as in flight until the answer is sent.
    pub pass: Option<Pass>,
}

/// What follows an answer's headers.
pub enum Body {
    /// Nothing.
    Empty,
    /// A document.
    Text(String),
    /// The answer to a HEAD: the length of the object that a GET would send, if it is known.
    Length(Option<u64>),
    /// An object of this length, read as it is sent.
    Object(u64, store::ObjectReader),
    /// Bytes that arrive from elsewhere while they are sent.
    Stream {
        /// Bytes in all, if that is known.
        length: Option<u64>,
        /// Where they come from.
        pieces: Box<dyn BodyStream>,
    },
}

/// A body that arrives in pieces.
#[async_trait]
pub trait BodyStream: Send {
    /// The next piece; `None` at the end. After an error there is no more.
    async fn next(&mut self) -> Option<Result<Bytes, StreamError>>;
}

/// Why a body does not arrive, for the log.
pub type StreamError = Box<dyn Error + Send + Sync>;

impl Answer {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Answer {
        Answer { status, headers: Vec::new(), body: Body::Empty, node: None, pass: None }
    }

    /// 200 with an XML document.
    pub fn xml(document: String) -> Answer {
        Answer { body: Body::Text(document), ..Answer::empty(StatusCode::OK) }.with(CONTENT_TYPE, "application/xml")
    }

    /// The XML document of an error. On HEAD the sender leaves the body out.
    pub fn error(error: &S3Error) -> Answer {
        let mut answer = Answer::xml(xml::error(error));
        answer.status = error.status;
        for (name, value) in &error.headers {
            answer = answer.with(HeaderName::from_static(name), value);
        }
        let knows_when = error.headers.iter().any(|(name, _)| *name == RETRY_AFTER.as_str());
        let overloaded = error.status == StatusCode::SERVICE_UNAVAILABLE && !knows_when;
        if overloaded { answer.with(RETRY_AFTER, "5") } else { answer }
    }

    /// The same answer with one more header; an invalid value is left out.
    pub fn with(mut self, name: HeaderName, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same answer with more headers.
    pub fn with_all(mut self, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Answer {
        self.headers.extend(headers);
        self
    }

    /// The Content-Length to announce; `None` if the status forbids one or if it is not known.
    pub fn length(&self) -> Option<u64> {
        let bodiless = matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        match &self.body {
            _ if bodiless => None,
            Body::Empty => Some(0),
            Body::Text(text) => Some(text.len() as u64),
            Body::Object(length, _) => Some(*length),
            Body::Length(length) | Body::Stream { length, .. } => *length,
        }
    }
}
