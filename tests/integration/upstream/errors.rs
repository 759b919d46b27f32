//! What the store answers instead of what was asked for, and what becomes of it.

use super::{UPSTREAM_BUCKET, UPSTREAM_KEY_ID, bad_gateway, error, front, get, put, store};
use crate::support::scripted::{Reply, Scripted};
use crate::support::{Request, Response, TestServer};
use std::sync::{Arc, Mutex};

const HTML: &str = "<html><body><h1>something is wrong at store.internal</h1></body></html>";

/// A server in front of a store whose answer the test sets.
struct Front {
    upstream: Scripted,
    server: TestServer,
    reply: Arc<Mutex<Reply>>,
}

impl Front {
    fn new() -> Front {
        let reply = Arc::new(Mutex::new(Reply::new(200)));
        let reported = reply.clone();
        let upstream = Scripted::answering(move |_| reported.lock().unwrap().clone());
        Front { server: front(&upstream), upstream, reply }
    }

    /// What becomes of an answer of the store, which the client learns nothing of.
    fn answered(&self, reply: Reply, request: Request) -> Response {
        *self.reply.lock().unwrap() = reply;
        let answer = self.server.send(request);
        let seen = format!("{:?} {}", answer.headers, answer.text());
        let address = self.upstream.address.to_string();
        for private in ["store.internal", UPSTREAM_KEY_ID, UPSTREAM_BUCKET, &address] {
            assert!(!seen.contains(private), "{private}: {seen}");
        }
        answer
    }
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// An error with everything that S3 and others put into one.
fn talkative(status: u16, code: &str) -> Reply {
    Reply::xml(
        status,
        &format!(
            "<Error><Code>{code}</Code><Message>The key {UPSTREAM_KEY_ID} of store.internal may not</Message>\
             <BucketName>{UPSTREAM_BUCKET}</BucketName><Resource>/{UPSTREAM_BUCKET}/kept</Resource>\
             <Endpoint>store.internal</Endpoint><AWSAccessKeyId>{UPSTREAM_KEY_ID}</AWSAccessKeyId>\
             <StringToSign>{UPSTREAM_KEY_ID}</StringToSign><RequestId>R</RequestId><HostId>H</HostId></Error>"
        ),
    )
}

#[test]
fn errors_of_s3_stay_what_they_are() {
    let front = Front::new();
    for (status, name) in [
        (400, "InvalidPart"),
        (403, "AccessDenied"),
        (404, "NoSuchKey"),
        (404, "NoSuchBucket"),
        (404, "NoSuchUpload"),
        (409, "BucketNotEmpty"),
        (412, "PreconditionFailed"),
        (416, "InvalidRange"),
        (500, "InternalError"),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
    ] {
        for request in [get(), put("new"), Request::get("/media?list-type=2")] {
            let answer = front.answered(talkative(status, name), request.clone());
            assert_eq!(error(&answer), code(status, name), "{request:?}");
            assert_eq!(answer.header("content-type"), "application/xml");
        }
    }
}

/// That our own pair is wrong is no fault of the client's.
#[test]
fn errors_about_the_proxys_signature_are_502() {
    let front = Front::new();
    for (status, name) in [
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (403, "RequestTimeTooSkewed"),
        (400, "ExpiredToken"),
        (400, "InvalidToken"),
        (400, "AuthorizationHeaderMalformed"),
        (401, "Unauthorized"),
    ] {
        assert_eq!(error(&front.answered(talkative(status, name), get())), bad_gateway(), "{name}");
    }
}

/// Where another store or region is meant, we are configured wrongly, and the client could do nothing with the address.
#[test]
fn redirects_are_not_for_clients() {
    let front = Front::new();
    for (status, name) in [(301, "PermanentRedirect"), (307, "TemporaryRedirect"), (302, "Found"), (308, "Moved")] {
        for reply in [talkative(status, name), Reply::new(status), Reply::new(status).body(HTML)] {
            let reply =
                reply.header("location", "http://store.internal/kept").header("x-amz-bucket-region", "eu-north-1");
            let answer = front.answered(reply, get());
            assert_eq!(error(&answer), bad_gateway(), "{name}");
            assert_eq!((answer.header("location"), answer.header("x-amz-bucket-region")), ("", ""), "{name}");
        }
    }
}

/// Something on the way to the store, or no S3 at all.
#[test]
fn errors_of_others_become_ours() {
    let front = Front::new();
    let gone = || code(503, "ServiceUnavailable");
    let late = || code(504, "GatewayTimeout");
    for (status, expected) in [
        (400, bad_gateway()),
        (403, bad_gateway()),
        (404, bad_gateway()),
        (500, bad_gateway()),
        (502, bad_gateway()),
        (503, gone()),
        (504, late()),
        (599, bad_gateway()),
    ] {
        for body in ["", HTML, "{\"error\": \"x\"}", "<Error></Error>", "<Error><Code>NoSuchKey</Code>", "plain"] {
            let answer = front.answered(Reply::new(status).body(body), get());
            assert_eq!(error(&answer), expected, "{status} {body}");
        }
    }
}

/// HEAD has no body to read a code from: the status is all there is.
#[test]
fn errors_of_head_are_their_status() {
    let front = Front::new();
    for (status, expected) in
        [(304, 304), (404, 404), (412, 412), (416, 416), (301, 502), (500, 502), (503, 503), (504, 504)]
    {
        let answer = front.answered(
            Reply::new(status).header("location", "http://store.internal/"),
            Request::new("HEAD", "/media/kept"),
        );
        assert_eq!((answer.status, answer.body.len(), answer.header("location")), (expected, 0, ""), "{status}");
    }
}

#[test]
fn not_modified_is_an_answer() {
    let front = Front::new();
    let reply = Reply::new(304).header("etag", store::ETAG).header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    let answer = front.answered(reply, get().header("if-none-match", store::ETAG));
    assert_eq!((answer.status, answer.header("etag"), answer.body.len()), (304, store::ETAG, 0));
}

/// An error document has some hundred bytes; one that does not end is none.
#[test]
fn an_error_that_does_not_end_is_not_read_for_ever() {
    let front = Front::new();
    let long = format!("<Error><Code>NoSuchKey</Code><Message>{}</Message></Error>", "x".repeat(4 << 20));
    assert_eq!(error(&front.answered(Reply::xml(404, &long), get())), bad_gateway());
}

/// What is no success, no redirect and no error means nothing to a client of S3.
#[test]
fn statuses_that_s3_does_not_have() {
    let front = Front::new();
    for status in [201, 202, 300, 418] {
        let answer = front.answered(Reply::new(status).body(HTML), Request::get("/media?list-type=2"));
        assert_eq!(error(&answer), bad_gateway(), "{status}");
    }
}
