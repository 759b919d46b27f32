//! Bodies on their way in: framed in every form, and those that are not what was announced. They leave nothing, and
//! what was there before stays.

use super::deviations::Deviation;
use super::payloads::{bytes, etag, md5};
use super::subject::{Bucket, Subject, assert_answer};
use super::{Case, cases};
use crate::support::{Connection, Request, Response, Signing, frame, frame_signed};
use r2shim::sigv4::ChunkChain;

pub const CASES: &[Case] = cases![
    framed_in_every_form,
    framed_and_large,
    framed_and_empty,
    framed_wrongly,
    of_another_digest,
    cut_short,
    of_unknown_length,
];

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const TEXT: &str = "123456789";
const CRC32: &str = "x-amz-checksum-crc32:y/Q5Jg==";
const WRONG_CRC32: &str = "x-amz-checksum-crc32:AAAAAA==";

/// A PUT of this many bytes under a sentinel, which announces a trailer if the sentinel has one.
fn put(bucket: &Bucket<'_>, key: &str, sentinel: &str, length: usize) -> Request {
    let length = length.to_string();
    let headers = [("x-amz-content-sha256", sentinel), ("x-amz-decoded-content-length", &length)];
    let put = bucket.request("PUT", key, &headers).header("content-encoding", "aws-chunked");
    if sentinel.ends_with("TRAILER") { put.header("x-amz-trailer", "x-amz-checksum-crc32") } else { put }
}

/// Signs the request over its headers, frames its body with the chain that starts there, and sends both.
fn send(bucket: &Bucket<'_>, request: Request, frame: impl FnOnce(&mut ChunkChain) -> String) -> Response {
    // The length of the body is known once it is framed, which needs the signature; it is not part of that.
    let unframed = request.header("content-length", "0");
    let (request, mut chain) = unframed.signed_by(bucket.subject.address, &Signing::default());
    let body = frame(&mut chain);
    let request = request.without("content-length").header("content-length", &body.len().to_string());
    bucket.subject.exchange(&request.body(body))
}

fn framed_in_every_form(subject: &Subject) {
    let bucket = subject.bucket();
    for chunks in [&[TEXT][..], &["1234", "56789"], &["1", "2", "345678", "9"]] {
        for (sentinel, trailer, returned) in
            [(SIGNED, None, ""), (SIGNED_TRAILER, Some(CRC32), "y/Q5Jg=="), (UNSIGNED_TRAILER, Some(CRC32), "y/Q5Jg==")]
        {
            let written = send(&bucket, put(&bucket, sentinel, sentinel, 9), |chain| match sentinel {
                UNSIGNED_TRAILER => frame(chunks, &format!("{CRC32}\r\n")),
                _ => frame_signed(chain, chunks, trailer),
            });
            assert_answer(&written, 200, "");
            assert_eq!(written.header("etag"), etag(TEXT.as_bytes()), "{sentinel}");
            let returned =
                if returned.is_empty() { subject.answer(Deviation::NoOtherChecksums, (200, "")).1 } else { returned };
            assert_eq!(written.header("x-amz-checksum-crc32"), returned, "{sentinel}");
            let read = bucket.get_with(sentinel, &[("x-amz-checksum-mode", "ENABLED")]);
            assert_eq!((read.text().as_str(), read.header("content-encoding")), (TEXT, ""), "{sentinel}");
            assert!(returned.is_empty() || read.header("x-amz-checksum-crc32") == returned, "{sentinel}");
        }
    }
}

fn framed_and_large(subject: &Subject) {
    let bucket = subject.bucket();
    let chunk = "0123456789abcdef".repeat(4 << 10);
    let (chunks, whole) = (vec![chunk.as_str(); 96], chunk.repeat(96));
    let crc32 = format!("x-amz-checksum-crc32:{}", super::payloads::crc32(whole.as_bytes()));
    let signed = send(&bucket, put(&bucket, "a", SIGNED, whole.len()), |chain| frame_signed(chain, &chunks, None));
    assert_answer(&signed, 200, "");
    let unsigned = put(&bucket, "b", UNSIGNED_TRAILER, whole.len());
    assert_answer(&send(&bucket, unsigned, |_| frame(&chunks, &format!("{crc32}\r\n"))), 200, "");
    assert!(bucket.get("a").text() == whole && bucket.get("b").text() == whole);
}

fn framed_and_empty(subject: &Subject) {
    let bucket = subject.bucket();
    let signed = send(&bucket, put(&bucket, "a", SIGNED, 0), |chain| frame_signed(chain, &[], None));
    assert_answer(&signed, 200, "");
    let unsigned = send(&bucket, put(&bucket, "b", UNSIGNED_TRAILER, 0), |_| frame(&[], &format!("{WRONG_CRC32}\r\n")));
    assert_answer(&unsigned, 200, "");
    assert_eq!((bucket.get("a").body.len(), bucket.get("b").body.len()), (0, 0));
}

