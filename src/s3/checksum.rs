//! The checksums S3 knows besides MD5: their names, headers and values, and the sums themselves.
//!
//! [`crate::body`] compares a client's checksum with that of the body.

use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use http::{HeaderName, HeaderValue};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fmt;

/// A checksum algorithm a client may choose (S3 user guide, "Checking object integrity").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32 (ISO 3309), 4 bytes.
    Crc32,
    /// CRC-32C (Castagnoli), 4 bytes.
    Crc32c,
    /// CRC-64/NVME, 8 bytes.
    Crc64Nvme,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 5] =
        [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme, Algorithm::Sha1, Algorithm::Sha256];

    /// As `x-amz-sdk-checksum-algorithm` and `<ChecksumAlgorithm>` spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries its value.
    pub const fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The XML element that carries its value.
    pub const fn element(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "ChecksumCRC32",
            Algorithm::Crc32c => "ChecksumCRC32C",
            Algorithm::Crc64Nvme => "ChecksumCRC64NVME",
            Algorithm::Sha1 => "ChecksumSHA1",
            Algorithm::Sha256 => "ChecksumSHA256",
        }
    }

    /// The length of its digest in bytes.
    pub const fn digest_bytes(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme => 8,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
        }
    }

    /// Reads a [name](Algorithm::name) in any case, as S3 does.
    pub fn parse(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Reads the name of a [header](Algorithm::header) in any case.
    pub fn from_header(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
    }

    /// Reads the name of an [element](Algorithm::element).
    pub fn from_element(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.element() == name)
    }
}

/// What a stored checksum is a checksum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The object's bytes.
    FullObject,
    /// The checksums of its parts, written one after the other.
    Composite,
}

impl Kind {
    /// As `x-amz-checksum-type` and `<ChecksumType>` spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::FullObject => "FULL_OBJECT",
            Kind::Composite => "COMPOSITE",
        }
    }

    /// Reads a [name](Kind::name).
    pub fn parse(name: &str) -> Option<Kind> {
        [Kind::FullObject, Kind::Composite].into_iter().find(|kind| kind.name() == name)
    }
}

/// A checksum as clients send and get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// Which algorithm made it.
    pub algorithm: Algorithm,
    /// What it covers.
    pub kind: Kind,
    /// Base64 of the digest; composite ones end in `-N`, N the number of parts.
    pub value: String,
}

impl Checksum {
    /// The checksum of a body whose digest is `digest`.
    pub fn from_digest(algorithm: Algorithm, digest: &[u8]) -> Checksum {
        Checksum { algorithm, kind: Kind::FullObject, value: STANDARD.encode(digest) }
    }

    /// The checksum of a whole body as a client writes it: base64 of a digest of the right length.
    pub fn parse(algorithm: Algorithm, value: &str) -> Result<Checksum, S3Error> {
        match STANDARD.decode(value) {
            Ok(digest) if digest.len() == algorithm.digest_bytes() => Ok(Checksum::from_digest(algorithm, &digest)),
            _ => Err(invalid_value(algorithm.header())),
        }
    }

    /// The checksum a request gives for its body in a header, if any.
    ///
    /// Two of them are `InvalidRequest` in R2's words; `Content-MD5` beside one is none of them. A malformed one, and
    /// one that is not of the algorithm in `x-amz-sdk-checksum-algorithm`, are `InvalidRequest` in S3's. An algorithm
    /// named without a value is fine: the value may follow in a trailer. One of an algorithm that is not known here
    /// cannot be verified, so whatever the policy it is `NotImplemented`.
    pub fn from_view(view: &RequestView<'_>) -> Result<Option<Checksum>, S3Error> {
        refuse_unknown(view)?;
        let mut found = None;
        let mut count = 0;
        for (name, value) in view.headers() {
            if let Some(algorithm) = Algorithm::from_header(name) {
                found = Some((algorithm, value));
                count += 1;
            }
        }
        if count > 1 {
            return Err(Checksum::only_one());
        }
        let named = named_algorithm(view)?;
        let Some((algorithm, value)) = found else { return Ok(None) };
        if named.is_some_and(|named| named != algorithm) {
            return Err(invalid_value("x-amz-sdk-checksum-algorithm"));
        }
        let value = std::str::from_utf8(value).map_err(|_| invalid_value(algorithm.header()))?;
        Checksum::parse(algorithm, value).map(Some)
    }

    /// The error for two checksums of one body, in R2's words.
    pub fn only_one() -> S3Error {
        S3Error::new(Code::INVALID_REQUEST).message("You can only specify one non-default checksum at a time.")
    }

    /// The error for a body whose checksum of this algorithm is another one. S3's words: R2's are not known for all
    /// algorithms.
    pub fn mismatch(algorithm: Algorithm) -> S3Error {
        let name = algorithm.name();
        S3Error::new(Code::BAD_DIGEST)
            .message(format!("The {name} you specified did not match the calculated checksum."))
    }

