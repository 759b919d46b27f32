//! The handshake with a client, and what it agreed on.

use crate::server::tls::certificates::Certificates;
use pingora::protocols::Stream;
use pingora::protocols::tls::{ALPN, SslDigest};
use rustls::{ProtocolVersion, ServerConnection};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How the connections of a port are secured.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The certificates for the handshake.
    pub certificates: Arc<Certificates>,
    /// How long one may take, from accepting the connection to its end.
    pub time: Duration,
}

/// Why a handshake failed; also the label of the metric.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeFault {
    /// It took too long.
    #[error("the client took too long")]
    Slow,
    /// The client closed the connection, or did not speak TLS, or its certificate is missing or invalid.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

impl HandshakeFault {
    /// The fault's name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            HandshakeFault::Slow => "slow",
            HandshakeFault::Failed(_) => "failed",
        }
    }
}

/// A connection after its handshake.
#[derive(Debug)]
pub struct TlsTransport {
    /// The bytes inside TLS.
    pub stream: Box<TlsStream<Stream>>,
    /// What was agreed on. Its version is as `TLSv1.3`, its `cert_digest` the SHA-256 of the client's certificate,
    /// empty where there is none.
    pub digest: Arc<SslDigest>,
    /// The protocol inside TLS.
    pub protocol: ALPN,
}

impl Handshake {
    /// Does the handshake on a connection.
    ///
    /// # Errors
    /// The handshake fails or takes too long.
    pub async fn accept(&self, stream: Stream) -> Result<TlsTransport, HandshakeFault> {
        let acceptor = TlsAcceptor::from(self.certificates.config());
        let stream = timeout(self.time, acceptor.accept(stream)).await.map_err(|_| HandshakeFault::Slow)??;
        let (_, connection) = stream.get_ref();
        let digest = Arc::new(digest(connection));
        let is_http2 = connection.alpn_protocol() == Some(b"h2");
        let protocol = if is_http2 { ALPN::H2 } else { ALPN::H1 };
        Ok(TlsTransport { stream: Box::new(stream), digest, protocol })
    }
}

fn digest(connection: &ServerConnection) -> SslDigest {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLS",
    };
    let cipher = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    let certificate = certificate.map(|der| Sha256::digest(der).to_vec()).unwrap_or_default();
    SslDigest::new(cipher, version, None, None, certificate)
}
