//! Conditions on reads and writes, as RFC 9110 section 13 has them.

use super::deviations::Deviation;
use super::payloads::etag;
use super::subject::{Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] = cases![on_reads, on_reads_of_nothing, on_writes, dates_on_writes, that_fail_write_nothing];

const BODY: &str = "0123456789";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Fri, 06 Nov 2093 08:49:37 GMT";

fn on_reads(subject: &Subject) {
    let bucket = subject.bucket();
    let tag = bucket.put("a", BODY);
    let (tag, list) = (tag.as_str(), format!("\"x\", {tag}"));
    let to_come = subject.answer(Deviation::DatesToCome, (304, "")).0;
    let of_two_tags = subject.answer(Deviation::MatchesOverNone, (412, "")).0;
    let of_both = subject.answer(Deviation::TagsOverDates, (200, "")).0;
    let of_a_list = subject.answer(Deviation::ListsOfTags, (200, "")).0;
    for (headers, status) in [
        (&[("if-match", tag)][..], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-match", &list)], of_a_list),
        (&[("if-none-match", tag)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"x\"")], 200),
        (&[("if-modified-since", BEFORE)], 200),
        (&[("if-modified-since", AFTER)], to_come),
        (&[("if-unmodified-since", BEFORE)], 412),
        (&[("if-unmodified-since", AFTER)], 200),
        (&[("if-unmodified-since", "2000-01-01T00:00:00Z")], 412),
        // Tags over dates, what must hold over what saves a transfer, and both before ranges.
        (&[("if-match", tag), ("if-unmodified-since", BEFORE)], 200),
        (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], of_both),
        (&[("if-match", "\"x\""), ("if-none-match", tag)], of_two_tags),
        (&[("if-match", "\"x\""), ("range", "bytes=99-")], 412),
        (&[("if-match", tag), ("range", "bytes=0-0")], 206),
    ] {
        let answer = bucket.get_with("a", headers);
        assert_eq!((answer.status, answer.element("Code").as_str()), (status, code(status)), "{headers:?}");
        let untagged = status == 304 && subject.deviation(Deviation::TagsOfTheUnmodified).is_some();
        assert!(status == 412 || answer.header("etag") == if untagged { "" } else { tag }, "{headers:?}");
        let head = bucket.head_with("a", headers);
        assert_eq!(head.status, if status == 206 { 200 } else { status }, "HEAD {headers:?}");
    }
}

fn code(status: u16) -> &'static str {
    if status == 412 { "PreconditionFailed" } else { "" }
}

fn on_reads_of_nothing(subject: &Subject) {
    let bucket = subject.bucket();
    for header in [("if-match", "*"), ("if-none-match", "*"), ("if-unmodified-since", BEFORE)] {
        assert_answer(&bucket.get_with("none", &[header]), 404, "NoSuchKey");
    }
}

fn on_writes(subject: &Subject) {
    let bucket = subject.bucket();
    let tag = bucket.put("old", BODY);
    let of_any = subject.answer(Deviation::AnyTagOnWrites, (200, "")).0;
    for (key, headers, status) in [
        ("old", [("if-none-match", "*")], 412),
        ("old", [("if-match", "\"781e5e245d69b566979b86e28d23f2c8\"")], 412),
        ("old", [("if-match", &tag)], 200),
        ("old", [("if-match", "*")], of_any),
        ("new", [("if-none-match", "*")], 200),
        ("new", [("if-none-match", "*")], 412),
    ] {
        assert_answer(&bucket.put_with(key, &headers, BODY), status, code(status));
    }
}

fn dates_on_writes(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("old", BODY);
    let (status, code) = subject.answer(Deviation::DatesOnWrites, (412, "PreconditionFailed"));
    for date in [BEFORE, "2000-01-01T00:00:00Z", "946684800", ""] {
        assert_answer(&bucket.put_with("old", &[("if-unmodified-since", date)], "second"), status, code);
    }
    assert_answer(&bucket.put_with("new", &[("if-modified-since", "2000-01-01T00:00:00Z")], "second"), status, code);
    assert_answer(&bucket.get("new"), 404, "NoSuchKey");
    assert_eq!(bucket.get("old").text(), BODY);
}

fn that_fail_write_nothing(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("old", BODY);
    for body in ["second".to_owned(), "second".repeat(100_000)] {
        assert_answer(&bucket.put_with("old", &[("if-none-match", "*")], body), 412, "PreconditionFailed");
    }
    let read = bucket.get("old");
    assert_eq!((read.text().as_str(), read.header("etag")), (BODY, etag(BODY.as_bytes()).as_str()));
}
