//! The proof of the language: ten of the hardest rulings of today's R2, which `r2-2026` has. Two of R2's own would
//! destroy data, so that policy refuses them; the language can still express them.

use super::*;

/// What `r2-2026` refuses on purpose, as R2 has it.
const TO_THE_LETTER: &str = r#"
extends = "r2-2026"

[operation.PutObject]
ignore = ["?uploadId"]

[operation.DeleteObject]
ignore = ["?tagging", "?acl"]

[operation.DeleteObjectTagging]
as = "DeleteObject"
"#;

fn to_the_letter() -> Policy {
    compile(TO_THE_LETTER).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Request and answer.
const RULINGS: &[(&str, &str)] = &[
    // 1. Canned ACLs.
    ("PutObject | x-amz-acl: private", "PutObject, ignored: x-amz-acl"),
    ("PutObject | x-amz-acl: bucket-owner-read", "PutObject, ignored: x-amz-acl"),
    (
        "PutObject | x-amz-acl: wide-open",
        "501 NotImplemented: Header 'x-amz-acl' with value 'wide-open' not implemented",
    ),
    (
        "PutObject | x-amz-acl: private | x-amz-acl: x",
        "501 NotImplemented: Header 'x-amz-acl' with value 'x' not implemented",
    ),
    (
        "PutObject | x-amz-grant-read: id=1",
        "501 NotImplemented: Header 'x-amz-grant-read' with value 'id=1' not implemented",
    ),
    // 2. Fixed answers.
    (
        "GetBucketVersioning",
        "200: <?xml version=\"1.0\" encoding=\"UTF-8\"?><VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
    ),
    ("GetBucketTagging", "404 NoSuchTagSet: The TagSet does not exist."),
    // 3. The wordings for unknown query.
    (
        "ListObjectsV2?list-type=2&metadata=true",
        "501 NotImplemented: ListObjectsV2 search parameter metadata not implemented",
    ),
    ("ListObjects?metadata=true", "501 NotImplemented: ListObjectsV1 search parameter metadata not implemented"),
    ("ListBuckets?metadata", "501 NotImplemented: ListBuckets search parameter metadata not implemented"),
    ("CreateBucket?junk", "400 InvalidArgument: Unsupported search param(s) \"junk\" on a PUT bucket route"),
    (
        "DeleteBucket?versioning&junk&junk=2",
        "400 InvalidArgument: Unsupported search param(s) \"versioning\", \"junk\" on a DELETE bucket route",
    ),
    (
        "GetBucketLocation?location&foobar",
        "400 InvalidArgument: Search param foobar is unsupported for bucket location",
    ),
    (
        "ListObjectsV2?list-type=2&encoding-type=weird",
        "501 NotImplemented: Unrecognized encoding-type \"weird\" not implemented",
    ),
    ("ListObjectsV2?list-type=2&encoding-type=url", "ListObjectsV2"),
    ("ListObjects?list-type=3", "501 NotImplemented: ListObjectsV3 not implemented"),
    ("ListObjects?continuation-token=x", "400 InvalidArgument: continuation-token not supported in ListObjects"),
    // 4. SSE.
    ("PutObject | x-amz-server-side-encryption: AES256", "PutObject, ignored: x-amz-server-side-encryption"),
    (
        "PutObject | x-amz-server-side-encryption: aws:kms:dsse",
        "501 NotImplemented: Header 'x-amz-server-side-encryption' with value 'aws:kms:dsse' not implemented",
    ),
    (
        "PutObject | x-amz-server-side-encryption: ROT13",
        "501 NotImplemented: Header 'x-amz-server-side-encryption' with value 'ROT13' not implemented",
    ),
    // 5. Storage classes.
    ("PutObject | x-amz-storage-class: STANDARD_IA", "PutObject"),
    ("PutObject | x-amz-storage-class: GLACIER", "400 InvalidStorageClass: The storage class specified is not valid."),
    ("PutObject | x-amz-storage-class: standard", "400 InvalidStorageClass: The storage class specified is not valid."),
    // 7. Unknown headers.
    ("GetObject | x-amz-nonsense: 1", "GetObject, ignored: x-amz-nonsense"),
    ("PutObject | x-amz-nonsense: 1", "PutObject, ignored: x-amz-nonsense"),
    // 8. Sub-resources that are ignored.
    ("DeleteObjectTagging?tagging", "DeleteObject, ignored: tagging"),
    ("DeleteObject?acl", "DeleteObject, ignored: acl"),
    ("HeadObject?tagging", "HeadObject, ignored: tagging"),
    ("HeadObject?acl", "HeadObject, ignored: acl"),
    ("HeadObject?lifecycle", "501 NotImplemented: HeadObject search parameter lifecycle not implemented"),
    ("PutObject?uploadId=1", "PutObject, ignored: uploadId"),
    // 9. Object lock.
    (
        "CreateBucket | x-amz-bucket-object-lock-enabled: false",
        "CreateBucket, ignored: x-amz-bucket-object-lock-enabled",
    ),
    (
        "CreateBucket | x-amz-bucket-object-lock-enabled: true",
        "501 NotImplemented: Header 'x-amz-bucket-object-lock-enabled' with value 'true' not implemented",
    ),
    // 10. The typo.
    ("GetBucketPolicyStatus", "501 NotImplemented: GetGetBucketPolicyStatus not implemented"),
];

#[test]
fn the_ten_hardest_rulings_can_be_written_down() {
    let policy = to_the_letter();
    for (request, expected) in RULINGS {
        assert_eq!(answer(&policy, request), *expected, "{request}");
    }
}

#[test]
fn payload_kinds_are_ruled_first() {
    let policy = to_the_letter();
    for kind in PayloadKind::ALL {
        let decision = words(ask(&policy, Operation::GetObjectAcl, &[("x-amz-acl", b"x")], "acl&junk", kind));
        let expected = match kind {
            PayloadKind::Signed | PayloadKind::Unsigned => "GetObjectAcl",
            _ => kind.sentinel().unwrap(),
        };
        assert_eq!(decision, format!("501 NotImplemented: {expected} not implemented"));
    }
}

#[test]
fn limits_are_data() {
    let expected = PartLimits {
        part_order: PartOrder::Any,
        equal_parts: true,
        aborts_failed_completion: true,
        one_digest: true,
        one_checksum_type: true,
    };
    assert_eq!(to_the_letter().limits(), &expected);
}
