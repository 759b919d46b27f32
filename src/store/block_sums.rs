//! The sums by which a blob proves its bytes: one for each block of 64 KiB, kept behind the bytes in the blob's file.
//!
//! ```text
//! bytes of the blob | a sum for each block, 8 bytes | footer, 48 bytes
//! ```
//!
//! A sum is the CRC-64/NVME of the bytes as they are at rest, so those of an encrypted blob are proven without its key.
//! The footer says which blob this is and how long, and has sums of the block sums and of itself. Integers are
//! little-endian. Nothing is read or written here.

use super::folder::BlobId;
use crc_fast::{CrcAlgorithm, Digest};
use std::ops::Range;

/// Bytes of a block; the last one of a blob may have fewer.
pub(super) const BLOCK: u64 = 1 << BLOCK_LOG2;
const BLOCK_LOG2: u32 = 16;
/// Bytes of the sum of a block.
pub(super) const SUM: u64 = 8;
/// Bytes of a footer.
pub(super) const FOOTER: u64 = 48;

const MAGIC: [u8; 8] = *b"r2shimBS";
const VERSION: u32 = 1;

/// The sum of the bytes of a block, and of a whole body.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes)
}

/// How many blocks so many bytes have.
pub(super) fn blocks(length: u64) -> u64 {
    length.div_ceil(BLOCK)
}

/// Bytes that come behind the `length` bytes of a blob.
pub(super) fn trailer_length(length: u64) -> u64 {
    blocks(length).saturating_mul(SUM).saturating_add(FOOTER)
}

/// Bytes of the file of a blob of `length` bytes.
pub(super) fn file_length(length: u64) -> u64 {
    length.saturating_add(trailer_length(length))
}

/// The bytes of whole blocks that hold these bytes of a blob of `length` bytes.
pub(super) fn whole_blocks(range: &Range<u64>, length: u64) -> Range<u64> {
    let end = range.end.checked_next_multiple_of(BLOCK).unwrap_or(length);
    range.start / BLOCK * BLOCK..end.min(length)
}

/// Whether each block has its sum. `bytes` begin with a block.
///
/// # Errors
/// The number of the first that has not, counted from that.
pub(super) fn verify(bytes: &[u8], sums: &[u64]) -> Result<(), u64> {
    let mut expected = sums.iter();
    for (number, block) in (0..).zip(bytes.chunks(BLOCK as usize)) {
        if expected.next() != Some(&sum(block)) {
            return Err(number);
        }
    }
    Ok(())
}

/// The sums in these bytes.
pub(super) fn decode(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<{ SUM as usize }>().0.iter().map(|sum| u64::from_le_bytes(*sum)).collect()
}

/// The sums of a blob that is being written.
pub(super) struct BlockSums {
    whole: Digest,
    block: Digest,
    /// The encoded sums of the blocks that are complete.
    sums: Vec<u8>,
    length: u64,
}

impl Default for BlockSums {
    fn default() -> BlockSums {
        let digest = || Digest::new(CrcAlgorithm::Crc64Nvme);
        BlockSums { whole: digest(), block: digest(), sums: Vec::new(), length: 0 }
    }
}

impl BlockSums {
    /// Takes the next bytes of the blob.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        self.whole.update(bytes);
        while !bytes.is_empty() {
            let room = BLOCK - self.length % BLOCK;
            let (now, later) = bytes.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len()));
            self.block.update(now);
            self.length += now.len() as u64;
            if self.length.is_multiple_of(BLOCK) {
                self.end_block();
            }
            bytes = later;
        }
    }

    fn end_block(&mut self) {
        self.sums.extend_from_slice(&self.block.finalize_reset().to_le_bytes());
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The sum of all bytes, and what comes behind them in the file.
    pub(super) fn finish(mut self, id: BlobId) -> (u64, Vec<u8>) {
        if !self.length.is_multiple_of(BLOCK) {
            self.end_block();
        }
        let footer = Footer { id, length: self.length, sums: sum(&self.sums) };
        let mut trailer = self.sums;
        trailer.extend_from_slice(&footer.encode());
        (self.whole.finalize(), trailer)
    }
}

/// The end of a blob's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) id: BlobId,
    /// Bytes of the blob.
    pub(super) length: u64,
    /// The sum of all block sums.
    pub(super) sums: u64,
}

