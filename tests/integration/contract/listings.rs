//! Listings of objects, of both versions: what a page holds and how the next is asked for.

use super::deviations::Deviation;
use super::keys::decoded;
use super::subject::{Bucket, Subject, assert_answer};
use super::{Case, cases};
use crate::support::Response;

pub const CASES: &[Case] = cases![
    prefixes_and_delimiters,
    page_sizes,
    pages_follow_each_other,
    pages_start_where_the_client_asks,
    listings_have_the_fields_of_an_object,
    listings_echo_the_request,
    encoded,
    a_thousand_and_more,
    parameters_that_are_refused,
];

fn filled<'a>(subject: &'a Subject, keys: &[&str]) -> Bucket<'a> {
    let bucket = subject.bucket();
    for key in keys {
        bucket.put(key, *key);
    }
    bucket
}

/// Keys, a bar, common prefixes: the order within each is the listing's.
fn page(answer: &Response) -> String {
    assert_answer(answer, 200, "");
    format!("{}|{}", answer.elements("Key").join(" "), prefixes(answer).join(" "))
}

fn prefixes(answer: &Response) -> Vec<String> {
    let text = answer.text();
    let groups = text.split("<CommonPrefixes>").skip(1);
    groups.flat_map(|group| Response { body: group.into(), ..answer.clone() }.elements("Prefix")).collect()
}

fn prefixes_and_delimiters(subject: &Subject) {
    let bucket = filled(subject, &["a/b", "a/c/d", "a/e", "a0", "b--c--d", "b--e", "z"]);
    for (query, expected) in [
        ("", "a/b a/c/d a/e a0 b--c--d b--e z|"),
        ("prefix=a", "a/b a/c/d a/e a0|"),
        ("prefix=a%2F", "a/b a/c/d a/e|"),
        ("prefix=x", "|"),
        ("prefix=", "a/b a/c/d a/e a0 b--c--d b--e z|"),
        ("delimiter=%2F", "a0 b--c--d b--e z|a/"),
        ("delimiter=/&prefix=a/", "a/b a/e|a/c/"),
        ("delimiter=/&prefix=a", "a0|a/"),
        ("delimiter=/&prefix=a/c", "|a/c/"),
        ("delimiter=--", "a/b a/c/d a/e a0 z|b--"),
        ("delimiter=--&prefix=b--", "b--e|b--c--"),
        ("delimiter=none", "a/b a/c/d a/e a0 b--c--d b--e z|"),
    ] {
        assert_eq!(page(&bucket.get(&format!("?{query}"))), expected, "V1 {query}");
        assert_eq!(page(&bucket.get(&format!("?list-type=2&{query}"))), expected, "V2 {query}");
    }
}

fn page_sizes(subject: &Subject) {
    let bucket = filled(subject, &["a", "b", "c"]);
    for (max_keys, expected, truncated) in [
        ("0", "|", "false"),
        ("1", "a|", "true"),
        ("2", "a b|", "true"),
        ("3", "a b c|", "false"),
        ("1000", "a b c|", "false"),
    ] {
        for version in ["", "list-type=2&"] {
            let answer = bucket.get(&format!("?{version}max-keys={max_keys}"));
            assert_eq!(page(&answer), expected, "{version}{max_keys}");
            assert_eq!((answer.element("MaxKeys"), answer.element("IsTruncated")), (max_keys.into(), truncated.into()));
        }
    }
    let (status, code) = subject.answer(Deviation::MaxKeys, (400, "InvalidMaxKeys"));
    for max_keys in ["-1", "x"] {
        assert_answer(&bucket.get(&format!("?max-keys={max_keys}")), status, code);
    }
}

/// Reads all pages; `next` gives the parameter that asks for the following one.
fn read_through(bucket: &Bucket<'_>, query: &str, next: impl Fn(&Response) -> String) -> Vec<String> {
    let (mut pages, mut at) = (Vec::new(), String::new());
    while pages.len() < 100 {
        let answer = bucket.get(&format!("?{query}{at}"));
        pages.push(page(&answer));
        if answer.element("IsTruncated") == "false" {
            let empty = bucket.subject.deviation(Deviation::KnowingTheLastPage).map(|row| row.answers.1);
            return if pages.last().map(String::as_str) == empty { pages[..pages.len() - 1].to_vec() } else { pages };
        }
        at = format!("&{}", next(&answer));
    }
    panic!("{query} never ends: {pages:?}");
}

fn by_token(answer: &Response) -> String {
    format!("continuation-token={}", encoded_parameter(&answer.element("NextContinuationToken")))
}

fn by_marker(answer: &Response) -> String {
    format!("marker={}", encoded_parameter(&answer.element("NextMarker")))
}

/// V1 without a delimiter: clients may go on from the last key.
fn by_last_key(answer: &Response) -> String {
    format!("marker={}", encoded_parameter(answer.elements("Key").last().unwrap()))
}

