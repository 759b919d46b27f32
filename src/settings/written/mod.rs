//! The settings file as it is written: every value with its line, nothing checked but its kind.

/// Declares the settings of a table, each once: its constant, its name and how it is written.
macro_rules! settings {
    ($(#[$doc:meta])* $table:ident: $($constant:ident $name:literal $example:literal;)*) => {
        $(pub(super) const $constant: $crate::settings::table::Setting =
            $crate::settings::table::Setting { name: $name, example: $example };)*
        $(#[$doc])*
        pub(in crate::settings) const $table: &[$crate::settings::table::Setting] = &[$($constant),*];
    };
}

mod audit;
mod secret;
mod admin;
mod cors;
mod life;
mod tls;
mod limits;
mod upstream;

pub(super) use admin::{WrittenAdmin, WrittenPages};
pub(super) use audit::WrittenAudit;
pub(super) use cors::WrittenCors;
pub(super) use life::WrittenLife;
pub(super) use limits::{WrittenKeyLimits, WrittenLimits};
pub(super) use secret::WrittenSecret;
pub(super) use tls::{WrittenHttp2, WrittenTls};
pub(super) use upstream::{WrittenCredentials, WrittenRemote, WrittenUpstream};

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::s3::Timestamp;
use crate::settings::table::{Reading, Table};
use std::path::Path;

/// A whole file. No `Debug`: it may hold secrets.
#[derive(Default)]
pub(super) struct WrittenSettings {
    pub(super) listen: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) admin: WrittenAdmin,
    pub(super) public: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) public_listen: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) trusted_proxies: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) policy: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<String>>,
    pub(super) domains: Vec<Spanned<String>>,
    pub(super) keys: Vec<WrittenKey>,
    pub(super) buckets: Vec<WrittenBucket>,
    pub(super) cors: Vec<WrittenCors>,
    pub(super) upstream: WrittenUpstream,
    pub(super) store: WrittenStore,
    pub(super) audit: WrittenAudit,
    pub(super) life: WrittenLife,
    pub(super) tls: WrittenTls,
    pub(super) http2: WrittenHttp2,
    pub(super) limits: WrittenLimits,
}

/// One `[[key]]`.
pub(super) struct WrittenKey {
    pub(super) location: Location,
    pub(super) id: Option<Spanned<String>>,
    pub(super) secret: WrittenSecret,
    pub(super) permission: Option<Spanned<String>>,
    pub(super) buckets: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) expires: Option<Spanned<Timestamp>>,
    pub(super) client_certificate: Option<Spanned<String>>,
    pub(super) limits: WrittenKeyLimits,
}

/// One `[[bucket]]`.
pub(super) struct WrittenBucket {
    pub(super) location: Location,
    pub(super) name: Option<Spanned<String>>,
}

/// `[store]`.
#[derive(Default)]
pub(super) struct WrittenStore {
    /// `None` where the table is left out.
    pub(super) location: Option<Location>,
    pub(super) durability: Option<Spanned<String>>,
    pub(super) index_cache: Option<Spanned<u64>>,
    pub(super) upload_age: Option<Spanned<u64>>,
    pub(super) scrub: Option<Spanned<u64>>,
    pub(super) scrub_rate: Option<Spanned<u64>>,
}

settings! {
    /// The top of the file.
    TOP:
    LISTEN "listen" r#"listen = ["127.0.0.1:9000"]"#;
    ADMIN "admin" r#"admin = "127.0.0.1:9001""#;
    PUBLIC "public" r#"public = ["media"]"#;
    PUBLIC_LISTEN "public_listen" r#"public_listen = ["127.0.0.1:9002"]"#;
    TRUSTED_PROXIES "trusted_proxies" r#"trusted_proxies = ["10.0.0.0/8"]"#;
    POLICY "policy" r#"policy = "r2""#;
    MODE "mode" r#"mode = "enforce""#;
    DOMAINS "domains" r#"domains = ["s3.example.test"]"#;
    KEY "key" "[[key]]";
    BUCKET "bucket" "[[bucket]]";
    CORS "cors" "[[cors]]";
    UPSTREAM "upstream" "[upstream]";
    STORE "store" "[store]";
    AUDIT "audit" "[audit]";
    TLS "tls" "[tls]";
    HTTP2 "http2" "[http2]";
    LIMITS "limits" "[limits]";
}

settings! {
    /// `[[key]]`, but for its secret.
    KEYS:
    ID "access_key_id" r#"access_key_id = "...""#;
    PERMISSION "permission" r#"permission = "object-read-write""#;
    BUCKETS "buckets" r#"buckets = ["media", "logs-*"]"#;
    EXPIRES "expires" "expires = 2026-12-31T00:00:00Z";
    CLIENT_CERTIFICATE "client_certificate" r#"client_certificate = "sha256:...""#;
    OWN_LIMITS "limits" "[key.limits]";
}

settings! {
    /// `[[bucket]]`.
    BUCKET_SETTINGS:
    NAME "name" r#"name = "media""#;
}

settings! {
    /// `[store]`.
    STORES:
    DURABILITY "durability" r#"durability = "fsync""#;
    INDEX_CACHE "index_cache" "index_cache = 67108864";
    UPLOAD_AGE "upload_age" "upload_age = 604800";
    SCRUB "scrub" "scrub = 604800";
    SCRUB_RATE "scrub_rate" "scrub_rate = 16777216";
}

