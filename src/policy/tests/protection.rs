//! What a policy does not mention never lets through without effect what protects data.

use super::*;
use crate::s3::operation::OPERATIONS;

/// By what a client protects its data, one of each kind.
const PROTECTING: &[&str] = &[
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-object-lock-mode",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
];

/// Policies that serve more than `r2` and say nothing of what protects data.
fn forgetful() -> Vec<String> {
    let writes = || OPERATIONS.iter().filter(|row| !row.method.is_read()).map(|row| row.operation.name());
    let rows = |keys: &str| writes().map(|name| format!("[operation.{name}]\n{keys}\n")).collect::<String>();
    vec![
        "extends = \"r2\"".to_owned(),
        format!("extends = \"r2\"\n{}", rows("verdict = \"accept\"")),
        format!("extends = \"r2\"\n{}", rows("verdict = \"accept\"\nreplace = true")),
        "extends = \"r2\"\n[default]\nverdict = \"accept\"\nunlisted_headers = \"accept\"".to_owned(),
        "extends = \"r2\"\n[groups]\nconditions = []\nchecksums = []\nsse = []\nsse-c = []".to_owned(),
        "extends = \"open\"".to_owned(),
    ]
}

#[test]
fn what_protects_data_is_refused_or_has_its_effect() {
    for text in forgetful() {
        let policy = compile(&text).unwrap_or_else(|faults| panic!("{faults:#?}"));
        for row in OPERATIONS {
            for name in PROTECTING {
                let decision = decide(&policy, &format!("{} | {name}: x", row.operation));
                assert_eq!(decision.ignored.headers, [""; 0], "{} {name}\n{text}", row.operation);
            }
        }
    }
}

/// What `r2` refuses to a write stays refused, whatever is said of the rest of the row.
#[test]
fn a_refused_condition_stays_refused() {
    for keys in ["verdict = \"accept\"", "verdict = \"accept\"\nreplace = true"] {
        for (operation, name) in [
            ("DeleteObject", "if-match"),
            ("CompleteMultipartUpload", "if-match"),
            ("CompleteMultipartUpload", "if-none-match"),
            ("CopyObject", "if-match"),
            ("CopyObject", "if-none-match"),
            ("CopyObject", "cf-copy-destination-if-none-match"),
        ] {
            let policy = compile(&format!("extends = \"r2\"\n[operation.{operation}]\n{keys}")).unwrap();
            let answer = answer(&policy, &format!("{operation} | {name}: x"));
            assert!(answer.starts_with("501 NotImplemented: "), "{operation} {name} {keys}: {answer}");
        }
    }
}

/// A policy that ignores whatever it does not name must name what protects data.
#[test]
fn what_protects_data_is_not_ignored_unnamed() {
    for (text, fault) in [
        (
            "[operation.PutObject]\nreplace = true\nverdict = \"accept\"\nunlisted_headers = \"ignore\"",
            "PutObject would ignore 'x-amz-checksum-crc32', which protects data",
        ),
        (
            "[operation.UploadPartCopy]\nreplace = true\nverdict = \"accept\"\nunlisted_headers = \"ignore\"",
            "UploadPartCopy would ignore 'x-amz-copy-source-if-match', which protects data",
        ),
        (
            "[operation.PutObject.headers]\n\"x-amz-*\" = \"ignore\"",
            "PutObject would ignore 'x-amz-server-side-encryption-customer-key', which protects data",
        ),
        (
            "[operation.DeleteObject]\nunlisted_query = \"ignore\"",
            "DeleteObject would ignore 'versionId', which protects data",
        ),
    ] {
        let faults = compile(&format!("extends = \"r2\"\n{text}")).unwrap_err();
        assert!(faults.iter().any(|found| found.message == fault), "{text}: {faults:#?}");
    }
    let put = "[operation.PutObject]\nignore = [\"sse\", \"checksums\"]";
    let delete = "[operation.DeleteObject]\nignore = [\"?versionId\"]";
    compile(&format!("extends = \"r2\"\n{put}\n{delete}")).unwrap();
}
