//! Reading parts of objects, and reading them under other headers.

use super::deviations::Deviation;
use super::payloads::bytes;
use super::subject::{Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] =
    cases![ranges, ranges_of_large_objects, ranges_that_are_none, heads_have_no_ranges, other_headers, part_one];

const BODY: &str = "0123456789";

fn ranges(subject: &Subject) {
    let bucket = subject.bucket();
    let etag = bucket.put("ten", BODY);
    for (range, text, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=0-9", BODY, "bytes 0-9/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=0-", BODY, "bytes 0-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", BODY, "bytes 0-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
    ] {
        let part = bucket.get_with("ten", &[("range", range)]);
        assert_eq!((part.status, part.text().as_str()), (206, text), "{range}");
        assert_eq!((part.header("content-range"), part.header("etag")), (content_range, etag.as_str()), "{range}");
        assert_eq!(part.header("content-length"), text.len().to_string(), "{range}");
    }
}

fn ranges_of_large_objects(subject: &Subject) {
    let bucket = subject.bucket();
    let body = bytes(6 << 20, 0);
    bucket.put("large", body.clone());
    for (first, last) in [(0, 65_535), (65_535, 65_536), ((5 << 20) - 1, 5 << 20), (1, (6 << 20) - 1)] {
        let part = bucket.get_with("large", &[("range", &format!("bytes={first}-{last}"))]);
        assert!(part.status == 206 && part.body == body[first..=last], "{first}-{last}");
    }
}

fn ranges_that_are_none(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("ten", BODY);
    bucket.put("empty", "");
    let backward = subject.answer(Deviation::BackwardRanges, (400, "InvalidArgument"));
    let unreadable = subject.answer(Deviation::UnreadableRanges, (400, "InvalidArgument"));
    for (key, range, (status, code)) in [
        ("ten", "bytes=10-", (416, "InvalidRange")),
        ("ten", "bytes=99-100", (416, "InvalidRange")),
        ("ten", "bytes=-0", (416, "InvalidRange")),
        ("empty", "bytes=0-", (416, "InvalidRange")),
        ("ten", "bytes=5-3", backward),
        ("ten", "bytes=0-1,3-4", unreadable),
        ("ten", "items=0-1", unreadable),
        ("ten", "bytes=a-b", unreadable),
    ] {
        assert_answer(&bucket.get_with(key, &[("range", range)]), status, code);
    }
}

/// The page: "Range (has no effect in HeadObject)".
fn heads_have_no_ranges(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("ten", BODY);
    for range in ["bytes=0-0", "bytes=99-", "nonsense"] {
        let head = bucket.head_with("ten", &[("range", range)]);
        assert_eq!(
            (head.status, head.header("content-length"), head.header("content-range")),
            (200, "10", ""),
            "{range}"
        );
    }
}

fn other_headers(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("ten", BODY);
    for (parameter, header, value) in [
        ("response-content-type=text%2Fhtml", "content-type", "text/html"),
        ("response-cache-control=no-store", "cache-control", "no-store"),
        (
            "response-content-disposition=attachment%3B%20filename%3D%22a%2Bb%22",
            "content-disposition",
            "attachment; filename=\"a+b\"",
        ),
        ("response-content-encoding=gzip", "content-encoding", "gzip"),
        ("response-content-language=tr", "content-language", "tr"),
        ("response-expires=Wed,%2001%20Dec%202094%2016:00:00%20GMT", "expires", "Wed, 01 Dec 2094 16:00:00 GMT"),
    ] {
        let read = bucket.get(&format!("ten?{parameter}"));
        assert_eq!((read.status, read.header(header), read.text().as_str()), (200, value, BODY), "{parameter}");
    }
    let status = subject.answer(Deviation::RefusingControlCharacters, (400, "InvalidArgument")).0;
    let smuggled = bucket.get("ten?response-content-type=a%0d%0aset-cookie:b");
    assert_eq!((smuggled.status, smuggled.header("set-cookie")), (status, ""));
}

/// An object that was written at once has one part.
fn part_one(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("ten", BODY);
    let part = bucket.get("ten?partNumber=1");
    assert_eq!((part.status, part.text().as_str(), part.header("content-range")), (206, BODY, "bytes 0-9/10"));
    assert_eq!(bucket.get("ten?partNumber=2").status, 416);
    assert_answer(&bucket.get("ten?partNumber=0"), 400, "InvalidArgument");
}
