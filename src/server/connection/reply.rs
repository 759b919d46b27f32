//! Sends an answer to a client, and leaves the connection in a state that both sides agree on.

use crate::s3::Limit;
use crate::server::answer::{Answer, Body, BodyStream, StreamError};
use crate::server::connection::answer_pace::AnswerPace;
use crate::server::connection::client_stream::HeadMeter;
use crate::server::connection::http10;
use crate::server::connection::pace::{MinimumRate, TooSlow};
use crate::server::connection::request_body::Progress;
use crate::server::observe::record::Record;
use crate::server::quota::{Direction, Throttle};
use crate::store::{ObjectReader, StoreError};
use http::Version;
use http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use pingora::BError;
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use std::io;
use std::time::Duration;

/// Unread bodies up to this many bytes are read to their end, so that the connection can be kept.
const DRAINED_BYTES: u64 = 16 << 20;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// How long a connection is still read before it is closed. Closing with unread bytes resets the connection, and a
/// client that is still sending would lose the answer.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// The most headers that an answer has besides its own: framing, date, connection and request id.
const OWN_HEADERS: usize = 4;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// The unread rest of a request's body when its answer is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Nothing: the connection is kept.
    Nothing,
    /// A small rest, which is read so that the connection can be kept.
    Drain,
    /// The client still waits for `100 Continue`, or the rest is large, or its end is not known: the connection ends
    /// with this answer. The next bytes could be the body or another request, so they are not used.
    Close,
}

impl Unread {
    /// Decides about the body of the session's request: `announced` bytes, or a chunked body if that is unknown.
    pub fn new(session: &mut ServerSession, announced: Option<u64>, progress: Progress) -> Unread {
        let left = announced.unwrap_or(0).saturating_sub(session.body_bytes_read() as u64);
        match progress {
            Progress::Broken => Unread::Close,
            _ if session.is_body_done() => Unread::Nothing,
            Progress::AwaitsContinue => Unread::Close,
            Progress::Readable if left > DRAINED_BYTES => Unread::Close,
            Progress::Readable => Unread::Drain,
        }
    }
}

/// Why an answer broke off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    /// The client's connection broke, or does not accept the answer.
    #[error(transparent)]
    Client(#[from] BError),
    /// The store could not read the object.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The body did not arrive from the remote store.
    #[error(transparent)]
    Stream(StreamError),
}

impl BrokenOff {
    /// Whether the client took too little of the answer.
    fn is_too_slow(&self) -> bool {
        let BrokenOff::Client(error) = self else { return false };
        let cause = error.root_cause();
        let of_stream = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause.is::<TooSlow>() || of_stream.is_some_and(|cause| cause.is::<TooSlow>())
    }
}

/// Requires a minimum rate at which the client of this session takes its answer.
pub fn hold(session: &ServerSession, least: MinimumRate) {
    let of_http2 = session.req_header().extensions.get::<AnswerPace>();
    match HeadMeter::from_session(session) {
        Some(meter) => meter.answers().hold(least),
        None => of_http2.into_iter().for_each(|pace| pace.hold(least)),
    }
}

/// Sends the answer and notes in `record` what was sent. An answer that breaks off ends the connection.
pub async fn send(session: &mut ServerSession, answer: Answer, unread: Unread, record: &mut Record) {
    let knows_no_chunks = session.req_header().version <= Version::HTTP_10;
    let answer = if knows_no_chunks { Box::pin(with_length(answer, record)).await } else { answer };
    record.status = answer.status;
    record.node.clone_from(&answer.node);
    prepare_connection(session, unread);
    let head_only = session.req_header().method == http::Method::HEAD;
    let sent = write(session, answer, head_only, record).await;
    if let Err(cause) = sent {
        record.cause = Some(cause.to_string());
        if cause.is_too_slow() {
            record.limited = Some(Limit::AnswerBytes);
        }
        session.set_keepalive(None);
        // pingora would end a chunked body properly, as if this were all of it.
        session.shutdown().await;
    } else if unread == Unread::Close && !is_http2(session) {
        Box::pin(linger(session)).await;
    }
}

async fn with_length(answer: Answer, record: &mut Record) -> Answer {
    http10::with_length(answer).await.unwrap_or_else(|error| {
        record.note_error(&error);
        Answer::error(&error)
    })
}

