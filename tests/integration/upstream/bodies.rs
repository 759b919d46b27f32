//! Bodies that are as they should be: however they are framed on the way to us, the store gets them with a length.

use super::{forwarded, front, put, store};
use crate::support::scripted::Scripted;
use crate::support::{Request, Signing, TestServer, frame, frame_signed};
use r2shim::sigv4::ChunkChain;

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const CRC32: &str = "x-amz-checksum-crc32:y/Q5Jg==";

/// Sizes at which buffers and frames begin and end.
pub const SIZES: [usize; 6] = [0, 1, 64 << 10, (64 << 10) + 1, 1 << 20, (1 << 20) + 1];

/// So many bytes, no two pieces of which are alike.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n % 251) as u8).collect()
}

#[test]
fn plain_bodies_arrive_as_they_are() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for size in SIZES {
        for kind in ["", "UNSIGNED-PAYLOAD"] {
            let plain = put(bytes(size));
            let request = if kind.is_empty() { plain } else { plain.header("x-amz-content-sha256", kind) };
            let received = forwarded(&server, &upstream, request);
            assert!(received.body == bytes(size) && received.is_whole(), "{size}");
            assert_eq!(received.header("content-length"), size.to_string());
            assert!(!received.has("transfer-encoding") && !received.has("expect"), "{:?}", received.headers);
        }
    }
}

/// Signs the request over its headers, frames its body with the chain that starts there, and sends both.
pub fn send_framed(
    server: &TestServer,
    request: Request,
    frame: impl FnOnce(&mut ChunkChain) -> String,
) -> (u16, String) {
    let (request, mut chain) = request.header("content-length", "0").signed_by(server.address, &Signing::default());
    let body = frame(&mut chain);
    let request = request.without("content-length").header("content-length", &body.len().to_string());
    let answer = server.connect().send(request.body(body));
    (answer.status, answer.element("Code"))
}

/// A PUT of nine bytes under a sentinel.
fn framed(sentinel: &str) -> Request {
    let put = Request::put("/media/new").header("x-amz-content-sha256", sentinel);
    let put = put.header("content-encoding", "aws-chunked").header("x-amz-decoded-content-length", "9");
    if sentinel.ends_with("TRAILER") { put.header("x-amz-trailer", "x-amz-checksum-crc32") } else { put }
}

#[test]
fn chunks_are_taken_apart() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for chunks in [&["123456789"][..], &["1", "2345678", "9"]] {
        let before = upstream.requests().len();
        let status = send_framed(&server, framed(SIGNED), |chain| frame_signed(chain, chunks, None)).0;
        assert_eq!(status, 200);
        let received = upstream.request(before);
        assert_eq!((received.text().as_str(), received.header("content-length")), ("123456789", "9"));
        for name in ["x-amz-decoded-content-length", "x-amz-trailer", "content-encoding", "transfer-encoding"] {
            assert!(!received.has(name), "{name}: {:?}", received.headers);
        }
        assert!(!received.header("x-amz-content-sha256").starts_with("STREAMING"), "{:?}", received.headers);
    }
}

/// The store is to keep the checksum, so it gets it the way we did: behind the body.
#[test]
fn a_trailer_goes_along_as_a_trailer() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let mut frames = Vec::new();
    for chunks in [&["123456789"][..], &["1", "2345678", "9"]] {
        for sentinel in [SIGNED_TRAILER, UNSIGNED_TRAILER] {
            let before = upstream.requests().len();
            let body = |chain: &mut ChunkChain| match sentinel {
                SIGNED_TRAILER => frame_signed(chain, chunks, Some(CRC32)),
                _ => frame(chunks, &format!("{CRC32}\r\n")),
            };
            assert_eq!(send_framed(&server, framed(sentinel), body).0, 200);
            frames.push(upstream.request(before));
        }
    }
    for received in frames {
        assert_eq!(received.text(), format!("9\r\n123456789\r\n0\r\n{CRC32}\r\n\r\n"));
        assert_eq!(received.header("x-amz-content-sha256"), UNSIGNED_TRAILER);
        assert_eq!(received.header("x-amz-decoded-content-length"), "9");
        assert_eq!(received.header("x-amz-trailer"), "x-amz-checksum-crc32");
        assert_eq!(received.length(), received.body.len());
        assert!(!received.has("transfer-encoding") && !received.has("trailer"), "{:?}", received.headers);
    }
}

#[test]
fn framed_bodies_of_every_size_arrive() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for size in SIZES {
        let text = "x".repeat(size);
        let chunks: Vec<&str> = text.as_bytes().chunks(50_000).map(|chunk| str::from_utf8(chunk).unwrap()).collect();
        let before = upstream.requests().len();
        let put = Request::put("/media/new").header("x-amz-content-sha256", SIGNED);
        let put = put.header("x-amz-decoded-content-length", &size.to_string());
        assert_eq!(send_framed(&server, put, |chain| frame_signed(chain, &chunks, None)).0, 200, "{size}");
        let received = upstream.request(before);
        assert!(received.text() == text && received.is_whole(), "{size}");
    }
}

/// The body is streamed: the store has its start while the client still holds the rest back.
#[test]
fn bodies_go_along_while_they_come() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let body = bytes(4 << 20);
    let request = put(body.clone()).signed(server.address);
    let mut connection = server.connect();
    connection.write(&request.head_bytes());
    connection.write(&body[..3 << 20]);
    upstream.wait_until(|requests| requests.iter().any(|request| request.body.len() > 1 << 20));
    connection.write(&body[3 << 20..]);
    assert_eq!(connection.read(false).status, 200);
    assert!(upstream.only_request().body == body);
}
