//! Refuses by name what the local store cannot do, so that no policy can make it ignore a feature.
//!
//! The rule is an allow-list. An `x-amz-*` header passes if the operation table has it for the operation and the store
//! honours it, or if it is harmless to ignore it: the ACL of the only account, the payer of a request that costs
//! nothing, the bypass of a lock that no object has. Every other one is refused, also one that S3 adds later: it may be
//! about access to the object, a condition, or how the object is kept.

use crate::filters::OperationRequest;
use crate::s3::checksum::Algorithm;
use crate::s3::headers::{CONDITIONS, METADATA_PREFIX, is_transport_header};
use crate::s3::names::ONLY_VERSION;
use crate::s3::operation::{OperationSpec, Selector};
use crate::s3::view::RequestView;
use crate::s3::{Code, Operation, S3Error};

/// Headers that the store honours on the operations that have them in S3.
const HONOURED: &[&str] = &[
    "x-amz-checksum-algorithm",
    "x-amz-checksum-mode",
    "x-amz-checksum-type",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
    "x-amz-metadata-directive",
    "x-amz-mp-object-size",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-storage-class",
];

/// Headers that the store ignores on the operations that have them in S3, and why that is harmless.
const HARMLESS: &[&str] = &[
    // There is one account. It owns everything and no other reads anything.
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-object-ownership",
    "x-amz-request-payer",
    // Nothing is locked.
    "x-amz-bypass-governance-retention",
    "x-amz-mfa",
    // There is no tag and no restored object.
    "x-amz-optional-object-attributes",
    "x-amz-tagging-directive",
];

/// Headers that have one value without effect.
const ASKING_FOR_NOTHING: &[(&str, &[u8])] = &[("x-amz-bucket-object-lock-enabled", b"false")];

/// Parameters of ListBuckets that would leave buckets out. `max-buckets` is not among them: the answer is the whole
/// list.
const LIST_BUCKETS: &[&str] = &["bucket-region"];

/// Refuses headers and parameters that the store would have to ignore.
///
/// # Errors
/// `NotImplemented`, naming the header or parameter.
pub(super) fn check(request: &OperationRequest<'_>) -> Result<(), S3Error> {
    match unsupported(&request.view, request.spec) {
        None => Ok(()),
        Some(name) => {
            let message = format!("{name} on {} not implemented by the local store", request.spec.operation);
            Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message))
        }
    }
}

fn unsupported<'v>(view: &'v RequestView<'_>, spec: &OperationSpec) -> Option<&'v str> {
    let mut headers = view.headers().filter(|(name, value)| !is_supported(spec, name, value)).map(|(name, _)| name);
    let mut parameters = view.parameters().filter(|(name, value)| leads_elsewhere(spec, name, value));
    headers.next().or_else(|| parameters.next().map(|(name, _)| name))
}

/// Whether a request for the operation may have a header.
fn is_supported(spec: &OperationSpec, name: &str, value: &[u8]) -> bool {
    if CONDITIONS.contains(&name) {
        return honours_conditions(spec);
    }
    let about_the_body = name == "x-amz-sdk-checksum-algorithm" || Algorithm::from_header(name).is_some();
    !name.starts_with("x-amz-")
        || about_the_body
        || is_transport_header(name)
        || (name.starts_with(METADATA_PREFIX) && spec.writes_metadata())
        || spec.selectors.iter().any(|selector| matches!(selector, Selector::Header(header) if *header == name))
        || (spec.knows_header(name) && is_honoured(spec, name, value))
}

fn is_honoured(spec: &OperationSpec, name: &str, value: &[u8]) -> bool {
    // A copy shares the bytes of its source and does not read them, so no checksum can be made.
    let calculates = spec.operation == Operation::CopyObject && name == "x-amz-checksum-algorithm";
    !calculates && (HONOURED.contains(&name) || HARMLESS.contains(&name) || ASKING_FOR_NOTHING.contains(&(name, value)))
}

/// Whether the operation is carried out only if HTTP's conditions hold. On a read, an ignored condition costs bytes; on
/// a write, it would change data that the client wants to keep.
fn honours_conditions(spec: &OperationSpec) -> bool {
    spec.method.is_read() || matches!(spec.operation, Operation::PutObject | Operation::CompleteMultipartUpload)
}

