//! The door for the fuzzer of rows. Bytes get the version and the checksum that make a row of them: those of a damaged row
//! are never good by chance, so a fuzzer alone would not get past them.

#![allow(clippy::unwrap_used, reason = "a fuzzer sees what is wrong by a panic")]

use super::codec::Encoder;
use super::fixed_rows::{BlobRow, BucketRow};
use super::rows::ObjectRow;
use super::upload_rows::{CompletedRow, PartRow, UploadRow};
use crate::store::error::StoreError;
use std::fmt::Debug;

const KEY: &str = "bucket\0key";

/// What reads as a row of a table is written and read again as the same row. Listings see in it what reads do.
pub(crate) fn check_row(table: u8, version: u8, fields: &[u8]) {
    let part = fields.first_chunk().map_or(1, |bytes| u16::try_from(u64::from_le_bytes(*bytes)).unwrap_or_default());
    match table % 6 {
        0 => {
            again(&sealed(KEY.as_bytes(), version, fields), |row| ObjectRow::decode(KEY.as_bytes(), row), object_bytes);
            check_listed(&sealed(KEY.as_bytes(), version, fields));
        }
        1 => again(&sealed(KEY.as_bytes(), version, fields), |row| UploadRow::decode(KEY, row), |row| row.encode(KEY)),
        2 => {
            let key = super::upload_rows::part_key(KEY, part);
            again(&sealed(&key, version, fields), |row| PartRow::decode(KEY, part, row), |row| row.encode(KEY));
        }
        3 => {
            again(&sealed(KEY.as_bytes(), version, fields), |row| CompletedRow::decode(KEY, row), |row| row.encode(KEY))
        }
        4 => again(&sealed(KEY.as_bytes(), version, fields), |row| BucketRow::decode(KEY, row), |row| row.encode(KEY)),
        _ => again(&sealed(&7u64.to_le_bytes(), version, fields), |row| BlobRow::decode(7, row), |row| row.encode(7)),
    }
    assert_eq!(ObjectRow::decode(KEY.as_bytes(), fields).ok(), None, "a row without its checksum");
}

fn object_bytes(row: &ObjectRow) -> Vec<u8> {
    assert!(row.bytes() >= row.info.parts.len() as u64 * 8);
    row.encode(KEY.as_bytes())
}

fn sealed(key: &[u8], version: u8, fields: &[u8]) -> Vec<u8> {
    let mut out = Encoder::new();
    fields.iter().for_each(|byte| out.byte(*byte));
    out.seal_as(version % 5, key)
}

fn again<T: PartialEq + Debug>(
    row: &[u8],
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
    write: impl FnOnce(&T) -> Vec<u8>,
) {
    if let Ok(found) = read(row) {
        assert_eq!(read(&write(&found)).as_ref(), Ok(&found));
    }
}

fn check_listed(row: &[u8]) {
    let listed = ObjectRow::decode_listed(KEY.as_bytes(), "key", row);
    if let Ok(found) = ObjectRow::decode(KEY.as_bytes(), row) {
        let listed = listed.unwrap();
        assert_eq!((listed.size, listed.last_modified), (found.info.size, found.info.last_modified));
        assert_eq!(listed.etag, found.info.etag.as_str());
    }
}
