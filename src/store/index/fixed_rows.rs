//! The rows of buckets and of blobs: a few integers each.

use super::codec::{Decoder, Encoder};
use super::rows::damaged;
use crate::s3::Timestamp;
use crate::store::error::StoreError;

/// A bucket, under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BucketRow {
    pub(super) created: Timestamp,
}

/// A blob, under its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct BlobRow {
    /// How often rows that name it count it ([`super::codec::Counting`]).
    pub(in crate::store) references: u64,
    /// Bytes.
    pub(in crate::store) length: u64,
    /// CRC-64/NVME of the bytes.
    pub(in crate::store) crc: u64,
}

impl BucketRow {
    pub(super) fn encode(self, name: &str) -> Vec<u8> {
        let mut out = Encoder::new();
        out.integer(self.created.millis());
        out.seal(name.as_bytes())
    }

    pub(super) fn decode(name: &str, row: &[u8]) -> Result<BucketRow, StoreError> {
        let decode = |mut row: Decoder<'_>| {
            let created = Timestamp::from_millis(row.integer()?);
            row.end().map(|()| BucketRow { created })
        };
        Decoder::from_row(name.as_bytes(), row).and_then(decode).ok_or_else(damaged)
    }
}

impl BlobRow {
    pub(super) fn encode(self, id: u64) -> Vec<u8> {
        let mut out = Encoder::new();
        out.integer(self.references);
        out.integer(self.length);
        out.integer(self.crc);
        out.seal(&id.to_le_bytes())
    }

    pub(super) fn decode(id: u64, row: &[u8]) -> Result<BlobRow, StoreError> {
        let decode = |mut row: Decoder<'_>| {
            let (references, length, crc) = (row.integer()?, row.integer()?, row.integer()?);
            row.end().map(|()| BlobRow { references, length, crc })
        };
        Decoder::from_row(&id.to_le_bytes(), row).and_then(decode).ok_or_else(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_they_were_written() {
        let bucket = BucketRow { created: Timestamp::from_millis(7) };
        assert_eq!(BucketRow::decode("b", &bucket.encode("b")), Ok(bucket));
        let blob = BlobRow { references: 1, length: u64::MAX, crc: 3 };
        assert_eq!(BlobRow::decode(9, &blob.encode(9)), Ok(blob));
    }

    #[test]
    fn a_row_under_another_key_or_with_a_flipped_bit_is_damaged() {
        let row = BlobRow { references: 1, length: 2, crc: 3 }.encode(9);
        assert_eq!(BlobRow::decode(8, &row), Err(damaged()));
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(BlobRow::decode(9, &flipped), Err(damaged()), "bit {bit}");
        }
    }
}