impl Footer {
    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&BLOCK_LOG2.to_le_bytes());
        for value in [self.id.0, self.length, self.sums] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&sum(&out).to_le_bytes());
        out
    }

    /// The footer at the end of `tail`, the last bytes of the file of a blob. `None` if there is none, or it is not that
    /// of this blob, or of a file of this length.
    pub(super) fn decode(id: BlobId, tail: &[u8], file: u64) -> Option<Footer> {
        let bytes = tail.last_chunk::<{ FOOTER as usize }>()?;
        let word = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let footer = Footer { id, length: word(24)?, sums: word(32)? };
        (footer.encode() == bytes && file_length(footer.length) == file).then_some(footer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: BlobId = BlobId(7);
    const B: usize = BLOCK as usize;

    fn body(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8 ^ (i / B) as u8).collect()
    }

    /// The file of a blob, written in pieces of this size.
    fn file(body: &[u8], piece: usize) -> Vec<u8> {
        let mut sums = BlockSums::default();
        body.chunks(piece).for_each(|piece| sums.update(piece));
        assert_eq!(sums.length(), body.len() as u64);
        let (whole, trailer) = sums.finish(ID);
        assert_eq!(whole, sum(body));
        [body, &trailer].concat()
    }

    #[test]
    fn sums_are_those_of_the_blocks_however_the_bytes_come() {
        for length in [0, 1, B - 1, B, B + 1, 3 * B, 3 * B + 7] {
            let body = body(length);
            let whole = file(&body, usize::MAX);
            for piece in [1000, B, B + 1] {
                assert!(file(&body, piece) == whole, "{length} bytes in pieces of {piece}");
            }
            assert_eq!(whole.len() as u64, file_length(length as u64));
            let footer = Footer::decode(ID, &whole, whole.len() as u64).unwrap();
            let sums = &whole[length..whole.len() - FOOTER as usize];
            assert_eq!(footer, Footer { id: ID, length: length as u64, sums: sum(sums) });
            assert_eq!(verify(&body, &decode(sums)), Ok(()));
        }
    }

    #[test]
    fn a_footer_with_a_flipped_bit_or_of_another_blob_is_none() {
        let whole = file(&body(100), 100);
        let length = whole.len() as u64;
        assert!(Footer::decode(ID, &whole, length).is_some());
        assert_eq!(Footer::decode(BlobId(8), &whole, length), None);
        assert_eq!(Footer::decode(ID, &whole, length + 1), None);
        assert_eq!(Footer::decode(ID, &whole[..whole.len() - 1], length - 1), None);
        assert_eq!(Footer::decode(ID, b"short", 5), None);
        for bit in 0..FOOTER as usize * 8 {
            let mut flipped = whole.clone();
            let at = whole.len() - FOOTER as usize + bit / 8;
            flipped[at] ^= 1 << (bit % 8);
            assert_eq!(Footer::decode(ID, &flipped, length), None, "bit {bit}");
        }
    }

    #[test]
    fn the_block_that_changed_is_named() {
        let body = body(3 * B + 7);
        let whole = file(&body, B);
        let sums = decode(&whole[body.len()..whole.len() - FOOTER as usize]);
        for (at, block) in [(0, 0), (B - 1, 0), (B, 1), (3 * B, 3), (3 * B + 6, 3)] {
            let mut changed = body.clone();
            changed[at] ^= 0x10;
            assert_eq!(verify(&changed, &sums), Err(block), "byte {at}");
        }
        assert_eq!(verify(&body, &sums[..3]), Err(3), "a sum is missing");
        assert_eq!(verify(&body[B..], &sums[1..]), Ok(()), "from any block on");
    }

    #[test]
    fn a_range_reaches_into_whole_blocks() {
        let length = 2 * BLOCK + 10;
        for (range, expected) in [
            (0..1, 0..BLOCK),
            (BLOCK - 1..BLOCK, 0..BLOCK),
            (BLOCK - 1..BLOCK + 1, 0..2 * BLOCK),
            (2 * BLOCK + 3..length, 2 * BLOCK..length),
            (0..u64::MAX, 0..length),
        ] {
            assert_eq!(whole_blocks(&range, length), expected, "{range:?}");
        }
    }

    /// Written once, read for ever.
    #[test]
    fn the_format_stays() {
        let whole = file(b"abc", 3);
        let sums = "ebfac13fbbcae505";
        let footer = "72327368696d42530100000010000000\
                      07000000000000000300000000000000eb31b4131c54ccb08e6668699d068dc5";
        assert_eq!(hex::encode(&whole[3..]), [sums, footer].concat());
    }
}
