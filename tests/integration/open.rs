//! The local store under the policy that refuses nothing: what it cannot do it refuses by name, and stores nothing.

use crate::support::{Request, TestServer};

fn put() -> Request {
    Request::put("/media/new").body("new")
}

#[test]
fn what_the_local_store_cannot_do_is_refused_by_name() {
    let server = TestServer::with_bucket("open", "media");
    assert_eq!(server.send(Request::put("/media/kept").body("kept")).status, 200);
    let before = server.contents();
    for (request, operation, name) in [
        (Request::put("/fresh"), "CreateBucket", "x-amz-bucket-object-lock-enabled"),
        (put(), "PutObject", "x-amz-server-side-encryption-aws-kms-key-id"),
        (put(), "PutObject", "x-amz-server-side-encryption-context"),
        (put(), "PutObject", "x-amz-server-side-encryption-bucket-key-enabled"),
        (put(), "PutObject", "x-amz-object-lock-event-hold"),
        (put(), "PutObject", "x-amz-new-in-2030"),
        (put().header("x-amz-copy-source", "/media/kept"), "CopyObject", "x-amz-source-expected-bucket-owner"),
        (Request::new("DELETE", "/media/kept"), "DeleteObject", "x-amz-if-match-size"),
    ] {
        let answer = server.send(request.header(name, "true"));
        let message = format!("{name} on {operation} not implemented by the local store");
        assert_eq!(answer.error(), (501, "NotImplemented".to_owned(), message));
        assert_eq!(server.contents(), before, "{operation} {name}");
    }
}

#[test]
fn a_bucket_has_no_versions() {
    let server = TestServer::with_bucket("open", "media");
    let answer = server.send(Request::get("/media?versioning"));
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><VersioningConfiguration \
                    xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></VersioningConfiguration>";
    assert_eq!((answer.status, answer.text().as_str()), (200, expected));
    assert_eq!(server.send(Request::get("/other?versioning")).error().1, "NoSuchBucket");
    let answer = server.send(Request::put("/media?versioning").body("<VersioningConfiguration/>"));
    assert_eq!(
        (answer.status, answer.element("Message").as_str()),
        (501, "PutBucketVersioning not implemented by the local store")
    );
}
