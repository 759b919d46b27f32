//! aws-chunked bodies: signed chunk by chunk, with a trailer or without. Nothing becomes an object before the last of
//! it agrees.

use crate::support::{Request, Response, Signing, TestServer, frame, frame_signed};
use r2shim::sigv4::ChunkChain;

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// What most bodies here are, and its CRC-32.
const TEXT: &str = "123456789";
const CRC32: &str = "x-amz-checksum-crc32:y/Q5Jg==";

/// A PUT of `length` bytes under a sentinel, with more headers, that announces a trailer where the sentinel has one.
fn put(sentinel: &str, length: usize, headers: &[(&str, &str)]) -> Request {
    let put = Request::put("/media/new")
        .header("x-amz-content-sha256", sentinel)
        .header("x-amz-decoded-content-length", &length.to_string());
    let put = if sentinel.ends_with("TRAILER") { put.header("x-amz-trailer", "x-amz-checksum-crc32") } else { put };
    headers.iter().fold(put, |put, (name, value)| put.header(name, value))
}

/// Signs the request over its headers, frames its body with the chain that starts there, and sends both.
fn send(server: &TestServer, request: Request, frame: impl FnOnce(&mut ChunkChain) -> String) -> Response {
    let chunked = request.headers.iter().any(|(name, _)| name == "transfer-encoding");
    // The length of the body is known once it is framed, which needs the signature; it is not part of that.
    let (request, mut chain) = request.header("content-length", "0").signed_by(server.address, &Signing::default());
    let (request, body) = (request.without("content-length"), frame(&mut chain).into_bytes());
    let request = if chunked { request } else { request.header("content-length", &body.len().to_string()) };
    server.connect().send(request.body(if chunked { in_http_chunks(&body) } else { body }))
}

/// HTTP's own chunks, cut where nothing else is.
fn in_http_chunks(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::new();
    for piece in body.chunks(7) {
        framed.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    }
    [framed, b"0\r\n\r\n".to_vec()].concat()
}

fn server() -> TestServer {
    TestServer::with_bucket("r2", "media")
}

#[test]
fn every_form_is_taken() {
    let server = server();
    for chunks in [&[TEXT][..], &["1234", "56789"], &["1", "2", "345678", "9"]] {
        for headers in [&[][..], &[("transfer-encoding", "chunked")], &[("content-encoding", "aws-chunked")]] {
            let signed = send(&server, put(SIGNED, 9, headers), |chain| frame_signed(chain, chunks, None));
            let trailer =
                send(&server, put(SIGNED_TRAILER, 9, headers), |chain| frame_signed(chain, chunks, Some(CRC32)));
            let unsigned = send(&server, put(UNSIGNED_TRAILER, 9, headers), |_| frame(chunks, &format!("{CRC32}\r\n")));
            for (form, answer) in [("signed", &signed), ("signed trailer", &trailer), ("unsigned trailer", &unsigned)] {
                assert_eq!(answer.status, 200, "{form} {headers:?} {}", answer.text());
            }
            assert_eq!(signed.header("x-amz-checksum-crc32"), "");
            assert_eq!(trailer.header("x-amz-checksum-crc32"), "y/Q5Jg==");
            let read = server.send(Request::get("/media/new").header("x-amz-checksum-mode", "ENABLED"));
            assert_eq!((read.text().as_str(), read.header("x-amz-checksum-crc32")), (TEXT, "y/Q5Jg=="));
            assert_eq!(read.header("content-encoding"), "", "aws-chunked is not the object's");
        }
    }
}

#[test]
fn empty_bodies_are_framed_too() {
    let server = server();
    let empty_crc = "x-amz-checksum-crc32:AAAAAA==";
    let answers = [
        send(&server, put(SIGNED, 0, &[]), |chain| frame_signed(chain, &[], None)),
        send(&server, put(SIGNED_TRAILER, 0, &[]), |chain| frame_signed(chain, &[], Some(empty_crc))),
        send(&server, put(UNSIGNED_TRAILER, 0, &[]), |_| frame(&[], &format!("{empty_crc}\r\n"))),
    ];
    assert_eq!(answers.map(|answer| answer.status), [200; 3]);
    assert_eq!(server.send(Request::get("/media/new")).body, b"");
}

