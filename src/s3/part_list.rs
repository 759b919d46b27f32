//! Checks the parts that CompleteMultipartUpload names: order and sizes.
//!
//! The local store checks its own parts with it, and the proxy those of another store, so that both give the same
//! errors. It does not check whether a part exists.

use crate::s3::checksum::{Algorithm, Kind};
use crate::s3::xml::CompletedPart;
use crate::s3::{Code, S3Error};

/// The least bytes of a part that is not the last (S3 and R2 limits: 5 MiB).
pub const MIN_PART: u64 = 5 << 20;

/// A fault in the list of parts for a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartsFault {
    /// There is no such part, or it has another tag or checksum.
    Missing,
    /// A number is listed twice.
    Duplicate,
    /// The numbers do not ascend.
    Order,
    /// A part that is not the last is too small.
    TooSmall,
    /// Together they are more than an object may have.
    TooLarge,
    /// Parts that are not the last differ in size.
    Unequal,
    /// The last part is larger than the others.
    LastTooLarge {
        /// Its number.
        number: u16,
        /// Bytes of the others.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// Together they have another size than the client says.
    Size,
    /// Together they have another checksum than the client says.
    Checksum(Algorithm),
    /// The upload was created with this kind of checksum, and is completed with the other.
    ChecksumKind(Kind),
}

/// R2's message for parts that differ in size.
const UNEQUAL: &str = "All non-trailing parts must have the same length.";

impl From<PartsFault> for S3Error {
    fn from(fault: PartsFault) -> S3Error {
        match fault {
            PartsFault::Missing => Code::INVALID_PART.into(),
            PartsFault::Duplicate => {
                S3Error::new(Code::INVALID_PART).message("There was a problem with the multipart upload.")
            }
            PartsFault::Order => Code::INVALID_PART_ORDER.into(),
            PartsFault::TooSmall => Code::ENTITY_TOO_SMALL.into(),
            PartsFault::TooLarge => Code::ENTITY_TOO_LARGE.into(),
            PartsFault::Unequal => S3Error::new(Code::INVALID_PART).message(UNEQUAL),
            PartsFault::LastTooLarge { number, expected, found } => S3Error::new(Code::INVALID_PART).message(format!(
                "{UNEQUAL} Non Uniform Part Sizes: Expected part {number} to have size {expected}, found {found}"
            )),
            PartsFault::Size => S3Error::new(Code::INVALID_REQUEST)
                .message("The provided 'x-amz-mp-object-size' header does not match what was computed."),
            PartsFault::Checksum(algorithm) => S3Error::new(Code::BAD_DIGEST)
                .message(format!("The {} you specified did not match the calculated checksum.", algorithm.name())),
            PartsFault::ChecksumKind(kind) => S3Error::new(Code::INVALID_REQUEST).message(format!(
                "The upload was created using the {} checksum mode. The complete request must use the same checksum \
                 mode.",
                kind.name()
            )),
        }
    }
}

/// The list in the order of the numbers: as it is, or sorted where any order will do.
///
/// # Errors
/// A number that comes twice, and a list that is not in order where it must be.
pub fn in_order(parts: &[CompletedPart], any_order: bool) -> Result<Vec<&CompletedPart>, PartsFault> {
    let mut sorted: Vec<&CompletedPart> = parts.iter().collect();
    sorted.sort_by_key(|part| part.number);
    if sorted.windows(2).any(|pair| matches!(pair, [a, b] if a.number == b.number)) {
        return Err(PartsFault::Duplicate);
    }
    let as_listed = parts.iter().zip(&sorted).all(|(listed, sorted)| listed.number == sorted.number);
    if any_order || as_listed { Ok(sorted) } else { Err(PartsFault::Order) }
}

/// Whether parts of these numbers and sizes, in order, can be an object. `equal` is whether all but the last must have
/// one size, and the last no more.
///
/// # Errors
/// No part at all, and what is wrong with the sizes.
pub fn check_sizes(parts: &[(u16, u64)], equal: bool) -> Result<(), PartsFault> {
    let Some((last, others)) = parts.split_last() else { return Err(PartsFault::Missing) };
    if others.iter().any(|(_, size)| *size < MIN_PART) {
        return Err(PartsFault::TooSmall);
    }
    match others.split_first() {
        Some((first, rest)) if equal => check_equal(first.1, rest, *last),
        _ => Ok(()),
    }
}

fn check_equal(expected: u64, rest: &[(u16, u64)], (number, found): (u16, u64)) -> Result<(), PartsFault> {
    if rest.iter().any(|(_, size)| *size != expected) {
        return Err(PartsFault::Unequal);
    }
    if found > expected { Err(PartsFault::LastTooLarge { number, expected, found }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_make_no_object_are_refused_in_r2s_words() {
        let last_too_large = PartsFault::LastTooLarge { number: 2, expected: 5_242_880, found: 5_242_881 };
        for (fault, expected) in [
            (PartsFault::Missing, "InvalidPart: One or more of the specified parts could not be found."),
            (PartsFault::Duplicate, "InvalidPart: There was a problem with the multipart upload."),
            (PartsFault::Unequal, "InvalidPart: All non-trailing parts must have the same length."),
            (
                last_too_large,
                "InvalidPart: All non-trailing parts must have the same length. \
                 Non Uniform Part Sizes: Expected part 2 to have size 5242880, found 5242881",
            ),
            (
                PartsFault::Size,
                "InvalidRequest: The provided 'x-amz-mp-object-size' header does not match what was computed.",
            ),
            (
                PartsFault::Checksum(Algorithm::Crc32),
                "BadDigest: The CRC32 you specified did not match the calculated checksum.",
            ),
        ] {
            assert_eq!(S3Error::from(fault).to_string(), format!("400 {expected}"));
        }
    }

    #[test]
    fn sizes_have_rules() {
        let last_too_large = PartsFault::LastTooLarge { number: 2, expected: MIN_PART, found: MIN_PART + 1 };
        for (sizes, any, equal) in [
            (&[1][..], None, None),
            (&[MIN_PART, 0], None, None),
            (&[], Some(PartsFault::Missing), Some(PartsFault::Missing)),
            (&[MIN_PART - 1, 1], Some(PartsFault::TooSmall), Some(PartsFault::TooSmall)),
            (&[MIN_PART, MIN_PART + 1, 1], None, Some(PartsFault::Unequal)),
            (&[MIN_PART, MIN_PART, MIN_PART], None, None),
            (&[MIN_PART, MIN_PART + 1], None, Some(last_too_large)),
        ] {
            let parts: Vec<_> = (1..).zip(sizes.iter().copied()).collect();
            assert_eq!(check_sizes(&parts, false).err(), any, "{sizes:?}");
            assert_eq!(check_sizes(&parts, true).err(), equal, "{sizes:?} equal");
        }
    }
}
