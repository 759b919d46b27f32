//! Every request to the store is signed by us, as the store would check it.

use super::{UPSTREAM_KEY_ID, UPSTREAM_REGION, UPSTREAM_SECRET, front, store};
use crate::support::scripted::{Received, Scripted};
use crate::support::{KEY_ID, Request};
use http::{HeaderMap, HeaderName, HeaderValue};
use r2shim::s3::Timestamp;
use r2shim::s3::request::RequestHead;
use r2shim::sigv4::{self, KeyCache, Secret};
use std::time::SystemTime;

/// Holds a request against the pair that the store knows, as the store would.
fn assert_signed(request: &Received) {
    let pair = |(name, value): &(String, String)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let headers: HeaderMap = request.headers.iter().map(pair).collect();
    let head = RequestHead { method: &request.method, path: request.path(), query: request.query(), headers: &headers };
    let claim = sigv4::parse(&head).unwrap();
    assert_eq!((claim.access_key_id(), claim.scope().region.as_str()), (UPSTREAM_KEY_ID, UPSTREAM_REGION));
    let secret = Secret::new(UPSTREAM_SECRET);
    assert!(sigv4::verify(&claim, &head, &secret, &KeyCache::default()).is_ok(), "{request:#?}");
    assert!(sigv4::check_signed_headers(&claim, &head).is_ok(), "{request:#?}");
    assert!(sigv4::check_clock(&claim, Timestamp::from(SystemTime::now())).is_ok());
}

/// One request of every kind that R2 has.
pub fn every_kind() -> Vec<Request> {
    let completion = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>\
                      </CompleteMultipartUpload>";
    vec![
        Request::get("/"),
        Request::new("HEAD", "/media"),
        Request::put("/fresh"),
        Request::new("DELETE", "/media"),
        Request::get("/media?location"),
        Request::get("/media?prefix=a+b%2F&delimiter=/&encoding-type=url"),
        Request::get("/media?list-type=2&start-after=%C3%A9~&max-keys=7"),
        Request::get("/media?uploads"),
        Request::new("POST", "/media?delete").body("<Delete><Object><Key>kept</Key></Object></Delete>"),
        Request::get("/media/kept").header("range", "bytes=0-1"),
        Request::get("/media/a%2Fb+c%20d?response-content-type=text/x%20y"),
        Request::new("HEAD", "/media/kept"),
        Request::put("/media/new").body("new").header("x-amz-meta-name", "  a   b  ").header("content-type", "text/x"),
        Request::put("/media/new").header("x-amz-copy-source", "/media/kept"),
        Request::new("DELETE", "/media/kept"),
        Request::new("POST", "/media/new?uploads"),
        Request::put("/media/new?partNumber=1&uploadId=u").body("new"),
        Request::put("/media/new?partNumber=1&uploadId=u").header("x-amz-copy-source", "/media/kept"),
        Request::new("POST", "/media/new?uploadId=u").body(completion),
        Request::new("DELETE", "/media/new?uploadId=u"),
    ]
}

#[test]
fn requests_of_every_kind_are_signed() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for request in every_kind() {
        let answer = server.send(request.clone());
        assert!(answer.status < 300, "{request:?}: {} {}", answer.status, answer.text());
    }
    let received = upstream.requests();
    assert!(received.len() >= every_kind().len());
    received.iter().for_each(assert_signed);
}

/// Nothing by which the client was known goes along.
#[test]
fn nothing_of_the_clients_signature_is_left() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let date = "20000101T000000Z";
    let in_headers =
        Request::put("/media/new").body("new").header("x-amz-user-agent", "sdk").header("x-id", "PutObject");
    let presigned = Request::put("/media/new?x-id=PutObject&x-amz-meta-a=b").body("new").presigned(server.address, 60);
    for request in [in_headers.signed(server.address), presigned] {
        let before = upstream.requests().len();
        assert_eq!(server.connect().send(request).status, 200);
        let received = upstream.request(before);
        assert_signed(&received);
        let head = String::from_utf8(received.head.clone()).unwrap();
        for part in [KEY_ID, "/auto/s3/", "X-Amz-", "x-amz-user-agent", "x-id", date] {
            assert!(!head.contains(part), "{part}: {head}");
        }
        assert_eq!(received.headers.iter().filter(|(name, _)| name == "authorization").count(), 1);
        assert_eq!(received.query(), "");
    }
}
