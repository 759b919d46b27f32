//! Turns an upstream's answer into the client's: listed headers, XML with the client's names, objects unchanged, errors
//! with r2shim's messages.

use super::RemoteStore;
use super::document::{DocumentBody, Opening};
use super::nodes::Node;
use super::response::{Sent, UpstreamResponse};
use crate::filters::Admitted;
use crate::s3::operation::{AnswerKind, DocumentSpec};
use crate::s3::xml::{self, ErrorDocument, MAX_ERROR_BYTES};
use crate::s3::{Code, S3Error};
use crate::server::answer::{Answer, Body};
use crate::upstream::{ClientNames, Outgoing, client_document, client_headers, failure};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

impl RemoteStore {
    /// The client's answer for the upstream's answer.
    pub(super) async fn receive(
        &self,
        request: &Admitted<'_>,
        outgoing: &Outgoing,
        response: UpstreamResponse,
    ) -> Result<Answer, S3Error> {
        let status = response.status()?;
        let unmodified = status == StatusCode::NOT_MODIFIED && matches!(outgoing.method, "GET" | "HEAD");
        if !(status.is_success() || unmodified) {
            return Err(Box::pin(self.refusal(outgoing, response)).await);
        }
        if response.sent == Sent::AnsweredEarly {
            // The store cannot have the whole object, and the rest of the body is not verified yet.
            return Err(bad_gateway("a success before the end of the request's body"));
        }
        let headers = self.headers(request, &response.head()?.headers);
        let empty = Answer { headers, node: Some(response.node.to_string()), ..Answer::empty(status) };
        if outgoing.method == "HEAD" || matches!(status.as_u16(), 204 | 304) {
            let length = content_length(&response.head()?.headers);
            // Nothing follows such a head; reading to the end gives the connection back.
            response.into_body().read_whole(0).await.map_err(bad_gateway)?;
            let body = if request.spec.answer == AnswerKind::Object { Body::Length(length) } else { Body::Empty };
            return Ok(Answer { body, ..empty });
        }
        match request.spec.answer {
            AnswerKind::Object => object(empty, response).await,
            AnswerKind::Document(spec) => Box::pin(self.document(request, spec, empty, response)).await,
            AnswerKind::Empty | AnswerKind::Own | AnswerKind::NotForwarded(_) => nothing(empty, response).await,
        }
    }

    fn headers(&self, request: &Admitted<'_>, answer: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let policy = &request.rules.policy;
        client_headers(answer, policy.answers(), &policy.regions().name)
    }

    async fn document(
        &self,
        request: &Admitted<'_>,
        spec: &'static DocumentSpec,
        empty: Answer,
        response: UpstreamResponse,
    ) -> Result<Answer, S3Error> {
        let status = empty.status;
        let (scheme, host) = request.reached_at();
        let names = ClientNames {
            scheme,
            host,
            bucket: request.bucket().map_or("", |bucket| bucket.as_str()),
            key: request.object_key().map_or("", |key| key.as_str()),
        };
        let encoded = request.view.parameter("encoding-type") == Some("url");
        let plus_for_space = encoded && self.remote.dialect.plus_for_space;
        let withheld = request.rules.policy.answers().strip_elements();
        let rewriter = client_document(spec, &names, withheld, plus_for_space);
        let node = response.node.clone();
        let error = move |document: &ErrorDocument| at(&node, failure::client_error(status, Some(document)));
        match DocumentBody::open(response.into_body(), rewriter, Box::new(error)).await {
            Ok(Opening::Whole(text)) if spec.has("NextMarker") => Ok(page(text, encoded, empty)),
            Ok(Opening::Whole(text)) => Ok(Answer { body: Body::Text(text), ..empty }),
            Ok(Opening::Begun(body)) => Ok(Answer { body: Body::Stream { length: None, pieces: body }, ..empty }),
            Ok(Opening::Error(error)) => Err(error),
            Err(why) => Err(bad_gateway(why)),
        }
    }

    /// The error an upstream answered with. Its cause names the node.
    pub(super) async fn refusal(&self, outgoing: &Outgoing, response: UpstreamResponse) -> S3Error {
        let node = response.node.clone();
        at(&node, self.error_of(outgoing, response).await)
    }

    async fn error_of(&self, outgoing: &Outgoing, response: UpstreamResponse) -> S3Error {
        let status = match response.status() {
            Ok(status) => status,
            Err(error) => return error,
        };
        if outgoing.method == "HEAD" {
            // There is no body to read, so reading it cannot fail in a way that matters.
            let _ = response.into_body().read_whole(0).await;
            return failure::client_error_of_head(status, outgoing.names_a_key());
        }
        let body = response.into_body().read_whole(MAX_ERROR_BYTES).await.ok().flatten();
        let document = body.and_then(|body| ErrorDocument::parse(&body));
        failure::client_error(status, document.as_ref())
    }
}

/// An answer without a body. If the store still sends one, it is discarded, or answered if it is an error.
async fn nothing(empty: Answer, response: UpstreamResponse) -> Result<Answer, S3Error> {
    let node = response.node.clone();
    let body = response.into_body().read_whole(MAX_ERROR_BYTES).await.map_err(bad_gateway)?;
    match body.and_then(|body| ErrorDocument::parse(&body)) {
        Some(document) => Err(at(&node, failure::client_error(empty.status, Some(&document)))),
        None => Ok(empty),
    }
}

/// A page of ListObjects, whose NextMarker is taken from its own names.
fn page(text: String, is_encoded: bool, empty: Answer) -> Answer {
    Answer { body: Body::Text(xml::with_last_name(text, is_encoded)), ..empty }
}

/// An answer whose bytes are an object's. Without a length or chunks, an answer that is cut off would look complete.
async fn object(empty: Answer, response: UpstreamResponse) -> Result<Answer, S3Error> {
    let headers = &response.head()?.headers;
    let length = content_length(headers);
    if length.is_none() && !is_chunked(headers) {
        return Err(bad_gateway("an answer without a length"));
    }
    if length == Some(0) {
        // The connection is free before the client has the answer.
        response.into_body().read_whole(0).await.map_err(bad_gateway)?;
        return Ok(empty);
    }
    Ok(Answer { body: Body::Stream { length, pieces: Box::new(response.into_body()) }, ..empty })
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(TRANSFER_ENCODING).iter();
    let only = (values.next(), values.next());
    matches!(only, (Some(value), None) if value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The error with the node in its cause.
pub(super) fn at(node: &Node, error: S3Error) -> S3Error {
    let cause = format!("{node}: {}", error.cause.as_deref().unwrap_or_default());
    error.cause(cause)
}

pub(super) fn bad_gateway(cause: impl std::fmt::Display) -> S3Error {
    S3Error::new(Code::BAD_GATEWAY).cause(cause)
}
