//! Every operation of S3, the ones R2 lacks included: what is known of each, and in `table.rs` the knowledge itself.
//!
//! It is about the protocol and nothing else: how a request for the operation looks, which query parameters and
//! `x-amz-*` headers the S3 API reference documents for it, what its body is and what a key must be allowed to do to
//! call it. Whether R2 *has* the operation is a ruling and stands in `policies/*.toml`; how a request finds its row
//! stands in [`crate::routing`].

mod table;

pub use table::{OPERATIONS, Operation};

use std::fmt;

/// The HTTP methods S3 uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read with a body in the answer.
    Get,
    /// Read of the headers alone.
    Head,
    /// Create or replace.
    Put,
    /// Everything with a document in the request that is not a replacement.
    Post,
    /// Remove.
    Delete,
    /// A browser's CORS preflight.
    Options,
}

impl Method {
    /// The method of that name; `None` where S3 has no use for it (`PATCH`, `TRACE`, ...).
    pub fn parse(name: &str) -> Option<Method> {
        Some(match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => return None,
        })
    }
}

/// What a request's path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The account: no bucket in the path.
    Service,
    /// A bucket.
    Bucket,
    /// A key in a bucket.
    Object,
}

/// What a request must carry, besides method and target, to be for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// A query parameter of this name, with any value or none.
    Query(&'static str),
    /// A query parameter of this name with exactly this value.
    QueryIs(&'static str, &'static str),
    /// A header of this name.
    Header(&'static str),
    /// A header whose value starts with this text, in any case.
    HeaderStarts(&'static str, &'static str),
}

/// What an operation's request body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The operation has no body; one that is sent is read and ignored.
    None,
    /// A small document, read whole under a limit before the operation starts.
    Document,
    /// The bytes of an object or a part, streamed.
    Object,
}

/// What a key must be allowed to do to call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// See the names of all buckets.
    ListBuckets,
    /// Make and remove buckets.
    ManageBuckets,
    /// See a bucket's settings.
    ReadConfiguration,
    /// Change a bucket's settings.
    WriteConfiguration,
    /// Ask whether a bucket is there, list its keys and uploads.
    ListObjects,
    /// Read objects.
    ReadObjects,
    /// Write and remove objects.
    WriteObjects,
    /// Nothing: browsers send these without a signature, so no key is known. None of them touches data.
    Unsigned,
}

/// A row of the table: one operation.
#[derive(Debug)]
pub struct OperationSpec {
    /// Which operation this is.
    pub operation: Operation,
    /// The request's method.
    pub method: Method,
    /// What the request's path names.
    pub target: Target,
    /// What else the request must carry; the row with most of them wins.
    pub selectors: &'static [Selector],
    /// The query parameters the S3 API reference documents for it, selectors not repeated.
    pub parameters: &'static [&'static str],
    /// The `x-amz-*` headers the reference documents for it, in groups that recur.
    pub headers: &'static [&'static [&'static str]],
    /// What the request's body is.
    pub body: BodyKind,
    /// What the key must be allowed to do.
    pub access: Access,
}

impl OperationSpec {
    /// Whether the operation writes the user's own metadata, that is, takes `x-amz-meta-*`.
    pub fn writes_metadata(&self) -> bool {
        matches!(
            self.operation,
            Operation::PutObject | Operation::CopyObject | Operation::CreateMultipartUpload | Operation::PostObject
        )
    }

    /// Whether a checksum in the request's headers is that of its body. The one of a CompleteMultipartUpload is that of
    /// the object it makes.
    pub fn checksum_is_of_body(&self) -> bool {
        self.operation != Operation::CompleteMultipartUpload
    }

    /// Whether the query parameter is a selector or a documented parameter of this operation.
    pub fn knows_parameter(&self, name: &str) -> bool {
        self.selectors.iter().any(|s| matches!(s, Selector::Query(q) | Selector::QueryIs(q, _) if *q == name))
            || self.parameters.contains(&name)
    }
}

/// Whether a query parameter of this name selects an operation somewhere in the table, that is, names a sub-resource.
///
/// A request with a sub-resource that its row does not know must never fall through to the bare operation:
/// `DELETE /bucket?lifecycle` is not DeleteBucket.
pub fn is_subresource(name: &str) -> bool {
    OPERATIONS.iter().flat_map(|row| row.selectors).any(|s| matches!(s, Selector::Query(q) if *q == name))
}

impl Operation {
    /// The operation of that name, as the S3 API reference spells it.
    pub fn parse(name: &str) -> Option<Operation> {
        OPERATIONS.iter().map(|row| row.operation).find(|operation| operation.name() == name)
    }

    /// The operation's row.
    pub fn spec(self) -> &'static OperationSpec {
        // The enum and the table come from the same macro, in the same order.
        &OPERATIONS[self as usize]
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_operation_has_its_own_row() {
        for row in OPERATIONS {
            assert_eq!(row.operation.spec().operation, row.operation);
            assert_eq!(Operation::parse(row.operation.name()), Some(row.operation));
        }
        let names: HashSet<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn no_two_rows_are_selected_by_the_same_request() {
        for (i, a) in OPERATIONS.iter().enumerate() {
            for b in &OPERATIONS[i + 1..] {
                let same = a.method == b.method
                    && a.target == b.target
                    && a.selectors.len() == b.selectors.len()
                    && a.selectors.iter().all(|s| b.selectors.contains(s));
                assert!(!same, "{} and {} cannot be told apart", a.operation, b.operation);
            }
        }
    }

    #[test]
    fn headers_are_written_in_lower_case() {
        for name in OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| *group) {
            assert!(name.starts_with("x-amz-") && *name == name.to_ascii_lowercase(), "{name}");
        }
    }

    #[test]
    fn subresources_are_known_as_such() {
        for name in ["lifecycle", "acl", "uploads", "uploadId", "policyStatus", "delete"] {
            assert!(is_subresource(name), "{name}");
        }
        for name in ["prefix", "list-type", "x-id", "junk", "Acl"] {
            assert!(!is_subresource(name), "{name}");
        }
    }
}
