//! `[tls]` and `[http2]`.

use crate::diagnostics::{Location, Spanned};
use crate::settings::table::{Reading, Table};

/// `[tls]`.
#[derive(Default)]
pub(in crate::settings) struct WrittenTls {
    /// `None` where the table is left out.
    pub(in crate::settings) location: Option<Location>,
    pub(in crate::settings) certificate: Option<Spanned<String>>,
    pub(in crate::settings) key: Option<Spanned<String>>,
    pub(in crate::settings) client_ca: Option<Spanned<String>>,
    pub(in crate::settings) client_certificates: Option<Spanned<String>>,
}

/// `[http2]`.
#[derive(Default)]
pub(in crate::settings) struct WrittenHttp2 {
    /// `None` where the table is left out.
    pub(in crate::settings) location: Option<Location>,
    pub(in crate::settings) streams: Option<Spanned<u64>>,
    pub(in crate::settings) stream_window: Option<Spanned<u64>>,
    pub(in crate::settings) connection_window: Option<Spanned<u64>>,
}

settings! {
    /// `[tls]`.
    TLS_SETTINGS:
    CERTIFICATE "certificate" r#"certificate = "tls.crt""#;
    TLS_KEY "key" r#"key = "tls.key""#;
    CLIENT_CA "client_ca" r#"client_ca = "clients.crt""#;
    CLIENT_CERTIFICATES "client_certificates" r#"client_certificates = "required""#;
}

settings! {
    /// `[http2]`.
    HTTP2_SETTINGS:
    STREAMS "streams" "streams = 100";
    STREAM_WINDOW "stream_window" "stream_window = 1048576";
    CONNECTION_WINDOW "connection_window" "connection_window = 2097152";
}

impl WrittenTls {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenTls {
        let tls = WrittenTls {
            location: Some(table.location.clone()),
            certificate: table.text(reading, CERTIFICATE),
            key: table.text(reading, TLS_KEY),
            client_ca: table.text(reading, CLIENT_CA),
            client_certificates: table.text(reading, CLIENT_CERTIFICATES),
        };
        table.finish(reading);
        tls
    }
}

impl WrittenHttp2 {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenHttp2 {
        let http2 = WrittenHttp2 {
            location: Some(table.location.clone()),
            streams: table.number(reading, STREAMS),
            stream_window: table.number(reading, STREAM_WINDOW),
            connection_window: table.number(reading, CONNECTION_WINDOW),
        };
        table.finish(reading);
        http2
    }
}
