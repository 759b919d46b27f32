//! What operations read of the headers and the query of a request: ranges, conditions, dates, metadata, markers.

use super::head::{Head, now};
use super::input::Input;
use crate::routing::TrustedProxies;
use crate::s3::bucket_listing::BucketQuery;
use crate::s3::checksum::{Checksum, announced_trailer, content_md5};
use crate::s3::copy_source::CopySource;
use crate::s3::customer_key::CustomerKey;
use crate::s3::etag::ETag;
use crate::s3::listing::{ListQuery, MAX_PAGE, Position, Version};
use crate::s3::metadata::{DEFAULT_CONTENT_TYPE, Metadata};
use crate::s3::names::MAX_KEY_BYTES;
use crate::s3::part_number::{part_number, uploaded_part_number};
use crate::s3::precondition::{Existing, ReadConditions, ReadOutcome, WriteConditions};
use crate::s3::query::Query;
use crate::s3::range::ByteRange;
use crate::s3::storage_class::StorageClass;
use crate::s3::trace::trace_id;
use crate::s3::upload_listing::UploadQuery;
use crate::s3::view::RequestView;
use crate::s3::{S3Error, Timestamp};
use http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr};

/// What is read keeps within its bounds, and reads back as it was written.
pub fn headers(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let size = u64::from(input.byte()) << (input.byte() % 64);
    let head = Head::parse(input.rest());
    let _ = TrustedProxies::default().read(IpAddr::V4(Ipv4Addr::LOCALHOST), &head.headers);
    let Ok(query) = Query::parse(&head.query) else { return };
    let view = RequestView::from_signed_headers(&head.headers, query);
    check_range(&head, size);
    check_conditions(&view);
    check_dates(&view);
    check_metadata(&view);
    check_listings(&view);
    check_values(&view);
}

fn check_range(head: &Head, size: u64) {
    for header in ["range", "x-amz-copy-source-range"] {
        let Some(text) = head.borrow().header(header) else { continue };
        for range in [ByteRange::parse(text), ByteRange::parse_copy_source(text)] {
            match range.and_then(|range| range.resolve(size)) {
                Ok(bytes) => assert!(bytes.start < bytes.end && bytes.end <= size, "{text} of {size}"),
                Err(error) => assert!(is_the_clients(&error), "{text}: {error}"),
            }
        }
    }
}

fn is_the_clients(error: &S3Error) -> bool {
    error.status.is_client_error() || error.code == "NotImplemented"
}

/// A read and a write see the same of what is there.
fn check_conditions(view: &RequestView<'_>) {
    let etag = ETag::from_md5([0; 16]);
    let existing = Existing { etag: &etag, last_modified: now() };
    let (read, write) = (ReadConditions::from_copy_source(view), WriteConditions::from_copy_destination(view));
    let _ = (read.decide(existing), write.hold(Some(existing)), write.hold(None));
    let (read, write) = (ReadConditions::from_view(view), WriteConditions::from_view(view));
    let outcome = read.decide(existing);
    if write.hold(Some(existing)) {
        assert_eq!(outcome, ReadOutcome::Proceed, "a write overwrites what a read does not even show");
    }
    assert!(!read.never_hold() || outcome == ReadOutcome::Failed || outcome == ReadOutcome::NotModified);
}

fn check_dates(view: &RequestView<'_>) {
    for (_, value) in view.headers() {
        let Ok(text) = std::str::from_utf8(value) else { continue };
        if let Some(time) = Timestamp::parse_amz_date(text) {
            assert_eq!(time.amz_date(), text);
        }
        if let Some(time) = Timestamp::parse_http_date(text) {
            assert_eq!(Timestamp::parse_http_date(&time.http_date()), Some(time), "{text}");
        }
        if let Some(time) = Timestamp::parse_iso_8601(text) {
            assert_eq!(Timestamp::parse_iso_8601(&time.iso_8601()), Some(time), "{text}");
        }
        if let Some(etag) = ETag::parse(text) {
            assert_eq!(ETag::parse(&etag.quoted()), Some(etag), "{text}");
        }
        let _ = (CopySource::parse(text), part_number(text), uploaded_part_number(text));
        let _ = trace_id([value].into_iter());
    }
}

/// What a GET of the object would say is read as what was stored.
fn check_metadata(view: &RequestView<'_>) {
    let Ok(metadata) = Metadata::from_view(view) else { return };
    let headers: HeaderMap = metadata.headers().into_iter().collect();
    let again = Metadata::from_view(&RequestView::from_signed_headers(&headers, Query::default())).unwrap();
    let content_type = metadata.content_type.clone().or_else(|| Some(DEFAULT_CONTENT_TYPE.to_owned()));
    assert_eq!(again, Metadata { content_type, ..metadata.clone() }, "{headers:?}");
    let _ = metadata.overridden(view);
}

fn check_listings(view: &RequestView<'_>) {
    for version in [Version::V1, Version::V2] {
        let Ok(list) = ListQuery::parse(version, view) else { continue };
        assert!(list.limit() <= MAX_PAGE);
        let Some(start) = list.start else { continue };
        if (1..=MAX_KEY_BYTES).contains(&start.as_str().len()) {
            assert_eq!(Position::from_token(&start.to_token()), Some(start));
        }
    }
    if let Ok(uploads) = UploadQuery::parse(view) {
        let _ = (uploads.limit() <= MAX_PAGE, uploads.start().map(|start| start.markers().0.len()));
    }
    let _ = BucketQuery::parse(view).map(|query| query.asks_for_a_page());
}

fn check_values(view: &RequestView<'_>) {
    let _ = (announced_trailer(view), content_md5(view), StorageClass::from_view(view), CopySource::from_view(view));
    if let Ok(Some(checksum)) = Checksum::from_view(view) {
        assert_eq!(Checksum::parse(checksum.algorithm, &checksum.value).map(|again| again.value), Ok(checksum.value));
    }
    if let Ok(Some(key)) = CustomerKey::from_view(view) {
        let headers: HeaderMap = key.headers().into_iter().collect();
        assert!(headers.values().all(|value| !value.as_bytes().windows(32).any(|part| part == key.bytes())));
    }
    let _ = CustomerKey::of_copy_source(view);
}