    /// The headers that give the checksum back.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let value = HeaderValue::from_str(&self.value).ok();
        let value = value.map(|value| (HeaderName::from_static(self.algorithm.header()), value));
        let kind = (HeaderName::from_static("x-amz-checksum-type"), HeaderValue::from_static(self.kind.name()));
        value.into_iter().chain([kind]).collect()
    }
}

/// What follows `x-amz-checksum-` in headers that are no checksum themselves.
const ABOUT_CHECKSUMS: &[&str] = &["algorithm", "mode", "type"];

fn refuse_unknown(view: &RequestView<'_>) -> Result<(), S3Error> {
    let is_unknown = |name: &str| {
        let kind = name.strip_prefix("x-amz-checksum-");
        kind.is_some_and(|kind| !ABOUT_CHECKSUMS.contains(&kind)) && Algorithm::from_header(name).is_none()
    };
    let Some((name, value)) = view.headers().find(|(name, _)| is_unknown(name)) else { return Ok(()) };
    let value = String::from_utf8_lossy(value);
    Err(S3Error::new(Code::NOT_IMPLEMENTED).message(format!("Header '{name}' with value '{value}' not implemented")))
}

/// The algorithm of the checksum that `x-amz-trailer` announces behind an aws-chunked body. Other trailers S3 does not
/// have: `InvalidRequest`.
pub fn announced_trailer(view: &RequestView<'_>) -> Result<Option<Algorithm>, S3Error> {
    let name = "x-amz-trailer";
    match view.header_bytes(name) {
        None => Ok(None),
        Some(_) => {
            let algorithm = view.header(name).and_then(|trailer| Algorithm::from_header(trailer.trim()));
            algorithm.map(Some).ok_or_else(|| invalid_value(name))
        }
    }
}

fn named_algorithm(view: &RequestView<'_>) -> Result<Option<Algorithm>, S3Error> {
    let name = "x-amz-sdk-checksum-algorithm";
    match view.header_bytes(name) {
        None => Ok(None),
        Some(_) => view.header(name).and_then(Algorithm::parse).map(Some).ok_or_else(|| invalid_value(name)),
    }
}

fn invalid_value(header: &str) -> S3Error {
    S3Error::new(Code::INVALID_REQUEST).message(format!("Value for {header} header is invalid."))
}

/// The digest in `Content-MD5` (RFC 1864), if any: base64 of 16 bytes, else `InvalidDigest`.
pub fn content_md5(view: &RequestView<'_>) -> Result<Option<[u8; 16]>, S3Error> {
    let Some(value) = view.header_bytes("content-md5") else { return Ok(None) };
    let digest = STANDARD.decode(value).ok().and_then(|digest| digest.try_into().ok());
    digest.map(Some).ok_or_else(|| Code::INVALID_DIGEST.into())
}

/// A checksum in the making: bytes in, in pieces of any size, a digest out.
pub struct Hasher {
    algorithm: Algorithm,
    state: State,
}