/// Every setting: its table, as a file writes it, and its name.
pub fn declared() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tables = [
        ("", TOP),
        ("", life::LIFE),
        ("[admin]", admin::ADMIN_SETTINGS),
        ("[[key]]", KEYS),
        ("[[key]]", secret::SECRET),
        ("[[bucket]]", BUCKET_SETTINGS),
        ("[[cors]]", cors::CORS_RULES),
        ("[upstream]", upstream::UPSTREAMS),
        ("[upstream]", upstream::REMOTE),
        ("[upstream]", secret::SECRET),
        ("[store]", STORES),
        ("[audit]", audit::AUDITS),
        ("[tls]", tls::TLS_SETTINGS),
        ("[http2]", tls::HTTP2_SETTINGS),
        ("[limits]", limits::LIMITS),
        ("[limits.key]", limits::KEY_LIMITS),
    ];
    tables.into_iter().flat_map(|(table, settings)| settings.iter().map(move |setting| (table, setting.name)))
}

impl WrittenSettings {
    /// Reads the text of the file at `path`, pushing what is wrong to `faults`.
    pub(super) fn read(path: &Path, text: &str, faults: &mut Vec<Diagnostic>) -> WrittenSettings {
        let mut reading = Reading::new(path, text);
        let written = match reading.document() {
            Some(document) => read_document(document, &mut reading),
            None => WrittenSettings::default(),
        };
        faults.append(&mut reading.faults);
        written
    }
}

fn read_document<'t>(mut top: Table<'t>, reading: &mut Reading<'t>) -> WrittenSettings {
    let keys = top.tables(reading, KEY);
    let buckets = top.tables(reading, BUCKET);
    let cors = top.tables(reading, CORS);
    let mut written = WrittenSettings {
        listen: top.texts(reading, LISTEN),
        admin: WrittenAdmin::take(&mut top, reading, ADMIN),
        public: top.texts(reading, PUBLIC),
        public_listen: top.texts(reading, PUBLIC_LISTEN),
        trusted_proxies: top.texts(reading, TRUSTED_PROXIES),
        policy: top.text(reading, POLICY),
        mode: top.text(reading, MODE),
        domains: top.texts(reading, DOMAINS).map(|list| list.value).unwrap_or_default(),
        keys: keys.into_iter().map(|key| read_key(key, reading)).collect(),
        buckets: buckets.into_iter().map(|bucket| read_bucket(bucket, reading)).collect(),
        cors: cors.into_iter().map(|rule| WrittenCors::read(rule, reading)).collect(),
        life: WrittenLife::take(&mut top, reading),
        ..WrittenSettings::default()
    };
    if let Some(upstream) = top.table(reading, UPSTREAM) {
        written.upstream = upstream::read(upstream, reading);
    }
    if let Some(store) = top.table(reading, STORE) {
        written.store = read_store(store, reading);
    }
    if let Some(audit) = top.table(reading, AUDIT) {
        written.audit = WrittenAudit::read(audit, reading);
    }
    if let Some(tls) = top.table(reading, TLS) {
        written.tls = WrittenTls::read(tls, reading);
    }
    if let Some(http2) = top.table(reading, HTTP2) {
        written.http2 = WrittenHttp2::read(http2, reading);
    }
    if let Some(limits) = top.table(reading, LIMITS) {
        written.limits = WrittenLimits::read(limits, reading);
    }
    top.finish(reading);
    written
}

fn read_key<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenKey {
    let limits = table.table(reading, OWN_LIMITS);
    let key = WrittenKey {
        location: table.location.clone(),
        id: table.text(reading, ID),
        secret: WrittenSecret::read(&mut table, reading),
        permission: table.text(reading, PERMISSION),
        buckets: table.texts(reading, BUCKETS),
        expires: table.time(reading, EXPIRES),
        client_certificate: table.text(reading, CLIENT_CERTIFICATE),
        limits: limits.map(|limits| WrittenKeyLimits::read(limits, reading)).unwrap_or_default(),
    };
    table.finish(reading);
    key
}

fn read_bucket<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenBucket {
    let bucket = WrittenBucket { location: table.location.clone(), name: table.text(reading, NAME) };
    table.finish(reading);
    bucket
}

fn read_store<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenStore {
    let store = WrittenStore {
        location: Some(table.location.clone()),
        durability: table.text(reading, DURABILITY),
        index_cache: table.number(reading, INDEX_CACHE),
        upload_age: table.number(reading, UPLOAD_AGE),
        scrub: table.number(reading, SCRUB),
        scrub_rate: table.number(reading, SCRUB_RATE),
    };
    table.finish(reading);
    store
}

/// The id and secret of a file that holds nothing else.
pub(super) fn read_pair(
    path: &Path,
    text: &str,
    faults: &mut Vec<Diagnostic>,
) -> (Option<Spanned<String>>, Option<Spanned<String>>) {
    let mut reading = Reading::new(path, text);
    let pair = match reading.document() {
        Some(mut top) => {
            let pair = (top.text(&mut reading, ID), top.text(&mut reading, secret::ITSELF));
            top.finish(&mut reading);
            pair
        }
        None => (None, None),
    };
    faults.append(&mut reading.faults);
    pair
}
