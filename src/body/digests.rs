//! Verifies a body: counts and digests the bytes, and compares them with everything that the client announced.
//!
//! [`crate::s3::checksum`] reads the announcement. Signatures of chunks are not verified here.

use crate::s3::checksum::{Algorithm, Checksum, Hasher};
use crate::s3::etag::ETag;
use crate::s3::{Code, S3Error};
use md5::{Digest, Md5};
use sha2::Sha256;

/// What a client announced about its body. A `None` was not announced and is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Bytes of the body: `Content-Length`, or `x-amz-decoded-content-length` for aws-chunked bodies.
    pub length: Option<u64>,
    /// `x-amz-content-sha256` where it is a digest.
    pub sha256: Option<[u8; 32]>,
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// A checksum from a header.
    pub checksum: Option<Checksum>,
}

/// The length and digests of the received body, to be stored with the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    /// Bytes of the body.
    pub length: u64,
    /// Its MD5, if one was expected or [asked for](Digests::make_md5).
    pub md5: Option<[u8; 16]>,
    /// Its SHA-256, if one was expected.
    pub sha256: Option<[u8; 32]>,
    /// Its checksum, if one was expected, [announced](Digests::announce) or
    /// [asked for](Digests::make_checksum).
    pub checksum: Option<Checksum>,
}

/// The stage that digests a body and verifies it at its end. No byte may be used before [`Digests::finish`] succeeds.
#[derive(Debug)]
pub struct Digests {
    expected: Expected,
    length: u64,
    md5: Option<Md5>,
    sha256: Option<Sha256>,
    checksum: Option<Hasher>,
}

impl Digested {
    /// The entity tag of the object that these bytes are.
    ///
    /// # Errors
    /// `InternalError` where no MD5 was made.
    pub fn etag(&self) -> Result<ETag, S3Error> {
        let not_made = || S3Error::new(Code::INTERNAL_ERROR).cause("no MD5 was made of a body that becomes an object");
        self.md5.map(ETag::from_md5).ok_or_else(not_made)
    }
}

impl Digests {
    /// A stage that has seen no bytes.
    pub fn new(expected: Expected) -> Digests {
        Digests {
            length: 0,
            md5: expected.md5.map(|_| Md5::new()),
            sha256: expected.sha256.map(|_| Sha256::new()),
            checksum: expected.checksum.as_ref().map(|checksum| Hasher::new(checksum.algorithm)),
            expected,
        }
    }

    /// Prepares for a checksum whose value follows the body in a trailer. To be called before the first byte.
    pub fn announce(&mut self, algorithm: Algorithm) {
        self.checksum = Some(Hasher::new(algorithm));
    }

    /// Lets the MD5 be computed, which is the entity tag of what is stored. Must be called before the first byte.
    pub fn make_md5(&mut self) {
        self.md5.get_or_insert_with(Md5::new);
    }

    /// Lets a checksum be computed, unless the client gives one. Must be called before the first byte.
    pub fn make_checksum(&mut self, algorithm: Algorithm) {
        self.checksum.get_or_insert_with(|| Hasher::new(algorithm));
    }

    /// The checksum of the trailer, of the algorithm that was announced.
    pub fn expect_checksum(&mut self, checksum: Checksum) {
        self.expected.checksum = Some(checksum);
    }

    /// The next bytes. `IncompleteBody` as soon as there are more than the client said.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), S3Error> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        if self.expected.length.is_some_and(|expected| self.length > expected) {
            return Err(self.wrong_length());
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        Ok(())
    }

    /// The verdict: the received digests, or the first mismatch: `IncompleteBody`, `XAmzContentSHA256Mismatch`, then
    /// `BadDigest` of MD5 and of the checksum.
    pub fn finish(self) -> Result<Digested, S3Error> {
        if self.expected.length.is_some_and(|expected| self.length != expected) {
            return Err(self.wrong_length());
        }
        let digested = Digested {
            length: self.length,
            md5: self.md5.map(|md5| md5.finalize().into()),
            sha256: self.sha256.map(|sha256| sha256.finalize().into()),
            checksum: self.checksum.map(Hasher::finish_checksum),
        };
        compare(&self.expected, &digested)?;
        Ok(digested)
    }

    fn wrong_length(&self) -> S3Error {
        let expected = self.expected.length.unwrap_or_default();
        S3Error::new(Code::INCOMPLETE_BODY).cause(format!("{} bytes came, {expected} were announced", self.length))
    }
}

