//! Objects: written, read, overwritten, deleted, with all that belongs to them.

use super::payloads::{bytes, etag};
use super::subject::{Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] =
    cases![of_every_size, system_headers, metadata, metadata_beyond_ascii, overwritten, deleted, presigned,];

fn of_every_size(subject: &Subject) {
    let bucket = subject.bucket();
    for size in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 5 << 20, 17 << 20] {
        let body = bytes(size, 0);
        assert_eq!(bucket.put("sized", body.clone()), etag(&body), "{size}");
        let read = bucket.get("sized");
        assert_eq!((read.status, read.body.len(), read.header("etag")), (200, size, etag(&body).as_str()));
        assert!(read.body == body, "{size}");
        assert_eq!(read.header("accept-ranges"), "bytes");
        assert_eq!(read.header("content-length"), size.to_string());
        let head = bucket.head_with("sized", &[]);
        assert_eq!((head.status, head.header("content-length")), (200, size.to_string().as_str()));
        assert_eq!(head.header("etag"), etag(&body));
        assert_eq!(head.header("last-modified"), read.header("last-modified"));
        assert_eq!(bucket.get("?list-type=2").element("Size"), size.to_string());
    }
}

fn system_headers(subject: &Subject) {
    let bucket = subject.bucket();
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "max-age=3600, public"),
        ("content-disposition", "attachment; filename=\"a b.txt\""),
        ("content-encoding", "gzip"),
        ("content-language", "tr, en"),
        ("expires", "Wed, 01 Dec 2094 16:00:00 GMT"),
    ];
    assert_answer(&bucket.put_with("a", &headers, "body"), 200, "");
    for answer in [bucket.get("a"), bucket.head_with("a", &[])] {
        for (name, value) in headers {
            assert_eq!(answer.header(name), value);
        }
    }
    bucket.put("plain", "body");
    assert_eq!(bucket.get("plain").header("content-type"), "application/octet-stream");
}

fn metadata(subject: &Subject) {
    let bucket = subject.bucket();
    let headers = [("x-amz-meta-plain", "plain text"), ("X-Amz-Meta-Mixed-Case", "Kept As It Is")];
    assert_answer(&bucket.put_with("a", &headers, "body"), 200, "");
    for answer in [bucket.get("a"), bucket.head_with("a", &[])] {
        assert_eq!(answer.header("x-amz-meta-plain"), "plain text");
        assert_eq!(answer.header("x-amz-meta-mixed-case"), "Kept As It Is");
    }
    let much = "v".repeat(1500);
    assert_answer(&bucket.put_with("a", &[("x-amz-meta-much", &much)], "body"), 200, "");
    assert_eq!(bucket.get("a").header("x-amz-meta-much"), much);
    let more = "v".repeat(8192);
    assert_answer(&bucket.put_with("a", &[("x-amz-meta-more", &more)], "body"), 400, "MetadataTooLarge");
    assert_eq!(bucket.get("a").header("x-amz-meta-more"), "");
}

/// Written as UTF-8 or as an encoded word, it comes back as an encoded word: headers are ASCII.
fn metadata_beyond_ascii(subject: &Subject) {
    let bucket = subject.bucket();
    for written in ["Gruß", "=?UTF-8?B?R3J1w58=?=", "=?utf-8?q?Gru=C3=9F?="] {
        assert_answer(&bucket.put_with("a", &[("x-amz-meta-utf8", written)], "body"), 200, "");
        assert_eq!(bucket.get("a").header("x-amz-meta-utf8"), "=?UTF-8?B?R3J1w58=?=", "{written}");
        assert_eq!(bucket.head_with("a", &[]).header("x-amz-meta-utf8"), "=?UTF-8?B?R3J1w58=?=", "{written}");
    }
}

/// Nothing of the object before is left.
fn overwritten(subject: &Subject) {
    let bucket = subject.bucket();
    let headers = [("content-type", "text/x-first"), ("cache-control", "no-store"), ("x-amz-meta-first", "1")];
    assert_answer(&bucket.put_with("a", &headers, bytes(100_000, 1)), 200, "");
    bucket.put("a", "second");
    let read = bucket.get("a");
    assert_eq!((read.text().as_str(), read.header("content-type")), ("second", "application/octet-stream"));
    assert_eq!((read.header("cache-control"), read.header("x-amz-meta-first")), ("", ""));
    assert_eq!(bucket.keys(), ["a"]);
}

fn deleted(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "body");
    bucket.put("b", "body");
    assert_answer(&bucket.delete("a"), 204, "");
    assert_answer(&bucket.get("a"), 404, "NoSuchKey");
    assert_eq!(bucket.head_with("a", &[]).status, 404);
    assert_eq!(bucket.keys(), ["b"]);
    assert_answer(&bucket.delete("a"), 204, "");
}

fn presigned(subject: &Subject) {
    let bucket = subject.bucket();
    let put = bucket.request("PUT", "a%20b", &[("x-amz-meta-who", "me")]).body("body").presigned(subject.address, 60);
    assert_answer(&subject.exchange(&put), 200, "");
    let get = bucket.request("GET", "a%20b?response-content-type=a%2Fb", &[]).presigned(subject.address, 60);
    let read = subject.exchange(&get);
    assert_eq!((read.text().as_str(), read.header("content-type")), ("body", "a/b"));
    assert_eq!(read.header("x-amz-meta-who"), "me");
    let other = bucket.request("GET", "other", &[]).presigned(subject.address, 60).replaced("/other", "/a%20b");
    let refused = subject.exchange(&other);
    assert_eq!((refused.status, refused.element("Code").as_str()), (403, "SignatureDoesNotMatch"));
}
