//! What the local disk cannot do, so that no policy, however open, makes it pretend.
//!
//! A header or parameter that would change what is stored, who may have it or whether a request takes place is refused
//! by name where the store has no way to honour it. What is merely told and harms nobody when it is not heard (an ACL of
//! the one account there is, who pays for the request, the bypass of a lock that no object has) is let through without
//! effect.

use crate::filters::Admitted;
use crate::s3::view::RequestView;
use crate::s3::{Code, Operation, S3Error};

/// Headers that no operation of the local store honours.
const HEADERS: &[&str] = &[
    "x-amz-expected-bucket-owner",
    "x-amz-if-match-initiated-time",
    "x-amz-if-match-last-modified-time",
    "x-amz-if-match-size",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-source-expected-bucket-owner",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
];

/// Conditions, which reads and PutObject honour and these do not: they would take place whether it holds or not.
const CONDITIONS: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
const UNCONDITIONAL: &[Operation] =
    &[Operation::CompleteMultipartUpload, Operation::CopyObject, Operation::DeleteObject];

/// The name S3 gives to the one version of an object in a bucket without versions, which is what the local store has.
pub(super) const ONLY_VERSION: &str = "null";

/// Refuses what the store would have to ignore.
pub(super) fn check(request: &Admitted<'_>) -> Result<(), S3Error> {
    match unable(&request.view, request.spec.operation) {
        None => Ok(()),
        Some(name) => {
            let message = format!("{name} on {} not implemented by the local store", request.spec.operation);
            Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message))
        }
    }
}

fn unable(view: &RequestView<'_>, operation: Operation) -> Option<&'static str> {
    let conditions = if UNCONDITIONAL.contains(&operation) { CONDITIONS } else { &[] };
    let header = HEADERS.iter().chain(conditions).copied().find(|name| view.header_bytes(name).is_some());
    let checksum = || calculates(view, operation).then_some("x-amz-checksum-algorithm");
    let version = || view.parameter("versionId").is_some_and(|id| id != ONLY_VERSION).then_some("versionId");
    header.or_else(checksum).or_else(version)
}

/// Whether a copy is to get a checksum its source may not have: copies share their source's bytes and do not read them.
fn calculates(view: &RequestView<'_>, operation: Operation) -> bool {
    operation == Operation::CopyObject && view.header_bytes("x-amz-checksum-algorithm").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn what_would_be_ignored_is_refused() {
        use Operation::{CopyObject, DeleteObject, GetObject, PutObject};
        for (operation, query, header, expected) in [
            (DeleteObject, "", "if-match", Some("if-match")),
            (CopyObject, "", "if-none-match", Some("if-none-match")),
            (PutObject, "", "if-match", None),
            (GetObject, "", "if-none-match", None),
            (DeleteObject, "versionId=1", "host", Some("versionId")),
            (GetObject, "versionId=1", "host", Some("versionId")),
            (DeleteObject, "versionId=null", "x-amz-bypass-governance-retention", None),
            (CopyObject, "", "x-amz-checksum-algorithm", Some("x-amz-checksum-algorithm")),
            (PutObject, "", "x-amz-checksum-algorithm", None),
            (PutObject, "", "x-amz-write-offset-bytes", Some("x-amz-write-offset-bytes")),
            (PutObject, "", "x-amz-tagging", Some("x-amz-tagging")),
            (PutObject, "", "x-amz-acl", None),
            (PutObject, "", "x-amz-storage-class", None),
        ] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(header), HeaderValue::from_static("v"))]);
            let view = RequestView::of_signed_headers(&headers, Query::parse(query).unwrap());
            assert_eq!(unable(&view, operation), expected, "{operation} {query} {header}");
        }
    }
}
