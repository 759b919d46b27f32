//! GetObject and HeadObject.

use super::Local;
use super::objects::key_headers;
use crate::filters::Admitted;
use crate::s3::customer_key::CustomerKey;
use crate::s3::part_number::part_number;
use crate::s3::precondition::{ReadConditions, ReadOutcome};
use crate::s3::range::ByteRange;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use crate::server::answer::{Answer, Body};
use crate::store::ObjectInfo;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, ETAG, EXPIRES, LAST_MODIFIED};
use http::{HeaderName, StatusCode};
use std::ops::Range;

const PARTS_COUNT: HeaderName = HeaderName::from_static("x-amz-mp-parts-count");

/// The bytes of an object that a request asks for.
struct Selection {
    range: Range<u64>,
    /// Whether the answer is 206 with a Content-Range.
    partial: bool,
}

impl Local {
    /// GetObject.
    pub(super) async fn get_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        check(&request.view)?;
        let object = self.store.object(request.bucket()?, request.object_key()?).await?;
        let key = CustomerKey::from_view(&request.view)?;
        let (answer, range) = head(request, &object.info, key.as_ref())?;
        let answer = self.with_expiration(answer, request, object.info.last_modified)?;
        let Some(range) = range else { return Ok(answer) };
        let length = range.end - range.start;
        Ok(Answer { body: Body::Object(length, object.read(range, key.as_ref()).await?), ..answer })
    }

    /// HeadObject: the same without the bytes, which are not read.
    pub(super) async fn head_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        check(&request.view)?;
        let info = self.store.info(request.bucket()?, request.object_key()?).await?;
        let (answer, range) = head(request, &info, CustomerKey::from_view(&request.view)?.as_ref())?;
        let answer = self.with_expiration(answer, request, info.last_modified)?;
        let body = range.map_or(Body::Empty, |range| Body::Length(Some(range.end - range.start)));
        Ok(Answer { body, ..answer })
    }
}

/// Status and headers, and the bytes to send; `None` if the client's copy is still current. Without its key an
/// encrypted object shows nothing, not even its metadata.
fn head(
    request: &Admitted<'_>,
    info: &ObjectInfo,
    key: Option<&CustomerKey>,
) -> Result<(Answer, Option<Range<u64>>), S3Error> {
    info.require_key(key)?;
    match ReadConditions::from_view(&request.view).decide(info.existing()) {
        ReadOutcome::Failed => Err(Code::PRECONDITION_FAILED.into()),
        ReadOutcome::NotModified => Ok((not_modified(info), None)),
        ReadOutcome::Proceed => {
            let (answer, range) = found(request, info)?;
            Ok((answer.with_all(key_headers(key)), Some(range)))
        }
    }
}

fn found(request: &Admitted<'_>, info: &ObjectInfo) -> Result<(Answer, Range<u64>), S3Error> {
    let view = &request.view;
    let Selection { range, partial } = select(request, info)?;
    let status = if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = validators(status, info)
        .with(ACCEPT_RANGES, "bytes")
        .with_all(info.metadata.clone().overridden(view)?.headers())
        .with_all(info.storage_class.header());
    if view.has_parameter("partNumber") && !info.parts.is_empty() {
        answer = answer.with(PARTS_COUNT, &info.parts.len().to_string());
    }
    if partial {
        answer = answer.with(CONTENT_RANGE, &content_range(&range, info.size));
    } else if view.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")) {
        // A checksum of the whole object says nothing about a part of it.
        answer = answer.with_all(info.checksum.iter().flat_map(|checksum| checksum.headers()));
    }
    Ok((answer, range))
}

/// 304 with all headers by which a cache updates its copy (RFC 9110 section 15.4.5).
fn not_modified(info: &ObjectInfo) -> Answer {
    let freshness = [(CACHE_CONTROL, &info.metadata.cache_control), (EXPIRES, &info.metadata.expires)];
    let answer = validators(StatusCode::NOT_MODIFIED, info);
    freshness.into_iter().fold(answer, |answer, (name, value)| match value {
        Some(value) => answer.with(name, value),
        None => answer,
    })
}

fn validators(status: StatusCode, info: &ObjectInfo) -> Answer {
    Answer::empty(status).with(ETAG, &info.etag.quoted()).with(LAST_MODIFIED, &info.last_modified.http_date())
}

