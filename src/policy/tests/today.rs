//! `r2-2026`: what it rules otherwise than `r2`, and what it leaves refused.

use super::*;
use crate::s3::S3Error;

/// What is served that `r2` refuses, or with other words.
const SERVED: &[(&str, &str)] = &[
    // Canned ACLs and AES256 have no effect, wherever an object is made.
    ("CopyObject | x-amz-acl: public-read", "CopyObject, ignored: x-amz-acl"),
    ("CreateMultipartUpload?uploads | x-amz-acl: private", "CreateMultipartUpload, ignored: x-amz-acl"),
    (
        "CreateMultipartUpload | x-amz-server-side-encryption: AES256",
        "CreateMultipartUpload, ignored: x-amz-server-side-encryption",
    ),
    ("CopyObject | x-amz-server-side-encryption: AES256", "CopyObject, ignored: x-amz-server-side-encryption"),
    // Storage classes.
    ("CreateMultipartUpload | x-amz-storage-class: STANDARD_IA", "CreateMultipartUpload"),
    ("CopyObject | x-amz-storage-class: STANDARD", "CopyObject"),
    ("CopyObject | x-amz-storage-class: ", "400 InvalidStorageClass: The storage class specified is not valid."),
    // Encryption with the client's key.
    ("PutObject | x-amz-server-side-encryption-customer-key: x", "PutObject"),
    ("GetObject | x-amz-server-side-encryption-customer-key-md5: x", "GetObject"),
    ("UploadPartCopy | x-amz-copy-source-server-side-encryption-customer-key: x", "UploadPartCopy"),
    ("CompleteMultipartUpload | x-amz-server-side-encryption-customer-key: x", "CompleteMultipartUpload"),
    ("ListParts | x-amz-server-side-encryption-customer-key: x", "ListParts"),
    // Headers that R2 does not refuse.
    ("GetObject | x-amz-request-payer: requester", "GetObject, ignored: x-amz-request-payer"),
    ("PutObject | x-amz-mfa: 1", "PutObject, ignored: x-amz-mfa"),
    ("GetObject | x-amz-tagging: a=b", "GetObject, ignored: x-amz-tagging"),
    (
        "AbortMultipartUpload?uploadId=u | x-amz-expected-bucket-owner: 1",
        "AbortMultipartUpload, ignored: x-amz-expected-bucket-owner",
    ),
    // Listings.
    ("ListObjects?X-Amz-Foo=1&prefix=a", "ListObjects, ignored: X-Amz-Foo"),
    ("ListObjectsV2?list-type=2&X-Amz-Foo=1&X-Amz-Bar=2", "ListObjectsV2, ignored: X-Amz-Foo X-Amz-Bar"),
    ("ListBuckets?X-Amz-Foo=1", "ListBuckets, ignored: X-Amz-Foo"),
    ("ListMultipartUploads?uploads&X-Amz-Foo=1", "ListMultipartUploads, ignored: X-Amz-Foo"),
    ("ListParts?uploadId=u&max-parts=1&part-number-marker=2", "ListParts"),
    ("ListParts?uploadId=u&partNumber=1&x-id=ListParts", "ListParts, ignored: partNumber"),
    ("ListMultipartUploads?uploads&delimiter=/&upload-id-marker=u&encoding-type=url", "ListMultipartUploads"),
    // Parameters of reads.
    ("HeadObject?uploadId=u", "HeadObject, ignored: uploadId"),
    ("HeadBucket?location&junk=1", "HeadBucket, ignored: location junk"),
    ("GetObject?x-purpose=1&junk", "GetObject, ignored: x-purpose junk"),
    ("PutObject?x-purpose=1", "PutObject, ignored: x-purpose"),
    // R2's own.
    ("PutObject | cf-create-bucket-if-missing: true", "PutObject"),
    ("ListBuckets?max-keys=1&prefix=a | cf-start-after: b", "ListBuckets"),
    ("HeadObject?response-content-type=text/plain", "HeadObject, ignored: response-content-type"),
    ("HeadObject?attributes&torrent | range: bytes=0-1", "HeadObject, ignored: attributes torrent"),
    // What a bucket remembers.
    ("GetBucketCors", "GetBucketCors"),
    ("PutBucketCors | x-amz-sdk-checksum-algorithm: CRC32 | x-amz-checksum-crc32: x", "PutBucketCors"),
    ("DeleteBucketCors", "DeleteBucketCors"),
    ("GetBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration"),
    ("DeleteBucketLifecycle", "DeleteBucketLifecycle"),
    ("PutBucketEncryption", "PutBucketEncryption"),
    ("DeleteBucketEncryption", "DeleteBucketEncryption"),
    ("GetBucketAcl", "GetBucketAcl"),
    // Checksums.
    ("PutObject | x-amz-checksum-sha256: x", "PutObject"),
    ("UploadPart | x-amz-checksum-crc32c: x", "UploadPart"),
    // What a fresh bucket answers, and the names that R2 gives.
    (
        "GetObjectLockConfiguration",
        "404 ObjectLockConfigurationNotFoundError: Object Lock configuration does not exist for this bucket.",
    ),
    ("GetBucketReplication", "404 ReplicationConfigurationNotFoundError: The replication configuration was not found."),
    ("ListBucketInventoryConfigurations", "501 NotImplemented: GetBucketInventoryConfiguration not implemented"),
    (
        "DeletePublicAccessBlock",
        "400 InvalidArgument: Unsupported search param(s) \"publicAccessBlock\" on a DELETE bucket route",
    ),
    // Directives of a copy.
    ("CopyObject | x-amz-metadata-directive: REPLACE", "CopyObject"),
    ("CopyObject | x-amz-metadata-directive: MERGE", "CopyObject"),
    // Conditions on what a write replaces.
    ("CopyObject | cf-copy-destination-if-match: x", "CopyObject"),
    ("CopyObject | cf-copy-destination-if-none-match: *", "CopyObject"),
    ("CompleteMultipartUpload | if-none-match: *", "CompleteMultipartUpload"),
    ("CopyObject | x-amz-metadata-directive: FOO", "400 InvalidArgument: metadata directive FOO."),
];

