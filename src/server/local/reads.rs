//! GetObject and HeadObject.

use super::Local;
use crate::filters::Admitted;
use crate::s3::precondition::{ReadConditions, Verdict};
use crate::s3::range::ByteRange;
use crate::s3::{Code, Operation, S3Error};
use crate::server::answer::{Answer, Body};
use crate::store::{Object, ObjectInfo};
use http::StatusCode;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, LAST_MODIFIED};
use std::ops::Range;

/// Which bytes of an object a request is for.
struct Selection {
    range: Range<u64>,
    /// Whether the answer is 206 with a Content-Range.
    partial: bool,
}

impl Local {
    /// GetObject, and HeadObject, which is the same without the bytes.
    pub(super) async fn read_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let object = self.store.object(request.bucket()?, request.object_key()?).await?;
        match ReadConditions::from_view(&request.view).decide(object.info.existing()) {
            Verdict::Failed => Err(Code::PRECONDITION_FAILED.into()),
            Verdict::NotModified => Ok(validators(StatusCode::NOT_MODIFIED, &object.info)),
            Verdict::Proceed => answer(request, object),
        }
    }
}

fn answer(request: &Admitted<'_>, object: Object) -> Result<Answer, S3Error> {
    let view = &request.view;
    let selection = select(request, &object.info)?;
    let status = if selection.partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let length = selection.range.end - selection.range.start;
    let mut answer = validators(status, &object.info)
        .with(ACCEPT_RANGES, "bytes")
        .with_all(object.info.metadata.clone().overridden(view)?.headers());
    if selection.partial {
        answer = answer.with(CONTENT_RANGE, &content_range(&selection.range, object.info.size));
    } else if view.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")) {
        // A checksum of the whole object says nothing about a part of it.
        answer = answer.with_all(object.info.checksum.iter().flat_map(|checksum| checksum.headers()));
    }
    answer.body = match request.row.operation {
        Operation::HeadObject => Body::Length(length),
        _ => Body::Object(length, object.read(selection.range)),
    };
    Ok(answer)
}

/// ETag and Last-Modified, which a 304 has as well (RFC 9110 section 15.4.5).
fn validators(status: StatusCode, info: &ObjectInfo) -> Answer {
    Answer::empty(status).with(ETAG, &info.etag.quoted()).with(LAST_MODIFIED, &info.last_modified.http_date())
}

fn select(request: &Admitted<'_>, info: &ObjectInfo) -> Result<Selection, S3Error> {
    match (request.view.header("range"), request.view.parameter("partNumber")) {
        (Some(_), Some(_)) => Err(S3Error::new(Code::INVALID_REQUEST)
            .message("Cannot specify both Range header and partNumber query parameter")),
        (Some(range), None) => Ok(Selection { range: ByteRange::parse(range)?.resolve(info.size)?, partial: true }),
        (None, Some(number)) => select_part(number, info),
        (None, None) => Ok(Selection { range: 0..info.size, partial: false }),
    }
}

/// An object that was written in one piece has one part, which is all of it.
fn select_part(number: &str, info: &ObjectInfo) -> Result<Selection, S3Error> {
    match parse_part_number(number)? {
        1 => Ok(Selection { range: 0..info.size, partial: info.size > 0 }),
        _ => Err(S3Error::new(Code::INVALID_PART_NUMBER)),
    }
}

/// Reads `partNumber`; blanks around it and leading zeros are R2's, and so is the text of the refusal.
fn parse_part_number(text: &str) -> Result<u32, S3Error> {
    let number = text.trim().parse().ok().filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| {
        S3Error::new(Code::INVALID_ARGUMENT).message("Part number must be an integer between 1 and 10000, inclusive.")
    })
}

/// The value of Content-Range: first and last byte, and the size (RFC 9110 section 14.4).
fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_numbers_run_from_1_to_10000() {
        for (text, expected) in [("1", Some(1)), ("01", Some(1)), (" 2 ", Some(2)), ("10000", Some(10_000))] {
            assert_eq!(parse_part_number(text).ok(), expected, "{text}");
        }
        for text in ["", "0", "10001", "-1", "1.0", "x"] {
            let error = parse_part_number(text).unwrap_err();
            assert_eq!(error.message, "Part number must be an integer between 1 and 10000, inclusive.", "{text}");
        }
    }

    #[test]
    fn content_ranges_include_both_ends() {
        assert_eq!(content_range(&(2..5), 10), "bytes 2-4/10");
        assert_eq!(content_range(&(0..1), 1), "bytes 0-0/1");
    }
}
