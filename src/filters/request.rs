//! A request at the top of the chain.

use crate::access::CertificateDigest;
use crate::filters::rules::Rules;
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// What was sent, when it came, and what it is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The rules in force when the request began.
    pub(super) rules: &'a Rules,
    /// The request as sent.
    pub(super) head: RequestHead<'a>,
    /// When it came.
    pub(super) now: Timestamp,
    /// The certificate that its client has shown.
    pub(super) certificate: Shown,
}

/// When and how a request came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When.
    pub now: Timestamp,
    /// The certificate that its client has shown, verified in the handshake.
    pub certificate: Option<CertificateDigest>,
}

/// Without a certificate.
impl From<Timestamp> for Arrival {
    fn from(now: Timestamp) -> Arrival {
        Arrival { now, certificate: None }
    }
}

/// The certificate that a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// That of its connection, verified in the handshake; `None` where the client has shown none.
    Known(Option<CertificateDigest>),
    /// The request is explained, and has no connection.
    Unknown,
}
