//! Header names that are used beyond one row of the operation table.
//!
//! Only the names are here. The rules about them are in `policies/*.toml`, and their values are read where they are
//! used.

use http::HeaderName;

/// `x-amz-*` headers that belong to the signed transport, not to any operation: accepted on all of them.
pub const TRANSPORT_HEADERS: &[&str] =
    &["x-amz-date", "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-security-token"];

/// Headers that ask S3 for nothing: accepted on every operation, without effect, never forwarded. Two of them name the
/// SDK (JS SDK; pyarrow and aws-sdk-cpp). With `x-amz-te: append-md5` the AWS SDK for Java 2 allows an MD5 behind the
/// body of every read; a server that appends one announces it in a header.
pub const TRANSPORT_WITHOUT_EFFECT: &[&str] = &["x-amz-user-agent", "x-amz-api-version", "x-amz-te"];

/// The prefix of user metadata.
pub const METADATA_PREFIX: &str = "x-amz-meta-";

/// The region of a bucket, in answers.
pub const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// HTTP's headers that describe an object: stored with it, and asked for by `response-*` (GetObject).
pub const OBJECT_HEADERS: &[&str] =
    &["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// HTTP's conditions (RFC 9110 section 13.1), If-Range left out: it decides about a range and not about the request.
pub const CONDITIONS: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/// Headers of HTTP itself that S3 gives a meaning of its own.
pub const HTTP_HEADERS: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "expect",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "range",
];

/// R2's own additions to S3 (R2 docs, "Extensions"). Other `cf-*` headers come from Cloudflare's network (`cf-ray`,
/// `cf-connecting-ip`) and mean nothing to a store.
pub const R2_EXTENSIONS: &[&str] = &[
    "cf-create-bucket-if-missing",
    "cf-copy-destination-if-match",
    "cf-copy-destination-if-none-match",
    "cf-copy-destination-if-modified-since",
    "cf-copy-destination-if-unmodified-since",
    "cf-prefix",
    "cf-start-after",
    "cf-continuation-token",
    "cf-max-keys",
];

/// Headers in which a server identifies itself: its region, its name of the bucket, and its ids of the request. Those
/// of the store behind r2shim never reach a client.
pub const SERVER_IDENTITY_HEADERS: &[&str] = &[
    "x-amz-bucket-arn",
    "x-amz-bucket-location-name",
    "x-amz-bucket-location-type",
    "x-amz-bucket-region",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amz-restore-output-path",
];

/// Whether the header belongs to the transport, with effect or without; `name` in lower case.
pub fn is_transport_header(name: &str) -> bool {
    TRANSPORT_HEADERS.contains(&name) || TRANSPORT_WITHOUT_EFFECT.contains(&name)
}
