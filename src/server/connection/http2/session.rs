//! One request of HTTP/2 as a session of pingora's.

use crate::server::connection::answer_pace::{AnswerPace, HeldWrites};
use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Digest;
use pingora::protocols::http::HttpTask;
use pingora::protocols::http::custom::CustomMessageWrite;
use pingora::protocols::http::custom::server::Session;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::{BError, Error, ErrorType};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

type Messages = Box<dyn Stream<Item = Result<Bytes, BError>> + Unpin + Send + Sync + 'static>;

/// Headers that HTTP/2 forbids (RFC 9113 section 8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    TRANSFER_ENCODING,
    CONNECTION,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A request, and the stream for its answer.
///
/// An answer is complete when as many bytes were written as it announced. If it ends or is dropped before, its stream
/// is reset, so no client takes it for complete.
pub struct Http2Session {
    head: RequestHeader,
    body: RecvStream,
    respond: SendResponse<Bytes>,
    writer: Option<SendStream<Bytes>>,
    written: Option<Box<ResponseHeader>>,
    /// Bytes that the answer announced and that are not written yet; `None` if it announced nothing.
    owed: Option<u64>,
    ended: bool,
    read: usize,
    sent: usize,
    digest: Arc<Digest>,
    writes: HeldWrites,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    drain_timeout: Option<Duration>,
}

impl Http2Session {
    /// A request that has arrived on the connection of this digest. Its head has the [`AnswerPace`] of its answer.
    pub fn new(request: Request<RecvStream>, respond: SendResponse<Bytes>, digest: Arc<Digest>) -> Http2Session {
        let (mut parts, body) = request.into_parts();
        let pace = AnswerPace::default();
        parts.extensions.insert(pace.clone());
        Http2Session {
            head: parts.into(),
            body,
            respond,
            writer: None,
            written: None,
            owed: None,
            ended: false,
            read: 0,
            sent: 0,
            digest,
            writes: HeldWrites::new(pace),
            read_timeout: None,
            write_timeout: None,
            drain_timeout: None,
        }
    }

    /// Whether an answer of this status has no body, regardless of its headers.
    fn is_bodiless(&self, status: StatusCode) -> bool {
        self.head.method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }

    fn invite(&mut self, status: StatusCode) -> Result<(), BError> {
        let mut invitation = Response::new(());
        *invitation.status_mut() = status;
        self.respond.send_informational(invitation).map_err(|error| write_error("while writing an invitation", error))
    }

    async fn read_piece(&mut self) -> Result<Option<Bytes>, BError> {
        let Some(piece) = within(self.read_timeout, ErrorType::ReadTimedout, self.body.data()).await? else {
            return Ok(None);
        };
        let piece = piece.map_err(|error| Error::because(ErrorType::ReadError, "while reading a body", error))?;
        self.read += piece.len();
        // It fails only if the stream is gone, which the next read reports.
        let _ = self.body.flow_control().release_capacity(piece.len());
        Ok(Some(piece))
    }

    async fn drain(&mut self) -> Result<(), BError> {
        while self.read_piece().await?.is_some() {}
        Ok(())
    }

    /// Writes bytes as the client makes room for them.
    async fn write_pieces(&mut self, mut data: Bytes, end: bool) -> Result<(), BError> {
        let (time, writes) = (self.write_timeout, &mut self.writes);
        let Some(writer) = self.writer.as_mut() else {
            return Err(Error::explain(ErrorType::WriteError, "a body before its head"));
        };
        while !data.is_empty() {
            writer.reserve_capacity(data.len());
            let taken = |room: &Option<Result<usize, h2::Error>>| match room {
                Some(Ok(room)) => (*room).min(data.len()),
                _ => 0,
            };
            let room = poll_fn(|cx| {
                let room = writer.poll_capacity(cx);
                writes.held(cx, room, taken)
            });
            let room = within(time, ErrorType::WriteTimedout, room).await?;
            let room =
                room.map_err(|slow| Error::because(ErrorType::WriteTimedout, "while waiting for the client", slow))?;
            let room = room.ok_or_else(|| Error::explain(ErrorType::WriteError, "the client has reset the request"))?;
            let room = room.map_err(|error| write_error("while waiting for the client", error))?;
            let piece = data.split_to(room.min(data.len()));
            let last = end && data.is_empty();
            writer.send_data(piece, last).map_err(|error| write_error("while writing a body", error))?;
            self.ended |= last;
        }
        Ok(())
    }

    fn end_stream(&mut self) -> Result<(), BError> {
        let Some(writer) = self.writer.as_mut().filter(|_| !self.ended) else { return Ok(()) };
        writer.send_data(Bytes::new(), true).map_err(|error| write_error("while ending a body", error))?;
        self.ended = true;
        Ok(())
    }

    fn reset(&mut self) {
        if !self.ended {
            self.ended = true;
            self.respond.send_reset(Reason::INTERNAL_ERROR);
        }
    }
}

fn write_error(context: &'static str, error: h2::Error) -> BError {
    Error::because(ErrorType::WriteError, context, error)
}

