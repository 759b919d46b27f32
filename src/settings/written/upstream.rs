//! `[upstream]` as it is written: a folder, or a remote store.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::table::{Reading, Table};
use crate::settings::written::secret::{SECRET, WrittenSecret};

/// `[upstream]`, by its kind. What belongs to the other kind has been refused already.
pub(in crate::settings) enum WrittenUpstream {
    /// `kind = "local"`, or no kind.
    Local { path: Option<Spanned<String>> },
    /// `kind = "s3"`.
    Remote(Box<WrittenRemote>),
}

/// The settings of `kind = "s3"`.
pub(in crate::settings) struct WrittenRemote {
    /// Where the table starts.
    pub(in crate::settings) location: Location,
    pub(in crate::settings) endpoints: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) region: Option<Spanned<String>>,
    pub(in crate::settings) addressing: Option<Spanned<String>>,
    pub(in crate::settings) dialect: Option<Spanned<String>>,
    pub(in crate::settings) credentials: WrittenCredentials,
    pub(in crate::settings) ca_file: Option<Spanned<String>>,
    /// Seconds, as are the next two.
    pub(in crate::settings) connect_timeout: Option<Spanned<f64>>,
    pub(in crate::settings) first_byte_timeout: Option<Spanned<f64>>,
    pub(in crate::settings) idle_timeout: Option<Spanned<f64>>,
    pub(in crate::settings) pool: Option<Spanned<u64>>,
    pub(in crate::settings) health: Option<Spanned<String>>,
    pub(in crate::settings) only_mapped: Option<Spanned<bool>>,
    /// Client's name and upstream's name, in no order.
    pub(in crate::settings) buckets: Vec<(Spanned<String>, Spanned<String>)>,
}

/// What requests to a remote store are signed with.
pub(in crate::settings) struct WrittenCredentials {
    pub(in crate::settings) source: Option<Spanned<String>>,
    pub(in crate::settings) id: Option<Spanned<String>>,
    pub(in crate::settings) secret: WrittenSecret,
}

settings! {
    /// `[upstream]`, whatever its kind, and of `kind = "local"`.
    UPSTREAMS:
    KIND "kind" r#"kind = "s3""#;
    PATH "path" r#"path = "r2shim-data""#;
}

settings! {
    /// `[upstream]` of `kind = "s3"`, but for its secret.
    REMOTE:
    ENDPOINTS "endpoints" r#"endpoints = ["http://127.0.0.1:9100"]"#;
    REGION "region" r#"region = "us-east-1""#;
    ADDRESSING "addressing" r#"addressing = "path""#;
    DIALECT "dialect" r#"dialect = "minio""#;
    CREDENTIALS "credentials" r#"credentials = "static""#;
    ID "access_key_id" r#"access_key_id = "...""#;
    CA_FILE "ca_file" r#"ca_file = "ca.pem""#;
    CONNECT_TIMEOUT "connect_timeout" "connect_timeout = 5";
    FIRST_BYTE_TIMEOUT "first_byte_timeout" "first_byte_timeout = 120";
    IDLE_TIMEOUT "idle_timeout" "idle_timeout = 60";
    POOL "pool" "pool = 1024";
    HEALTH "health" r#"health = "any""#;
    ONLY_MAPPED "only_mapped" "only_mapped = true";
    BUCKETS "buckets" "[upstream.buckets] and, under it, media = \"acme-media\"";
}

/// The names that only `kind = "local"` has.
fn local_names() -> impl Iterator<Item = &'static str> {
    [PATH.name].into_iter()
}

/// The names that only `kind = "s3"` has.
fn remote_names() -> impl Iterator<Item = &'static str> {
    REMOTE.iter().chain(SECRET).map(|setting| setting.name)
}

impl Default for WrittenUpstream {
    fn default() -> WrittenUpstream {
        WrittenUpstream::Local { path: None }
    }
}

pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenUpstream {
    let kind = table.text(reading, KIND);
    let upstream = match kind.as_ref().map(|kind| kind.value.as_str()) {
        Some("s3") => read_remote(&mut table, reading),
        Some("local") | None => read_local(&mut table, reading),
        Some(_) => {
            let advice = "write kind = \"s3\" to front another store; kind = \"local\" is a folder of this machine";
            let fault = |kind: Spanned<String>| kind.fault("`kind` must be \"local\" or \"s3\"", advice);
            reading.faults.extend(kind.map(fault));
            // The kind's fault says it all; its settings need not each say it again.
            table.ignore(local_names());
            table.ignore(remote_names());
            WrittenUpstream::default()
        }
    };
    table.finish(reading);
    upstream
}

fn read_local<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenUpstream {
    let path = table.text(reading, PATH);
    let advice = "write kind = \"s3\" where a remote store is meant, or leave it out";
    table.refuse(reading, remote_names(), |name, location| {
        Diagnostic::new(location, format!("{name} is for kind = \"s3\""), advice)
    });
    WrittenUpstream::Local { path }
}

fn read_remote<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenUpstream {
    let advice = "leave it out; the folder for what r2shim keeps itself is named with --data";
    table.refuse(reading, local_names(), |name, location| {
        Diagnostic::new(location, format!("{name} is for kind = \"local\""), advice)
    });
    WrittenUpstream::Remote(Box::new(WrittenRemote {
        location: table.location.clone(),
        endpoints: table.texts(reading, ENDPOINTS),
        region: table.text(reading, REGION),
        addressing: table.text(reading, ADDRESSING),
        dialect: table.text(reading, DIALECT),
        credentials: WrittenCredentials {
            source: table.text(reading, CREDENTIALS),
            id: table.text(reading, ID),
            secret: WrittenSecret::read(table, reading),
        },
        ca_file: table.text(reading, CA_FILE),
        connect_timeout: table.decimal(reading, CONNECT_TIMEOUT),
        first_byte_timeout: table.decimal(reading, FIRST_BYTE_TIMEOUT),
        idle_timeout: table.decimal(reading, IDLE_TIMEOUT),
        pool: table.number(reading, POOL),
        health: table.text(reading, HEALTH),
        only_mapped: table.flag(reading, ONLY_MAPPED),
        buckets: table.texts_by_name(reading, BUCKETS),
    }))
}
