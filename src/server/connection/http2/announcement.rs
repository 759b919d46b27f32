//! The first GOAWAY of a connection that is about to end. It leaves every request valid.
//!
//! A server that stops first announces that it will take no more requests. It gives requests on their way the time to
//! arrive, and then announces which was the last (RFC 9113 section 6.8). h2 does both, but in between it waits only for
//! the answer to a PING. Clients answer a PING before they send the requests that they have queued, so those would be
//! refused, or lost if the connection is closed at once. So this module sends the first GOAWAY, and h2 begins its
//! shutdown later.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A frame: 8 bytes, kind 7, no flags, of the connection; the highest stream, and the code of no error.
const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Makes a connection announce that it takes no more requests. Clones are for the same connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Announcement(Arc<AtomicBool>);

impl Announcement {
    /// The frame is sent at h2's next write, which happens whenever the connection is polled.
    pub(super) fn make(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The bytes of a connection, between h2 and its client.
#[derive(Debug)]
pub(super) struct Announcing<S> {
    stream: S,
    announcement: Announcement,
    /// Bytes of the frame that are written.
    said: usize,
}

impl<S: AsyncWrite + Unpin> Announcing<S> {
    pub(super) fn new(stream: S, announcement: Announcement) -> Announcing<S> {
        Announcing { stream, announcement, said: 0 }
    }

    /// Begins to send the frame, if it was requested.
    fn poll_say(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.announcement.0.load(Ordering::Relaxed) { self.poll_rest(cx) } else { Poll::Ready(Ok(())) }
    }

    /// Completes the frame before anything else is written.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.said > 0 { self.poll_rest(cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = GOAWAY.get(self.said..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.said += written,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Announcing<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Announcing<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_end(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// h2 flushes when all frames that it has begun are written, so another frame can be sent here.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_say(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_end(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_end(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// However few bytes the client takes at once.
    #[tokio::test]
    async fn the_goaway_is_sent_once_and_between_frames() {
        for room in [1, 3, 17, 100] {
            let (mut client, server) = duplex(room);
            let announcement = Announcement::default();
            let mut server = Announcing::new(server, announcement.clone());
            let writing = tokio::spawn(async move {
                server.write_all(b"before").await.unwrap();
                announcement.make();
                server.write_all(b"frame").await.unwrap();
                server.flush().await.unwrap();
                server.write_all(b"after").await.unwrap();
                server.flush().await.unwrap();
                server.shutdown().await.unwrap();
            });
            let mut read = Vec::new();
            client.read_to_end(&mut read).await.unwrap();
            writing.await.unwrap();
            assert_eq!(read, [&b"beforeframe"[..], &GOAWAY, b"after"].concat(), "{room}");
        }
    }
}
