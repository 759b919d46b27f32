//! A client's connection below HTTP, plain or inside TLS, with a bound on the bytes of a head.
//!
//! pingora buffers up to a megabyte before it refuses a head. It reads from this stream, which refuses a large head
//! earlier, and reports when the first byte has arrived.

use crate::server::connection::answer_pace::{AnswerPace, HeldWrites};
use crate::server::tls::TlsTransport;
use async_trait::async_trait;
use pingora::protocols::http::ServerSession;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Notify;

/// The limit while no head is read.
const UNLIMITED: usize = usize::MAX;

/// A connection whose reads are counted while a head is expected.
#[derive(Debug)]
pub struct ClientStream {
    transport: Transport,
    meter: Arc<HeadMeter>,
    writes: HeldWrites,
}

/// The transport of a connection.
#[derive(Debug)]
enum Transport {
    Plain(Stream),
    Tls(TlsTransport),
}

/// A stream to read from and write to.
trait Bytes: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Bytes for T {}

impl Transport {
    /// The bytes that HTTP is spoken in.
    fn bytes(&mut self) -> Pin<&mut dyn Bytes> {
        match self {
            Transport::Plain(stream) => Pin::new(stream),
            Transport::Tls(tls) => Pin::new(&mut *tls.stream),
        }
    }

    /// The connection below.
    fn socket(&self) -> &Stream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(tls) => tls.stream.get_ref().0,
        }
    }
}

impl ClientStream {
    /// Wraps a connection that has just been opened.
    pub fn new(stream: Stream) -> ClientStream {
        ClientStream::over(Transport::Plain(stream))
    }

    /// Wraps a connection after its handshake.
    pub fn with_tls(tls: TlsTransport) -> ClientStream {
        ClientStream::over(Transport::Tls(tls))
    }

    fn over(transport: Transport) -> ClientStream {
        let meter = Arc::new(HeadMeter::default());
        let writes = HeldWrites::new(meter.answers.clone());
        ClientStream { transport, meter, writes }
    }

    /// The result of a write; an error if the client takes too little of an answer.
    fn held<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        let taken = |written: &io::Result<T>| written.as_ref().map_or(0, bytes);
        let held = ready!(self.writes.held(cx, written, taken));
        Poll::Ready(held.unwrap_or_else(|slow| Err(io::Error::new(io::ErrorKind::TimedOut, slow))))
    }
}

/// Counts the bytes that are read on a connection for a head.
#[derive(Debug)]
pub struct HeadMeter {
    /// Whether a head was expected on this connection before.
    used: AtomicBool,
    /// Bytes that may still be read.
    left: AtomicUsize,
    /// Whether a byte was read since the head is expected.
    begun: AtomicBool,
    first_byte: Notify,
    answers: AnswerPace,
}

impl Default for HeadMeter {
    fn default() -> HeadMeter {
        HeadMeter {
            used: AtomicBool::new(false),
            left: AtomicUsize::new(UNLIMITED),
            begun: AtomicBool::new(false),
            first_byte: Notify::new(),
            answers: AnswerPace::default(),
        }
    }
}

// The stream and the reader of its heads live in one task, so no order between these values has to be kept.
impl HeadMeter {
    /// The meter below a session; `None` where several requests share a connection, as in HTTP/2.
    pub fn from_session(session: &ServerSession) -> Option<Arc<HeadMeter>> {
        let ServerSession::H1(session) = session else { return None };
        let stream = session.stream().as_any().downcast_ref::<ClientStream>()?;
        Some(stream.meter.clone())
    }

    /// The pace of the answers on this connection.
    pub fn answers(&self) -> &AnswerPace {
        &self.answers
    }

    /// Expects a head, and stops reading if it is not complete after `limit` bytes. Returns whether the head is the
    /// connection's first.
    pub fn expect(&self, limit: usize) -> bool {
        self.begun.store(false, Ordering::Relaxed);
        self.left.store(limit, Ordering::Relaxed);
        !self.used.swap(true, Ordering::Relaxed)
    }

    /// Ends the expectation of a head: bytes are not counted from now on.
    pub fn release(&self) {
        self.left.store(UNLIMITED, Ordering::Relaxed);
    }

