//! Requests of an audit: the store gets them and the client gets the answers unchanged, except for the names of
//! buckets.

use super::document::{DocumentBody, Opening};
use super::payload::Payload;
use super::receive::{bad_gateway, content_length};
use super::response::{Sent, UpstreamResponse};
use super::{RemoteStore, incoming};
use crate::filters::Admitted;
use crate::s3::S3Error;
use crate::s3::operation::AnswerKind;
use crate::s3::xml::{ErrorDocument, MAX_ERROR_BYTES};
use crate::server::answer::{Answer, Body};
use crate::server::connection::request_body::RequestBody;
use crate::upstream::whole::{self, BucketNames};
use crate::upstream::{Outgoing, failure};
use http::StatusCode;

impl RemoteStore {
    /// Passes a request on as the client sent it, signed anew, and the answer as the store gave it.
    pub(super) async fn pass(&self, request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Answer, S3Error> {
        let mut outgoing = Outgoing::whole(&incoming(request), &self.remote)?;
        let payload = Payload::from_request(request, &mut outgoing, self.remote.dialect, body).await?;
        let response = self.sender.send(&outgoing, payload).await?;
        self.receive_whole(request, &outgoing, response).await
    }

    async fn receive_whole(
        &self,
        request: &Admitted<'_>,
        outgoing: &Outgoing,
        response: UpstreamResponse,
    ) -> Result<Answer, S3Error> {
        let status = response.status()?;
        if (status.is_redirection() && status != StatusCode::NOT_MODIFIED) || status == StatusCode::UNAUTHORIZED {
            // Both are about r2shim's own address and credentials.
            return Err(self.refusal(outgoing, response).await);
        }
        if status.is_success() && response.sent == Sent::AnsweredEarly {
            return Err(bad_gateway("a success before the end of the request's body"));
        }
        let names = self.bucket_names(request, outgoing);
        let headers = whole::client_headers(&response.head()?.headers, &names);
        let empty = Answer { headers, node: Some(response.node.to_string()), ..Answer::empty(status) };
        if outgoing.method == "HEAD" || matches!(status.as_u16(), 204 | 304) {
            let length = content_length(&response.head()?.headers);
            response.into_body().read_whole(0).await.map_err(bad_gateway)?;
            let body = if outgoing.method == "HEAD" { Body::Length(length) } else { Body::Empty };
            return Ok(Answer { body, ..empty });
        }
        if status.is_success() {
            success(request, &names, empty, response).await
        } else {
            refused(&names, empty, response).await
        }
    }

    fn bucket_names(&self, request: &Admitted<'_>, outgoing: &Outgoing) -> BucketNames {
        let client = request.bucket().map(ToString::to_string).unwrap_or_default();
        BucketNames { client, upstream: outgoing.bucket.clone().unwrap_or_default() }
    }
}

/// The body as it arrives. A document in which names of buckets must be replaced is read to its end first.
async fn success(
    request: &Admitted<'_>,
    names: &BucketNames,
    empty: Answer,
    response: UpstreamResponse,
) -> Result<Answer, S3Error> {
    let length = content_length(&response.head()?.headers);
    match request.spec.answer {
        AnswerKind::Document(spec) if !names.are_equal() => {
            let rewriter = whole::client_document(spec, names);
            let (node, status) = (response.node.clone(), empty.status);
            let error = move |document: &ErrorDocument| {
                super::receive::at(&node, failure::client_error(status, Some(document)))
            };
            match DocumentBody::open(response.into_body(), rewriter, Box::new(error)).await {
                Ok(Opening::Whole(text)) => Ok(Answer { body: Body::Text(text), ..empty }),
                Ok(Opening::Begun(body)) => Ok(Answer { body: Body::Stream { length: None, pieces: body }, ..empty }),
                Ok(Opening::Error(error)) => Err(error),
                Err(why) => Err(bad_gateway(why)),
            }
        }
        _ if length == Some(0) => {
            response.into_body().read_whole(0).await.map_err(bad_gateway)?;
            Ok(empty)
        }
        _ => Ok(Answer { body: Body::Stream { length, pieces: Box::new(response.into_body()) }, ..empty }),
    }
}

/// The store's error unchanged, unless it is about r2shim's key or clock.
async fn refused(names: &BucketNames, empty: Answer, response: UpstreamResponse) -> Result<Answer, S3Error> {
    let node = response.node.clone();
    let body = response.into_body().read_whole(MAX_ERROR_BYTES).await.map_err(bad_gateway)?.unwrap_or_default();
    let document = ErrorDocument::parse(&body);
    if document.as_ref().is_some_and(failure::is_our_fault) {
        return Err(super::receive::at(&node, failure::client_error(empty.status, document.as_ref())));
    }
    let text = String::from_utf8_lossy(&body);
    let text = if names.are_equal() { text.into_owned() } else { names.in_text(&text) };
    Ok(Answer { body: Body::Text(text), ..empty })
}
