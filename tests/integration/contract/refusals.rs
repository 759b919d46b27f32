//! What R2 lacks, and clients without a key: refused before anything reaches the store.

use super::subject::{Subject, assert_answer};
use super::{Case, cases};
use crate::support::{Request, Signing};

pub const CASES: &[Case] = cases![of_features, of_operations, of_strangers, of_unsigned_headers];

fn of_features(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "body");
    for (method, key, header) in [
        ("PUT", "new", ("x-amz-acl", "private")),
        ("PUT", "new", ("x-amz-tagging", "a=b")),
        ("PUT", "new", ("x-amz-storage-class", "GLACIER")),
        ("PUT", "new", ("x-amz-server-side-encryption", "AES256")),
        ("PUT", "new", ("x-amz-object-lock-mode", "GOVERNANCE")),
        ("PUT", "new", ("x-amz-new-in-2030", "1")),
        ("GET", "a", ("x-amz-expected-bucket-owner", "123456789012")),
        ("DELETE", "a", ("if-match", "*")),
        ("GET", "?list-type=2", ("x-amz-request-payer", "requester")),
    ] {
        assert_answer(&bucket.send(bucket.request(method, key, &[header])), 501, "NotImplemented");
    }
    assert_eq!(bucket.keys(), ["a"]);
}

fn of_operations(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "body");
    for (method, key) in [
        ("GET", "a?tagging"),
        ("DELETE", "a?tagging"),
        ("GET", "a?acl"),
        ("PUT", "a?retention"),
        ("GET", "a?attributes"),
        ("GET", "?versioning"),
        ("PUT", "?lifecycle"),
        ("DELETE", "?lifecycle"),
        ("DELETE", "?policy"),
        ("GET", "?versions"),
        ("DELETE", "a?versionId=null"),
    ] {
        assert_answer(&bucket.send(bucket.request(method, key, &[])), 501, "NotImplemented");
    }
    assert_eq!(bucket.keys(), ["a"]);
    assert_eq!(bucket.send(bucket.request("HEAD", "a?tagging", &[])).status, 501);
}

fn of_strangers(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "body");
    let sign = |signing: Signing, request: Request| subject.exchange(&request.signed_by(subject.address, &signing).0);
    for (method, key) in [("GET", "a"), ("PUT", "a"), ("DELETE", "a"), ("GET", "?list-type=2"), ("DELETE", "")] {
        let request = || bucket.request(method, key, &[]).body(if method == "PUT" { "forged" } else { "" });
        assert_answer(&subject.exchange(&request().unsigned(subject.address)), 400, "InvalidArgument");
        let stranger = Signing { id: "f".repeat(32), ..Signing::default() };
        assert_answer(&sign(stranger, request()), 401, "Unauthorized");
        let forger = Signing { secret: "guessed".to_owned(), ..Signing::default() };
        let refused = sign(forger, request());
        assert_eq!((refused.status, refused.element("Code").as_str()), (403, "SignatureDoesNotMatch"));
        assert_answer(&sign(Signing::default().ago(3600), request()), 403, "RequestTimeTooSkewed");
        let abroad = Signing { region: "eu-west-1".to_owned(), ..Signing::default() };
        assert_answer(&sign(abroad, request()), 400, "InvalidRegionName");
    }
    assert_eq!(bucket.get("a").text(), "body");
}

/// A header beside a signature that does not cover it must not turn a write into a copy.
fn of_unsigned_headers(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("secret", "secret");
    let source = format!("/{}/secret", bucket.name);
    for put in [
        bucket.request("PUT", "copy", &[]).presigned(subject.address, 60),
        bucket.request("PUT", "copy", &[]).signed(subject.address),
    ] {
        let refused = subject.exchange(&put.header("x-amz-copy-source", &source));
        assert_eq!((refused.status, refused.element("Code").as_str()), (403, "AccessDenied"), "{}", refused.text());
    }
    assert_eq!(bucket.keys(), ["secret"]);
}
