//! All stages of a body in one: removes the framing, computes the digests, and gives one verdict at the end.

use crate::body::CoalescingBuffer;
use crate::body::aws_chunked::{AwsChunkedDecoder, ChunkSignatures};
use crate::body::digests::{Digested, Digests, Expected};
use crate::s3::S3Error;
use crate::s3::checksum::Algorithm;
use crate::sigv4::ChunkChain;
use bytes::Bytes;

/// The framing of a body and what was announced about it.
#[derive(Debug, Clone)]
pub struct Announced {
    /// The framing inside HTTP's own.
    pub framing: Framing,
    /// What the object's bytes must be.
    pub expected: Expected,
}

impl Announced {
    /// The algorithm of the checksum the client gives, in a header or behind the body.
    pub fn checksum_algorithm(&self) -> Option<Algorithm> {
        let in_trailer = match &self.framing {
            Framing::Plain => None,
            Framing::AwsChunked { trailer, .. } => *trailer,
        };
        self.expected.checksum.as_ref().map(|checksum| checksum.algorithm).or(in_trailer)
    }
}

/// The framing of a body inside HTTP's own.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and never a list of them")]
pub enum Framing {
    /// None: the body is the object.
    Plain,
    /// aws-chunked.
    AwsChunked {
        /// What the signatures of the chunks continue from; `None` where chunks carry none.
        chain: Option<ChunkChain>,
        /// The checksum that follows the last chunk.
        trailer: Option<Algorithm>,
    },
}

/// A body that is being received. No byte may be used before [`BodyVerifier::finish`] succeeds.
pub struct BodyVerifier {
    decoder: Option<AwsChunkedDecoder>,
    digests: Digests,
}

impl BodyVerifier {
    /// The stages for a body announced so.
    pub fn new(announced: Announced) -> BodyVerifier {
        let mut digests = Digests::new(announced.expected);
        let decoder = match announced.framing {
            Framing::Plain => None,
            Framing::AwsChunked { chain, trailer } => {
                if let Some(algorithm) = trailer {
                    digests.announce(algorithm);
                }
                let signatures = chain.map(|chain| Box::new(chain) as Box<dyn ChunkSignatures + Send>);
                Some(AwsChunkedDecoder::new(signatures, trailer))
            }
        };
        BodyVerifier { decoder, digests }
    }

    /// Lets the MD5 be computed, which is the entity tag of what is stored. Must be called before the first byte.
    pub fn make_md5(&mut self) {
        self.digests.make_md5();
    }

    /// Lets a checksum be computed, unless the client gives one. Must be called before the first byte.
    pub fn make_checksum(&mut self, algorithm: Algorithm) {
        self.digests.make_checksum(algorithm);
    }

    /// Takes the next bytes as sent and gives the object's bytes in them, in few pieces however small the chunks are.
    pub fn update(&mut self, piece: Bytes) -> Result<Vec<Bytes>, S3Error> {
        let Some(decoder) = &mut self.decoder else {
            self.digests.update(&piece)?;
            return Ok(vec![piece]);
        };
        let (digests, mut decoded) = (&mut self.digests, CoalescingBuffer::default());
        decoder.update(&piece, |data| {
            decoded.push(piece.slice_ref(data));
            digests.update(data)
        })?;
        Ok(decoded.into_vec())
    }

    /// The verdict on the whole: framing complete, every signature good, every digest as announced.
    pub fn finish(mut self) -> Result<Digested, S3Error> {
        if let Some(checksum) = self.decoder.map(AwsChunkedDecoder::finish).transpose()?.flatten() {
            self.digests.expect_checksum(checksum);
        }
        self.digests.finish()
    }
}

impl ChunkSignatures for ChunkChain {
    fn chunk_is_good(&mut self, data_sha256: [u8; 32], signature: &str) -> bool {
        self.verify_chunk(&data_sha256, signature).is_ok()
    }