fn encoded_parameter(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn pages_follow_each_other(subject: &Subject) {
    let bucket = filled(subject, &["a/1", "a/2", "b+%26", "c/1", "c/2", "d"]);
    let flat = ["a/1 a/2|", "b+& c/1|", "c/2 d|"];
    assert_eq!(read_through(&bucket, "list-type=2&max-keys=2", by_token), flat);
    assert_eq!(read_through(&bucket, "max-keys=2", by_last_key), flat);
    let rolled = ["b+&|a/", "d|c/"];
    assert_eq!(read_through(&bucket, "list-type=2&delimiter=/&max-keys=2", by_token), rolled);
    assert_eq!(read_through(&bucket, "delimiter=/&max-keys=2", by_marker), rolled);
    let single = ["|a/", "b+&|", "|c/", "d|"];
    assert_eq!(read_through(&bucket, "list-type=2&delimiter=/&max-keys=1", by_token), single);
    assert_eq!(read_through(&bucket, "delimiter=/&max-keys=1", by_marker), single);
    assert_eq!(read_through(&bucket, "list-type=2&prefix=c&max-keys=1", by_token), ["c/1|", "c/2|"]);
}

fn pages_start_where_the_client_asks(subject: &Subject) {
    let bucket = filled(subject, &["a", "b", "c"]);
    for (query, expected) in [
        ("marker=a", "b c|"),
        ("marker=aa", "b c|"),
        ("marker=c", "|"),
        ("marker=", "a b c|"),
        ("list-type=2&start-after=b", "c|"),
        ("list-type=2&start-after=", "a b c|"),
        ("list-type=2&start-after=b&prefix=c", "c|"),
    ] {
        assert_eq!(page(&bucket.get(&format!("?{query}"))), expected, "{query}");
    }
    let outside = bucket.get("?marker=B&prefix=b");
    match subject.deviation(Deviation::MarkersOutsideThePrefix) {
        Some(row) => assert_answer(&outside, row.answers.0, row.answers.1),
        None => assert_eq!(page(&outside), "b|"),
    }
}

fn listings_have_the_fields_of_an_object(subject: &Subject) {
    let bucket = subject.bucket();
    let etag = bucket.put("a", "123456789");
    for query in ["?prefix=a", "?list-type=2&prefix=a"] {
        let answer = bucket.get(query);
        for (element, value) in [
            ("Name", bucket.name.as_str()),
            ("Prefix", "a"),
            ("Key", "a"),
            ("ETag", &etag),
            ("Size", "9"),
            ("StorageClass", "STANDARD"),
        ] {
            assert_eq!(answer.element(element), value, "{element} of {query}");
        }
        let modified = answer.element("LastModified");
        let usual = (200, "2006-03-01T00:00:00.000Z");
        let like = subject.answer(Deviation::Milliseconds, usual).1;
        assert!(modified.len() == like.len() && modified.ends_with('Z'), "{modified}");
        assert_eq!(answer.header("content-type"), "application/xml");
    }
    // V1 names the owner always, V2 where it is asked to.
    for (query, owners) in [("?", 1), ("?list-type=2", 0), ("?list-type=2&fetch-owner=true", 1)] {
        assert_eq!(bucket.get(query).text().matches("<Owner>").count(), owners, "{query}");
    }
}

fn listings_echo_the_request(subject: &Subject) {
    let bucket = filled(subject, &["a/b", "c"]);
    let v1 = bucket.get("?delimiter=/&marker=a&max-keys=7&prefix=a");
    let reported = ["Delimiter", "Marker", "MaxKeys", "Prefix", "IsTruncated"].map(|name| v1.element(name));
    assert_eq!(reported, ["/", "a", "7", "a", "false"]);
    let v2 = bucket.get("?list-type=2&delimiter=/&start-after=A&max-keys=7");
    let reported = ["Delimiter", "StartAfter", "MaxKeys", "KeyCount", "IsTruncated"].map(|name| v2.element(name));
    assert_eq!(reported, ["/", "A", "7", "2", "false"]);
    let first = bucket.get("?list-type=2&max-keys=1");
    let token = first.element("NextContinuationToken");
    let second = bucket.get(&format!("?list-type=2&continuation-token={}", encoded_parameter(&token)));
    assert_eq!((second.element("ContinuationToken"), page(&second)), (token, "c|".to_owned()));
}

/// Names that are percent-encoded on request, a space as `%20`.
fn encoded(subject: &Subject) {
    let bucket = filled(subject, &["a%20b%26/1", "gr%C3%BCn"]);
    let encoding = subject.answer(Deviation::EncodedNames, (200, "url")).1;
    let expected = |text: &str| if encoding == "url" { text.to_owned() } else { decoded(text) };
    for version in ["", "&list-type=2"] {
        let answer = bucket.get(&format!("?encoding-type=url&delimiter=%26{version}"));
        assert_eq!(answer.element("EncodingType"), encoding);
        assert_eq!(page(&answer), expected("gr%C3%BCn|a%20b%26"), "{version}");
        let prefixed = bucket.get(&format!("?encoding-type=url&prefix=a%20{version}"));
        assert_eq!(prefixed.element("Prefix"), expected("a%20"), "{version}");
        assert_eq!(page(&prefixed), expected("a%20b%26/1|"), "{version}");
    }
}

fn a_thousand_and_more(subject: &Subject) {
    let bucket = subject.bucket();
    let keys: Vec<_> = (0..1003).map(|n| format!("key-{n:04}")).collect();
    for key in &keys {
        bucket.put(key, "");
    }
    for query in ["list-type=2", "list-type=2&max-keys=5000"] {
        let pages = read_through(&bucket, query, by_token);
        let counts: Vec<_> = pages.iter().map(|page| page.split(' ').count()).collect();
        assert_eq!(counts, [1000, 3], "{query}");
        assert_eq!(pages.join(" ").replace('|', ""), keys.join(" "), "{query}");
    }
    assert_eq!(read_through(&bucket, "max-keys=1000", by_last_key).len(), 2);
}

fn parameters_that_are_refused(subject: &Subject) {
    let bucket = filled(subject, &["a"]);
    for (query, status, code) in [
        ("continuation-token=x", 400, "InvalidArgument"),
        ("list-type=3", 501, "NotImplemented"),
        ("encoding-type=weird", 501, "NotImplemented"),
        ("list-type=2&marker=a", 501, "NotImplemented"),
        ("metadata=true", 501, "NotImplemented"),
        ("versions", 501, "NotImplemented"),
    ] {
        assert_answer(&bucket.get(&format!("?{query}")), status, code);
    }
}
