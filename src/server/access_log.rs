//! The access log: one line for every request.
//!
//! Nothing secret goes in: no header values, no query, so no signature of a presigned URL either. Names and keys come
//! from clients: they are recorded as strings, which text quotes and escapes and JSON encodes, so that no key can forge
//! a line.

use crate::filters::Filter;
use crate::server::record::Record;

/// Writes the line of a request that is over.
pub fn write(record: &Record) {
    tracing::info!(
        target: "access",
        time = %record.time.iso_8601(),
        request_id = %record.request_id,
        client = %record.client,
        key_id = record.subject.key_id.as_deref(),
        method = record.method,
        operation = %record.operation(),
        bucket = record.subject.bucket.as_deref(),
        key = record.subject.key.as_deref(),
        status = record.status,
        error = record.error.as_deref(),
        refused_by = record.refused_by.map(Filter::name),
        feature = record.feature.as_deref(),
        node = record.node.as_deref(),
        cause = record.cause.as_deref(),
        bytes_in = record.bytes_in,
        bytes_out = record.bytes_out,
        ms = record.duration.as_micros() as f64 / 1000.0,
    );
}
