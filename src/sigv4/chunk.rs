//! The chain of signatures in an aws-chunked body. Each signature covers the one before it; the first covers the
//! request's.
//!
//! The frames are not read here: their decoder hashes the bytes and asks the chain.
//!
//! Source: S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
//! Chunks", with and without trailing headers.

use crate::sigv4::digits;
use crate::sigv4::key::{Signature, SigningKey};
use crate::sigv4::payload::EMPTY_SHA256;

/// The state of a chain of chunk signatures.
#[derive(Debug, Clone)]
pub struct ChunkChain {
    key: SigningKey,
    /// The request's own. Every later one repeats its second and third line, the date and the scope.
    string_to_sign: String,
    previous: Signature,
}

/// A chunk or trailer whose signature does not continue the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenChain;

impl ChunkChain {
    /// The chain of a request: the key, what it signed, and its signature, the seed.
    pub fn new(key: SigningKey, string_to_sign: String, seed: Signature) -> ChunkChain {
        ChunkChain { key, string_to_sign, previous: seed }
    }

    /// Signs the next chunk, given the SHA-256 of its bytes; the last chunk is the empty one.
    pub fn sign_chunk(&mut self, sha256: &[u8; 32]) -> Signature {
        // The digest of chunk headers, which no version of the protocol has.
        let rest = [EMPTY_SHA256, "\n", &digits::of(sha256)].concat();
        self.advance("AWS4-HMAC-SHA256-PAYLOAD", &rest)
    }

    /// Signs the trailers, given the SHA-256 of their lines, `name:value` each ended by one line feed.
    pub fn sign_trailer(&mut self, sha256: &[u8; 32]) -> Signature {
        self.advance("AWS4-HMAC-SHA256-TRAILER", &digits::of(sha256))
    }

    /// Whether `provided` signs the next chunk. After a mismatch the chain cannot be used any more.
    pub fn verify_chunk(&mut self, sha256: &[u8; 32], provided: &str) -> Result<(), BrokenChain> {
        self.sign_chunk(sha256).matches(provided).then_some(()).ok_or(BrokenChain)
    }

    /// Whether `provided` signs the trailers.
    pub fn verify_trailer(&mut self, sha256: &[u8; 32], provided: &str) -> Result<(), BrokenChain> {
        self.sign_trailer(sha256).matches(provided).then_some(()).ok_or(BrokenChain)
    }

    fn advance(&mut self, algorithm: &str, rest: &str) -> Signature {
        let string_to_sign = [algorithm, "\n", self.date_and_scope(), "\n", &self.previous.hex(), "\n", rest].concat();
        self.previous = self.key.sign(&string_to_sign);
        self.previous
    }

    fn date_and_scope(&self) -> &str {
        let behind_algorithm = self.string_to_sign.split_once('\n').map(|(_, rest)| rest);
        behind_algorithm.and_then(|rest| rest.rsplit_once('\n')).map_or("", |(lines, _)| lines)
    }
}