    fn trailer_is_good(&mut self, lines_sha256: [u8; 32], signature: &str) -> bool {
        self.verify_trailer(&lines_sha256, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Timestamp;
    use crate::sigv4::{Scope, Secret};
    use sha2::{Digest, Sha256};

    fn seed() -> ChunkChain {
        let scope = Scope { date: "20261123".into(), region: "auto".into(), service: "s3".into() };
        let key = Secret::new("secret").signing_key(&scope);
        let now = Timestamp::parse_amz_date("20261123T000000Z").unwrap().amz_date();
        let string_to_sign = ["AWS4-HMAC-SHA256", &now, &scope.text(), "the digest of the request"].join("\n");
        let seed = key.sign(&string_to_sign);
        ChunkChain::new(key, string_to_sign, seed)
    }

    /// A body of two chunks, its last empty chunk and, signed, the CRC-32 of all.
    fn framed() -> Vec<u8> {
        let (mut chain, mut body) = (seed(), String::new());
        for data in ["1234", "56789", ""] {
            let signature = chain.sign_chunk(&Sha256::digest(data).into()).hex();
            body += &format!("{:x};chunk-signature={signature}\r\n{data}", data.len());
            body += if data.is_empty() { "" } else { "\r\n" };
        }
        let line = "x-amz-checksum-crc32:y/Q5Jg==\n";
        let signature = chain.sign_trailer(&Sha256::digest(line).into()).hex();
        format!("{body}{}\r\nx-amz-trailer-signature:{signature}\r\n\r\n", line.trim_end()).into_bytes()
    }

    fn announced(framing: Framing, length: u64) -> Announced {
        Announced { framing, expected: Expected { length: Some(length), ..Expected::default() } }
    }

    fn signed_trailer() -> Framing {
        Framing::AwsChunked { chain: Some(seed()), trailer: Some(Algorithm::Crc32) }
    }

    fn take(announced: Announced, pieces: &[&[u8]]) -> Result<(Vec<u8>, Digested), S3Error> {
        let (mut verifier, mut object) = (BodyVerifier::new(announced), Vec::new());
        for piece in pieces {
            verifier.update(Bytes::copy_from_slice(piece))?.iter().for_each(|bytes| object.extend_from_slice(bytes));
        }
        Ok((object, verifier.finish()?))
    }

    #[test]
    fn a_plain_body_is_the_object() {
        let (object, digested) = take(announced(Framing::Plain, 9), &[b"1234", b"56789"]).unwrap();
        assert_eq!((object.as_slice(), digested.length), (&b"123456789"[..], 9));
    }

    #[test]
    fn a_framed_body_is_unframed_verified_and_digested_at_every_split() {
        let framed = framed();
        for at in 0..=framed.len() {
            let pieces = [&framed[..at], &framed[at..]];
            let (object, digested) = take(announced(signed_trailer(), 9), &pieces).unwrap();
            assert_eq!(object, b"123456789", "split at {at}");
            assert_eq!(digested.checksum.unwrap().value, "y/Q5Jg==");
        }
    }

    #[test]
    fn tiny_chunks_come_out_in_one_piece() {
        let framing = Framing::AwsChunked { chain: None, trailer: None };
        let framed = Bytes::from("1\r\nx\r\n".repeat(10_000) + "0\r\n\r\n");
        let mut verifier = BodyVerifier::new(announced(framing, 10_000));
        assert_eq!(verifier.update(framed).unwrap(), ["x".repeat(10_000)]);
        verifier.finish().unwrap();
    }

    #[test]
    fn one_wrong_byte_anywhere_spoils_it() {
        let framed = framed();
        for at in 0..framed.len() {
            let mut forged = framed.clone();
            forged[at] ^= 1;
            assert!(take(announced(signed_trailer(), 9), &[&forged]).is_err(), "byte {at} is not looked at");
        }
    }

    #[test]
    fn the_decoded_length_must_be_the_announced_one() {
        for length in [8, 10] {
            let error = take(announced(signed_trailer(), length), &[&framed()]).unwrap_err();
            assert_eq!(error.code, "IncompleteBody", "{length}");
        }
    }
}
