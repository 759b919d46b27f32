//! TLS with clients: the certificate in force, which can be replaced while connections are open, and the handshake.
//!
//! pingora's own TLS listener is not used. It does the handshake before it hands a connection over, so a client that never
//! completes its handshake would not be counted, and would stay for a minute.

mod certificates;
mod handshake;

pub use certificates::{Certificates, CertificatesError, Prepared};
pub use handshake::{Handshake, HandshakeFault, TlsTransport};
