//! `[limits]`: how much of the server requests may use.

use crate::access::KeyLimits;
use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::written::{WrittenKeyLimits, WrittenLimits};

/// Below this a DeleteObjects of 1,000 short keys is refused.
const LEAST_DOCUMENT: u64 = 64 << 10;
/// A document is held in memory while it is read.
const LARGEST_DOCUMENT: u64 = 64 << 20;
/// 64 KiB a second: a piece of a body waits for its turn, and below this it would wait longer than clients do.
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
    /// The limits of each key that does not say otherwise.
    pub per_key: KeyLimits,
}

impl Default for RequestLimits {
    fn default() -> RequestLimits {
        RequestLimits { requests: 4_096, copies: 64, document_bytes: 4 << 20, per_key: KeyLimits::DEFAULT }
    }
}

/// What is written, and the defaults.
pub(super) fn resolve(written: WrittenLimits, faults: &mut Vec<Diagnostic>) -> RequestLimits {
    let default = RequestLimits::default();
    let document_bytes = document_bytes(written.document_bytes, faults);
    RequestLimits {
        requests: value(written.requests).unwrap_or(default.requests),
        copies: value(written.copies).unwrap_or(default.copies),
        document_bytes: document_bytes.unwrap_or(default.document_bytes),
        per_key: of_key(written.key, faults).or(default.per_key),
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

fn document_bytes(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<usize> {
    let number = written?;
    if !(LEAST_DOCUMENT..=LARGEST_DOCUMENT).contains(&number.value) {
        let message = format!("document_bytes of {} cannot be", number.value);
        faults.push(number.fault(message, format!("write {LEAST_DOCUMENT} to {LARGEST_DOCUMENT}, or leave it out")));
    }
    usize::try_from(number.value).ok()
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