#[test]
fn large_bodies_go_through() {
    let server = server();
    let chunk = "0123456789abcdef".repeat(4 << 10);
    let chunks = vec![chunk.as_str(); 64];
    let length = chunk.len() * chunks.len();
    let answer = send(&server, put(SIGNED, length, &[]), |chain| frame_signed(chain, &chunks, None));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(server.send(Request::get("/media/new")).text() == chunk.repeat(64));
}

/// Content-Encoding without `aws-chunked` is kept with the object.
#[test]
fn other_codings_stay() {
    let server = server();
    for (sent, kept) in
        [("aws-chunked,gzip", "gzip"), ("gzip, aws-chunked", "gzip"), ("aws-chunked", ""), ("gzip", "gzip")]
    {
        let put = put(SIGNED, 9, &[("content-encoding", sent)]);
        assert_eq!(send(&server, put, |chain| frame_signed(chain, &[TEXT], None)).status, 200, "{sent}");
        assert_eq!(server.send(Request::get("/media/new")).header("content-encoding"), kept, "{sent}");
    }
}

fn assert_refused(server: &TestServer, answer: &Response, code: &str, what: &str) {
    assert_eq!(answer.element("Code"), code, "{what}: {}", answer.text());
    assert_eq!(answer.status, if code == "SignatureDoesNotMatch" { 403 } else { 400 }, "{what}");
    assert_eq!(server.keys("media"), [""; 0], "{what}");
}

#[test]
fn chunks_that_are_not_as_they_were_signed() {
    let server = server();
    for (what, length, change, code) in [
        ("another chunk", 8, (|body| body.replace("1234", "4321")) as fn(String) -> String, "SignatureDoesNotMatch"),
        ("another last chunk", 8, |body| body.replace("5678", "8765"), "SignatureDoesNotMatch"),
        ("another order", 8, swap_chunks, "SignatureDoesNotMatch"),
        ("no signatures", 8, |_| frame(&["1234", "5678"], ""), "IncompleteBody"),
        ("a chunk too short", 8, |body| body.replace("5678\r\n", "567"), "SignatureDoesNotMatch"),
        ("no last chunk", 8, |body| body[..2 * CHUNK].to_owned(), "IncompleteBody"),
        ("no end", 8, |body| body[..body.len() - 2].to_owned(), "IncompleteBody"),
        ("nothing", 8, |_| String::new(), "IncompleteBody"),
        ("less than announced", 9, |body| body, "IncompleteBody"),
        ("more than announced", 7, |body| body, "IncompleteBody"),
        ("no framing", 8, |_| "12345678".to_owned(), "IncompleteBody"),
    ] {
        let body = |chain: &mut ChunkChain| change(frame_signed(chain, &["1234", "5678"], None));
        assert_refused(&server, &send(&server, put(SIGNED, length, &[]), body), code, what);
    }
}

/// The bytes of a framed chunk of four: what names size and signature, the signature, line end, data, line end.
const CHUNK: usize = 18 + 64 + 2 + 4 + 2;

fn swap_chunks(body: String) -> String {
    let (first, rest) = body.split_at(CHUNK);
    let (second, last) = rest.split_at(CHUNK);
    format!("{second}{first}{last}")
}

#[test]
fn trailers_that_are_not_as_they_were_signed() {
    let server = server();
    for (what, trailer, change, code) in [
        ("a wrong checksum", "x-amz-checksum-crc32:AAAAAA==", (|body| body) as fn(String) -> String, "BadDigest"),
        ("another checksum", CRC32, |body| body.replace("y/Q5Jg==", "AAAAAA=="), "SignatureDoesNotMatch"),
        ("another name", CRC32, |body| body.replace("-crc32:", "-crc32c:"), "MalformedTrailerError"),
        ("no signature", CRC32, |body| body[..body.len() - 92].to_owned() + "\r\n", "IncompleteBody"),
    ] {
        let body = |chain: &mut ChunkChain| change(frame_signed(chain, &[TEXT], Some(trailer)));
        assert_refused(&server, &send(&server, put(SIGNED_TRAILER, 9, &[]), body), code, what);
    }
    let unannounced = send(&server, put(SIGNED, 9, &[]), |chain| frame_signed(chain, &[TEXT], Some(CRC32)));
    assert_refused(&server, &unannounced, "MalformedTrailerError", "one where none was announced");
}

