//! The checksum of an object that is made of parts, from the checksums of the parts: its bytes are not read again.

use crate::s3::checksum::{Algorithm, Checksum, Hasher, Kind};
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, checksum_combine};

/// How the object of an upload will be checksummed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The algorithm of every part and of the whole.
    pub algorithm: Algorithm,
    /// What the checksum of the whole will cover.
    pub kind: Kind,
}

impl Plan {
    /// The plan of an algorithm and, perhaps, a kind. Where no kind is asked for, CRC-64/NVME covers the object and the
    /// others cover the parts' checksums (S3 user guide, "Checking object integrity").
    ///
    /// # Errors
    /// `InvalidRequest` for kinds the algorithm does not have: SHA-1 and SHA-256 of a whole cannot be made from those
    /// of parts, and CRC-64/NVME is never composite.
    pub fn new(algorithm: Algorithm, kind: Option<Kind>) -> Result<Plan, S3Error> {
        let kind = kind.unwrap_or(usual_kind(algorithm));
        let lacking = match kind {
            Kind::FullObject => matches!(algorithm, Algorithm::Sha1 | Algorithm::Sha256),
            Kind::Composite => algorithm == Algorithm::Crc64Nvme,
        };
        if lacking { Err(not_of(algorithm, kind)) } else { Ok(Plan { algorithm, kind }) }
    }

    /// The checksum of an object from those of its parts, each with the part's bytes, in order. `None` where a part has
    /// none, or one of another algorithm.
    pub fn assemble<'a>(self, parts: impl Iterator<Item = (Option<&'a Checksum>, u64)>) -> Option<Checksum> {
        let parts = parts.map(|(checksum, size)| Some((self.digest(checksum?)?, size)));
        let parts = parts.collect::<Option<Vec<_>>>()?;
        match self.kind {
            Kind::Composite => Some(self.composite(&parts)),
            Kind::FullObject => self.full_object(&parts),
        }
    }

    fn digest(self, checksum: &Checksum) -> Option<Vec<u8>> {
        let digest = STANDARD.decode(&checksum.value).ok()?;
        (checksum.algorithm == self.algorithm && digest.len() == self.algorithm.digest_bytes()).then_some(digest)
    }

    fn composite(self, parts: &[(Vec<u8>, u64)]) -> Checksum {
        let mut hasher = Hasher::new(self.algorithm);
        parts.iter().for_each(|(digest, _)| hasher.update(digest));
        let value = format!("{}-{}", STANDARD.encode(hasher.finish()), parts.len());
        Checksum { algorithm: self.algorithm, kind: Kind::Composite, value }
    }

    fn full_object(self, parts: &[(Vec<u8>, u64)]) -> Option<Checksum> {
        let crc = match self.algorithm {
            Algorithm::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
            Algorithm::Crc32c => CrcAlgorithm::Crc32Iscsi,
            Algorithm::Crc64Nvme => CrcAlgorithm::Crc64Nvme,
            Algorithm::Sha1 | Algorithm::Sha256 => return None,
        };
        let number = |digest: &[u8]| digest.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let (first, rest) = parts.split_first()?;
        let join = |crc_so_far, (digest, size): &(Vec<u8>, u64)| {
            checksum_combine(crc, crc_so_far, number(digest.as_slice()), *size)
        };
        let whole = rest.iter().fold(number(&first.0), join).to_be_bytes();
        Some(Checksum::from_digest(self.algorithm, whole.get(8 - self.algorithm.digest_bytes()..)?))
    }
}

/// The kind that a checksum has where the client asks for none.
fn usual_kind(algorithm: Algorithm) -> Kind {
    if algorithm == Algorithm::Crc64Nvme { Kind::FullObject } else { Kind::Composite }
}

fn not_of(algorithm: Algorithm, kind: Kind) -> S3Error {
    let (kind, algorithm) = (kind.name(), algorithm.name().to_lowercase());
    let message = format!("The {kind} checksum type cannot be used with the {algorithm} checksum algorithm.");
    S3Error::new(Code::INVALID_REQUEST).message(message)
}

/// Where each algorithm has its usual kind alone, as on R2: the kind that a request for an upload names is it. What names
/// no kind or no algorithm that there is, the store refuses.
///
/// # Errors
/// `InvalidRequest`.
pub fn require_usual_kind(view: &RequestView<'_>) -> Result<(), S3Error> {
    let kind = view.header("x-amz-checksum-type").and_then(Kind::parse);
    let named = view.header("x-amz-checksum-algorithm").and_then(Algorithm::parse);
    let given = || Algorithm::ALL.into_iter().find(|algorithm| view.header_bytes(algorithm.header()).is_some());
    match (kind, named.or_else(given)) {
        (Some(kind), Some(algorithm)) if kind != usual_kind(algorithm) => Err(not_of(algorithm, kind)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish_checksum()
    }

    fn assembled(algorithm: Algorithm, kind: Kind, parts: &[&[u8]]) -> Checksum {
        let sums: Vec<_> = parts.iter().map(|part| checksum(algorithm, part)).collect();
        let parts = sums.iter().zip(parts).map(|(sum, part)| (Some(sum), part.len() as u64));
        Plan { algorithm, kind }.assemble(parts).unwrap()
    }

    #[test]
    fn the_crc_of_the_parts_is_that_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let whole = checksum(algorithm, b"123456789");
            for parts in [&[&b"123456789"[..]][..], &[b"1234", b"56789"], &[b"1", b"", b"2345678", b"9", b""]] {
                assert_eq!(assembled(algorithm, Kind::FullObject, parts), whole, "{algorithm:?} {parts:?}");
            }
        }
    }

    #[test]
    fn a_composite_is_the_checksum_of_the_checksums() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Sha1, Algorithm::Sha256] {
            let digests = [&b"ab"[..], b"c"].map(|part| STANDARD.decode(checksum(algorithm, part).value).unwrap());
            let expected = format!("{}-2", checksum(algorithm, &digests.concat()).value);
            assert_eq!(assembled(algorithm, Kind::Composite, &[b"ab", b"c"]).value, expected);
        }
    }

    #[test]
    fn a_part_without_its_checksum_leaves_the_whole_without() {
        let crc = checksum(Algorithm::Crc32, b"a");
        let plan = Plan { algorithm: Algorithm::Crc32, kind: Kind::Composite };
        assert_eq!(plan.assemble([(Some(&crc), 1), (None, 1)].into_iter()), None);
        let other = checksum(Algorithm::Crc32c, b"a");
        assert_eq!(plan.assemble([(Some(&crc), 1), (Some(&other), 1)].into_iter()), None);
    }

    #[test]
    fn kinds_that_cannot_be_are_refused() {
        for (algorithm, kind, expected) in [
            (Algorithm::Crc32, None, Ok(Kind::Composite)),
            (Algorithm::Crc64Nvme, None, Ok(Kind::FullObject)),
            (Algorithm::Crc32c, Some(Kind::FullObject), Ok(Kind::FullObject)),
            (
                Algorithm::Sha1,
                Some(Kind::FullObject),
                Err("The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."),
            ),
            (
                Algorithm::Crc64Nvme,
                Some(Kind::Composite),
                Err("The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."),
            ),
        ] {
            let plan = Plan::new(algorithm, kind);
            assert_eq!(plan.map(|plan| plan.kind).map_err(|e| e.message), expected.map_err(Into::into));
        }
    }
}
