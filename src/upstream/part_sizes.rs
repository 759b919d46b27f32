//! Whether an upload to a remote store has parts of one size, by that store's list of parts: the query, the meaning of
//! an answer, and the comparison.
//!
//! R2 does not complete an upload whose parts differ in size; other stores do. r2shim asks for the list before it sends
//! the request to complete. If the store gives no list, the upload is not refused.

use crate::s3::S3Error;
use crate::s3::etag::ETag;
use crate::s3::part_list::check_sizes;
use crate::s3::uri;
use crate::s3::xml::{CompletedPart, ErrorDocument, StoredPart};
use http::StatusCode;
use percent_encoding::utf8_percent_encode;

/// The consequence of a store's refusal to list the parts of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRefusal {
    /// The request to complete would fail in the same way: the client gets this error.
    Final,
    /// The store may still complete the upload, and gets the request.
    Unlisted,
}

impl ListRefusal {
    /// Judges an answer that is not a list. If the upload or bucket does not exist, or the store fails for the moment,
    /// the client gets the error and can retry: a temporary failure must not skip the check. Any other error is about
    /// ListParts: the key may not use it, or the store does not have it.
    pub fn of(status: StatusCode, document: Option<&ErrorDocument>) -> ListRefusal {
        let gone = document.is_some_and(|error| matches!(error.code.as_str(), "NoSuchUpload" | "NoSuchBucket"));
        let fails = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
        if gone || fails { ListRefusal::Final } else { ListRefusal::Unlisted }
    }
}

/// The query of ListParts for the page after this part number; 0 for the first.
pub fn query(upload_id: &str, after: u16) -> String {
    let id = utf8_percent_encode(upload_id, uri::IN_QUERY);
    match after {
        0 => format!("uploadId={id}"),
        _ => format!("part-number-marker={after}&uploadId={id}"),
    }
}

/// Compares the sizes of the parts that the client names, in order, and that the store has with the same tag. The store
/// refuses the others.
///
/// # Errors
/// R2's error for parts that differ or are too small.
pub fn check(named: &[&CompletedPart], stored: &[StoredPart]) -> Result<(), S3Error> {
    let by_number: std::collections::HashMap<i64, &StoredPart> =
        stored.iter().map(|part| (i64::from(part.number), part)).collect();
    let agrees = |named: &&CompletedPart| by_number.get(&named.number).filter(|part| same_tag(named, part)).copied();
    let sizes: Vec<_> = named.iter().filter_map(agrees).map(|part| (part.number, part.size)).collect();
    if sizes.is_empty() { Ok(()) } else { Ok(check_sizes(&sizes, true)?) }
}

/// With most stores the tag of a part is an MD5, whose case does not matter. Other tags are compared as they are.
fn same_tag(named: &CompletedPart, stored: &StoredPart) -> bool {
    match (ETag::parse(&named.etag), ETag::parse(&stored.etag)) {
        (Some(named), Some(stored)) => named == stored,
        _ => named.etag == stored.etag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::part_list::MIN_PART;

    const TAGS: [&str; 3] =
        ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f", "4a8a08f09d37b73795649038408b5f33"];

    fn named(number: u16) -> CompletedPart {
        let etag = TAGS[usize::from(number) - 1].to_owned();
        CompletedPart { number: i64::from(number), etag, checksums: Vec::new() }
    }

    fn stored(number: u16, size: u64) -> StoredPart {
        StoredPart { number, etag: TAGS[usize::from(number) - 1].to_uppercase(), size }
    }

    #[test]
    fn only_named_parts_with_the_same_tag_are_compared() {
        let other = StoredPart { etag: "opaque".to_owned(), ..stored(2, MIN_PART + 1) };
        for (numbers, parts, code) in [
            (&[1, 2, 3][..], vec![stored(1, MIN_PART), stored(2, MIN_PART), stored(3, 7)], ""),
            (&[1, 2, 3], vec![stored(1, MIN_PART), stored(2, MIN_PART + 1), stored(3, 7)], "InvalidPart"),
            (&[1, 2], vec![stored(1, MIN_PART), stored(2, MIN_PART + 1)], "InvalidPart"),
            (&[1, 2], vec![stored(1, MIN_PART - 1), stored(2, 1)], "EntityTooSmall"),
            // Not named by the client, another tag, not in the list.
            (&[1, 3], vec![stored(1, MIN_PART), stored(2, MIN_PART + 1), stored(3, 7)], ""),
            (&[1, 2, 3], vec![stored(1, MIN_PART), other.clone(), stored(3, 7)], ""),
            (&[1, 2, 3], vec![stored(3, MIN_PART)], ""),
            (&[1, 2], vec![], ""),
        ] {
            let listed: Vec<_> = numbers.iter().map(|number| named(*number)).collect();
            let refused = check(&listed.iter().collect::<Vec<_>>(), &parts).err();
            assert_eq!(refused.map_or(String::new(), |error| error.code.into_owned()), code, "{numbers:?} {parts:?}");
        }
    }

    #[test]
    fn without_a_list_of_parts_an_upload_is_not_refused() {
        for (status, code, expected) in [
            (404, "NoSuchUpload", ListRefusal::Final),
            (404, "NoSuchBucket", ListRefusal::Final),
            (503, "SlowDown", ListRefusal::Final),
            (500, "", ListRefusal::Final),
            (501, "NotImplemented", ListRefusal::Unlisted),
            (403, "AccessDenied", ListRefusal::Unlisted),
            (405, "MethodNotAllowed", ListRefusal::Unlisted),
            (400, "InvalidRequest", ListRefusal::Unlisted),
            (404, "", ListRefusal::Unlisted),
        ] {
            let document = ErrorDocument::parse(format!("<Error><Code>{code}</Code></Error>").as_bytes());
            let document = document.filter(|_| !code.is_empty());
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ListRefusal::of(status, document.as_ref()), expected, "{status} {code}");
        }
    }

    #[test]
    fn queries() {
        assert_eq!(query("a/+", 0), "uploadId=a%2F%2B");
        assert_eq!(query("a", 1000), "part-number-marker=1000&uploadId=a");
    }
}
