//! Groups of headers and parameters that recur from row to row.

/// The account that the bucket should belong to.
pub(super) const OWNER: &[&str] = &["x-amz-expected-bucket-owner"];
/// That the requester pays.
pub(super) const PAYER: &[&str] = &["x-amz-request-payer"];
/// Canned ACLs and grants.
pub(super) const BUCKET_ACL: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];
// R2 rejects grant-write on objects by name although S3 documents it for buckets only.
pub(super) const OBJECT_ACL: &[&str] = BUCKET_ACL;
/// Encryption with keys of the store.
pub(super) const SSE: &[&str] = &[
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-bucket-key-enabled",
];
/// Encryption with a key of the client.
pub(super) const SSE_C: &[&str] = &[
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
];
/// The client's key for the source of a copy.
pub(super) const COPY_SSE_C: &[&str] = &[
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
];
/// Retention and legal hold of an object.
pub(super) const LOCK: &[&str] =
    &["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"];
/// Tags of an object.
pub(super) const TAGGING: &[&str] = &["x-amz-tagging"];
/// Where a website redirects an object to.
pub(super) const WEBSITE: &[&str] = &["x-amz-website-redirect-location"];
/// The storage class.
pub(super) const STORAGE_CLASS: &[&str] = &["x-amz-storage-class"];
/// A code of multi-factor authentication.
pub(super) const MFA: &[&str] = &["x-amz-mfa"];
/// That a governance retention is bypassed.
pub(super) const BYPASS: &[&str] = &["x-amz-bypass-governance-retention"];
/// A checksum of the body, in a header or announced as a trailer.
pub(super) const CHECKSUMS: &[&str] = &[
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];
/// The algorithm of checksums that are to be made.
pub(super) const CHECKSUM_ALGORITHM: &[&str] = &["x-amz-checksum-algorithm"];
/// What the checksum of an upload covers.
pub(super) const CHECKSUM_TYPE: &[&str] = &["x-amz-checksum-type"];
/// That the checksum is to be returned.
pub(super) const CHECKSUM_MODE: &[&str] = &["x-amz-checksum-mode"];
/// Conditions on the source of a copy.
pub(super) const COPY_CONDITIONS: &[&str] = &[
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-unmodified-since",
];
/// Attributes that a listing adds.
pub(super) const ATTRIBUTES: &[&str] = &["x-amz-optional-object-attributes"];
/// Headers of CreateBucket alone.
pub(super) const NEW_BUCKET: &[&str] =
    &["x-amz-bucket-object-lock-enabled", "x-amz-object-ownership", "x-amz-bucket-namespace"];
/// DeleteObject's conditions on the object it removes (directory buckets).
pub(super) const DELETE_CONDITIONS: &[&str] = &["x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/// Headers that the AWS SDK for JavaScript v2 writes into the query of a PutObject it presigns, where they mean nothing.
/// Content-MD5 is not one of them, though it writes that too: a digest must be verified, not ignored.
pub(super) const PRESIGNED_HEADERS: &[&str] = &["Cache-Control", "Content-Type"];

/// Parameters that rewrite headers of the answer, for GetObject and HeadObject.
pub(super) const RESPONSE_OVERRIDES: &[&str] = &[
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "versionId",
];
