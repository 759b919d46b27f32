//! What of an upstream's answer reaches the client, as tables of headers and elements.

use super::*;

/// Headers of answers, and whether they reach a client of `r2` and one of `open`.
const HEADERS: &[(&str, bool, bool)] = &[
    ("x-amz-meta-colour", true, true),
    ("x-amz-meta-", true, true),
    ("x-amz-missing-meta", true, true),
    ("x-amz-checksum-crc32", true, true),
    ("x-amz-checksum-type", true, true),
    ("x-amz-checksum-algorithm", true, true),
    ("x-amz-mp-parts-count", true, true),
    ("x-amz-mp-parts-count-2", false, true),
    ("x-amz-metadata", false, true),
    ("x-amz-version-id", false, true),
    ("x-amz-copy-source-version-id", false, true),
    ("x-amz-delete-marker", false, true),
    ("x-amz-expiration", false, true),
    ("x-amz-abort-date", false, true),
    ("x-amz-abort-rule-id", false, true),
    ("x-amz-restore", false, true),
    ("x-amz-server-side-encryption", false, true),
    ("x-amz-server-side-encryption-customer-key-md5", false, true),
    ("x-amz-tagging-count", false, true),
    ("x-amz-object-lock-mode", false, true),
    ("x-amz-replication-status", false, true),
    ("x-amz-website-redirect-location", false, true),
    ("x-amz-request-charged", false, true),
    ("x-amz-storage-class", false, true),
    ("x-amz-object-size", false, true),
    ("x-amz-access-point-alias", false, true),
    ("x-amz-header-of-tomorrow", false, true),
    // What the upstream says of itself is no policy's to let through.
    ("x-amz-request-id", false, false),
    ("x-amz-id-2", false, false),
    ("x-amz-bucket-region", false, false),
    ("x-amz-bucket-arn", false, false),
    // No x-amz-* headers, so not the policy's.
    ("content-type", false, false),
    ("x-minio-deployment-id", false, false),
    ("x-amz", false, false),
    ("", false, false),
];

#[test]
fn headers_reach_a_client_where_the_policy_lists_them() {
    let (r2, open) = (builtin("r2"), builtin("open"));
    for (name, in_r2, in_open) in HEADERS {
        let reaches = [&r2, &open].map(|policy| policy.answers().header_reaches_client(name));
        assert_eq!(reaches, [*in_r2, *in_open], "{name}");
    }
}

#[test]
fn elements_of_what_r2_has_not_are_strip_elements() {
    let versions = ["VersionId", "DeleteMarker", "DeleteMarkerVersionId"];
    let others = ["RestoreStatus", "BucketRegion", "BucketArn", "Type"];
    assert_eq!(builtin("r2").answers().strip_elements(), [&versions[..], &others[..]].concat());
    assert_eq!(builtin("open").answers().strip_elements(), [""; 0]);
}

/// Both stores look alike: what the local disk writes is not stripped from a remote's answer.
#[test]
fn what_the_local_disk_writes_is_not_strip_elements() {
    let r2 = builtin("r2");
    for element in ["Key", "ETag", "ChecksumAlgorithm", "ChecksumType", "StorageClass", "Owner", "Initiator", "Size"] {
        assert!(!r2.answers().strip_elements().iter().any(|stripped| stripped == element), "{element}");
    }
}

#[test]
fn each_list_is_replaced_whole_and_alone() {
    for (own, headers, elements) in [
        ("", "x-amz-meta-*, x-amz-missing-meta, x-amz-checksum-*, x-amz-mp-parts-count", "VersionId, DeleteMarker"),
        ("[answers]\nheaders = []", "none", "VersionId, DeleteMarker"),
        ("[answers]\nheaders = \"x-amz-meta-*\"\nstrip_elements = []", "x-amz-meta-*", "none"),
        (
            "[answers]\nstrip_elements = [\"Owner\"]",
            "x-amz-meta-*, x-amz-missing-meta, x-amz-checksum-*, x-amz-mp-parts-count",
            "Owner",
        ),
    ] {
        let policy = compile(&format!("extends = \"r2\"\n{own}")).unwrap();
        let shown = |name: &str| policy.effective().find(|row| (row.kind, row.name) == ("answers", name)).unwrap();
        assert_eq!(shown("headers").verdict, headers, "{own}");
        assert!(shown("strip_elements").verdict.starts_with(elements), "{own}");
    }
}

#[test]
fn invalid_names_of_headers_and_elements_are_faults() {
    for (list, names) in [
        (
            "headers",
            &["", "*", "x-*", "x-amz", "x-amz-", "etag", "x-amz-a b", "x-amz-\u{e9}", "x-amz-*-id", "x-amz-**"][..],
        ),
        ("headers", &["x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region", "x-amz-bucket-arn"]),
        ("strip_elements", &["", "*", "Version*", "Version Id", "Version-Id", "1Id", "\u{c9}tag", "a:b", "<Key>"]),
    ] {
        for name in names {
            let found = compile(&format!("extends = \"r2\"\n[answers]\n{list} = ['{name}']")).unwrap_err();
            assert_eq!(found.len(), 1, "{name}: {found:#?}");
            assert!(found[0].message.starts_with(&format!("'{name}'")), "{}", found[0]);
        }
    }
}

#[test]
fn policies_differ_in_what_reaches_the_client() {
    let (r2, open) = (builtin("r2"), builtin("open"));
    let differences = r2.differences(&open);
    let of_answers = differences.iter().filter(|[ours, _]| ours.kind == "answers");
    let lines: Vec<_> = of_answers.map(|[ours, theirs]| (ours.name, &*theirs.verdict, &*theirs.rule.file)).collect();
    assert_eq!(lines, [("headers", "x-amz-*", "policies/open.toml"), ("strip_elements", "none", "policies/open.toml")]);
}