/// Whether a parameter asks for a version that does not exist, or for some of the buckets.
fn leads_elsewhere(spec: &OperationSpec, name: &str, value: &str) -> bool {
    match spec.operation {
        Operation::ListBuckets => LIST_BUCKETS.contains(&name),
        _ => name == "versionId" && value != ONLY_VERSION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::{HeaderMap, HeaderName, HeaderValue};

    /// The name that is refused; empty if nothing is refused.
    fn refused(operation: Operation, query: &str, name: &'static str, value: &'static str) -> String {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
        let view = RequestView::from_signed_headers(&headers, Query::parse(query).unwrap());
        unsupported(&view, operation.spec()).unwrap_or_default().to_owned()
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        use Operation::{CopyObject, CreateBucket, DeleteObject, DeleteObjects, GetObject, PutObject, UploadPartCopy};
        for (operation, name) in [
            (DeleteObject, "if-match"),
            (DeleteObject, "x-amz-if-match-size"),
            (DeleteObjects, "if-match"),
            (CopyObject, "if-none-match"),
            (CopyObject, "x-amz-checksum-algorithm"),
            (CopyObject, "x-amz-source-expected-bucket-owner"),
            (CreateBucket, "x-amz-bucket-object-lock-enabled"),
            (CreateBucket, "x-amz-bucket-namespace"),
            (GetObject, "x-amz-new-in-2030"),
            (GetObject, "x-amz-meta-a"),
            (PutObject, "x-amz-expected-bucket-owner"),
            (PutObject, "x-amz-object-lock-event-hold"),
            (PutObject, "x-amz-object-lock-mode"),
            (PutObject, "x-amz-server-side-encryption"),
            (PutObject, "x-amz-server-side-encryption-aws-kms-key-id"),
            (PutObject, "x-amz-server-side-encryption-bucket-key-enabled"),
            (PutObject, "x-amz-server-side-encryption-context"),
            (PutObject, "x-amz-tagging"),
            (PutObject, "x-amz-website-redirect-location"),
            (PutObject, "x-amz-write-offset-bytes"),
            (UploadPartCopy, "if-match"),
        ] {
            assert_eq!(refused(operation, "", name, "v"), name, "{operation}");
        }
        for (operation, query, name) in [
            (DeleteObject, "versionId=1", "versionId"),
            (GetObject, "versionId=1", "versionId"),
            (Operation::ListBuckets, "bucket-region=auto", "bucket-region"),
        ] {
            assert_eq!(refused(operation, query, "host", "v"), name, "{operation} {query}");
        }
    }

    #[test]
    fn what_is_honoured_or_harmless_passes() {
        use Operation::{
            CopyObject, CreateBucket, CreateMultipartUpload, DeleteObject, GetObject, ListBuckets, PutObject,
        };
        for (operation, query, name, value) in [
            (PutObject, "", "if-match", "v"),
            (GetObject, "", "if-none-match", "v"),
            (GetObject, "versionId=null", "host", "v"),
            (GetObject, "partNumber=1", "x-amz-checksum-mode", "ENABLED"),
            (DeleteObject, "versionId=null", "x-amz-bypass-governance-retention", "true"),
            (PutObject, "", "x-amz-checksum-algorithm", "CRC32"),
            (PutObject, "", "x-amz-checksum-crc32", "AAAAAA=="),
            // The AWS SDK for Java 2 sends it with reads.
            (GetObject, "", "x-amz-checksum-crc32", "AAAAAA=="),
            (PutObject, "", "x-amz-acl", "private"),
            (PutObject, "", "x-amz-storage-class", "STANDARD"),
            (PutObject, "", "x-amz-meta-a", "v"),
            (PutObject, "", "x-amz-date", "v"),
            (PutObject, "", "x-amz-user-agent", "v"),
            (CopyObject, "", "x-amz-copy-source", "/a/b"),
            (CopyObject, "", "x-amz-metadata-directive", "REPLACE"),
            (CopyObject, "", "x-amz-copy-source-server-side-encryption-customer-key", "v"),
            (GetObject, "", "x-amz-server-side-encryption-customer-key", "v"),
            (CreateBucket, "", "x-amz-bucket-object-lock-enabled", "false"),
            (CreateMultipartUpload, "uploads", "x-amz-checksum-type", "FULL_OBJECT"),
            (ListBuckets, "max-buckets=1", "host", "v"),
        ] {
            assert_eq!(refused(operation, query, name, value), "", "{operation} {query} {name}");
        }
    }

    /// Each name of the lists is one that some operation has.
    #[test]
    fn the_lists_have_no_name_that_s3_does_not_know() {
        let one_value = ASKING_FOR_NOTHING.iter().map(|(name, _)| name);
        for name in HONOURED.iter().chain(HARMLESS).chain(one_value) {
            assert!(crate::s3::operation::OPERATIONS.iter().any(|spec| spec.knows_header(name)), "{name}");
        }
    }
}
