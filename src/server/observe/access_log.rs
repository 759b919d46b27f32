//! The access log: one line for every request.
//!
//! It has no secrets: no header values and no query, so no signature of a presigned URL. Names and keys come from
//! clients. They are recorded as strings, which are escaped in text and in JSON, so that no key can forge a line.

use crate::filters::Filter;
use crate::server::observe::record::Record;

/// The most bytes of a text that a client or a store chose, so that no request fills the log. A key has at most 1,024.
const MAX_TEXT: usize = 1024;

/// Writes the line of a completed request.
pub fn write(record: &Record) {
    tracing::info!(
        target: "access",
        request_id = %record.request_id,
        port = record.port.name(),
        client = %record.client,
        peer = record.peer.as_deref(),
        host = cut(&record.host),
        protocol = record.protocol,
        tls = record.tls.as_deref(),
        key_id = record.subject.key_id.as_deref().map(cut),
        method = cut(&record.method),
        operation = %record.operation(),
        bucket = record.subject.bucket.as_deref().map(cut),
        key = record.subject.key.as_deref().map(cut),
        status = record.status.as_u16(),
        error = record.error.as_deref(),
        refused_by = record.refused_by.map(Filter::name),
        feature = record.feature.as_deref(),
        rule = record.rule.as_deref(),
        audit = record.audit.as_deref(),
        node = record.node.as_deref(),
        trace_id = record.trace_id.as_deref(),
        cause = record.cause.as_deref().map(cut),
        bytes_in = record.bytes_in,
        bytes_out = record.bytes_out,
        ms = record.duration.as_micros() as f64 / 1000.0,
    );
}

/// The start of a text, cut to the limit.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let long = "é".repeat(1000);
        for (text, expected) in [("", 0), ("GET", 3), (&"X".repeat(200_000), 1024), (&format!("x{long}"), 1023)] {
            assert_eq!(cut(text).len(), expected);
        }
    }
}
