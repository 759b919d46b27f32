//! `[[cors]]`. The names are those of S3's CORS configuration.

use crate::diagnostics::{Location, Spanned};
use crate::settings::table::{Reading, Table};

/// One `[[cors]]`.
pub(in crate::settings) struct WrittenCors {
    pub(in crate::settings) location: Location,
    pub(in crate::settings) buckets: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) allowed_origins: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) allowed_methods: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) allowed_headers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) expose_headers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) max_age_seconds: Option<Spanned<u64>>,
    pub(in crate::settings) on_errors: Option<Spanned<bool>>,
}

settings! {
    /// `[[cors]]`.
    CORS_RULES:
    BUCKETS "buckets" r#"buckets = ["media", "logs-*"]"#;
    ALLOWED_ORIGINS "allowed_origins" r#"allowed_origins = ["https://app.example.com"]"#;
    ALLOWED_METHODS "allowed_methods" r#"allowed_methods = ["GET", "PUT"]"#;
    ALLOWED_HEADERS "allowed_headers" r#"allowed_headers = ["content-type"]"#;
    EXPOSE_HEADERS "expose_headers" r#"expose_headers = ["etag"]"#;
    MAX_AGE_SECONDS "max_age_seconds" "max_age_seconds = 3600";
    ON_ERRORS "on_errors" "on_errors = true";
}

impl WrittenCors {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenCors {
        let cors = WrittenCors {
            location: table.location.clone(),
            buckets: table.texts(reading, BUCKETS),
            allowed_origins: table.texts(reading, ALLOWED_ORIGINS),
            allowed_methods: table.texts(reading, ALLOWED_METHODS),
            allowed_headers: table.texts(reading, ALLOWED_HEADERS),
            expose_headers: table.texts(reading, EXPOSE_HEADERS),
            max_age_seconds: table.number(reading, MAX_AGE_SECONDS),
            on_errors: table.flag(reading, ON_ERRORS),
        };
        table.finish(reading);
        cors
    }
}
