//! CopyObject and UploadPartCopy over the wire.

use crate::support::{KEY_ID, Request, Response, SECRET, Signing, TestServer};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Permission};
use r2shim::sigv4::Secret;
use std::time::{Duration, Instant};

const SOURCE: &str = "x-amz-copy-source";
const WRITER: &str = "fedcba9876543210fedcba9876543210";

fn server() -> TestServer {
    let server = TestServer::with_bucket("r2", "media");
    let put = Request::put("/media/a%20%2Bb").header("content-type", "text/x-test").header("x-amz-meta-who", "me");
    assert_eq!(server.send(put.body("123456789")).status, 200);
    server
}

fn copy(server: &TestServer, target: &str, source: &str, headers: &[(&str, &str)]) -> Response {
    let request = Request::put(target).header(SOURCE, source);
    server.send(headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
}

#[test]
fn a_source_has_many_spellings() {
    let server = server();
    for source in ["/media/a%20%2Bb", "media/a%20%2Bb", "media%2Fa%20%2bb", "media/a%20+b", "media/a +b"] {
        let copied = copy(&server, "/media/copy", source, &[]);
        assert_eq!(copied.status, 200, "{source}: {}", copied.text());
        let read = server.send(Request::get("/media/copy"));
        assert_eq!((read.text().as_str(), read.header("content-type")), ("123456789", "text/x-test"));
        assert_eq!((read.header("x-amz-meta-who"), read.header("etag")), ("me", &*copied.element("ETag")));
    }
}

#[test]
fn sources_that_cannot_be_copied() {
    let server = server();
    for (source, status, code, message) in [
        ("media", 400, "InvalidArgument", "copy source bucket name"),
        ("", 400, "InvalidArgument", "copy source bucket name"),
        ("Media/a", 404, "NoSuchBucket", "The specified bucket does not exist."),
        ("media/none", 404, "NoSuchKey", "The specified key does not exist."),
        ("nobody/a", 404, "NoSuchBucket", "The specified bucket does not exist."),
        (
            "media/a%20%2Bb?versionId=1",
            501,
            "NotImplemented",
            "Header 'x-amz-copy-source' with value 'media/a%20%2Bb?versionId=1' not implemented",
        ),
    ] {
        let refused = copy(&server, "/media/copy", source, &[]).error();
        assert_eq!(refused, (status, code.to_owned(), message.to_owned()), "{source}");
    }
    assert_eq!(server.keys("media"), ["a +b"]);
}

#[test]
fn metadata_is_copied_or_replaced() {
    let server = server();
    let source = "media/a%20%2Bb";
    let ours = [("content-type", "a/b"), ("cache-control", "no-store"), ("x-amz-meta-new", "1")];
    let directive = |value| [&[("x-amz-metadata-directive", value)], &ours[..]].concat();
    copy(&server, "/media/kept", source, &directive("COPY"));
    let kept = server.send(Request::get("/media/kept"));
    assert_eq!((kept.header("content-type"), kept.header("x-amz-meta-who")), ("text/x-test", "me"));
    assert_eq!((kept.header("cache-control"), kept.header("x-amz-meta-new")), ("", ""));
    copy(&server, "/media/replaced", source, &directive("REPLACE"));
    let replaced = server.send(Request::get("/media/replaced"));
    assert_eq!((replaced.header("content-type"), replaced.header("x-amz-meta-who")), ("a/b", ""));
    assert_eq!((replaced.header("cache-control"), replaced.header("x-amz-meta-new")), ("no-store", "1"));
    let unknown = copy(&server, "/media/x", source, &directive("FOO")).error();
    assert_eq!(unknown, (400, "InvalidArgument".to_owned(), "metadata directive FOO.".to_owned()));
}

#[test]
fn an_object_is_copied_onto_itself_only_with_a_change() {
    let server = server();
    let (path, source) = ("/media/a%20%2Bb", "/media/a%20%2Bb");
    let refused = copy(&server, path, source, &[]).error();
    assert_eq!((refused.0, refused.1.as_str()), (400, "InvalidRequest"));
    let change = [("x-amz-metadata-directive", "REPLACE"), ("content-type", "a/b")];
    assert_eq!(copy(&server, path, source, &change).status, 200);
    let read = server.send(Request::get(path));
    assert_eq!((read.text().as_str(), read.header("content-type")), ("123456789", "a/b"));
}

#[test]
fn conditions_on_the_source() {
    let server = server();
    let etag = server.send(Request::new("HEAD", "/media/a%20%2Bb")).header("etag").to_owned();
    let (past, future) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    for (header, value, status) in [
        ("x-amz-copy-source-if-match", etag.as_str(), 200),
        ("x-amz-copy-source-if-match", "\"x\"", 412),
        ("x-amz-copy-source-if-none-match", "\"x\"", 200),
        ("x-amz-copy-source-if-none-match", &etag, 412),
        ("x-amz-copy-source-if-modified-since", past, 200),
        ("x-amz-copy-source-if-modified-since", future, 412),
        ("x-amz-copy-source-if-unmodified-since", future, 200),
        ("x-amz-copy-source-if-unmodified-since", past, 412),
        ("x-amz-copy-source-if-unmodified-since", "2000-01-01T00:00:00Z", 412),
        ("x-amz-copy-source-if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 +0000", 412),
        ("x-amz-copy-source-if-modified-since", "2000-01-01T00:00:00Z", 412),
    ] {
        let copied = copy(&server, "/media/copy", "media/a%20%2Bb", &[(header, value)]);
        assert_eq!(copied.status, status, "{header}: {value}");
        assert!(status == 200 || copied.error().1 == "PreconditionFailed");
    }
}

#[test]
fn parts_are_copied_from_objects() {
    let server = server();
    let id = server.send(Request::new("POST", "/media/joined?uploads")).element("UploadId");
    let target = format!("/media/joined?partNumber=1&uploadId={id}");
    let range = |text| [("x-amz-copy-source-range", text)];
    let source = "media/a%20%2Bb";
    for (text, status, message) in [
        ("bytes=2-", 400, "Invalid x-amz-copy-source-range: bytes=2-"),
        ("bytes=4-2", 400, "x-amz-copy-source-range must be positive."),
        ("bytes=9-12", 416, "The requested range is not satisfiable"),
    ] {
        let refused = copy(&server, &target, source, &range(text)).error();
        assert_eq!((refused.0, refused.2.as_str()), (status, message), "{text}");
    }
    let copied = copy(&server, &target, source, &range("bytes=2-100"));
    assert_eq!(copied.status, 200, "{}", copied.text());
    let part = format!("<Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>", copied.element("ETag"));
    let document = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    let done = server.send(Request::new("POST", &format!("/media/joined?uploadId={id}")).body(document));
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(server.send(Request::get("/media/joined")).text(), "3456789");
    let gone = copy(&server, &target, source, &[]).error();
    assert_eq!((gone.0, gone.1.as_str()), (404, "NoSuchUpload"));
    // The multipart object as a source.
    let copied = copy(&server, "/media/again", "media/joined", &[]);
    assert_eq!(copied.element("ETag"), done.element("ETag"));
    assert_eq!(server.send(Request::get("/media/again?partNumber=1")).header("x-amz-mp-parts-count"), "1");
}

/// A key that may write in one bucket and not read in another must not read there by copying.
#[test]
fn the_source_is_authorised_like_a_read() {
    let scope = BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
    let writer = AccessKey {
        permission: Permission::ObjectReadWrite,
        buckets: scope,
        ..AccessKey::admin(WRITER, Secret::new(SECRET))
    };
    let server = TestServer::with_keys("r2", [AccessKey::admin(KEY_ID, Secret::new(SECRET)), writer]);
    for bucket in ["media", "secrets"] {
        server.send(Request::put(&format!("/{bucket}")));
        server.send(Request::put(&format!("/{bucket}/a")).body("x"));
    }
    let writer = || Signing { id: WRITER.to_owned(), ..Signing::default() };
    let as_writer = |request: Request| server.connect().send(request.signed_by(server.address, &writer()).0);
    let id = as_writer(Request::new("POST", "/media/part?uploads")).element("UploadId");
    for target in ["/media/copy".to_owned(), format!("/media/part?partNumber=1&uploadId={id}")] {
        for source in ["secrets/a", "/secrets/a", "%2Fsecrets%2Fa", "secrets%2fa"] {
            let refused = as_writer(Request::put(&target).header(SOURCE, source)).error();
            assert_eq!(refused, (403, "AccessDenied".to_owned(), "Access Denied".to_owned()), "{target} {source}");
        }
        assert_eq!(as_writer(Request::put(&target).header(SOURCE, "media/a")).status, 200, "{target}");
    }
    // Hoisted into the query of a presigned URL, it is the same header.
    for (source, status) in [("secrets%2Fa", 403), ("media%2Fa", 200)] {
        let presigned = Request::put(&format!("/media/copy?X-Amz-Copy-Source={source}"));
        let answer = server.connect().send(presigned.presigned_by(server.address, 60, &writer()));
        assert_eq!(answer.status, status, "{source}: {}", answer.text());
    }
}

/// A header beside a presigned URL that its signature does not cover must not turn a write into a copy.
#[test]
fn an_unsigned_source_is_refused() {
    let server = server();
    let presigned = Request::put("/media/copy").presigned(server.address, 60);
    let refused = server.connect().send(presigned.header(SOURCE, "media/a%20%2Bb"));
    assert_eq!((refused.status, refused.error().1.as_str()), (403, "AccessDenied"), "{}", refused.text());
}

/// The copy reads all bytes but one for their digests, and lets others work after each piece.
#[test]
fn a_copy_ends_when_its_client_leaves() {
    let server = TestServer::with_bucket("r2", "media");
    let length = 32 << 20;
    assert_eq!(server.send(Request::put("/media/large").body(vec![1; length])).status, 200);
    let upload = server.send(Request::new("POST", "/media/parts?uploads")).element("UploadId");
    let part = Request::put(&format!("/media/parts?partNumber=1&uploadId={upload}"))
        .header(SOURCE, "/media/large")
        .header("x-amz-copy-source-range", &format!("bytes=0-{}", length - 2))
        .signed(server.address);
    let mut leaving = server.connect();
    leaving.write(&part.head_bytes());
    drop(leaving);
    let deadline = Instant::now() + Duration::from_secs(60);
    let counted = loop {
        let page = server.admin_page("/metrics").text();
        let line =
            page.lines().find(|line| line.starts_with("r2shim_requests_total{") && line.contains("UploadPartCopy"));
        if let Some(line) = line {
            break line.to_owned();
        }
        assert!(Instant::now() < deadline, "the copy goes on");
    };
    assert!(counted.contains("error=\"RequestTimeout\""), "{counted}");
    assert_eq!(server.send(Request::get(&format!("/media/parts?uploadId={upload}"))).elements("Part").len(), 0);
}