    /// Whether the head was larger than the limit.
    pub fn is_exhausted(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Whether a byte of the head has arrived.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Waits for the first byte of the head.
    pub async fn first_byte(&self) {
        while !self.has_begun() {
            self.first_byte.notified().await;
        }
    }

    fn count(&self, bytes: usize) {
        let left = self.left.load(Ordering::Relaxed);
        if left != UNLIMITED && bytes > 0 {
            self.left.store(left.saturating_sub(bytes), Ordering::Relaxed);
            if !self.begun.swap(true, Ordering::Relaxed) {
                self.first_byte.notify_one();
            }
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.meter.is_exhausted() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, "the head is too large")));
        }
        let before = buffer.filled().len();
        ready!(self.transport.bytes().poll_read(cx, buffer))?;
        self.meter.count(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.transport.bytes().poll_write(cx, bytes);
        self.held(cx, written, |count| *count)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.transport.bytes().poll_flush(cx);
        self.held(cx, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.bytes().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.transport.bytes().poll_write_vectored(cx, pieces);
        self.held(cx, written, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(tls) => tls.stream.is_write_vectored(),
        }
    }
}

#[async_trait]
impl Shutdown for ClientStream {
    async fn shutdown(&mut self) {
        if self.writes.is_over() {
            // It would wait for bytes that the client does not read.
            return;
        }
        match &mut self.transport {
            Transport::Plain(stream) => Shutdown::shutdown(stream.as_mut()).await,
            // The client has gone, so nothing needs to be sent.
            Transport::Tls(tls) => drop(tls.stream.shutdown().await),
        }
    }
}

#[async_trait]
impl Peek for ClientStream {
    async fn try_peek(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match &mut self.transport {
            Transport::Plain(stream) => stream.try_peek(buffer).await,
            Transport::Tls(_) => Ok(false),
        }
    }
}

impl UniqueID for ClientStream {
    fn id(&self) -> UniqueIDType {
        self.transport.socket().id()
    }
}

impl Ssl for ClientStream {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        match &self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(tls) => Some(tls.digest.clone()),
        }
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        match &self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(tls) => Some(tls.protocol.clone()),
        }
    }
}

impl GetTimingDigest for ClientStream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.transport.socket().get_timing_digest()
    }
}

impl GetProxyDigest for ClientStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.transport.socket().get_proxy_digest()
    }
}

impl GetSocketDigest for ClientStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.transport.socket().get_socket_digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn connection() -> (tokio::io::DuplexStream, ClientStream) {
        let (client, server) = duplex(1024);
        (client, ClientStream::new(Box::new(server)))
    }

    #[tokio::test]
    async fn a_head_that_does_not_fit_is_read_no_further() {
        let (mut client, mut stream) = connection();
        let meter = stream.meter.clone();
        assert!(meter.expect(8));
        client.write_all(b"0123456789").await.unwrap();
        let mut read = [0; 5];
        assert_eq!(stream.read(&mut read).await.unwrap(), 5);
        // The bytes of one read are all taken, because the buffer for them exists already.
        assert_eq!(stream.read(&mut read).await.unwrap(), 5);
        assert!(meter.is_exhausted());
        let error = stream.read(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[tokio::test]
    async fn bodies_are_not_counted() {
        let (mut client, mut stream) = connection();
        let meter = stream.meter.clone();
        meter.expect(8);
        meter.release();
        client.write_all(&[b'x'; 100]).await.unwrap();
        let mut read = [0; 100];
        stream.read_exact(&mut read).await.unwrap();
        assert!(!meter.is_exhausted() && !meter.has_begun());
        assert!(!meter.expect(8), "this head is the second");
    }

    #[tokio::test]
    async fn the_first_byte_is_reported() {
        let (mut client, mut stream) = connection();
        let meter = stream.meter.clone();
        meter.expect(8);
        assert!(!meter.has_begun());
        client.write_all(b"GET").await.unwrap();
        let mut read = [0; 3];
        stream.read_exact(&mut read).await.unwrap();
        meter.first_byte().await;
    }
}
