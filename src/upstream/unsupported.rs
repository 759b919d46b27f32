//! Requests that a store would carry out differently from S3: it would ignore a header or misread a key. They are
//! refused by name before anything is sent. Otherwise the store would overwrite, delete or unpack data against the
//! client's intention.
//!
//! The features that R2 lacks are not here, because the policy refuses them. Neither are requests that a store refuses
//! itself.

use crate::s3::headers::{CONDITIONS, R2_EXTENSIONS};
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::operation::{AnswerKind, OperationSpec};
use crate::s3::precondition::ReadConditions;
use crate::s3::view::RequestView;
use crate::s3::xml::DeleteEntry;
use crate::s3::{Code, S3Error};
use crate::upstream::{Dialect, Remote};

/// S3's conditions on writes, besides HTTP's (S3 API reference, DeleteObject and AbortMultipartUpload).
const OWN_CONDITIONS: &[&str] =
    &["x-amz-if-match-initiated-time", "x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/// Refuses an operation whose answer must not reach the client.
///
/// # Errors
/// `NotImplemented` where the operation table says so.
pub(super) fn check_operation(row: &OperationSpec) -> Result<(), S3Error> {
    let why = match row.answer {
        AnswerKind::Empty | AnswerKind::Object | AnswerKind::Document(_) => return Ok(()),
        AnswerKind::Own => "its answer is not the upstream's",
        AnswerKind::NotForwarded(why) => why,
    };
    let message = format!("{} not implemented in front of a remote store: {why}", row.operation);
    Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message))
}

/// Refuses a request that the store would carry out differently from S3.
///
/// # Errors
/// `NotImplemented` for a header that the store does not honour or treats as a command, `PreconditionFailed` for a
/// condition that cannot be read, `InvalidObjectName` for a key that it reads as another.
pub(super) fn check(
    row: &OperationSpec,
    view: &RequestView<'_>,
    key: Option<&ObjectKey>,
    dialect: &Dialect,
) -> Result<(), S3Error> {
    if let Some(name) = view.headers().find_map(|header| not_honoured(row, view, header, dialect)) {
        let message = format!("{name} on {} not implemented by the upstream", row.operation);
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    if has_unreadable_condition(row, view) {
        let cause = "a condition is not an HTTP date, and the store would ignore it";
        return Err(S3Error::new(Code::PRECONDITION_FAILED).cause(cause));
    }
    key.map_or(Ok(()), |key| check_key(key, dialect))
}

/// The part of a header that the store does not honour; `None` if the header may be forwarded. Each header is checked
/// once.
fn not_honoured<'v>(
    row: &OperationSpec,
    view: &RequestView<'_>,
    (name, value): (&'v str, &[u8]),
    dialect: &Dialect,
) -> Option<&'v str> {
    let is_refused = dialect.commands.contains(&name)
        || is_extension(name)
        || is_condition(name) && is_ignored(row, view, name, dialect);
    match name {
        "x-amz-metadata-directive" if value == b"MERGE" => Some("x-amz-metadata-directive: MERGE"),
        _ => is_refused.then_some(name),
    }
}

/// R2's extensions of a copy that no other store has: conditions on the object that the copy replaces, and merged
/// metadata. (r2shim itself carries out R2's extensions of other operations.)
fn is_extension(name: &str) -> bool {
    name.starts_with("cf-copy-destination-") && R2_EXTENSIONS.contains(&name)
}

/// Whether a read, or the read of a copy's source, depends on a malformed date. Stores ignore such a condition. Dates
/// on writes are never forwarded.
fn has_unreadable_condition(row: &OperationSpec, view: &RequestView<'_>) -> bool {
    if !view.headers().any(|(name, _)| name.ends_with("-since")) {
        return false;
    }
    let read = || !writes(row) && ReadConditions::from_view(view).never_hold();
    read() || ReadConditions::from_copy_source(view).never_hold()
}

/// Refuses a key that this store reads as another: a write to it would overwrite or delete the other object.
pub(super) fn check_key(key: &ObjectKey, dialect: &Dialect) -> Result<(), S3Error> {
    let cause = "the store takes keys for paths, and this one for another key";
    if dialect.mistakes(key) { Err(S3Error::new(Code::INVALID_OBJECT_NAME).cause(cause)) } else { Ok(()) }
}

/// Refuses a bucket whose path leads to the store's own interfaces.
pub(super) fn check_bucket(bucket: &BucketName, remote: &Remote) -> Result<(), S3Error> {
    let reserved = remote.buckets.upstream(bucket).is_some_and(|name| remote.dialect.reserves(name));
    if reserved { Err(Code::NO_SUCH_BUCKET.into()) } else { Ok(()) }
}