/// The outcome, if it comes in time.
async fn within<T>(time: Option<Duration>, late: ErrorType, outcome: impl Future<Output = T>) -> Result<T, BError> {
    match time {
        None => Ok(outcome.await),
        Some(time) => timeout(time, outcome).await.map_err(|_| Error::explain(late, format!("after {time:?}"))),
    }
}

#[async_trait]
impl Session for Http2Session {
    fn req_header(&self) -> &RequestHeader {
        &self.head
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        &mut self.head
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>, BError> {
        self.read_piece().await
    }

    async fn drain_request_body(&mut self) -> Result<(), BError> {
        let time = self.drain_timeout;
        within(time, ErrorType::ReadTimedout, self.drain()).await?
    }

    async fn write_response_header(&mut self, mut head: Box<ResponseHeader>, end: bool) -> Result<(), BError> {
        if head.status.is_informational() {
            return self.invite(head.status);
        }
        head.insert_header(http::header::DATE, httpdate::fmt_http_date(SystemTime::now()))?;
        OF_CONNECTIONS.iter().for_each(|name| drop(head.remove_header(name)));
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let bodiless = end || length == Some(0) || self.is_bodiless(head.status);
        let response = Response::from_parts(head.as_owned_parts(), ());
        let writer = self.respond.send_response(response, bodiless);
        self.writer = Some(writer.map_err(|error| write_error("while writing a head", error))?);
        self.ended = bodiless;
        self.owed = if bodiless { None } else { length };
        self.written = Some(head);
        Ok(())
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, end: bool) -> Result<(), BError> {
        self.write_response_header(Box::new(head.clone()), end).await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<(), BError> {
        if self.ended {
            // An answer to HEAD, or one without content.
            return Ok(());
        }
        let bytes = data.len();
        let owed = self.owed.map(|owed| owed.checked_sub(bytes as u64));
        if owed == Some(None) || end && owed.flatten().is_some_and(|left| left > 0) {
            self.reset();
            return Err(Error::explain(ErrorType::WriteError, "an answer of another length than announced"));
        }
        self.owed = owed.flatten();
        self.write_pieces(data, end).await?;
        self.sent += bytes;
        if end { self.end_stream() } else { Ok(()) }
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<(), BError> {
        let Some(writer) = self.writer.as_mut().filter(|_| !self.ended) else { return Ok(()) };
        writer.send_trailers(trailers).map_err(|error| write_error("while writing trailers", error))?;
        self.ended = true;
        Ok(())
    }

    async fn response_duplex_vec(&mut self, _: Vec<HttpTask>) -> Result<bool, BError> {
        Err(Error::explain(ErrorType::InternalError, "nothing is proxied here"))
    }

    fn set_read_timeout(&mut self, time: Option<Duration>) {
        self.read_timeout = time;
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.read_timeout
    }

    fn set_write_timeout(&mut self, time: Option<Duration>) {
        self.write_timeout = time;
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.write_timeout
    }

    fn set_total_drain_timeout(&mut self, time: Option<Duration>) {
        self.drain_timeout = time;
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.drain_timeout
    }

    fn request_summary(&self) -> String {
        // The target can have a signature in it.
        format!("{} over HTTP/2", self.head.method)
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.written.as_deref()
    }

    async fn shutdown(&mut self, _: u32, _: &str) {
        self.reset();
    }

    fn is_body_done(&mut self) -> bool {
        self.body.is_end_stream()
    }

    async fn finish(&mut self) -> Result<(), BError> {
        if self.owed.is_some_and(|owed| owed > 0) && !self.ended {
            self.reset();
            return Err(Error::explain(ErrorType::WriteError, "an answer that is shorter than announced"));
        }
        self.end_stream()
    }

    fn is_body_empty(&mut self) -> bool {
        self.read == 0 && self.body.is_end_stream()
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>, BError> {
        if !no_body_expected && !self.body.is_end_stream() {
            return self.read_piece().await;
        }
        let reset = match self.writer.as_mut() {
            Some(writer) => poll_fn(|cx| writer.poll_reset(cx)).await,
            None => poll_fn(|cx| self.respond.poll_reset(cx)).await,
        };
        let why = reset.map_or_else(|error| error.to_string(), |reason| reason.to_string());
        Err(Error::explain(ErrorType::ConnectionClosed, why))
    }

    fn body_bytes_sent(&self) -> usize {
        self.sent
    }

    fn body_bytes_read(&self) -> usize {
        self.read
    }

    fn digest(&self) -> Option<&Digest> {
        Some(&self.digest)
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        Arc::get_mut(&mut self.digest)
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.digest.socket_digest.as_ref()?.peer_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.digest.socket_digest.as_ref()?.local_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        Bytes::new()
    }

    // Requests are never replayed here.
    fn enable_retry_buffering(&mut self) {}

    fn retry_buffer_truncated(&self) -> bool {
        false
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        None
    }

    async fn finish_custom(&mut self) -> Result<(), BError> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<Messages> {
        None
    }

    fn restore_custom_message_reader(&mut self, _: Messages) -> Result<(), BError> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<(), BError> {
        Ok(())
    }
}

impl Drop for Http2Session {
    /// Without this, h2 ends the stream with CANCEL, which some clients read as their own cancellation.
    fn drop(&mut self) {
        if self.written.is_some() {
            self.reset();
        }
    }
}
