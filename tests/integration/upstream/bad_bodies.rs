//! Bodies that are not what they should be: the store never has all of one, so it never has an object of one.

use super::bodies::{SIZES, bytes, send_framed};
use super::{front, put, store};
use crate::support::scripted::{BodyEnd, Scripted};
use crate::support::{Request, TestServer, frame, frame_signed};
use r2shim::sigv4::ChunkChain;

/// A server, and the store behind it.
struct Front {
    upstream: Scripted,
    server: TestServer,
}

impl Front {
    fn new() -> Front {
        let upstream = Scripted::answering(store::usual);
        Front { server: front(&upstream), upstream }
    }

    /// However much arrived, it was never complete.
    fn assert_nothing_stored(self, what: &str) {
        let Front { upstream, server } = self;
        // Its connections are gone with it, so no more comes.
        drop(server);
        upstream.wait_until_left();
        let ends: Vec<BodyEnd> = upstream.requests().iter().map(|request| request.end).collect();
        assert!(ends.iter().all(|end| *end == BodyEnd::BrokenOff), "{what}: {ends:?}");
    }
}

/// A PUT whose body is refused at its end.
fn wrong_put(server: &TestServer, kind: &str, size: usize) -> Request {
    let put = put(bytes(size));
    match kind {
        "Content-MD5" => put.header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").signed(server.address),
        "checksum" => put.header("x-amz-checksum-sha256", &format!("{}=", "A".repeat(43))).signed(server.address),
        _ => put.header("x-amz-content-sha256", &"0".repeat(64)).signed(server.address),
    }
}

#[test]
fn wrong_digests() {
    for (kind, code) in
        [("Content-MD5", "BadDigest"), ("checksum", "BadDigest"), ("payload", "XAmzContentSHA256Mismatch")]
    {
        let front = Front::new();
        for size in SIZES {
            let answer = front.server.connect().send(wrong_put(&front.server, kind, size));
            assert_eq!(super::error(&answer), (400, code.to_owned()), "{kind} {size}");
        }
        front.assert_nothing_stored(kind);
    }
}

/// The store is not left waiting for the rest: its connection ends, and is not kept for the next request.
#[test]
fn a_refused_body_ends_its_connection() {
    let front = Front::new();
    let answer = front.server.connect().send(wrong_put(&front.server, "payload", 1 << 20));
    assert_eq!(answer.status, 400);
    front.upstream.wait_until_left();
    assert_eq!(front.server.send(put(bytes(1 << 20))).status, 200);
    assert!(front.upstream.requests().last().is_some_and(|request| request.is_whole()));
}

#[test]
fn bodies_that_end_early() {
    let front = Front::new();
    for size in SIZES.into_iter().filter(|size| *size > 0) {
        let request = put(bytes(size)).signed(front.server.address);
        let mut connection = front.server.connect();
        connection.write(&request.head_bytes());
        connection.write(&request.body[..size - 1]);
        connection.finish_sending();
        if let Some(answer) = connection.read_unless_closed(false) {
            assert_eq!(super::error(&answer), (400, "IncompleteBody".to_owned()), "{size}");
        }
    }
    front.assert_nothing_stored("a byte less than announced");
}

/// A PUT of this many bytes under a sentinel.
fn framed(sentinel: &str, size: usize) -> Request {
    let put = Request::put("/media/new").header("x-amz-content-sha256", sentinel);
    let put = put.header("x-amz-decoded-content-length", &size.to_string());
    if sentinel.ends_with("TRAILER") { put.header("x-amz-trailer", "x-amz-checksum-crc32") } else { put }
}

fn chunks(text: &str) -> Vec<&str> {
    text.as_bytes().chunks(50_000).map(|chunk| str::from_utf8(chunk).unwrap()).collect()
}

#[test]
fn wrong_chunks() {
    type Change = fn(String) -> String;
    let sentinel = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    for (what, change, code) in [
        ("another last byte", (|body| another_last_byte(&body)) as Change, "SignatureDoesNotMatch"),
        ("another last signature", |body| another_last_signature(&body), "SignatureDoesNotMatch"),
        ("no last chunk", |body| body[..body.rfind("0;chunk").unwrap()].to_owned(), "IncompleteBody"),
        ("no end", |body| body[..body.len() - 2].to_owned(), "IncompleteBody"),
    ] {
        let front = Front::new();
        for size in SIZES.into_iter().filter(|size| *size > 0 || !what.ends_with("byte")) {
            let text = "x".repeat(size);
            let body = |chain: &mut ChunkChain| change(frame_signed(chain, &chunks(&text), None));
            let (_, found) = send_framed(&front.server, framed(sentinel, size), body);
            assert_eq!(found, code, "{what} {size}");
        }
        front.assert_nothing_stored(what);
    }
}

fn another_last_byte(body: &str) -> String {
    let at = body.rfind('x').unwrap();
    format!("{}y{}", &body[..at], &body[at + 1..])
}

fn another_last_signature(body: &str) -> String {
    let at = body.rfind("chunk-signature=").unwrap() + "chunk-signature=".len();
    format!("{}{}\r\n\r\n", &body[..at], "0".repeat(64))
}

#[test]
fn wrong_trailers() {
    for (what, trailer, code) in [
        ("another checksum", "x-amz-checksum-crc32:AAAAAQ==\r\n", "BadDigest"),
        ("another name", "x-amz-checksum-sha1:AAAA\r\n", "MalformedTrailerError"),
        ("no trailer", "", "MalformedTrailerError"),
        ("no checksum", "x-amz-checksum-crc32:!\r\n", "InvalidRequest"),
    ] {
        let front = Front::new();
        for size in SIZES {
            let text = "x".repeat(size);
            let request = framed("STREAMING-UNSIGNED-PAYLOAD-TRAILER", size);
            let (_, found) = send_framed(&front.server, request, |_| frame(&chunks(&text), trailer));
            assert_eq!(found, code, "{what} {size}");
        }
        front.assert_nothing_stored(what);
    }
}
