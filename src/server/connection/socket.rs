//! A client's socket, as pingora's sessions and the TLS handshake read from it and write to it.

use async_trait::async_trait;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufStream, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that are read at once, and kept for a connection while it is open: most of what an idle connection takes. A
/// record of TLS has 16 KiB, and larger pieces of a body are read past this buffer.
const READ_BUFFER: usize = 16 << 10;
/// Bytes that are collected before they are written: a head, and a body that is as small.
const WRITE_BUFFER: usize = 4 << 10;

/// The socket of a client.
#[derive(Debug)]
pub struct Socket {
    stream: BufStream<TcpStream>,
    digest: Arc<SocketDigest>,
}

impl Socket {
    /// A connection that was accepted from this address.
    ///
    /// # Errors
    /// The system's, if the connection is broken.
    pub fn new(stream: TcpStream, peer: SocketAddr) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
        digest.peer_addr.get_or_init(|| Some(PeerAddress::Inet(peer)));
        Ok(Socket { stream: BufStream::with_capacity(READ_BUFFER, WRITE_BUFFER, stream), digest: Arc::new(digest) })
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Socket {
    async fn shutdown(&mut self) {
        // If the client has gone, nothing needs to be sent.
        let _ = self.stream.shutdown().await;
    }
}

impl UniqueID for Socket {
    fn id(&self) -> UniqueIDType {
        self.stream.get_ref().as_raw_fd()
    }
}

impl GetSocketDigest for Socket {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(self.digest.clone())
    }
}

impl GetTimingDigest for Socket {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Socket {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl Ssl for Socket {}

#[async_trait]
impl Peek for Socket {}