/// What stays refused with the words for headers and parameters of an operation: `501`.
const REFUSED: &[&str] = &[
    // R2's own answer would destroy data.
    "DeleteObjectTagging?tagging",
    "DeleteObject?tagging",
    "DeleteObject?acl",
    "DeleteObject?versionId=1",
    "PutObject?uploadId=u",
    "PutObject | x-amz-write-offset-bytes: 1",
    // What protects data and is not honoured.
    "DeleteObject | if-match: *",
    "DeleteObject | x-amz-if-match-size: 1",
    "AbortMultipartUpload | x-amz-if-match-initiated-time: x",
    "PutObject | x-amz-server-side-encryption-bucket-key-enabled: true",
    "PutObject | x-amz-object-lock-mode: GOVERNANCE",
    // So do unknown names that begin in the same way.
    "PutObject | x-amz-object-lock-event-hold: ON",
    "CopyObject | x-amz-object-lock-event-hold: ON",
    "CreateMultipartUpload | x-amz-server-side-encryption-of-tomorrow: 1",
    "UploadPartCopy | x-amz-copy-source-if-match: x",
    // What R2 refuses.
    "CreateBucket | x-amz-acl: private",
    "GetObject | x-amz-expected-bucket-owner: 1",
    "ListMultipartUploads | x-amz-expected-bucket-owner: 1",
    "PutObject | x-amz-tagging: a=b",
    "UploadPart | x-amz-server-side-encryption: AES256",
    "UploadPart | x-amz-checksum-sha1: x",
    "UploadPart | x-amz-checksum-sha256: x",
    "PutObjectAcl",
    "PutBucketAcl",
    "PutBucketCors | x-amz-checksum-algorithm: CRC32",
    "PutBucketCors | x-amz-expected-bucket-owner: 1",
    "GetBucketLifecycleConfiguration | x-amz-expected-bucket-owner: 1",
    "ListObjectVersions",
    "ListObjectsV2?list-type=2&x-amz-foo=1",
    // The headers of a request for what no bucket has are judged as others.
    "GetBucketTagging | x-amz-expected-bucket-owner: 1",
    "GetObjectLockConfiguration | x-amz-expected-bucket-owner: 1",
    "GetBucketReplication | x-amz-expected-bucket-owner: 1",
    // What is not here yet, or whose effect is not known.
    "PutObject | cf-create-bucket-if-missing: perhaps",
    "GetObject?versionId=1",
    "HeadObject?versionId=1",
];

#[test]
fn rulings_follow_todays_r2() {
    let policy = builtin("r2-2026");
    for (request, expected) in SERVED {
        assert_eq!(answer(&policy, request), *expected, "{request}");
    }
}

#[test]
fn missing_and_destructive_features_are_still_refused() {
    let policy = builtin("r2-2026");
    for request in REFUSED {
        let answer = answer(&policy, request);
        assert!(
            answer.starts_with("501 NotImplemented: ") && answer.ends_with(" not implemented"),
            "{request}: {answer}"
        );
    }
}

#[test]
fn a_location_hint_names_the_one_region() {
    let policy = builtin("r2-2026");
    for name in ["auto", "", "us-east-1", "weur", "WEUR", "oc"] {
        assert_eq!(policy.regions().normalise(name), Ok("auto"), "{name:?}");
    }
    assert_eq!(policy.regions().location("weur").as_deref(), Some("WEUR"));
    let S3Error { message, .. } = policy.regions().normalise("cn-north-1").unwrap_err();
    assert_eq!(
        message,
        "The region name 'cn-north-1' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto"
    );
}