/// A body that must not become an object: what it is, how it is framed, and what it gets.
type Bad = (&'static str, &'static str, usize, fn(&mut ChunkChain) -> String, u16, &'static str);

const FRAMED_WRONGLY: &[Bad] = &[
    ("a wrong checksum", UNSIGNED_TRAILER, 9, |_| frame(&[TEXT], &format!("{WRONG_CRC32}\r\n")), 400, "BadDigest"),
    ("a wrong checksum", SIGNED_TRAILER, 9, |c| frame_signed(c, &[TEXT], Some(WRONG_CRC32)), 400, "BadDigest"),
    ("a wrong checksum of nothing", UNSIGNED_TRAILER, 0, |_| frame(&[], &format!("{CRC32}\r\n")), 400, "BadDigest"),
    ("no trailer", UNSIGNED_TRAILER, 9, |_| frame(&[TEXT], ""), 400, "MalformedTrailerError"),
    (
        "another chunk",
        SIGNED,
        9,
        |chain| frame_signed(chain, &["1234", "56789"], None).replace("56789", "98765"),
        403,
        "SignatureDoesNotMatch",
    ),
    (
        "another trailer",
        SIGNED_TRAILER,
        9,
        |chain| frame_signed(chain, &[TEXT], Some(WRONG_CRC32)).replace("AAAAAA==", "y/Q5Jg=="),
        403,
        "SignatureDoesNotMatch",
    ),
    ("less than announced", SIGNED, 10, |chain| frame_signed(chain, &[TEXT], None), 400, "IncompleteBody"),
    ("more than announced", SIGNED, 8, |chain| frame_signed(chain, &[TEXT], None), 400, "IncompleteBody"),
    ("no end", UNSIGNED_TRAILER, 9, |_| format!("9\r\n{TEXT}\r\n"), 400, "IncompleteBody"),
    ("no framing", SIGNED, 9, |_| TEXT.to_owned(), 400, "IncompleteBody"),
];

fn framed_wrongly(subject: &Subject) {
    let bucket = subject.bucket();
    let before = bucket.put("old", "what was there");
    for (what, sentinel, length, frame, status, code) in FRAMED_WRONGLY {
        for key in ["old", "new"] {
            let answer = send(&bucket, put(&bucket, key, sentinel, *length), *frame);
            assert_eq!((answer.status, answer.element("Code").as_str()), (*status, *code), "{what}: {}", answer.text());
        }
        assert_only(&bucket, "old", &before);
    }
}

/// Nothing but this object is in the bucket, and it has this ETag.
fn assert_only(bucket: &Bucket<'_>, key: &str, etag: &str) {
    assert_eq!(bucket.keys(), [key]);
    assert_eq!(bucket.get(key).header("etag"), etag);
}

fn of_another_digest(subject: &Subject) {
    let bucket = subject.bucket();
    let before = bucket.put("old", "what was there");
    let (other_md5, other_hash) = (md5(b"other"), hex::encode([7; 32]));
    // One that fits in the first piece, an empty one, and one that is on its way to the store before it is known.
    for body in [b"body".to_vec(), Vec::new(), bytes(300_000, 0), bytes(6 << 20, 0)] {
        for (header, value, code) in [
            ("content-md5", other_md5.as_str(), "BadDigest"),
            ("x-amz-content-sha256", &other_hash, "XAmzContentSHA256Mismatch"),
            ("x-amz-checksum-crc32", "AAAAAQ==", "BadDigest"),
            ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=", "BadDigest"),
            ("x-amz-checksum-crc64nvme", "rosUhgp5mIg=", "BadDigest"),
        ] {
            for key in ["old", "new"] {
                let answer = bucket.put_with(key, &[(header, value)], body.clone());
                assert_eq!((answer.status, answer.element("Code").as_str()), (400, code), "{header} {}", body.len());
            }
            assert_only(&bucket, "old", &before);
        }
    }
    assert_answer(&bucket.put_with("old", &[("content-md5", "short")], "body"), 400, "InvalidDigest");
    assert_only(&bucket, "old", &before);
}

/// A client that leaves before the end of its body.
fn cut_short(subject: &Subject) {
    let bucket = subject.bucket();
    let before = bucket.put("old", "what was there");
    for (length, sent) in [(10, 0), (10, 9), (300_000, 299_999), (6 << 20, 5 << 20)] {
        for key in ["old", "new"] {
            let headers = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
            let put = bucket.request("PUT", key, &headers).header("content-length", &length.to_string());
            let mut connection = Connection::open(subject.address);
            connection.begin(&put.signed(subject.address).body(bytes(sent, 0)));
            connection.finish_sending();
            connection.read_to_end();
        }
        assert_only(&bucket, "old", &before);
    }
}

fn of_unknown_length(subject: &Subject) {
    let bucket = subject.bucket();
    let headers = [("transfer-encoding", "chunked"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let put = bucket.request("PUT", "a", &headers).body("4\r\nbody\r\n0\r\n\r\n");
    assert_answer(&bucket.send(put), 411, "MissingContentLength");
    assert_eq!(bucket.keys(), [""; 0]);
}
