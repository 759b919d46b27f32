//! `[upstream]` as it is written: a folder, or a remote store.

use crate::settings::fault::{At, Fault, Place};
use crate::settings::table::{Reading, Table};
use crate::settings::written::secret::WrittenSecret;

/// `[upstream]`, by its kind. What belongs to the other kind has been refused already.
pub(in crate::settings) enum WrittenUpstream {
    /// `kind = "local"`, or no kind.
    Local { path: Option<At<String>> },
    /// `kind = "s3"`.
    Remote(Box<WrittenRemote>),
}

/// The settings of `kind = "s3"`.
pub(in crate::settings) struct WrittenRemote {
    /// Where the table starts.
    pub(in crate::settings) place: Place,
    pub(in crate::settings) endpoints: Option<At<Vec<At<String>>>>,
    pub(in crate::settings) region: Option<At<String>>,
    pub(in crate::settings) addressing: Option<At<String>>,
    pub(in crate::settings) dialect: Option<At<String>>,
    pub(in crate::settings) credentials: WrittenCredentials,
    pub(in crate::settings) ca_file: Option<At<String>>,
    /// Seconds, as are the next two.
    pub(in crate::settings) connect_timeout: Option<At<f64>>,
    pub(in crate::settings) first_byte_timeout: Option<At<f64>>,
    pub(in crate::settings) idle_timeout: Option<At<f64>>,
    pub(in crate::settings) pool: Option<At<u64>>,
    pub(in crate::settings) health: Option<At<String>>,
    pub(in crate::settings) only_mapped: Option<At<bool>>,
    /// Client's name and upstream's name, in no order.
    pub(in crate::settings) buckets: Vec<(At<String>, At<String>)>,
}

/// What requests to a remote store are signed with.
pub(in crate::settings) struct WrittenCredentials {
    pub(in crate::settings) source: Option<At<String>>,
    pub(in crate::settings) id: Option<At<String>>,
    pub(in crate::settings) secret: WrittenSecret,
}

fields! {
    KIND "kind" r#"kind = "s3""#;
    PATH "path" r#"path = "r2shim-data""#;
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

const LOCAL_NAMES: &[&str] = &["path"];

const REMOTE_NAMES: &[&str] = &[
    "endpoints",
    "region",
    "addressing",
    "dialect",
    "credentials",
    "access_key_id",
    "secret_access_key",
    "secret_access_key_env",
    "secret_access_key_file",
    "ca_file",
    "connect_timeout",
    "first_byte_timeout",
    "idle_timeout",
    "pool",
    "health",
    "only_mapped",
    "buckets",
];

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
            let fault = |kind: At<String>| kind.fault("`kind` must be \"local\" or \"s3\"", advice);
            reading.faults.extend(kind.map(fault));
            // The kind's fault says it all; its settings need not each say it again.
            table.ignore(LOCAL_NAMES);
            table.ignore(REMOTE_NAMES);
            WrittenUpstream::default()
        }
    };
    table.finish(reading);
    upstream
}

fn read_local<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenUpstream {
    let path = table.text(reading, PATH);
    let advice = "write kind = \"s3\" where a remote store is meant, or leave it out";
    table
        .refuse(reading, REMOTE_NAMES, |name, place| Fault::new(place, format!("{name} is for kind = \"s3\""), advice));
    WrittenUpstream::Local { path }
}

fn read_remote<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenUpstream {
    let advice = "leave it out; the folder for what r2shim keeps itself is named with --data";
    table.refuse(reading, LOCAL_NAMES, |name, place| {
        Fault::new(place, format!("{name} is for kind = \"local\""), advice)
    });
    WrittenUpstream::Remote(Box::new(WrittenRemote {
        place: table.place.clone(),
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