/// Refuses a malformed range. R2 reads the range before it looks for the object, so before its conditions, too.
pub(super) fn check(view: &RequestView<'_>) -> Result<(), S3Error> {
    CustomerKey::from_view(view)?;
    match (view.header("range").filter(|_| view.header("if-range").is_none()), view.parameter("partNumber")) {
        (Some(_), Some(_)) => Err(range_and_part()),
        (Some(range), None) => ByteRange::parse(range).map(drop),
        (None, Some(number)) => part_number(number).map(drop),
        (None, None) => Ok(()),
    }
}

fn range_and_part() -> S3Error {
    S3Error::new(Code::INVALID_REQUEST).message("Cannot specify both Range header and partNumber query parameter")
}

fn select(request: &Admitted<'_>, info: &ObjectInfo) -> Result<Selection, S3Error> {
    let range = request.view.header("range").filter(|_| is_still_the_same(&request.view, info));
    match (range, request.view.parameter("partNumber")) {
        (Some(_), Some(_)) => Err(range_and_part()),
        (Some(range), None) => Ok(Selection { range: ByteRange::parse(range)?.resolve(info.size)?, partial: true }),
        (None, Some(number)) => select_part(number, info),
        (None, None) => Ok(Selection { range: 0..info.size, partial: false }),
    }
}

/// Whether the object is still the one that the client has parts of. If it is not, a request with `If-Range` gets the
/// whole of the new one (RFC 9110 section 13.1.5).
fn is_still_the_same(view: &RequestView<'_>, info: &ObjectInfo) -> bool {
    match view.header("if-range").map(str::trim) {
        None => true,
        Some(tag) if tag.ends_with('"') => tag == info.etag.quoted(),
        Some(date) => date == info.last_modified.http_date(),
    }
}

/// The bytes of a part. An object that was not uploaded in parts is its own only part.
fn select_part(number: &str, info: &ObjectInfo) -> Result<Selection, S3Error> {
    let before = usize::from(part_number(number)?) - 1;
    let whole = [info.size];
    let parts = if info.parts.is_empty() { &whole[..] } else { &info.parts };
    let length = parts.get(before).ok_or(Code::INVALID_PART_NUMBER)?;
    let start: u64 = parts.iter().take(before).sum();
    Ok(Selection { range: start..start + length, partial: *length > 0 })
}

/// The value of Content-Range: first and last byte, and the size (RFC 9110 section 14.4).
fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Timestamp;
    use crate::s3::etag::ETag;
    use crate::s3::metadata::Metadata;
    use crate::s3::storage_class::StorageClass;

    fn info(size: u64, parts: &[u64]) -> ObjectInfo {
        ObjectInfo {
            size,
            etag: ETag::from_md5([0; 16]),
            last_modified: Timestamp::default(),
            metadata: Metadata::default(),
            storage_class: StorageClass::Standard,
            checksum: None,
            parts: parts.to_vec(),
            encryption: None,
        }
    }

    #[test]
    fn parts_follow_one_another() {
        for (number, info, expected) in [
            ("1", info(9, &[]), Some((0..9, true))),
            ("2", info(9, &[]), None),
            ("1", info(0, &[]), Some((0..0, false))),
            ("1", info(9, &[5, 4, 0]), Some((0..5, true))),
            ("2", info(9, &[5, 4, 0]), Some((5..9, true))),
            ("3", info(9, &[5, 4, 0]), Some((9..9, false))),
            ("4", info(9, &[5, 4, 0]), None),
        ] {
            let selected = select_part(number, &info).ok().map(|part| (part.range, part.partial));
            assert_eq!(selected, expected, "{number} of {:?}", info.parts);
        }
    }

    #[test]
    fn a_range_of_another_object_is_not_taken() {
        let info = info(9, &[]);
        let tag = info.etag.quoted();
        for (if_range, same) in [
            (None, true),
            (Some(tag.as_str()), true),
            (Some("\"other\""), false),
            (Some("W/\"d41d8cd98f00b204e9800998ecf8427e\""), false),
            (Some("Thu, 01 Jan 1970 00:00:00 GMT"), true),
            (Some("Thu, 01 Jan 1970 00:00:01 GMT"), false),
            (Some("x"), false),
        ] {
            let header = if_range.map(|value| (http::header::IF_RANGE, http::HeaderValue::from_str(value).unwrap()));
            let headers = http::HeaderMap::from_iter(header);
            let view = RequestView::from_signed_headers(&headers, crate::s3::query::Query::default());
            assert_eq!(is_still_the_same(&view, &info), same, "{if_range:?}");
        }
    }

    #[test]
    fn content_ranges_include_both_ends() {
        assert_eq!(content_range(&(2..5), 10), "bytes 2-4/10");
        assert_eq!(content_range(&(0..1), 1), "bytes 0-0/1");
    }
}
