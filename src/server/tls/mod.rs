//! TLS towards clients: the certificate in force, which can be replaced under open connections, and the handshake.
//!
//! pingora's own listener is not used for it. It shakes hands before it hands a connection over, so a client that never
//! ends its handshake would be in no count, and would stay for a minute.

mod certificates;
mod handshake;

pub use certificates::{Certificates, CertificatesError, Prepared};
pub use handshake::{Handshake, HandshakeFault, TlsTransport};
