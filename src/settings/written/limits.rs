//! `[limits]`, and what a key says of its own.

use crate::diagnostics::Spanned;
use crate::settings::table::{Reading, Table};

/// `[limits]`.
#[derive(Default)]
pub(in crate::settings) struct WrittenLimits {
    pub(in crate::settings) requests: Option<Spanned<u64>>,
    pub(in crate::settings) copies: Option<Spanned<u64>>,
    pub(in crate::settings) document_bytes: Option<Spanned<u64>>,
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
