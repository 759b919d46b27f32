//! One request over one connection: its head, its body while an early answer is watched for, and the head of the
//! answer. If that fails, the rest of the body is returned.

use super::payload::{Content, StreamedBody};
use super::response::{Sent, is_final, read_head};
use crate::s3::S3Error;
use crate::upstream::retry::SendProgress;
use bytes::Bytes;
use pingora::http::RequestHeader;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::{BError, Error, ErrorType};
use std::time::Duration;
use tokio::time::timeout;

/// How long r2shim waits for the store's `100 Continue`. After that the body is sent without it (RFC 9110 section
/// 10.1.1).
const CONTINUE_TIME: Duration = Duration::from_secs(1);

/// How long an answer is waited for after the store stopped reading the request.
const EARLY_ANSWER_TIME: Duration = Duration::from_secs(1);

/// Why a request has no answer.
pub(super) enum Broken<'b, 's> {
    /// The client's body cannot be read, or is not what was announced.
    Client(S3Error),
    /// The connection to the node failed.
    Node {
        /// What happened.
        error: BError,
        /// How far the request had come.
        progress: SendProgress,
        /// The body, if all of it is still available.
        content: Option<Content<'b, 's>>,
    },
}

impl<'b, 's> Broken<'b, 's> {
    fn available(error: BError, content: Content<'b, 's>) -> Broken<'b, 's> {
        Broken::Node { error, progress: SendProgress::BodyAvailable, content: Some(content) }
    }

    fn in_transit(error: BError) -> Broken<'b, 's> {
        Broken::Node { error, progress: SendProgress::BodyInTransit, content: None }
    }

    fn sent(error: BError) -> Broken<'b, 's> {
        Broken::Node { error, progress: SendProgress::BodySent, content: None }
    }
}

/// Sends a request and reads the head of its final answer, which may take `answer_time` from the end of the request.
pub(super) async fn deliver<'b, 's>(
    session: &mut HttpSession,
    request: RequestHeader,
    content: Content<'b, 's>,
    answer_time: Duration,
) -> Result<Sent, Broken<'b, 's>> {
    if let Err(error) = session.write_request_header(Box::new(request)).await {
        return Err(Broken::available(error, content));
    }
    match content {
        Content::Held(pieces) => {
            let delivered = deliver_held(session, &pieces, answer_time).await;
            delivered.map_err(|error| Broken::available(error, Content::Held(pieces)))
        }
        Content::Streamed(body) => Box::pin(deliver_streamed(session, body, answer_time)).await,
    }
}

async fn deliver_held(session: &mut HttpSession, pieces: &[Bytes], answer_time: Duration) -> pingora::Result<Sent> {
    match write(session, pieces).await? {
        Sent::Whole => answer(session, answer_time).await,
        Sent::AnsweredEarly => Ok(Sent::AnsweredEarly),
    }
}

async fn deliver_streamed<'b, 's>(
    session: &mut HttpSession,
    body: Box<StreamedBody<'b, 's>>,
    answer_time: Duration,
) -> Result<Sent, Broken<'b, 's>> {
    // While the body is sent, the wait is for the client.
    session.read_timeout = None;
    if body.awaits_continue() {
        match await_continue(session).await {
            Ok(Invitation::Body) => {}
            Ok(Invitation::Answer) => return Ok(Sent::AnsweredEarly),
            // The client still has all of the body, so another node may be asked for it.
            Err(error) => return Err(Broken::available(error, Content::Streamed(body))),
        }
    }
    match pass_on(session, *body).await? {
        Sent::Whole => answer(session, answer_time).await.map_err(Broken::sent),
        Sent::AnsweredEarly => Ok(Sent::AnsweredEarly),
    }
}

/// The reaction of a store to `Expect: 100-continue`.
enum Invitation {
    /// It asks for the body, or has not answered in time.
    Body,
    /// It answers without the body.
    Answer,
}

async fn await_continue(session: &mut HttpSession) -> pingora::Result<Invitation> {
    let Ok(head) = timeout(CONTINUE_TIME, session.read_response()).await else { return Ok(Invitation::Body) };
    head?;
    Ok(if is_final(session)? { Invitation::Answer } else { Invitation::Body })
}

/// Passes the body on piece by piece while an answer is watched for.
async fn pass_on<'b, 's>(session: &mut HttpSession, mut body: StreamedBody<'b, 's>) -> Result<Sent, Broken<'b, 's>> {
    loop {
        let next = tokio::select! {
            biased;
            head = read_head(session) => return head.map(|()| Sent::AnsweredEarly).map_err(Broken::in_transit),
            next = body.next() => next.map_err(Broken::Client)?,
        };
        let Some(ready) = next else { break };
        if write(session, &ready).await.map_err(Broken::in_transit)? == Sent::AnsweredEarly {
            return Ok(Sent::AnsweredEarly);
        }
    }
    let rest = body.finish().map_err(Broken::Client)?;
    write(session, &rest).await.map_err(Broken::in_transit)
}

/// Writes pieces of the body. A store that refuses an upload answers and closes; then its answer is used and not the
/// error.
async fn write(session: &mut HttpSession, pieces: &[Bytes]) -> pingora::Result<Sent> {
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        if let Err(error) = session.write_body(piece).await {
            let early = Box::pin(timeout(EARLY_ANSWER_TIME, read_head(session))).await;
            return if matches!(early, Ok(Ok(()))) { Ok(Sent::AnsweredEarly) } else { Err(error) };
        }
    }
    Ok(Sent::Whole)
}

/// Ends the request and reads the head of its final answer. The limit is for the whole head: pingora's own read timeout
/// starts anew with every byte.
async fn answer(session: &mut HttpSession, answer_time: Duration) -> pingora::Result<Sent> {
    session.read_timeout = None;
    let head = async {
        session.finish_body().await?;
        read_head(session).await
    };
    match timeout(answer_time, head).await {
        Ok(head) => head.map(|()| Sent::Whole),
        Err(_) => Error::e_explain(ErrorType::ReadTimedout, "no head of an answer in time"),
    }
}
