//! The access log: its fields are those of the page of operations, and it says of a request what the metrics say.

use crate::support::log::logged;
use http::StatusCode;
use r2shim::filters::{Filter, Subject};
use r2shim::s3::{Code, Operation, S3Error, Timestamp};
use r2shim::server::observe::access_log;
use r2shim::server::observe::metrics::{Metrics, Moment, Stats};
use r2shim::server::observe::record::{Port, Record};
use r2shim::store::StoreStats;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;

const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The line of a record, as text or as JSON.
fn line(record: &Record, as_json: bool) -> String {
    logged(as_json, || access_log::write(record)).0
}

fn json(record: &Record) -> Map<String, Value> {
    serde_json::from_str(&line(record, true)).unwrap()
}

/// A record in which everything is known. A field that is new shows in the table's test.
#[allow(clippy::needless_update, reason = "a new field is no error here")]
fn full() -> Record {
    let text = |text: &str| Some(text.to_owned());
    Record {
        time: Timestamp::default(),
        request_id: "0123456789ABCDEF".into(),
        port: Port::S3,
        client: "192.0.2.1".into(),
        peer: text("10.0.0.1:4711"),
        method: "PUT".into(),
        host: "media.example.test".into(),
        protocol: "HTTP/2",
        tls: text("TLSv1.3"),
        subject: Subject {
            operation: Some(Operation::PutObject),
            bucket: text("media"),
            key: text("a b\nc"),
            key_id: text("app"),
            ..Subject::default()
        },
        status: StatusCode::NOT_IMPLEMENTED,
        error: text("NotImplemented"),
        refused_by: Some(Filter::Policy),
        feature: text("x-amz-acl"),
        rule: text("policies/r2.toml:7"),
        node: text("http://127.0.0.1:9100"),
        trace_id: text("4bf92f3577b34da6a3ce929d0e0e4736"),
        cause: text("the upstream says \"no\""),
        bytes_in: 3,
        bytes_out: 4,
        duration: Duration::from_micros(1500),
        ..Record::default()
    }
}

#[test]
fn the_table_of_the_log_names_every_field() {
    let section = OPERATIONS.split("## The log").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let documented: BTreeSet<_> =
        cells.flat_map(|cell| cell.split(['`', ',', ' '])).filter(|w| !w.is_empty()).collect();
    let written = json(&full());
    assert_eq!(documented, written.keys().map(String::as_str).collect());
    let filters: Vec<_> = Filter::CHAIN.iter().map(|filter| format!("`{}`", filter.name())).collect();
    assert!(section.contains(&filters.join(", ")), "the filters are {}", filters.join(", "));
}

/// As text and as JSON the same is said, and no key can begin a line of its own.
#[test]
fn a_request_is_one_line() {
    let text = line(&full(), false);
    assert_eq!(text.lines().count(), 1, "{text}");
    for (name, value) in json(&full()) {
        let shown = match name.as_str() {
            "timestamp" => continue,
            "level" | "target" => value.as_str().unwrap().to_owned(),
            "request_id" | "client" | "operation" => format!("{name}={}", value.as_str().unwrap()),
            _ => format!("{name}={value}"),
        };
        assert!(text.contains(&shown), "{shown} is not in {text}");
    }
}

#[test]
fn unknown_fields_are_left_out() {
    let line = json(&Record { status: StatusCode::OK, ..Record::default() });
    for name in ["key_id", "bucket", "key", "error", "refused_by", "feature", "rule", "node", "trace_id", "cause"] {
        assert!(!line.contains_key(name), "{name}: {line:?}");
    }
}

/// Nobody can fill the log with one request, neither a client nor the store.
#[test]
fn long_texts_are_cut() {
    let long = "x".repeat(100_000);
    let text = || Some(long.clone());
    let subject = Subject { bucket: text(), key: text(), ..Subject::default() };
    let record = Record { host: long.clone(), method: long.clone(), subject, cause: text(), ..Record::default() };
    assert!(line(&record, false).len() < 6 << 10);
}

/// The value of a field as a label: `-` for none.
fn label(line: &Map<String, Value>, name: &str) -> String {
    match line.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    }
}

/// What one says the other says, too.
#[test]
fn a_request_is_counted_as_it_is_logged() {
    let mut full_disk =
        Record { status: StatusCode::SERVICE_UNAVAILABLE, subject: full().subject, ..Record::default() };
    full_disk.note_error(&S3Error::new(Code::SERVICE_UNAVAILABLE).cause("the disk is full up to the reserve"));
    let stranger = Record {
        status: StatusCode::FORBIDDEN,
        refused_by: Some(Filter::Authenticate),
        error: Some("SignatureDoesNotMatch".into()),
        feature: Some("signature".into()),
        ..Record::default()
    };
    let served = Record { status: StatusCode::OK, error: None, refused_by: None, feature: None, rule: None, ..full() };
    for record in
        [full(), full_disk, stranger, served, Record { status: StatusCode::METHOD_NOT_ALLOWED, ..Record::default() }]
    {
        let (metrics, line) = (Metrics::new().unwrap(), json(&record));
        metrics.count(&record);
        let stats = Stats::Store(StoreStats::default());
        let page = metrics.render(&Moment { policy: "r2", stats, certificate_expires: None, process: None }).unwrap();
        let [operation, status, error, key_id] =
            ["operation", "status", "error", "key_id"].map(|name| label(&line, name));
        let request = format!(
            "r2shim_requests_total{{error=\"{error}\",key_id=\"{key_id}\",operation=\"{operation}\",port=\"s3\",status=\"{status}\"}} 1"
        );
        assert!(page.lines().any(|given| given == request), "{request} is not in\n{page}");
        let [filter, feature] = ["refused_by", "feature"].map(|name| label(&line, name));
        let refusal = format!(
            "r2shim_refusals_total{{error=\"{error}\",feature=\"{feature}\",filter=\"{filter}\",operation=\"{operation}\"}} 1"
        );
        let is_refused = line.contains_key("refused_by");
        assert_eq!(page.lines().any(|given| given == refusal), is_refused, "{refusal}:\n{page}");
        let bytes = format!("direction=\"in\",operation=\"{operation}\"}} {}\n", label(&line, "bytes_in"));
        assert!(page.contains(&bytes), "{bytes} is not in\n{page}");
    }
}

/// A store may have codes without number.
#[test]
fn a_code_that_only_the_store_knows_is_not_a_label() {
    for (code, refused_by, counted) in [
        ("NoSuchKey", None, "NoSuchKey"),
        ("XStoreOdd-4711", None, "other"),
        ("CodeOfMyPolicy", Some(Filter::Policy), "CodeOfMyPolicy"),
    ] {
        let record = Record { error: Some(code.into()), refused_by, ..Record::default() };
        assert_eq!((record.known_error(), label(&json(&record), "error").as_str()), (Some(counted), code));
    }
}
