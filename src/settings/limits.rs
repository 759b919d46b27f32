//! `[limits]`: how much of the server requests and connections may use.

use crate::access::KeyLimits;
use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::written::{WrittenKeyLimits, WrittenLimits};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Below it a DeleteObjects of 1,000 short keys is refused. A document is held in memory while it is read.
const DOCUMENT: RangeInclusive<u64> = 64 << 10..=64 << 20;
/// A machine does not have enough descriptors and ports for more connections.
const CONNECTIONS: RangeInclusive<u64> = 1..=1_000_000;
/// Seconds in which a client has to send something. Without a limit, connections could stay open without end.
const SECONDS: RangeInclusive<u64> = 1..=3_600;
/// Bytes of a body in a window. With a larger figure the minimum rate would be faster than most links.
const WINDOW_BYTES: RangeInclusive<u64> = 1..=64 << 20;
/// 64 KiB a second. Below this a piece of a body would wait for longer than clients wait.
const LEAST_BYTES: u64 = 64 << 10;

/// The limits of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests of clients in flight at the same time; 0 is no limit.
    pub requests: u64,
    /// Copies at the same time; 0 is no limit.
    pub copies: u64,
    /// Bytes of a request document.
    pub document_bytes: usize,
    /// The longest wait for the next bytes of a body.
    pub body_idle: Duration,
    /// Bytes that a body has to bring in each `body_window`.
    pub body_bytes: u64,
    /// Bytes of an answer that its client has to take in each `body_window`.
    pub answer_bytes: u64,
    /// The window of both.
    pub body_window: Duration,
    /// The default limits of each key.
    pub per_key: KeyLimits,
}

impl Default for RequestLimits {
    fn default() -> RequestLimits {
        RequestLimits {
            requests: 4_096,
            copies: 64,
            document_bytes: 4 << 20,
            body_idle: Duration::from_secs(60),
            body_bytes: 60 << 10,
            answer_bytes: 60 << 10,
            body_window: Duration::from_secs(60),
            per_key: KeyLimits::DEFAULT,
        }
    }
}

/// The limits of connections, which apply before there is a request. They are read at the start only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortLimits {
    /// Connections to all ports for objects.
    pub connections: usize,
    /// Connections from one IPv4 address or one IPv6 network of 64 bits.
    pub connections_per_address: usize,
    /// From the opening of a connection to the end of its TLS handshake.
    pub handshake_time: Duration,
    /// From the opening of a connection to the first byte of a head.
    pub first_byte_time: Duration,
    /// From the end of a request to the first byte of the next head.
    pub idle_time: Duration,
    /// From the first byte of a head to its end.
    pub head_time: Duration,
}

impl Default for PortLimits {
    fn default() -> PortLimits {
        PortLimits {
            connections: 10_000,
            connections_per_address: 2_000,
            handshake_time: Duration::from_secs(10),
            first_byte_time: Duration::from_secs(20),
            idle_time: Duration::from_secs(75),
            head_time: Duration::from_secs(20),
        }
    }
}

/// What is written, and the defaults.
pub(super) fn resolve(written: WrittenLimits, faults: &mut Vec<Diagnostic>) -> RequestLimits {
    let default = RequestLimits::default();
    let mut checked = |number, name, bounds| checked(number, name, bounds, faults);
    let document_bytes = checked(written.document_bytes, "document_bytes", DOCUMENT);
    let body_bytes = checked(written.body_bytes, "body_bytes", WINDOW_BYTES);
    let answer_bytes = checked(written.answer_bytes, "answer_bytes", WINDOW_BYTES);
    let body_idle = checked(written.body_idle, "body_idle", SECONDS);
    let body_window = checked(written.body_window, "body_window", SECONDS);
    RequestLimits {
        requests: value(written.requests).unwrap_or(default.requests),
        copies: value(written.copies).unwrap_or(default.copies),
        document_bytes: size(document_bytes).unwrap_or(default.document_bytes),
        body_idle: body_idle.map_or(default.body_idle, Duration::from_secs),
        body_bytes: body_bytes.unwrap_or(default.body_bytes),
        answer_bytes: answer_bytes.unwrap_or(default.answer_bytes),
        body_window: body_window.map_or(default.body_window, Duration::from_secs),
        per_key: of_key(written.key, faults).or(default.per_key),
    }
}

/// What is written of connections, and the defaults.
pub(super) fn of_ports(written: &mut WrittenLimits, faults: &mut Vec<Diagnostic>) -> PortLimits {
    let default = PortLimits::default();
    let mut checked = |number: &mut Option<Spanned<u64>>, name, bounds| checked(number.take(), name, bounds, faults);
    let connections = checked(&mut written.connections, "connections", CONNECTIONS);
    let per_address = checked(&mut written.connections_per_address, "connections_per_address", CONNECTIONS);
    let mut time = |number, name, or| checked(number, name, SECONDS).map_or(or, Duration::from_secs);
    PortLimits {
        connections: size(connections).unwrap_or(default.connections),
        connections_per_address: size(per_address).unwrap_or(default.connections_per_address),
        handshake_time: time(&mut written.handshake_time, "handshake_time", default.handshake_time),
        first_byte_time: time(&mut written.first_byte_time, "first_byte_time", default.first_byte_time),
        idle_time: time(&mut written.idle_time, "idle_time", default.idle_time),
        head_time: time(&mut written.head_time, "head_time", default.head_time),
    }
}

/// What is written of one key.
pub(super) fn of_key(written: WrittenKeyLimits, faults: &mut Vec<Diagnostic>) -> KeyLimits {
    KeyLimits {
        requests: value(written.requests),
        request_rate: value(written.request_rate),
        bytes_in: bytes(written.bytes_in, "bytes_in", faults),
        bytes_out: bytes(written.bytes_out, "bytes_out", faults),
        copies: value(written.copies),
        uploads: value(written.uploads),
        space: space(written.space, faults),
    }
}

fn value(number: Option<Spanned<u64>>) -> Option<u64> {
    number.map(|number| number.value)
}

fn size(number: Option<u64>) -> Option<usize> {
    number.and_then(|number| usize::try_from(number).ok())
}

/// A number for which 0 does not mean "no limit".
fn checked(
    written: Option<Spanned<u64>>,
    name: &str,
    bounds: RangeInclusive<u64>,
    faults: &mut Vec<Diagnostic>,
) -> Option<u64> {
    let number = written?;
    if !bounds.contains(&number.value) {
        let (message, (least, most)) = (format!("{name} of {} cannot be", number.value), bounds.into_inner());
        faults.push(number.fault(message, format!("write {least} to {most}, or leave it out")));
    }
    Some(number.value)
}

fn bytes(written: Option<Spanned<u64>>, name: &str, faults: &mut Vec<Diagnostic>) -> Option<u64> {
    let number = written?;
    if (1..LEAST_BYTES).contains(&number.value) {
        let message = format!("{name} of {} bytes a second is too small", number.value);
        faults.push(number.fault(message, format!("write {LEAST_BYTES} or more, or 0 for no limit")));
    }
    Some(number.value)
}

fn space(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<u64> {
    let number = written?;
    if number.value > 100 {
        let message = format!("a share of {} percent is more than there is", number.value);
        faults.push(number.fault(message, "write 1 to 100, or 0 for no limit"));
    }
    Some(number.value)
}
