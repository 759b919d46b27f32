//! The vocabulary of the S3 protocol.
//!
//! The form of requests, the operations, and how names, dates, ranges, conditions, checksums, errors and XML documents
//! are read and written. There is no policy, clock, async or I/O: text becomes values, and values become text.
//!
//! # Sources
//!
//! Comments in the whole crate cite these by name.
//!
//! | name | address |
//! |---|---|
//! | S3 API reference | <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html> |
//! | ... an operation | `https://docs.aws.amazon.com/AmazonS3/latest/API/API_NAME.html` |
//! | ... Authenticating Requests (AWS Signature Version 4) | <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html> |
//! | ... Signature calculations, one chunk | <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html> |
//! | ... Signature calculations, several chunks | <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html> |
//! | ... Signature calculations, trailing headers | <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html> |
//! | ... Query parameters, presigned requests | <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html> |
//! | S3 user guide, Conditional requests | <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html> |
//! | ... Checking object integrity | <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html> |
//! | ... Virtual hosting of buckets | <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html> |
//! | R2's page (S3 API compatibility) | <https://developers.cloudflare.com/r2/api/s3/api/> |
//! | R2 docs, Extensions | <https://developers.cloudflare.com/r2/api/s3/extensions/> |
//! | R2 docs, Create buckets | <https://developers.cloudflare.com/r2/buckets/create-buckets/> |
//! | R2 docs, Error codes | <https://developers.cloudflare.com/r2/api/error-codes/> |
//! | R2 docs, Configure CORS | <https://developers.cloudflare.com/r2/buckets/cors/> |
//! | R2 docs, Object lifecycles | <https://developers.cloudflare.com/r2/buckets/object-lifecycles/> |
//! | R2 docs, API tokens | <https://developers.cloudflare.com/r2/api/tokens/> |
//! | R2 limits page | <https://developers.cloudflare.com/r2/platform/limits/> |
//! | RFC 9110, HTTP semantics | <https://www.rfc-editor.org/rfc/rfc9110> |
//! | RFC 9112, HTTP/1.1 | <https://www.rfc-editor.org/rfc/rfc9112> |
//! | RFC 3986, URI | <https://www.rfc-editor.org/rfc/rfc3986> |
//! | RFC 6266, Content-Disposition | <https://www.rfc-editor.org/rfc/rfc6266> |
//! | RFC 2047, words beyond ASCII | <https://www.rfc-editor.org/rfc/rfc2047> |
//! | RFC 3339, dates | <https://www.rfc-editor.org/rfc/rfc3339> |
//! | W3C Trace Context | <https://www.w3.org/TR/trace-context/> |

#[cfg(test)]
pub(crate) mod sequences;
pub mod dates;
pub mod error;
pub mod names;
pub mod operation;
pub mod uri;
pub mod query;
pub mod request;
pub mod view;
pub mod copy_source;
pub mod headers;
pub mod trace;
pub mod payload;
pub mod etag;
pub mod range;
pub mod precondition;
pub mod checksum;
pub mod part_checksums;
mod rfc2047;
pub mod metadata;
pub mod storage_class;
pub mod secrecy;
pub mod customer_key;
pub mod listing;
pub mod upload_listing;
pub mod lifecycle;
pub mod xml;
pub mod bucket_listing;
pub mod part_number;
pub mod part_list;

pub use dates::Timestamp;
pub use error::{Code, Limit, S3Error};
pub use operation::Operation;
pub use payload::PayloadKind;
