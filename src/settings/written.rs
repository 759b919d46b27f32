//! The settings file as it is written: every value with its line, nothing checked but its kind.

use crate::settings::fault::{At, Fault, Place};
use crate::settings::table::{Field, Reading, Table};
use std::path::Path;

/// A whole file. No `Debug`: secrets may stand in it.
#[derive(Default)]
pub(super) struct Written {
    pub(super) listen: Option<Vec<At<String>>>,
    pub(super) admin: Option<At<String>>,
    pub(super) policy: Option<At<String>>,
    pub(super) mode: Option<At<String>>,
    pub(super) domains: Vec<At<String>>,
    pub(super) keys: Vec<WrittenKey>,
    pub(super) upstream_path: Option<At<String>>,
    pub(super) durability: Option<At<String>>,
    pub(super) index_cache: Option<At<u64>>,
    pub(super) upload_age: Option<At<u64>>,
}

/// One `[[key]]`.
pub(super) struct WrittenKey {
    pub(super) place: Place,
    pub(super) id: Option<At<String>>,
    pub(super) secret: WrittenSecret,
    pub(super) permission: Option<At<String>>,
    pub(super) buckets: Option<At<Vec<At<String>>>>,
}

/// The three ways to name a secret, of which exactly one must be used.
pub(super) struct WrittenSecret {
    pub(super) itself: Option<At<String>>,
    pub(super) env: Option<At<String>>,
    pub(super) file: Option<At<String>>,
}

macro_rules! fields {
    ($($constant:ident $name:literal $example:literal;)*) => {
        $(const $constant: Field = Field { name: $name, example: $example };)*
    };
}

fields! {
    LISTEN "listen" r#"listen = ["127.0.0.1:9000"]"#;
    ADMIN "admin" r#"admin = "127.0.0.1:9001""#;
    POLICY "policy" r#"policy = "r2""#;
    MODE "mode" r#"mode = "enforce""#;
    DOMAINS "domains" r#"domains = ["s3.example.test"]"#;
    KEY "key" "[[key]]";
    UPSTREAM "upstream" "[upstream]";
    STORE "store" "[store]";
    ID "access_key_id" r#"access_key_id = "...""#;
    SECRET "secret_access_key" r#"secret_access_key = "...""#;
    SECRET_ENV "secret_access_key_env" r#"secret_access_key_env = "APP_SECRET""#;
    SECRET_FILE "secret_access_key_file" r#"secret_access_key_file = "app.secret""#;
    PERMISSION "permission" r#"permission = "object-read-write""#;
    BUCKETS "buckets" r#"buckets = ["media", "logs-*"]"#;
    KIND "kind" r#"kind = "local""#;
    PATH "path" r#"path = "r2shim-data""#;
    DURABILITY "durability" r#"durability = "fsync""#;
    INDEX_CACHE "index_cache" "index_cache = 67108864";
    UPLOAD_AGE "upload_age" "upload_age = 604800";
}

/// What fronting another store will take; its own names are part of the file's format already.
const REMOTE_UPSTREAM: &[&str] = &[
    "endpoints",
    "region",
    "addressing",
    "credentials",
    "access_key_id",
    "secret_access_key",
    "secret_access_key_env",
    "secret_access_key_file",
    "buckets",
    "ca_file",
    "connect_timeout",
    "first_byte_timeout",
    "idle_timeout",
    "pool",
    "health",
    "only_mapped",
];

impl Written {
    /// Reads the text of the file at `path`, pushing what is wrong to `faults`.
    pub(super) fn read(path: &Path, text: &str, faults: &mut Vec<Fault>) -> Written {
        let mut reading = Reading::new(path, text);
        let written = match reading.document() {
            Some(document) => read_document(document, &mut reading),
            None => Written::default(),
        };
        faults.append(&mut reading.faults);
        written
    }
}

fn read_document<'t>(mut top: Table<'t>, reading: &mut Reading<'t>) -> Written {
    let keys = top.tables(reading, KEY);
    let mut written = Written {
        listen: top.texts(reading, LISTEN).map(|list| list.value),
        admin: top.text(reading, ADMIN),
        policy: top.text(reading, POLICY),
        mode: top.text(reading, MODE),
        domains: top.texts(reading, DOMAINS).map(|list| list.value).unwrap_or_default(),
        keys: keys.into_iter().map(|key| read_key(key, reading)).collect(),
        ..Written::default()
    };
    if let Some(upstream) = top.table(reading, UPSTREAM) {
        written.upstream_path = read_upstream(upstream, reading);
    }
    if let Some(store) = top.table(reading, STORE) {
        read_store(store, reading, &mut written);
    }
    top.reserved(reading, &["tls", "limits", "cors", "audit"]);
    top.finish(reading);
    written
}

fn read_key<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenKey {
    let key = WrittenKey {
        place: table.place.clone(),
        id: table.text(reading, ID),
        secret: WrittenSecret::read(&mut table, reading),
        permission: table.text(reading, PERMISSION),
        buckets: table.texts(reading, BUCKETS),
    };
    table.reserved(reading, &["expires"]);
    table.finish(reading);
    key
}

impl WrittenSecret {
    fn read<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenSecret {
        WrittenSecret {
            itself: table.text(reading, SECRET),
            env: table.text(reading, SECRET_ENV),
            file: table.text(reading, SECRET_FILE),
        }
    }
}

fn read_upstream<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> Option<At<String>> {
    let kind = table.text(reading, KIND);
    let path = table.text(reading, PATH);
    match kind {
        Some(kind) if kind.value == "s3" => {
            reading.faults.push(Fault::not_yet(kind.place, "`kind = \"s3\"`, fronting another store,"));
            // The kind's fault says it all; its settings need not each say it again.
            table.ignore(REMOTE_UPSTREAM);
        }
        Some(kind) if kind.value != "local" => {
            reading
                .faults
                .push(kind.fault("`kind` must be \"local\"", "write kind = \"local\", or leave [upstream] out"));
            table.ignore(REMOTE_UPSTREAM);
        }
        _ => table.reserved(reading, REMOTE_UPSTREAM),
    }
    table.finish(reading);
    path
}

fn read_store<'t>(mut table: Table<'t>, reading: &mut Reading<'t>, written: &mut Written) {
    written.durability = table.text(reading, DURABILITY);
    written.index_cache = table.number(reading, INDEX_CACHE);
    written.upload_age = table.number(reading, UPLOAD_AGE);
    table.finish(reading);
}

/// The id and secret of a file that holds nothing else.
pub(super) fn read_pair(path: &Path, text: &str, faults: &mut Vec<Fault>) -> (Option<At<String>>, Option<At<String>>) {
    let mut reading = Reading::new(path, text);
    let pair = match reading.document() {
        Some(mut top) => {
            let pair = (top.text(&mut reading, ID), top.text(&mut reading, SECRET));
            top.finish(&mut reading);
            pair
        }
        None => (None, None),
    };
    faults.append(&mut reading.faults);
    pair
}
