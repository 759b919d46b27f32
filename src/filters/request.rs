//! A request at the start of the chain.

use crate::access::CertificateDigest;
use crate::filters::rules::Rules;
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// A request as it was sent, when it arrived, and the rules for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The rules in force when the request began.
    pub(super) rules: &'a Rules,
    /// The request as sent.
    pub(super) head: RequestHead<'a>,
    /// When it arrived.
    pub(super) now: Timestamp,
    /// The certificate that its client has shown.
    pub(super) certificate: Shown,
}

/// When and how a request arrived.
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

/// The client certificate of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The certificate of its connection, verified in the handshake; `None` if the client has shown none.
    Known(Option<CertificateDigest>),
    /// The request is explained, and has no connection.
    Unknown,
}
