//! Keys of every kind: written, listed, read and deleted under the very name.

use super::deviations::Deviation;
use super::subject::{Bucket, Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] =
    cases![odd_ones, the_longest, below_each_other, with_empty_segments, with_dot_segments, case_matters];

/// Writes an object under a key, given percent-encoded, finds it in listings of both kinds, reads it, deletes it.
fn round_trip(bucket: &Bucket<'_>, key: &str, plain: &str) {
    assert_answer(&bucket.put_with(key, &[], plain), 200, "");
    assert_eq!(bucket.keys(), [plain], "{key}");
    let listed = bucket.get("?encoding-type=url");
    let encoding = bucket.subject.answer(Deviation::EncodedNames, (200, "url")).1;
    assert_eq!(listed.element("EncodingType"), encoding);
    let name = listed.element("Key");
    assert_eq!(if encoding == "url" { decoded(&name) } else { name }, plain, "{key}");
    let prefixed = bucket.get(&format!("?list-type=2&prefix={}", encoded(plain)));
    assert_eq!(prefixed.elements("Key"), [plain], "{key}");
    let read = bucket.get(key);
    assert_eq!((read.status, read.text().as_str()), (200, plain), "{key}");
    assert_answer(&bucket.delete(key), 204, "");
    assert_eq!(bucket.keys(), [""; 0], "{key}");
}

/// A name as it was before it was encoded for a listing.
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', "%20")).decode_utf8().unwrap().into_owned()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn odd_ones(subject: &Subject) {
    let bucket = subject.bucket();
    for (key, plain) in [
        ("a%20b", "a b"),
        ("%20leading%20and%20trailing%20", " leading and trailing "),
        ("a%2Bb", "a+b"),
        ("a+b", "a+b"),
        ("100%25", "100%"),
        ("a%2525b", "a%25b"),
        ("%3Ca%3E%26%22b%22'c'", "<a>&\"b\"'c'"),
        ("a%26amp%3Bb", "a&amp;b"),
        ("gr%C3%BC%C3%9Fe/%F0%9F%90%9F", "grüße/🐟"),
        ("a=b;c:d@e!f$g(h)i*j,k~l", "a=b;c:d@e!f$g(h)i*j,k~l"),
        ("a%3Fb%23c", "a?b#c"),
        ("a%5Bb%5D%7Bc%7D%7C%5E%60", "a[b]{c}|^`"),
        ("deep/er/and/deep/er", "deep/er/and/deep/er"),
        ("a%2Fb", "a/b"),
        ("x-amz-meta-key", "x-amz-meta-key"),
    ] {
        round_trip(&bucket, key, plain);
    }
}

fn the_longest(subject: &Subject) {
    let bucket = subject.bucket();
    // No segment above 255 bytes: where keys are files, that is what a name may have.
    let key = ["k"; 4].map(|letter| letter.repeat(254)).join("/");
    round_trip(&bucket, &key, &key);
    let too_long = "k".repeat(1025);
    assert_answer(&bucket.put_with(&too_long, &[], ""), 400, "InvalidObjectName");
}

fn below_each_other(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "above");
    let below = bucket.put_with("a/b", &[], "below");
    if let Some(row) = subject.deviation(Deviation::KeyBelowKey) {
        assert_answer(&below, row.answers.0, row.answers.1);
        assert_eq!(bucket.keys(), ["a"]);
        return;
    }
    assert_answer(&below, 200, "");
    assert_eq!(bucket.keys(), ["a", "a/b"]);
    assert_eq!((bucket.get("a").text(), bucket.get("a/b").text()), ("above".to_owned(), "below".to_owned()));
    bucket.put("a/", "folder");
    assert_answer(&bucket.delete("a"), 204, "");
    assert_eq!(bucket.keys(), ["a/", "a/b"]);
    assert_eq!((bucket.get("a/").text(), bucket.get("a/b").text()), ("folder".to_owned(), "below".to_owned()));
}

fn with_empty_segments(subject: &Subject) {
    let bucket = subject.bucket();
    for (key, plain) in [("a//b", "a//b"), ("/a", "/a"), ("a/b//", "a/b//")] {
        if let Some(row) = subject.deviation(Deviation::EmptySegments) {
            assert_answer(&bucket.put_with(key, &[], plain), row.answers.0, row.answers.1);
            assert_eq!(bucket.keys(), [""; 0]);
        } else {
            round_trip(&bucket, key, plain);
        }
    }
}

fn with_dot_segments(subject: &Subject) {
    let bucket = subject.bucket();
    for (key, plain) in [("../a", "../a"), ("a/../b", "a/../b"), ("a/./b", "a/./b"), ("..", ".."), ("%2E%2E/a", "../a")]
    {
        if let Some(row) = subject.deviation(Deviation::DotSegments) {
            assert_answer(&bucket.put_with(key, &[], plain), row.answers.0, row.answers.1);
            assert_eq!(bucket.keys(), [""; 0]);
        } else {
            round_trip(&bucket, key, plain);
        }
    }
}

fn case_matters(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("key", "lower");
    bucket.put("Key", "upper");
    assert_eq!(bucket.keys(), ["Key", "key"]);
    assert_eq!((bucket.get("key").text(), bucket.get("Key").text()), ("lower".to_owned(), "upper".to_owned()));
}