enum State {
    Crc(Box<crc_fast::Digest>),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    /// The checksum of no bytes.
    pub fn new(algorithm: Algorithm) -> Hasher {
        let crc = |variant| State::Crc(Box::new(crc_fast::Digest::new(variant)));
        let state = match algorithm {
            Algorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
        };
        Hasher { algorithm, state }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(crc) => crc.update(bytes),
            State::Sha1(sha1) => sha1.update(bytes),
            State::Sha256(sha256) => sha256.update(bytes),
        }
    }

    /// The digest of all bytes, most significant byte first.
    pub fn finish(self) -> Vec<u8> {
        match self.state {
            // The library keeps every CRC in 64 bits; a shorter one fills the last of the eight bytes.
            State::Crc(crc) => {
                crc.finalize().to_be_bytes().into_iter().skip(8 - self.algorithm.digest_bytes()).collect()
            }
            State::Sha1(sha1) => sha1.finalize().to_vec(),
            State::Sha256(sha256) => sha256.finalize().to_vec(),
        }
    }

    /// The digest as a checksum of the whole body.
    pub fn finish_checksum(self) -> Checksum {
        let algorithm = self.algorithm;
        Checksum::from_digest(algorithm, &self.finish())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::HeaderMap;

    fn request(lines: &[(&'static str, &str)]) -> Result<Option<Checksum>, S3Error> {
        let headers: HeaderMap = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        Checksum::from_view(&RequestView::from_signed_headers(&headers, Query::default()))
    }

    #[test]
    fn known_answers_whatever_the_pieces() {
        for (algorithm, hex_digest) in [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] {
            for split in 0..=9 {
                let (head, tail) = b"123456789".split_at(split);
                let mut hasher = Hasher::new(algorithm);
                hasher.update(head);
                hasher.update(tail);
                assert_eq!(hex::encode(hasher.finish()), hex_digest, "{algorithm:?} at {split}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()), Some(algorithm));
            assert_eq!(Algorithm::from_header(algorithm.header()), Some(algorithm));
            assert_eq!(Algorithm::from_element(algorithm.element()), Some(algorithm));
            assert_eq!(Hasher::new(algorithm).finish().len(), algorithm.digest_bytes());
        }
        for other in ["x-amz-checksum-mode", "x-amz-checksum-type", "x-amz-checksum-algorithm", "x-amz-checksum-md5"] {
            assert_eq!(Algorithm::from_header(other), None);
        }
        for kind in [Kind::FullObject, Kind::Composite] {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
    }

    #[test]
    fn a_request_gives_at_most_one_checksum() {
        let crc32 = ("x-amz-checksum-crc32", "y/Q5Jg==");
        let md5 = ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==");
        let named = |name| ("x-amz-sdk-checksum-algorithm", name);
        let checksum = Checksum::parse(Algorithm::Crc32, "y/Q5Jg==").unwrap();
        for (lines, found) in [
            (&[][..], None),
            (&[crc32], Some(&checksum)),
            (&[crc32, named("crc32")], Some(&checksum)),
            (&[named("CRC32")], None),
            (&[md5], None),
            (&[crc32, md5], Some(&checksum)),
        ] {
            assert_eq!(request(lines).unwrap().as_ref(), found, "{lines:?}");
        }
    }

    #[test]
    fn wrong_checksum_headers_are_named() {
        let crc32 = ("x-amz-checksum-crc32", "y/Q5Jg==");
        let only_one = "400 InvalidRequest: You can only specify one non-default checksum at a time.";
        let invalid = |header: &str| format!("400 InvalidRequest: Value for {header} header is invalid.");
        for (lines, message) in [
            (&[crc32, ("x-amz-checksum-sha1", "AA==")][..], only_one.to_owned()),
            (&[crc32, crc32], only_one.to_owned()),
            (&[("x-amz-checksum-crc32", "y/Q5")], invalid("x-amz-checksum-crc32")),
            (&[("x-amz-checksum-crc32", "not base64")], invalid("x-amz-checksum-crc32")),
            (&[("x-amz-checksum-crc32", "y/Q5Jg")], invalid("x-amz-checksum-crc32")),
            (&[("x-amz-checksum-sha256", "")], invalid("x-amz-checksum-sha256")),
            (&[crc32, ("x-amz-sdk-checksum-algorithm", "SHA1")], invalid("x-amz-sdk-checksum-algorithm")),
            (&[crc32, ("x-amz-sdk-checksum-algorithm", "XX")], invalid("x-amz-sdk-checksum-algorithm")),
            (
                &[crc32, ("x-amz-checksum-sha512", "AA==")],
                "501 NotImplemented: Header 'x-amz-checksum-sha512' with value 'AA==' not implemented".to_owned(),
            ),
        ] {
            assert_eq!(request(lines).unwrap_err().to_string(), message, "{lines:?}");
        }
    }

    #[test]
    fn content_md5_is_sixteen_bytes() {
        let read = |value: &'static str| {
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static("content-md5"), HeaderValue::from_static(value))]);
            content_md5(&RequestView::from_signed_headers(&headers, Query::default()))
        };
        assert_eq!(hex::encode(read("1B2M2Y8AsgTpgAmY7PhCfg==").unwrap().unwrap()), "d41d8cd98f00b204e9800998ecf8427e");
        for bad in ["", "rL0Y20zC+Fzt72VPzMSk", "d41d8cd98f00b204e9800998ecf8427e", "????"] {
            assert_eq!(read(bad).unwrap_err().code, "InvalidDigest", "{bad}");
        }
    }

    #[test]
    fn a_trailer_is_announced_by_name() {
        let read = |value: Option<&'static str>| {
            let line = value.map(|value| (HeaderName::from_static("x-amz-trailer"), HeaderValue::from_static(value)));
            let headers = HeaderMap::from_iter(line);
            announced_trailer(&RequestView::from_signed_headers(&headers, Query::default()))
        };
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some("X-Amz-Checksum-CRC32")), Ok(Some(Algorithm::Crc32)));
        for bad in ["", "x-amz-meta-a", "x-amz-checksum-crc32,x-amz-checksum-sha1"] {
            let message = "400 InvalidRequest: Value for x-amz-trailer header is invalid.";
            assert_eq!(read(Some(bad)).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_checksum_is_given_back_with_its_type() {
        let headers = Checksum::parse(Algorithm::Crc64Nvme, "rosUhgp5mIg=").unwrap().headers();
        let lines: Vec<_> = headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        assert_eq!(lines, ["x-amz-checksum-crc64nvme: rosUhgp5mIg=", "x-amz-checksum-type: FULL_OBJECT"]);
    }
}
