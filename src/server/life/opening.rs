//! How connections begin: the parameters that apply before there is a request.

use crate::filters::Rules;
use crate::server::connection::deadline::HeadLimits;
use crate::server::connection::http2::Http2Limits;
use crate::server::tls::{Certificates, Handshake};
use crate::settings;
use std::sync::Arc;

/// How connections begin, on all ports for objects.
pub(super) struct Opening {
    /// The bounds on heads.
    pub(super) heads: HeadLimits,
    /// The bounds on connections of HTTP/2.
    pub(super) http2: Http2Limits,
    /// How they are secured, if they are.
    pub(super) handshake: Option<Handshake>,
}

impl Opening {
    pub(super) fn new(rules: &Rules, http2: settings::Http2, certificates: Option<Arc<Certificates>>) -> Opening {
        let heads = HeadLimits::from(&rules.limits);
        let time = rules.limits.ports.handshake_time;
        let handshake = certificates.map(|certificates| Handshake { certificates, time });
        Opening { heads, http2: Http2Limits::new(&rules.limits, http2), handshake }
    }
}
