//! CopyObject.

use super::deviations::Deviation;
use super::payloads::{bytes, etag};
use super::subject::{Bucket, Subject, assert_answer};
use super::{Case, cases};
use crate::support::Response;

pub const CASES: &[Case] = cases![
    in_a_bucket_and_out_of_it,
    of_odd_keys,
    with_metadata_or_without,
    onto_themselves,
    on_conditions,
    of_what_is_not_there,
];

/// How a time is written.
const TIME: (u16, &str) = (200, "2006-03-01T00:00:00.000Z");
const SOURCE: &str = "x-amz-copy-source";

fn copy(to: &Bucket<'_>, key: &str, source: &str, headers: &[(&str, &str)]) -> Response {
    to.put_with(key, &[&[(SOURCE, source)], headers].concat(), "")
}

fn in_a_bucket_and_out_of_it(subject: &Subject) {
    let (from, to) = (subject.bucket(), subject.bucket());
    for body in [Vec::new(), b"123456789".to_vec(), bytes(6 << 20, 3)] {
        from.put("a", body.clone());
        for bucket in [&from, &to] {
            let copied = copy(bucket, "copy", &format!("/{}/a", from.name), &[]);
            assert_answer(&copied, 200, "");
            assert_eq!(copied.element("ETag"), etag(&body));
            assert_eq!(copied.element("LastModified").len(), subject.answer(Deviation::Milliseconds, TIME).1.len());
            assert!(bucket.get("copy").body == body);
        }
    }
    assert_eq!((from.keys(), to.keys()), (vec!["a".to_owned(), "copy".into()], vec!["copy".to_owned()]));
}

fn of_odd_keys(subject: &Subject) {
    let bucket = subject.bucket();
    for key in ["a%20b", "a%2Bb", "gr%C3%BC%C3%9Fe/%F0%9F%90%9F", "a%26b%3Dc", "100%2525", "a%3Fb"] {
        bucket.put(key, key);
        for source in [format!("/{}/{key}", bucket.name), format!("{}/{key}", bucket.name)] {
            assert_answer(&copy(&bucket, "copy", &source, &[]), 200, "");
            assert_eq!(bucket.get("copy").text(), key, "{source}");
        }
    }
}

fn with_metadata_or_without(subject: &Subject) {
    let bucket = subject.bucket();
    let old = [("content-type", "text/x-old"), ("cache-control", "no-cache"), ("x-amz-meta-old", "1")];
    assert_answer(&bucket.put_with("a", &old, "body"), 200, "");
    let source = format!("/{}/a", bucket.name);
    let headers = ["content-type", "cache-control", "x-amz-meta-old", "x-amz-meta-new"];
    let new = [("content-type", "text/x-new"), ("x-amz-meta-new", "2")];
    for (directive, expected) in
        [("COPY", ["text/x-old", "no-cache", "1", ""]), ("REPLACE", ["text/x-new", "", "", "2"])]
    {
        let headers_sent = [&[("x-amz-metadata-directive", directive)], &new[..]].concat();
        assert_answer(&copy(&bucket, "copy", &source, &headers_sent), 200, "");
        let read = bucket.get("copy");
        assert_eq!(headers.map(|name| read.header(name)), expected, "{directive}");
    }
    assert_answer(&copy(&bucket, "x", &source, &[("x-amz-metadata-directive", "FOO")]), 400, "InvalidArgument");
}

fn onto_themselves(subject: &Subject) {
    let bucket = subject.bucket();
    let etag = bucket.put("a", "body");
    let source = format!("/{}/a", bucket.name);
    assert_answer(&copy(&bucket, "a", &source, &[]), 400, "InvalidRequest");
    let change = [("x-amz-metadata-directive", "REPLACE"), ("content-type", "text/x-new")];
    assert_answer(&copy(&bucket, "a", &source, &change), 200, "");
    let read = bucket.get("a");
    assert_eq!(
        (read.header("etag"), read.header("content-type"), read.text().as_str()),
        (etag.as_str(), "text/x-new", "body")
    );
}

fn on_conditions(subject: &Subject) {
    let bucket = subject.bucket();
    let etag = bucket.put("a", "body");
    let source = format!("/{}/a", bucket.name);
    let (past, future) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    for (condition, value, holds) in [
        ("if-match", etag.as_str(), true),
        ("if-match", "\"x\"", false),
        ("if-none-match", "\"x\"", true),
        ("if-none-match", &etag, false),
        ("if-modified-since", past, true),
        ("if-modified-since", future, false),
        ("if-unmodified-since", future, true),
        ("if-unmodified-since", past, false),
        ("if-unmodified-since", "2100-01-01T00:00:00Z", false),
        ("if-modified-since", "2000-01-01T00:00:00Z", false),
    ] {
        let copied = copy(&bucket, "copy", &source, &[(&format!("x-amz-copy-source-{condition}"), value)]);
        let failed = (412, "PreconditionFailed");
        let of_the_future = condition == "if-modified-since" && value == future;
        let failed = if of_the_future { subject.answer(Deviation::DatesToCome, failed) } else { failed };
        let (status, code) = if holds { (200, "") } else { failed };
        assert_eq!((copied.status, copied.element("Code").as_str()), (status, code), "{condition}: {value}");
        assert_eq!(bucket.delete("copy").status, 204);
        assert!(holds || bucket.keys() == ["a"]);
    }
}

fn of_what_is_not_there(subject: &Subject) {
    let bucket = subject.bucket();
    assert_answer(&copy(&bucket, "copy", &format!("/{}/none", bucket.name), &[]), 404, "NoSuchKey");
    assert_answer(&copy(&bucket, "copy", &format!("/{}/none", subject.unused_name()), &[]), 404, "NoSuchBucket");
    assert_answer(&copy(&bucket, "copy", &bucket.name, &[]), 400, "InvalidArgument");
    assert_eq!(bucket.keys(), [""; 0]);
}
