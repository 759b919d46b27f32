//! `[limits]`, and what a key says of its own.

use crate::diagnostics::Spanned;
use crate::settings::table::{Reading, Table};

/// `[limits]`.
#[derive(Default)]
pub(in crate::settings) struct WrittenLimits {
    pub(in crate::settings) requests: Option<Spanned<u64>>,
    pub(in crate::settings) copies: Option<Spanned<u64>>,
    pub(in crate::settings) document_bytes: Option<Spanned<u64>>,
    pub(in crate::settings) body_idle: Option<Spanned<u64>>,
    pub(in crate::settings) body_bytes: Option<Spanned<u64>>,
    pub(in crate::settings) answer_bytes: Option<Spanned<u64>>,
    pub(in crate::settings) body_window: Option<Spanned<u64>>,
    pub(in crate::settings) connections: Option<Spanned<u64>>,
    pub(in crate::settings) connections_per_address: Option<Spanned<u64>>,
    pub(in crate::settings) handshake_time: Option<Spanned<u64>>,
    pub(in crate::settings) first_byte_time: Option<Spanned<u64>>,
    pub(in crate::settings) idle_time: Option<Spanned<u64>>,
    pub(in crate::settings) head_time: Option<Spanned<u64>>,
    pub(in crate::settings) key: WrittenKeyLimits,
}

/// `[limits.key]`, or `[key.limits]` of one key.
#[derive(Default)]
pub(in crate::settings) struct WrittenKeyLimits {
    pub(in crate::settings) requests: Option<Spanned<u64>>,
    pub(in crate::settings) request_rate: Option<Spanned<u64>>,
    pub(in crate::settings) bytes_in: Option<Spanned<u64>>,
    pub(in crate::settings) bytes_out: Option<Spanned<u64>>,
    pub(in crate::settings) copies: Option<Spanned<u64>>,
    pub(in crate::settings) uploads: Option<Spanned<u64>>,
    pub(in crate::settings) space: Option<Spanned<u64>>,
}

settings! {
    /// `[limits]`.
    LIMITS:
    REQUESTS "requests" "requests = 4096";
    COPIES "copies" "copies = 64";
    DOCUMENT_BYTES "document_bytes" "document_bytes = 4194304";
    BODY_IDLE "body_idle" "body_idle = 60";
    BODY_BYTES "body_bytes" "body_bytes = 61440";
    ANSWER_BYTES "answer_bytes" "answer_bytes = 61440";
    BODY_WINDOW "body_window" "body_window = 60";
    CONNECTIONS "connections" "connections = 10000";
    CONNECTIONS_PER_ADDRESS "connections_per_address" "connections_per_address = 2000";
    HANDSHAKE_TIME "handshake_time" "handshake_time = 10";
    FIRST_BYTE_TIME "first_byte_time" "first_byte_time = 20";
    IDLE_TIME "idle_time" "idle_time = 75";
    HEAD_TIME "head_time" "head_time = 20";
    KEY "key" "[limits.key]";
}

settings! {
    /// `[limits.key]` and `[key.limits]`.
    KEY_LIMITS:
    OF_KEY_REQUESTS "requests" "requests = 2048";
    REQUEST_RATE "request_rate" "request_rate = 500";
    BYTES_IN "bytes_in" "bytes_in = 10485760";
    BYTES_OUT "bytes_out" "bytes_out = 10485760";
    OF_KEY_COPIES "copies" "copies = 32";
    UPLOADS "uploads" "uploads = 10000";
    SPACE "space" "space = 50";
}

impl WrittenLimits {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenLimits {
        let key = table.table(reading, KEY);
        let limits = WrittenLimits {
            requests: table.number(reading, REQUESTS),
            copies: table.number(reading, COPIES),
            document_bytes: table.number(reading, DOCUMENT_BYTES),
            body_idle: table.number(reading, BODY_IDLE),
            body_bytes: table.number(reading, BODY_BYTES),
            answer_bytes: table.number(reading, ANSWER_BYTES),
            body_window: table.number(reading, BODY_WINDOW),
            connections: table.number(reading, CONNECTIONS),
            connections_per_address: table.number(reading, CONNECTIONS_PER_ADDRESS),
            handshake_time: table.number(reading, HANDSHAKE_TIME),
            first_byte_time: table.number(reading, FIRST_BYTE_TIME),
            idle_time: table.number(reading, IDLE_TIME),
            head_time: table.number(reading, HEAD_TIME),
            key: key.map(|table| WrittenKeyLimits::read(table, reading)).unwrap_or_default(),
        };
        table.finish(reading);
        limits
    }
}

impl WrittenKeyLimits {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenKeyLimits {
        let limits = WrittenKeyLimits {
            requests: table.number(reading, OF_KEY_REQUESTS),
            request_rate: table.number(reading, REQUEST_RATE),
            bytes_in: table.number(reading, BYTES_IN),
            bytes_out: table.number(reading, BYTES_OUT),
            copies: table.number(reading, OF_KEY_COPIES),
            uploads: table.number(reading, UPLOADS),
            space: table.number(reading, SPACE),
        };
        table.finish(reading);
        limits
    }
}