/// Refuses an entry of DeleteObjects whose version or condition the store would ignore. `has_versions` is whether the
/// policy has versions.
///
/// # Errors
/// `NotImplemented` for a version or a condition, and those of [`check_key`].
pub fn check_deletable(entry: &DeleteEntry, has_versions: bool, dialect: &Dialect) -> Result<(), S3Error> {
    // No tested store honours them: it deletes the object even if a condition fails.
    if let Some(name) = entry.restriction(has_versions) {
        let message = format!("DeleteObjects element {name} not implemented");
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    // The store refuses an invalid key, for that entry only.
    ObjectKey::parse(&entry.key).map_or(Ok(()), |key| check_key(&key, dialect))
}

/// Whether a request is a write that may have conditions.
pub(super) fn is_conditional_write(row: &OperationSpec, view: &RequestView<'_>) -> bool {
    writes(row) && view.headers().any(|(name, _)| is_condition(name))
}

/// Whether a header is a condition that can prevent a write.
fn is_condition(name: &str) -> bool {
    CONDITIONS.contains(&name) || OWN_CONDITIONS.contains(&name)
}

fn writes(row: &OperationSpec) -> bool {
    !row.method.is_read()
}

/// Whether a write has this condition, and the store would ignore or misread it. Stores read only the first of several
/// lines, and some read a list as one tag, which nothing matches: then `If-None-Match` would always be true.
fn is_ignored(row: &OperationSpec, view: &RequestView<'_>, name: &str, dialect: &Dialect) -> bool {
    let mut values = view.headers().filter(|(given, _)| *given == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(_), _) if !writes(row) => false,
        (Some(value), None) => {
            let is_list = name == "if-none-match" && value.contains(&b',');
            is_list || !dialect.honours_condition(row.operation, name)
        }
        (Some(_), Some(_)) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Operation;
    use crate::s3::query::Query;
    use http::{HeaderMap, HeaderName, HeaderValue};

    /// The error for a request with these headers; `None` if it may be forwarded.
    fn refusal(dialect: &str, operation: Operation, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let view = RequestView::from_signed_headers(&map, Query::default());
        let dialect = Dialect::from_name(dialect).unwrap();
        check(operation.spec(), &view, None, dialect).err().map(|error| error.message.into_owned())
    }

    #[test]
    fn headers_that_a_store_would_ignore_are_refused_by_name() {
        use Operation::{CopyObject, DeleteObject, GetObject, PutObject};
        const DAY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (dialect, operation, headers, refused) in [
            ("minio", PutObject, &[("if-none-match", "*")][..], ""),
            ("minio", PutObject, &[("if-none-match", "\"a\"")], ""),
            ("minio", PutObject, &[("if-none-match", "\"a\", \"b\"")], "if-none-match"),
            ("aws", PutObject, &[("if-none-match", "\"a\""), ("if-none-match", "\"b\"")], "if-none-match"),
            ("minio", PutObject, &[("if-match", "\"a\", \"b\"")], ""),
            ("minio", PutObject, &[("if-match", "\"a\""), ("if-unmodified-since", DAY)], "if-unmodified-since"),
            ("aws", PutObject, &[("if-unmodified-since", DAY)], "if-unmodified-since"),
            ("aws", PutObject, &[("if-modified-since", DAY)], "if-modified-since"),
            ("aws", DeleteObject, &[("if-match", "\"a\"")], ""),
            ("aws", DeleteObject, &[("if-none-match", "*")], "if-none-match"),
            ("aws", DeleteObject, &[("x-amz-if-match-size", "1")], "x-amz-if-match-size"),
            ("minio", CopyObject, &[("if-match", "*")], "if-match"),
            ("garage", PutObject, &[("if-none-match", "*")], "if-none-match"),
            ("garage", GetObject, &[("if-none-match", "*"), ("if-modified-since", DAY)], ""),
            ("minio", CopyObject, &[("cf-copy-destination-if-match", "*")], "cf-copy-destination-if-match"),
            ("minio", CopyObject, &[("x-amz-metadata-directive", "MERGE")], "x-amz-metadata-directive: MERGE"),
            ("minio", CopyObject, &[("x-amz-metadata-directive", "REPLACE")], ""),
            ("aws", GetObject, &[("range", "bytes=0-1"), ("x-amz-meta-since", "once")], ""),
            ("aws", PutObject, &[("x-amz-meta-snowball-auto-extract", "true")], ""),
            ("minio", PutObject, &[("x-amz-meta-snowball-auto-extract", "true")], "x-amz-meta-snowball-auto-extract"),
        ] {
            let expected =
                (!refused.is_empty()).then(|| format!("{refused} on {operation} not implemented by the upstream"));
            assert_eq!(refusal(dialect, operation, headers), expected, "{dialect} {operation} {headers:?}");
        }
    }

    #[test]
    fn an_entry_that_would_be_deleted_against_its_word_is_refused() {
        let dialect = Dialect::from_name("minio").unwrap();
        for (entry, has_versions, expected) in [
            ("<Key>a</Key>", false, ""),
            ("<Key>a</Key><VersionId>null</VersionId>", false, ""),
            ("<Key>a</Key><VersionId>1</VersionId>", true, ""),
            ("<Key>a</Key><VersionId>1</VersionId>", false, "DeleteObjects element VersionId not implemented"),
            ("<Key>a</Key><ETag>e</ETag>", true, "DeleteObjects element ETag not implemented"),
            ("<Key>a</Key><Size>1</Size>", true, "DeleteObjects element Size not implemented"),
            (
                "<Key>a</Key><LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</LastModifiedTime>",
                true,
                "DeleteObjects element LastModifiedTime not implemented",
            ),
            ("<Key>/a</Key>", true, Code::INVALID_OBJECT_NAME.message),
        ] {
            let document = format!("<Delete><Object>{entry}</Object></Delete>");
            let entries = crate::s3::xml::Delete::parse(document.as_bytes()).unwrap().entries;
            let said =
                check_deletable(&entries[0], has_versions, dialect).err().map(|error| error.message.into_owned());
            assert_eq!(said.unwrap_or_default(), expected, "{entry}");
        }
    }
}
