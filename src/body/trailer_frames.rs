//! Frames a body so that its checksum can follow it: `STREAMING-UNSIGNED-PAYLOAD-TRAILER`, of a length that is known
//! before the first byte (S3 API reference, "Uploading objects with trailing checksums").
//!
//! [`crate::body::AwsChunkedDecoder`] decodes such a body. The checksum is made elsewhere.

use crate::s3::checksum::{Algorithm, Checksum};
use bytes::Bytes;

/// Bytes of every chunk but the last. S3 wants 8 KiB at the least, MinIO takes 16 MiB at the most.
const CHUNK: u64 = 1 << 20;

/// Puts frames around a body of a known length. Pieces of any size go in; no byte is copied.
#[derive(Debug)]
pub struct TrailerFrames {
    algorithm: Algorithm,
    /// Bytes of the body that are still to come.
    left: u64,
    /// Bytes of them that are still to come of the chunk that is open.
    left_in_chunk: u64,
}

impl TrailerFrames {
    /// Frames for `length` bytes and their checksum.
    pub fn new(length: u64, algorithm: Algorithm) -> TrailerFrames {
        TrailerFrames { algorithm, left: length, left_in_chunk: 0 }
    }

    /// Bytes of a body of `length` bytes once it is framed: its `Content-Length`.
    pub fn content_length(length: u64, algorithm: Algorithm) -> u64 {
        let (whole, rest) = (length / CHUNK, length % CHUNK);
        let last = if rest == 0 { 0 } else { frame_length(rest) };
        whole * frame_length(CHUNK) + last + end_length(algorithm)
    }

    /// The next bytes of the body with the frames that begin and end in them. Bytes past the announced length are left
    /// out; the stage that counts them refuses the body.
    pub fn frame(&mut self, mut piece: Bytes) -> Vec<Bytes> {
        let mut framed = Vec::new();
        while !piece.is_empty() && self.left > 0 {
            if self.left_in_chunk == 0 {
                self.left_in_chunk = self.left.min(CHUNK);
                framed.push(Bytes::from(format!("{:x}\r\n", self.left_in_chunk)));
            }
            let taken = usize::try_from(self.left_in_chunk).unwrap_or(usize::MAX).min(piece.len());
            framed.push(piece.split_to(taken));
            self.left -= taken as u64;
            self.left_in_chunk -= taken as u64;
            if self.left_in_chunk == 0 {
                framed.push(Bytes::from_static(b"\r\n"));
            }
        }
        framed
    }

    /// The last frame, with the checksum behind it.
    pub fn finish(self, checksum: &Checksum) -> Bytes {
        Bytes::from(format!("0\r\n{}:{}\r\n\r\n", self.algorithm.header(), checksum.value))
    }
}

/// The length of a frame with this many bytes in it.
fn frame_length(data: u64) -> u64 {
    format!("{data:x}\r\n").len() as u64 + data + 2
}

/// Bytes of the last frame and the trailer.
fn end_length(algorithm: Algorithm) -> u64 {
    let base64 = algorithm.digest_bytes().div_ceil(3) * 4;
    ("0\r\n".len() + algorithm.header().len() + ":".len() + base64 + "\r\n\r\n".len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Announced, BodyVerifier, Expected, Framing};
    use crate::s3::checksum::Hasher;

    fn checksum_of(algorithm: Algorithm, data: &[u8]) -> Checksum {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(data);
        hasher.finish_checksum()
    }

    fn framed(algorithm: Algorithm, data: &[u8], piece: usize) -> Vec<u8> {
        let mut frames = TrailerFrames::new(data.len() as u64, algorithm);
        let mut wire = Vec::new();
        for piece in data.chunks(piece) {
            frames.frame(Bytes::copy_from_slice(piece)).iter().for_each(|bytes| wire.extend_from_slice(bytes));
        }
        wire.extend_from_slice(&frames.finish(&checksum_of(algorithm, data)));
        wire
    }

    #[test]
    fn small_bodies_look_like_this() {
        let wire = framed(Algorithm::Crc32, b"123456789", 4);
        assert_eq!(String::from_utf8(wire).unwrap(), "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n");
        let empty = framed(Algorithm::Crc32, b"", 1);
        assert_eq!(String::from_utf8(empty).unwrap(), "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    }

    #[test]
    fn the_length_is_known_beforehand_and_the_decoder_finds_the_body_again() {
        let chunk = CHUNK as usize;
        for length in [0, 1, 15, 16, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 70_000] {
            let data: Vec<u8> = (0..length).map(|at| at as u8).collect();
            for algorithm in Algorithm::ALL {
                let wire = framed(algorithm, &data, 100_000);
                assert_eq!(wire.len() as u64, TrailerFrames::content_length(length as u64, algorithm), "{length}");
                let framing = Framing::AwsChunked { chain: None, trailer: Some(algorithm) };
                let expected = Expected { length: Some(length as u64), ..Expected::default() };
                let mut verifier = BodyVerifier::new(Announced { framing, expected });
                let found = verifier.update(Bytes::from(wire)).unwrap().concat();
                assert!(found == data && verifier.finish().is_ok(), "{length} {algorithm:?}");
            }
        }
    }

    #[test]
    fn more_than_was_announced_does_not_get_through() {
        let mut frames = TrailerFrames::new(3, Algorithm::Crc32);
        assert_eq!(frames.frame(Bytes::from("12345")).concat(), b"3\r\n123\r\n");
        assert!(frames.frame(Bytes::from("6")).is_empty());
    }
}
