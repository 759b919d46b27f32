//! The columns of the table.

use super::answer::AnswerKind;
use super::names::Operation;

/// The HTTP methods of S3's operations. OPTIONS is none: it is a browser's question, which [`crate::cors`] answers.
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
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 5] = [Method::Get, Method::Head, Method::Put, Method::Post, Method::Delete];

    /// The method of that name; `None` where no operation has it (`PATCH`, `OPTIONS`, ...).
    pub fn parse(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }

    /// The name in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }

    /// Whether it changes nothing.
    pub const fn is_read(self) -> bool {
        matches!(self, Method::Get | Method::Head)
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

/// What a request must have, besides method and target, to match a row.
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

/// The body of an operation's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The operation has no body; one that is sent is read and ignored.
    None,
    /// A small document, read whole under a limit before the operation starts.
    Document,
    /// The bytes of an object or a part, streamed.
    Object,
}

/// The permission that an operation needs.
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
    /// Ask whether a bucket exists, list its keys and uploads.
    ListObjects,
    /// Read objects.
    ReadObjects,
    /// Write and remove objects.
    WriteObjects,
    /// Nothing: browsers send these without a signature, so no key is known. None of them touches data.
    Unsigned,
}

/// What the request's headers describe: Content-Type and its like, and `x-amz-meta-*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Describes {
    /// Nothing that is kept.
    Nothing,
    /// The object that the operation makes.
    Object,
    /// The same under `x-amz-metadata-directive: REPLACE`.
    ObjectIfReplaced,
}

/// What a checksum in the request's headers is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumOf {
    /// The request's body.
    Body,
    /// The object that the operation makes.
    Object,
}

/// A row of the table: one operation.
#[derive(Debug, Clone, Copy)]
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
    /// The request's body.
    pub body: BodyKind,
    /// What a checksum in the headers is of.
    pub checksum: ChecksumOf,
    /// What the headers describe.
    pub describes: Describes,
    /// Whether the store puts an object together or copies one before it answers, which may take minutes.
    pub assembles: bool,
    /// The permission that it needs.
    pub access: Access,
    /// Whether the document in the request names other buckets, or queues and tables of the account, that the store is
    /// to write to.
    pub names_others: bool,
    /// The answer.
    pub answer: AnswerKind,
}

impl OperationSpec {
    /// A row without selectors, parameters, headers and body.
    pub(super) const fn new(
        operation: Operation,
        method: Method,
        target: Target,
        access: Access,
        answer: AnswerKind,
    ) -> OperationSpec {
        OperationSpec {
            operation,
            method,
            target,
            selectors: &[],
            parameters: &[],
            headers: &[],
            body: BodyKind::None,
            checksum: ChecksumOf::Body,
            describes: Describes::Nothing,
            assembles: false,
            access,
            names_others: false,
            answer,
        }
    }

    /// Whether the operation writes the user's own metadata, that is, takes `x-amz-meta-*`.
    pub fn writes_metadata(&self) -> bool {
        self.describes != Describes::Nothing
    }

    /// Whether a checksum in the request's headers is that of its body.
    pub fn checksum_is_of_body(&self) -> bool {
        self.checksum == ChecksumOf::Body
    }

    /// Whether the `x-amz-*` header, in lower case, is one that the reference documents for this operation.
    pub fn knows_header(&self, name: &str) -> bool {
        self.headers.iter().any(|group| group.contains(&name))
    }

    /// Whether the query parameter is a selector or a documented parameter of this operation.
    pub fn knows_parameter(&self, name: &str) -> bool {
        self.selectors.iter().any(|s| matches!(s, Selector::Query(q) | Selector::QueryIs(q, _) if *q == name))
            || self.parameters.contains(&name)
    }
}
