//! The `Range` header: one run of bytes, with R2's answers where it is not one.
//!
//! Several ranges in one request are refused, as R2 does. `If-Range` decides elsewhere whether a range counts.

use crate::s3::{Code, S3Error};
use std::ops::Range;

/// R2's message for a malformed header; the odd quote at the end is R2's.
const MALFORMED: &str = "range must be in format 'bytes=start-end', 'bytes=start-' or 'bytes=-suffix'.'";

/// A range as asked for, not yet held against an object (RFC 9110 section 14.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// `bytes=FIRST-LAST`, both included.
    Closed(u64, u64),
    /// `bytes=FIRST-`.
    From(u64),
    /// `bytes=-LENGTH`: the last bytes.
    Last(u64),
}

impl ByteRange {
    /// Reads a header's value.
    ///
    /// # Errors
    /// 400 `InvalidArgument` in R2's words for what is malformed, several ranges, or a last byte before the first.
    pub fn parse(text: &str) -> Result<ByteRange, S3Error> {
        let range = ByteRange::read(text).ok_or_else(|| S3Error::new(Code::INVALID_ARGUMENT).message(MALFORMED))?;
        range.in_order("range")
    }

    /// Reads the value of `x-amz-copy-source-range`, which names both ends (S3 API, UploadPartCopy).
    ///
    /// # Errors
    /// As [`ByteRange::parse`], in the words R2 has for this header.
    pub fn parse_copy_source(text: &str) -> Result<ByteRange, S3Error> {
        match ByteRange::read(text) {
            Some(range @ ByteRange::Closed(..)) => range.in_order("x-amz-copy-source-range"),
            _ => {
                let message = format!("Invalid x-amz-copy-source-range: {text}");
                Err(S3Error::new(Code::INVALID_ARGUMENT).message(message))
            }
        }
    }

    fn read(text: &str) -> Option<ByteRange> {
        let (unit, spec) = text.trim().split_once('=')?;
        let (first, last) = spec.split_once('-')?;
        let range = match (position(first), position(last)) {
            (Some(first), Some(last)) => ByteRange::Closed(first, last),
            (Some(first), None) if last.is_empty() => ByteRange::From(first),
            (None, Some(length)) if first.is_empty() => ByteRange::Last(length),
            _ => return None,
        };
        // RFC 9110 section 14.1 has units in any case. R2 takes this one in lower case only.
        (unit == "bytes").then_some(range)
    }

    /// The bytes it means in an object of `size` bytes; what reaches past the end is cut there.
    ///
    /// # Errors
    /// 416 `InvalidRange` with `Content-Range: bytes */SIZE` where no byte is left (RFC 9110 section 15.5.17).
    pub fn resolve(self, size: u64) -> Result<Range<u64>, S3Error> {
        let range = match self {
            ByteRange::Closed(first, last) => first..size.min(last.saturating_add(1)),
            ByteRange::From(first) => first..size,
            ByteRange::Last(length) => size.saturating_sub(length)..size,
        };
        let unsatisfiable = || S3Error::new(Code::INVALID_RANGE).header("content-range", format!("bytes */{size}"));
        (!range.is_empty()).then_some(range).ok_or_else(unsatisfiable)
    }

    fn in_order(self, name: &str) -> Result<ByteRange, S3Error> {
        match self {
            ByteRange::Closed(first, last) if first > last => {
                Err(S3Error::new(Code::INVALID_ARGUMENT).message(format!("{name} must be positive.")))
            }
            range => Ok(range),
        }
    }
}

/// A number of digits only; one too large for us is larger than any object.
fn position(digits: &str) -> Option<u64> {
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(header: &str, size: u64) -> Result<Range<u64>, (u16, String)> {
        let range = ByteRange::parse(header).and_then(|range| range.resolve(size));
        range.map_err(|error| (error.status.as_u16(), error.message.into_owned()))
    }

    #[test]
    fn ranges_within_an_object() {
        for (header, size, expected) in [
            ("bytes=0-0", 10, 0..1),
            ("bytes=0-9", 10, 0..10),
            ("bytes=2-4", 10, 2..5),
            ("bytes=9-", 10, 9..10),
            ("bytes=0-", 1, 0..1),
            ("bytes=-3", 10, 7..10),
            ("bytes=-10", 10, 0..10),
            ("bytes=-11", 10, 0..10),
            ("bytes=5-99", 10, 5..10),
            ("bytes=5-99999999999999999999999999", 10, 5..10),
            ("bytes=0-18446744073709551615", 10, 0..10),
            (" bytes=007-08 ", 10, 7..9),
        ] {
            assert_eq!(answer(header, size), Ok(expected), "{header} of {size}");
        }
    }

    #[test]
    fn ranges_outside_an_object() {
        let unsatisfiable = Err((416, Code::INVALID_RANGE.message.to_owned()));
        for (header, size) in [
            ("bytes=10-", 10),
            ("bytes=10-12", 10),
            ("bytes=99999999999999999999-", 10),
            ("bytes=-0", 10),
            ("bytes=0-", 0),
            ("bytes=0-0", 0),
            ("bytes=-1", 0),
        ] {
            assert_eq!(answer(header, size), unsatisfiable, "{header} of {size}");
        }
        let error = ByteRange::From(10).resolve(10).unwrap_err();
        assert_eq!(error.headers, [("content-range", "bytes */10".to_owned())]);
    }

    #[test]
    fn malformed_ranges_are_refused_in_r2s_words() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=0-1,3-4",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=0x1-2",
            "items=0-1",
            "bytes 0-1",
            "bytes=1 - 2",
            "bytes=--1",
            "bytes=1-x",
            "bytes=x-1",
        ] {
            assert_eq!(answer(header, 10), Err((400, MALFORMED.to_owned())), "{header}");
        }
        assert_eq!(answer("bytes=5-3", 10), Err((400, "range must be positive.".to_owned())));
    }
    #[test]
    fn the_range_of_a_copy_names_both_ends() {
        assert_eq!(ByteRange::parse_copy_source("bytes=2-4"), Ok(ByteRange::Closed(2, 4)));
        for (text, message) in [
            ("bytes=2-", "Invalid x-amz-copy-source-range: bytes=2-"),
            ("bytes=-2", "Invalid x-amz-copy-source-range: bytes=-2"),
            ("0-9", "Invalid x-amz-copy-source-range: 0-9"),
            ("", "Invalid x-amz-copy-source-range: "),
            ("bytes=4-2", "x-amz-copy-source-range must be positive."),
        ] {
            let error = ByteRange::parse_copy_source(text).unwrap_err();
            assert_eq!((&*error.code, &*error.message), ("InvalidArgument", message));
        }
    }
}