#[test]
fn framing_that_is_none() {
    let server = server();
    let line = "9".repeat(9999);
    for (body, code) in [
        ("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"),
        ("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:!\r\n\r\n", "InvalidRequest"),
        ("9\r\n123456789\r\n0\r\n\r\n", "MalformedTrailerError"),
        ("9\r\n123456789\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n", "MalformedTrailerError"),
        ("9\r\n123456789\r\n0\r\nx-amz-acl:private\r\n\r\n", "MalformedTrailerError"),
        ("9\r\n123456789\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"),
        ("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\nmore\r\n", "IncompleteBody"),
        ("9;chunk-signature=0\r\n123456789\r\n0\r\n\r\n", "IncompleteBody"),
        ("9\n123456789\n0\n\n", "IncompleteBody"),
        ("8\r\n123456789\r\n0\r\n\r\n", "IncompleteBody"),
        ("x\r\n123456789\r\n0\r\n\r\n", "IncompleteBody"),
        ("-9\r\n123456789\r\n0\r\n\r\n", "IncompleteBody"),
        ("10000000000000000\r\n", "IncompleteBody"),
        (line.as_str(), "IncompleteBody"),
        ("9\r\n1234", "IncompleteBody"),
        ("", "IncompleteBody"),
    ] {
        let answer = send(&server, put(UNSIGNED_TRAILER, 9, &[]), |_| body.to_owned());
        assert_refused(&server, &answer, code, body);
    }
}

#[test]
fn lengths_and_trailers_that_cannot_be() {
    let server = server();
    let decoded = "x-amz-decoded-content-length";
    for (what, request, status, code) in [
        ("no length", put(SIGNED, 9, &[]).without(decoded), 411, "MissingContentLength"),
        (
            "no length, chunked",
            put(SIGNED, 9, &[("transfer-encoding", "chunked")]).without(decoded),
            411,
            "MissingContentLength",
        ),
        ("a length that is none", put(SIGNED, 9, &[]).without(decoded).header(decoded, "nine"), 400, "InvalidArgument"),
        ("a negative length", put(SIGNED, 9, &[]).without(decoded).header(decoded, "-9"), 400, "InvalidArgument"),
        ("too large", put(SIGNED, 9, &[]).without(decoded).header(decoded, "5368709120"), 400, "EntityTooLarge"),
        (
            "a trailer that is no checksum",
            put(SIGNED_TRAILER, 9, &[]).without("x-amz-trailer").header("x-amz-trailer", "x-amz-acl"),
            400,
            "InvalidRequest",
        ),
        (
            "a checksum in a header beside that in the trailer",
            put(SIGNED_TRAILER, 9, &[("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=")]),
            400,
            "InvalidRequest",
        ),
        (
            "a trailer where there is none",
            put(SIGNED, 9, &[("x-amz-trailer", "x-amz-checksum-crc32")]),
            400,
            "InvalidRequest",
        ),
    ] {
        let answer = send(&server, request, |chain| frame_signed(chain, &[TEXT], None));
        assert_eq!((answer.status, answer.element("Code").as_str()), (status, code), "{what}");
        assert_eq!(server.keys("media"), [""; 0], "{what}");
    }
}

/// Plain bodies in HTTP's chunks have no length to hold them to.
#[test]
fn a_plain_body_needs_a_length() {
    let server = server();
    let put = || {
        Request::put("/media/new")
            .header("transfer-encoding", "chunked")
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    };
    let answer = server.connect().send(put().body(in_http_chunks(TEXT.as_bytes())).signed(server.address));
    let message = "You must provide the Content-Length HTTP header.";
    assert_eq!(answer.error(), (411, "MissingContentLength".into(), message.into()));
    assert_eq!(server.keys("media"), [""; 0]);
}
