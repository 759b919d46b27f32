//! HTTP/2: the limits of requests and windows.

use crate::diagnostics::Spanned;
use crate::settings::findings::Findings;
use crate::settings::written::WrittenHttp2;
use std::ops::RangeInclusive;

/// The limits of one connection of HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http2 {
    /// Requests at once.
    pub streams: u32,
    /// Bytes of one body that may be on their way and not yet taken.
    pub stream_window: u32,
    /// Bytes of all bodies together. It bounds the memory that a connection can take.
    pub connection_window: u32,
}

/// With windows of 64 KiB, HTTP's own default, a body crosses 20 ms at 3 MB/s; with these at 20 MB/s.
impl Default for Http2 {
    fn default() -> Http2 {
        Http2 { streams: 100, stream_window: 1 << 20, connection_window: 2 << 20 }
    }
}

/// A window is at most half of what HTTP/2 can count, and no smaller than its default.
const WINDOWS: RangeInclusive<u64> = 65_535..=(1 << 30);
const STREAMS: RangeInclusive<u64> = 1..=10_000;

/// What is written.
pub(super) fn resolve(written: &WrittenHttp2, has_tls: bool, findings: &mut Findings) -> Http2 {
    let default = Http2::default();
    if let Some(location) = written.location.as_ref().filter(|_| !has_tls) {
        let text = Spanned::new((), location.clone());
        let message = "[http2] has no effect: HTTP/2 is spoken over TLS only";
        findings.warnings.push(text.fault(message, "name a certificate in [tls], or leave it out"));
    }
    let http2 = Http2 {
        streams: number(written.streams.as_ref(), default.streams, STREAMS, findings),
        stream_window: number(written.stream_window.as_ref(), default.stream_window, WINDOWS, findings),
        connection_window: number(written.connection_window.as_ref(), default.connection_window, WINDOWS, findings),
    };
    if let Some(text) = written.stream_window.as_ref().filter(|_| http2.stream_window > http2.connection_window) {
        let message = "the window of a stream is larger than that of its connection, which bounds it";
        findings.warnings.push(text.fault(message, "raise connection_window, or lower stream_window"));
    }
    http2
}

fn number(written: Option<&Spanned<u64>>, default: u32, good: RangeInclusive<u64>, findings: &mut Findings) -> u32 {
    let Some(text) = written else { return default };
    if !good.contains(&text.value) {
        let advice = format!("write {} to {}", good.start(), good.end());
        findings.faults.push(text.fault(format!("{} is out of range", text.value), advice));
    }
    u32::try_from(text.value).unwrap_or(default)
}
