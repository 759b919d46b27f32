//! `r2.toml` held against an independent transcription of the page: `tests/seed/rows.json`, one row a mark.

use super::*;
use crate::policy::vocabulary;
use crate::s3::secrecy::Secrecy;
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
struct Row {
    operation: String,
    table: String,
    mark: String,
    feature: Option<String>,
}

impl Row {
    fn operation(&self) -> Operation {
        Operation::parse(&self.operation).unwrap()
    }
}

fn page() -> Vec<Row> {
    serde_json::from_str(include_str!("../../../tests/seed/rows.json")).unwrap()
}

/// A feature of the page as a request has it.
enum Feature {
    Header(String),
    Parameter(&'static str),
    /// The page names nothing a request could carry.
    Nothing,
}

fn feature(written: &str) -> Feature {
    match written {
        "Object Lifecycle" => Feature::Nothing,
        // The page writes the parameter as the SDKs' member for GetObject and as the wire has it for HeadObject.
        "PartNumber" => Feature::Parameter("partNumber"),
        "Range (has no effect in HeadObject)" => Feature::Header("range".into()),
        // Parameters of the same names are no features of the page's.
        "Cache-Control" | "Content-Type" => Feature::Header(written.to_ascii_lowercase()),
        _ => match vocabulary::parameters().into_iter().find(|parameter| *parameter == written) {
            Some(parameter) => Feature::Parameter(parameter),
            None => Feature::Header(written.to_ascii_lowercase()),
        },
    }
}

/// A value that the operation would take.
fn value_of(parameter: &str) -> &str {
    match parameter {
        "list-type" => "2",
        "encoding-type" => "url",
        _ => "1",
    }
}

#[test]
fn the_transcription_is_whole() {
    let page = page();
    let operations: HashSet<_> = page.iter().map(|row| row.operation.as_str()).collect();
    let marks: Vec<_> = page.iter().filter(|row| row.feature.is_some()).map(|row| row.mark.as_str()).collect();
    let count = |mark: &str| marks.iter().filter(|m| **m == mark).count();
    assert_eq!((page.len(), operations.len(), marks.len()), (206, 20, 185));
    assert_eq!((count("implemented"), count("experimental"), count("refused")), (56, 3, 126));
}

#[test]
fn operations_are_as_marked() {
    let policy = builtin("r2");
    for row in page().iter().filter(|row| row.feature.is_none()) {
        let expected = match (row.operation.as_str(), row.mark.as_str()) {
            // In both tables: implemented.
            ("GetBucketLocation", _) => "GetBucketLocation".to_owned(),
            (operation, "refused") => format!("501 NotImplemented: {operation} not implemented"),
            (operation, _) => operation.to_owned(),
        };
        assert_eq!(answer(&policy, &row.operation), expected, "{} in table {}", row.operation, row.table);
    }
}

#[test]
fn operations_of_neither_table_are_refused_by_name() {
    let policy = builtin("r2");
    let page: HashSet<_> = page().into_iter().map(|row| row.operation).collect();
    for row in crate::s3::operation::OPERATIONS.iter().filter(|row| !page.contains(row.operation.name())) {
        let expected = match row.operation {
            Operation::PostObject => "Presigned post requests are not yet implemented not implemented".to_owned(),
            other => format!("{other} not implemented"),
        };
        assert_eq!(answer(&policy, row.operation.name()), format!("501 NotImplemented: {expected}"));
    }
}

/// R2's words. A client's key is not shown.
fn refusal(header: &str, value: &str) -> String {
    let shown = if Secrecy::of(header) == Some(Secrecy::Secret) { "(not shown)" } else { value };
    format!("501 NotImplemented: Header '{header}' with value '{shown}' not implemented")
}

#[test]
fn features_are_as_marked() {
    let policy = builtin("r2");
    for row in page() {
        let Some(written) = &row.feature else { continue };
        let (request, name) = match feature(written) {
            Feature::Header(name) => (format!("{} | {name}: v", row.operation), name),
            Feature::Parameter(name) => (format!("{}?{name}={}", row.operation, value_of(name)), name.to_owned()),
            Feature::Nothing => continue,
        };
        let expected = match (row.operation.as_str(), name.as_str(), row.mark.as_str()) {
            // Refused as a whole.
            ("ListParts", ..) => "501 NotImplemented: ListParts not implemented".to_owned(),
            // Required, though crossed.
            ("UploadPartCopy", "x-amz-copy-source", _) => "UploadPartCopy".to_owned(),
            // "Has no effect".
            ("HeadObject", "range", _) => "HeadObject, ignored: range".to_owned(),
            (_, name, "refused") => refusal(name, "v"),
            (operation, ..) => operation.to_owned(),
        };
        assert_eq!(answer(&policy, &request), expected, "{request}");
    }
}

/// The checksum headers that are honoured where the page is silent.
const SUMS: &[&str] = &[
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// What is accepted beyond the page's own marks: the readings of its silence.
fn honoured(operation: Operation, header: &str) -> bool {
    match operation {
        Operation::GetObject | Operation::HeadObject => header == "x-amz-checksum-mode",
        Operation::DeleteObjects => SUMS.contains(&header),
        Operation::PutObject => {
            SUMS.contains(&header) || ["x-amz-checksum-algorithm", "x-amz-checksum-type"].contains(&header)
        }
        Operation::UploadPart => SUMS.contains(&header) || header == "x-amz-checksum-algorithm",
        Operation::CompleteMultipartUpload => {
            SUMS.contains(&header) || ["x-amz-checksum-type", "x-amz-mp-object-size"].contains(&header)
        }
        Operation::CreateMultipartUpload => {
            ["x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm", "x-amz-checksum-type"].contains(&header)
        }
        Operation::UploadPartCopy => header == "x-amz-copy-source",
        _ => false,
    }
}

#[test]
fn every_other_header_is_refused_on_every_operation_with_any_value() {
    let policy = builtin("r2");
    let page = page();
    let marked = |operation: Operation, header: &str| {
        let is = |row: &&Row| row.operation() == operation && row.feature.as_deref() == Some(header);
        page.iter().find(is).is_some_and(|row| row.mark != "refused")
    };
    let served: HashSet<_> = page.iter().filter(|row| row.table == "implemented").map(Row::operation).collect();
    let mut refused = 0;
    for operation in served {
        let headers = vocabulary::headers().into_iter().filter(|name| name.starts_with("x-amz-"));
        for header in headers.chain(["x-amz-nonsense"]) {
            let metadata = header.starts_with("x-amz-meta-") && operation.spec().writes_metadata();
            if marked(operation, header) || honoured(operation, header) || metadata {
                continue;
            }
            for value in ["", "GLACIER"] {
                let expected = refusal(header, value);
                assert_eq!(answer(&policy, &format!("{operation} | {header}: {value}")), expected, "{operation}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}
