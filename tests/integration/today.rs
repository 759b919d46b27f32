//! Today's R2 over the wire: each group of rulings of `r2-2026` that has an effect, once, on one server. What a bucket
//! remembers has tests of its own.

use crate::support::{Request, Response, TestServer};

/// A server with two objects, and what a test sends to it.
struct Today(TestServer);

impl Today {
    fn start() -> Today {
        let server = TestServer::with_bucket("r2-2026", "media");
        let today = Today(server);
        for key in ["/media/a", "/media/b"] {
            assert_eq!(
                today.send("PUT", key, &[("x-amz-meta-old", key), ("cache-control", "no-store")], "a").status,
                200
            );
        }
        today
    }

    fn send(&self, method: &'static str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let request = Request::new(method, path).body(body);
        self.0.send(headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    }

    fn copy(&self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.send("PUT", target, &[&[("x-amz-copy-source", "/media/a")], headers].concat(), "")
    }

    fn upload(&self, key: &str) -> (String, String) {
        let id = self.send("POST", &format!("/media/{key}?uploads"), &[], "").element("UploadId");
        let part = self.send("PUT", &format!("/media/{key}?partNumber=1&uploadId={id}"), &[], "part");
        assert_eq!(part.status, 200, "{}", part.text());
        (id, part.header("etag").to_owned())
    }

    fn complete(&self, key: &str, (id, etag): &(String, String), headers: &[(&str, &str)]) -> Response {
        let part = format!("<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>");
        let document = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
        self.send("POST", &format!("/media/{key}?uploadId={id}"), headers, &document)
    }
}

#[test]
fn rulings_have_their_effect() {
    let today = Today::start();
    conditions_of_a_completion(&today);
    conditions_of_a_copy(&today);
    merged_metadata(&today);
    encoded_metadata(&today);
    buckets_that_a_write_makes(&today);
    pages_of_buckets(&today);
    answers(&today);
    two_digests(&today);
}

/// Content-MD5 is one, too.
fn two_digests(today: &Today) {
    let md5 = ("content-md5", "DMF1ucDxtqgxw5niaXcmYQ==");
    for sum in [("x-amz-checksum-crc32", "6Le+Qw=="), ("x-amz-checksum-crc32c", "wdBDMA==")] {
        assert_eq!(today.send("PUT", "/media/x", &[sum], "a").status, 200, "{sum:?}");
        let refused = today.send("PUT", "/media/x", &[md5, sum], "a");
        let said = (refused.status, refused.element("Code"), refused.element("Message"));
        let expected =
            (400, "InvalidRequest".into(), "You can only specify one non-default checksum at a time.".into());
        assert_eq!(said, expected);
    }
    assert_eq!(today.send("PUT", "/media/x", &[md5], "a").status, 200);
}

/// One that fails aborts the upload.
fn conditions_of_a_completion(today: &Today) {
    let upload = today.upload("a");
    let refused = today.complete("a", &upload, &[("if-none-match", "*")]);
    assert_eq!((refused.status, refused.element("Code").as_str()), (412, "PreconditionFailed"));
    assert_eq!(today.complete("a", &upload, &[]).element("Code"), "NoSuchUpload");
    assert_eq!(today.send("GET", "/media/a", &[], "").text(), "a");
    let upload = today.upload("new");
    assert_eq!(today.complete("new", &upload, &[("if-none-match", "*")]).status, 200);
    assert_eq!(today.send("GET", "/media/new", &[], "").text(), "part");
}

fn conditions_of_a_copy(today: &Today) {
    let etag = today.send("HEAD", "/media/b", &[], "").header("etag").to_owned();
    for (target, name, value, status) in [
        ("/media/b", "cf-copy-destination-if-none-match", "*", 412),
        ("/media/b", "cf-copy-destination-if-match", "\"0cc175b9c0f1b6a831c399e269772660\"", 412),
        ("/media/b", "cf-copy-destination-if-match", etag.as_str(), 200),
        ("/media/b", "cf-copy-destination-if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
        ("/media/b", "cf-copy-destination-if-unmodified-since", "yesterday", 412),
        ("/media/b", "cf-copy-destination-if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("/media/free", "cf-copy-destination-if-match", "*", 412),
        ("/media/free", "cf-copy-destination-if-none-match", "*", 200),
    ] {
        let copied = today.copy(target, &[(name, value)]);
        assert_eq!(copied.status, status, "{target} {name}: {value}: {}", copied.text());
    }
}

fn merged_metadata(today: &Today) {
    let given = [("x-amz-metadata-directive", "MERGE"), ("x-amz-meta-new", "1"), ("content-type", "a/b")];
    assert_eq!(today.copy("/media/merged", &given).status, 200);
    let read = today.send("HEAD", "/media/merged", &[], "");
    let headers = ["x-amz-meta-old", "x-amz-meta-new", "content-type", "cache-control"].map(|name| read.header(name));
    assert_eq!(headers, ["/media/a", "1", "a/b", "no-store"]);
    let too_much = "x".repeat(8190);
    let refused = today.copy("/media/m", &[given[0], ("x-amz-meta-new", &too_much)]);
    assert_eq!((refused.status, refused.element("Code").as_str()), (400, "MetadataTooLarge"));
}

/// Words beyond ASCII count decoded, and come back encoded.
fn encoded_metadata(today: &Today) {
    assert_eq!(today.send("PUT", "/media/w", &[("x-amz-meta-w", "=?utf-8?Q?h=C3=A9?=")], "").status, 200);
    assert_eq!(today.send("HEAD", "/media/w", &[], "").header("x-amz-meta-w"), "=?UTF-8?B?aMOp?=");
}

fn buckets_that_a_write_makes(today: &Today) {
    let make = ("cf-create-bucket-if-missing", "true");
    assert_eq!(
        today.send("PUT", "/made/k", &[("cf-create-bucket-if-missing", "false")], "x").element("Code"),
        "NoSuchBucket"
    );
    for (method, path) in [("PUT", "/made/k"), ("PUT", "/made/k"), ("POST", "/made-too/k?uploads")] {
        let written = today.send(method, path, &[make], "x");
        assert_eq!(written.status, 200, "{path}: {}", written.text());
    }
    assert_eq!(today.send("GET", "/made/k", &[], "").text(), "x");
}

fn pages_of_buckets(today: &Today) {
    let page = today.send("GET", "/?max-keys=2", &[], "");
    assert_eq!(page.elements("Name"), ["made", "made-too"]);
    let said = ["IsTruncated", "KeyCount", "MaxKeys"].map(|name| page.element(name));
    assert_eq!((said, page.header("cf-is-truncated")), (["true", "2", "2"].map(str::to_owned), "true"));
    let token = page.element("NextContinuationToken");
    assert_eq!(page.header("cf-next-continuation-token"), token);
    let rest = today.send("GET", "/", &[("cf-continuation-token", &token)], "");
    assert_eq!((rest.elements("Name"), rest.header("cf-is-truncated")), (vec!["media".to_owned()], "false"));
    let all = today.send("GET", "/", &[], "");
    assert_eq!((all.elements("Name").len(), all.element("IsTruncated").as_str()), (3, ""));
}

/// Requests that differ in nothing but their answer.
fn answers(today: &Today) {
    for (method, path, header, status, code) in [
        ("GET", "/media?versioning", None, 200, ""),
        ("GET", "/media?versioning", Some(("x-amz-expected-bucket-owner", "1")), 501, "NotImplemented"),
        ("GET", "/media?tagging", None, 404, "NoSuchTagSet"),
        ("GET", "/media?tagging", Some(("x-amz-expected-bucket-owner", "1")), 501, "NotImplemented"),
        ("GET", "/none?tagging", None, 404, "NoSuchBucket"),
        ("GET", "/none?versioning", None, 404, "NoSuchBucket"),
        ("GET", "/media?policyStatus", None, 501, "NotImplemented"),
        ("PUT", "/media/x?x-purpose=1", Some(("x-amz-acl", "public-read")), 200, ""),
        ("PUT", "/media/x", Some(("x-amz-acl", "everyone")), 501, "NotImplemented"),
        ("PUT", "/media/x", Some(("x-amz-storage-class", "GLACIER")), 400, "InvalidStorageClass"),
        ("PUT", "/media/x", Some(("x-amz-server-side-encryption", "aws:kms")), 501, "NotImplemented"),
        ("PUT", "/media/x", Some(("x-amz-nothing-known", "1")), 200, ""),
        ("PUT", "/media/x", Some(("x-amz-expected-bucket-owner", "1")), 501, "NotImplemented"),
        ("DELETE", "/media/x?tagging", None, 501, "NotImplemented"),
        ("GET", "/media?list-type=2&metadata=true", None, 501, "NotImplemented"),
        ("GET", "/media?list-type=2&X-Amz-Unknown=1", None, 200, ""),
        ("POST", "/media/x?uploads", Some(("x-amz-checksum-type", "COMPOSITE")), 400, "InvalidRequest"),
        ("GET", "/?max-keys=x", None, 400, "InvalidMaxKeys"),
        ("GET", "/media/a?junk", Some(("x-amz-request-payer", "requester")), 200, ""),
    ] {
        let answer = today.send(method, path, header.as_slice(), "");
        assert_eq!((answer.status, answer.element("Code").as_str()), (status, code), "{method} {path} {header:?}");
    }
}