fn prepare_connection(session: &mut ServerSession, unread: Unread) {
    if unread == Unread::Close {
        session.set_keepalive(None);
    }
    // HTTP/2 ends the request and keeps the connection. A client still needs time to see the answer before its request
    // is reset: curl 7.88 loses it otherwise.
    let is_end = unread == Unread::Close && is_http2(session);
    session.set_total_drain_timeout(Some(if is_end { LINGER_TIME } else { DRAIN_TIME }));
}

/// Whether the version is HTTP/2, which keeps the connection even if the request is reset.
fn is_http2(session: &ServerSession) -> bool {
    session.req_header().version == Version::HTTP_2
}

async fn write(
    session: &mut ServerSession,
    mut answer: Answer,
    head_only: bool,
    record: &mut Record,
) -> Result<(), BrokenOff> {
    let chunks = session.req_header().version == Version::HTTP_11;
    let header = header(&mut answer, &record.request_id, chunks)?;
    session.write_response_header(Box::new(header)).await?;
    let mut throttle = answer.pass.as_ref().and_then(|pass| pass.throttle(Direction::Out));
    let slow = &mut throttle;
    let written = match answer.body {
        Body::Text(text) if !head_only => write_text(session, text, slow, record).await,
        Body::Object(_, reader) if !head_only => Box::pin(write_object(session, reader, slow, record)).await,
        Body::Stream { pieces, .. } if !head_only => write_stream(session, pieces, slow, record).await,
        _ => Ok(()),
    };
    record.limited = record.limited.or(throttle.as_ref().and_then(Throttle::limit));
    written
}

/// The head of an answer, whose headers are moved into it and not copied.
fn header(answer: &mut Answer, request_id: &str, chunks: bool) -> pingora::Result<ResponseHeader> {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = answer.status;
    parts.headers.reserve(answer.headers.len() + OWN_HEADERS);
    parts.headers.extend(answer.headers.drain(..));
    // No map of the names in another case is needed.
    let mut header = ResponseHeader::from(parts);
    if let Some(length) = answer.length() {
        header.insert_header(CONTENT_LENGTH, length)?;
    } else if matches!(answer.body, Body::Stream { .. }) && chunks {
        header.insert_header(TRANSFER_ENCODING, "chunked")?;
    }
    header.insert_header(REQUEST_ID, request_id)?;
    Ok(header)
}

async fn write_text(
    session: &mut ServerSession,
    text: String,
    throttle: &mut Option<Throttle>,
    record: &mut Record,
) -> Result<(), BrokenOff> {
    let length = text.len();
    record.bytes_out = length as u64;
    session.write_response_body(text.into(), true).await?;
    passed(throttle, length).await;
    Ok(())
}

async fn write_object(
    session: &mut ServerSession,
    mut reader: ObjectReader,
    throttle: &mut Option<Throttle>,
    record: &mut Record,
) -> Result<(), BrokenOff> {
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        let length = piece.len();
        record.bytes_out += length as u64;
        session.write_response_body(piece, false).await?;
        passed(throttle, length).await;
    }
    Ok(session.finish_body().await?)
}

async fn write_stream(
    session: &mut ServerSession,
    mut pieces: Box<dyn BodyStream>,
    throttle: &mut Option<Throttle>,
    record: &mut Record,
) -> Result<(), BrokenOff> {
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(BrokenOff::Stream)?;
        let length = piece.len();
        record.bytes_out += length as u64;
        session.write_response_body(piece, false).await?;
        passed(throttle, length).await;
    }
    Ok(session.finish_body().await?)
}

/// Waits, after bytes are sent, as long as the limit of the key requires.
async fn passed(throttle: &mut Option<Throttle>, bytes: usize) {
    if let Some(throttle) = throttle {
        throttle.passed(bytes);
        throttle.ready().await;
    }
}

/// Closes the server's side of the connection, so that the client need not wait, and reads until the client closes its
/// side.
async fn linger(session: &mut ServerSession) {
    let drained = async {
        // Small answers are buffered: they must be on their way before we wait.
        let flushed = session.finish_body().await;
        session.shutdown().await;
        while flushed.is_ok() && matches!(session.read_request_body().await, Ok(Some(_))) {}
    };
    // Either way the connection is closed next; a client that still sends has had its time to read.
    let _ = tokio::time::timeout(LINGER_TIME, drained).await;
}
