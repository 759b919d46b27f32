//! What a store says of itself stays between it and us.

use super::signatures::every_kind;
use super::{UPSTREAM_BUCKET, UPSTREAM_KEY_ID, UPSTREAM_REGION, front, get, put, store};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{Request, Response};

/// What no answer has, whatever the store sends.
const PRIVATE: &[(&str, &str)] = &[
    ("alt-svc", "h3=\":443\""),
    ("server", "MinIO"),
    ("location", "http://store.internal/acme-prod-media"),
    ("set-cookie", "node=1"),
    ("strict-transport-security", "max-age=31536000"),
    ("vary", "Origin"),
    ("via", "1.1 store.internal"),
    ("x-amz-id-2", "id-2"),
    ("x-amz-version-id", "v1"),
    ("x-amz-copy-source-version-id", "v1"),
    ("x-amz-delete-marker", "true"),
    ("x-amz-expiration", "expiry-date=\"x\""),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-replication-status", "COMPLETED"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-bucket-arn", "arn:aws:s3:::acme-prod-media"),
    ("x-amz-tagging-count", "1"),
    ("x-amz-access-point-alias", "false"),
    ("x-minio-deployment-id", "d"),
    ("x-rgw-object-type", "Normal"),
    ("x-new-in-2030", "1"),
];

fn talkative(request: &Received) -> Reply {
    let answer =
        store::usual(request).header("x-amz-request-id", "THEIRS").header("x-amz-bucket-region", UPSTREAM_REGION);
    PRIVATE.iter().fold(answer, |answer, (name, value)| answer.header(name, value))
}

fn assert_nothing_leaks(answer: &Response, what: &str) {
    for (name, value) in PRIVATE {
        assert_ne!(answer.header(name), *value, "{what}: {name}");
    }
    let seen = format!("{:?} {}", answer.headers, answer.text());
    for private in [UPSTREAM_BUCKET, UPSTREAM_KEY_ID, UPSTREAM_REGION, "upstream-owner", "store.internal", "THEIRS"] {
        assert!(!seen.contains(private), "{what}: {private}: {seen}");
    }
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "x-amz-request-id").count(), 1, "{what}");
    assert_eq!(answer.header("x-amz-request-id").len(), 16, "{what}");
}

#[test]
fn no_answer_names_the_store() {
    let upstream = Scripted::answering(talkative);
    let server = front(&upstream);
    for request in every_kind() {
        let what = format!("{} {}", request.method, request.target);
        let answer = server.send(request);
        assert!(answer.status < 300, "{what}: {}", answer.text());
        assert_nothing_leaks(&answer, &what);
    }
}

#[test]
fn errors_do_not_either() {
    let upstream = Scripted::answering(|request| {
        let body = format!(
            "<Error><Code>NoSuchKey</Code><Message>none in {UPSTREAM_BUCKET}</Message><BucketName>{UPSTREAM_BUCKET}\
             </BucketName><Resource>/{UPSTREAM_BUCKET}/kept</Resource><RequestId>THEIRS</RequestId></Error>"
        );
        let length = if request.method == "HEAD" { "" } else { &body };
        PRIVATE.iter().fold(Reply::xml(404, length), |answer, (name, value)| answer.header(name, value))
    });
    let server = front(&upstream);
    for request in [get(), Request::new("HEAD", "/media/kept"), put("new"), Request::get("/media?list-type=2")] {
        let what = format!("{} {}", request.method, request.target);
        let answer = server.send(request);
        assert_eq!(answer.status, 404, "{what}");
        assert_nothing_leaks(&answer, &what);
    }
}

/// Keys that could not be deleted are listed one by one in an answer that is a success.
#[test]
fn errors_in_a_success_do_not_either() {
    let result = format!(
        "<DeleteResult><Error><Key>kept</Key><Code>AccessDenied</Code><Message>{UPSTREAM_KEY_ID} may not in \
         arn:aws:s3:::{UPSTREAM_BUCKET}</Message></Error></DeleteResult>"
    );
    let upstream = Scripted::answering(move |_| Reply::xml(200, &result));
    let request = Request::new("POST", "/media?delete").body("<Delete><Object><Key>kept</Key></Object></Delete>");
    let answer = front(&upstream).send(request);
    assert_eq!(
        (answer.status, answer.element("Key"), answer.element("Code")),
        (200, "kept".into(), "AccessDenied".into())
    );
    assert_nothing_leaks(&answer, "DeleteObjects");
}

#[test]
fn headers_of_the_object_are_passed_on() {
    let own = [
        ("accept-ranges", "bytes"),
        ("cache-control", "no-cache"),
        ("content-disposition", "inline; filename=\"\u{e9}\""),
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("content-type", "text/x; charset=utf-8"),
        ("etag", "\"x-2\""),
        ("expires", "never"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-meta-name", "  a  b"),
        ("x-amz-mp-parts-count", "2"),
    ];
    let upstream = Scripted::answering(move |_| {
        own.iter().fold(Reply::new(200).body("kept"), |answer, (name, value)| answer.header(name, value))
    });
    let server = front(&upstream);
    for method in ["GET", "HEAD"] {
        let answer = server.send(Request::new(method, "/media/kept"));
        for (name, value) in own {
            assert_eq!(answer.header(name), value.trim(), "{method} {name}");
        }
    }
}