fn compare(expected: &Expected, digested: &Digested) -> Result<(), S3Error> {
    if expected.sha256.is_some() && expected.sha256 != digested.sha256 {
        return Err(Code::X_AMZ_CONTENT_SHA256_MISMATCH.into());
    }
    if let Some(given) = expected.md5.filter(|_| expected.md5 != digested.md5) {
        return Err(bad_md5(&given, &digested.md5.unwrap_or_default()));
    }
    match &expected.checksum {
        Some(checksum) if digested.checksum.as_ref() != Some(checksum) => Err(Checksum::mismatch(checksum.algorithm)),
        _ => Ok(()),
    }
}

/// R2 adds both values, one a line.
fn bad_md5(given: &[u8; 16], actual: &[u8; 16]) -> S3Error {
    S3Error::new(Code::BAD_DIGEST).message(format!(
        "The MD5 checksum you specified did not match what we received.\n\
         You provided a MD5 checksum with value: {}\n\
         Actual MD5 was: {}",
        hex::encode(given),
        hex::encode(actual)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"123456789";

    fn md5() -> [u8; 16] {
        Md5::digest(BODY).into()
    }

    fn sha256() -> [u8; 32] {
        Sha256::digest(BODY).into()
    }

    fn crc32() -> Checksum {
        Checksum::parse(Algorithm::Crc32, "y/Q5Jg==").unwrap()
    }

    fn all_said() -> Expected {
        Expected { length: Some(9), sha256: Some(sha256()), md5: Some(md5()), checksum: Some(crc32()) }
    }

    fn judge(expected: Expected, body: &[u8]) -> Result<Digested, S3Error> {
        let mut digests = Digests::new(expected);
        for piece in body.chunks(4) {
            digests.update(piece)?;
        }
        digests.finish()
    }

    #[test]
    fn a_body_that_matches_its_announcement() {
        let digested = judge(all_said(), BODY).unwrap();
        let whole = Digested { length: 9, md5: Some(md5()), sha256: Some(sha256()), checksum: Some(crc32()) };
        assert_eq!(digested, whole);
    }

    #[test]
    fn nothing_announced_nothing_verified() {
        let digested = judge(Expected::default(), BODY).unwrap();
        assert_eq!(digested, Digested { length: 9, md5: None, sha256: None, checksum: None });
        assert_eq!(digested.etag().unwrap_err().code, "InternalError");
    }

    #[test]
    fn an_entity_tag_is_made_where_it_is_asked_for() {
        for (body, tag) in [(BODY, "25f9e794323b453885f5181f1b624d0b"), (b"", "d41d8cd98f00b204e9800998ecf8427e")] {
            for said in [None, Some(Md5::digest(body).into())] {
                let mut digests = Digests::new(Expected { md5: said, ..Expected::default() });
                digests.make_md5();
                digests.update(body).unwrap();
                assert_eq!(digests.finish().unwrap().etag().unwrap().as_str(), tag);
            }
        }
    }

    #[test]
    fn every_lie_has_its_answer() {
        let none = Expected::default;
        for (expected, message) in [
            (
                Expected { length: Some(10), ..all_said() },
                "400 IncompleteBody: You did not provide the number of bytes",
            ),
            (Expected { length: Some(8), ..all_said() }, "400 IncompleteBody: You did not provide the number of bytes"),
            (
                Expected { sha256: Some([0; 32]), ..all_said() },
                "400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match",
            ),
            (
                Expected { md5: Some([0; 16]), ..none() },
                "400 BadDigest: The MD5 checksum you specified did not match what we received.\n\
                 You provided a MD5 checksum with value: 00000000000000000000000000000000\n\
                 Actual MD5 was: 25f9e794323b453885f5181f1b624d0b",
            ),
            (
                Expected { checksum: Some(Checksum::from_digest(Algorithm::Crc32, &[0; 4])), ..all_said() },
                "400 BadDigest: The CRC32 you specified did not match the calculated checksum.",
            ),
        ] {
            let error = judge(expected, BODY).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn too_long_is_seen_before_the_end() {
        let mut digests = Digests::new(Expected { length: Some(3), ..Expected::default() });
        assert!(digests.update(b"123").is_ok());
        assert_eq!(digests.update(b"4").unwrap_err().code, "IncompleteBody");
    }

    #[test]
    fn a_checksum_may_follow_in_a_trailer() {
        let with_trailer = |trailer: Checksum| {
            let mut digests = Digests::new(Expected::default());
            digests.announce(Algorithm::Crc32);
            digests.update(BODY)?;
            digests.expect_checksum(trailer);
            digests.finish()
        };
        assert_eq!(with_trailer(crc32()).unwrap().checksum, Some(crc32()));
        assert_eq!(with_trailer(Checksum::from_digest(Algorithm::Crc32, &[1; 4])).unwrap_err().code, "BadDigest");
        assert_eq!(with_trailer(Checksum::from_digest(Algorithm::Sha1, &[1; 20])).unwrap_err().code, "BadDigest");
    }
}
