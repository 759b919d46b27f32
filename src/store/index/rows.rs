//! Rows as bytes: our own small encoding, little-endian, with a version in front.
//!
//! An integer is 8 bytes, a text its length in 4 bytes and its UTF-8, an optional value a byte 0 or 1 and the value.
//! What a listing shows stands first, so that a listing reads no further. A row that does not read is
//! [`StoreError::Damaged`], never a panic.

use crate::s3::Timestamp;
use crate::s3::checksum::{Algorithm, Checksum, Kind};
use crate::s3::etag::ETag;
use crate::s3::listing::ListedObject;
use crate::s3::metadata::Metadata;
use crate::store::error::StoreError;
use crate::store::folder::BlobId;
use crate::store::model::ObjectInfo;

/// The version of object rows.
const VERSION: u8 = 1;

/// An object as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct ObjectRow {
    pub(in crate::store) info: ObjectInfo,
    pub(in crate::store) body: Body,
}

/// Where an object's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Body {
    /// In the index, in a table of their own.
    Inline {
        /// CRC-64/NVME of the bytes.
        crc: u64,
    },
    /// In blobs: these runs one after the other are the object. A blob's own checksum is in its row.
    Extents(Vec<Extent>),
}

/// A run of bytes in a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Extent {
    pub(in crate::store) blob: BlobId,
    pub(in crate::store) offset: u64,
    pub(in crate::store) length: u64,
}

impl ObjectRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder(vec![VERSION]);
        out.integer(self.info.size);
        out.integer(self.info.last_modified.millis());
        out.text(self.info.etag.as_str());
        out.option(self.info.checksum.as_ref(), Encoder::checksum);
        out.metadata(&self.info.metadata);
        out.body(&self.body);
        out.0
    }

    pub(super) fn decode(row: &[u8]) -> Result<ObjectRow, StoreError> {
        Decoder::of_row(row).and_then(Decoder::object).ok_or_else(damaged)
    }

    /// Decodes only as far as a listing needs.
    pub(super) fn decode_listed(key: &str, row: &[u8]) -> Result<ListedObject, StoreError> {
        let head = Decoder::of_row(row).and_then(|mut row| row.head()).ok_or_else(damaged)?;
        Ok(ListedObject {
            key: key.to_owned(),
            size: head.size,
            etag: head.etag.as_str().to_owned(),
            last_modified: head.last_modified,
            checksum: head.checksum.map(|checksum| (checksum.algorithm, checksum.kind)),
        })
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("a row of an object does not read".into())
}

struct Encoder(Vec<u8>);

impl Encoder {
    fn integer(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Texts and lists are bounded by the limits on requests, far below 4 GiB.
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Encoder, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn checksum(&mut self, checksum: &Checksum) {
        self.0.push(algorithm_number(checksum.algorithm));
        self.0.push(match checksum.kind {
            Kind::FullObject => 0,
            Kind::Composite => 1,
        });
        self.text(&checksum.value);
    }

    fn metadata(&mut self, metadata: &Metadata) {
        for header in [
            &metadata.content_type,
            &metadata.cache_control,
            &metadata.content_disposition,
            &metadata.content_encoding,
            &metadata.content_language,
            &metadata.expires,
        ] {
            self.option(header.as_deref(), Encoder::text);
        }
        self.length(metadata.user.len());
        for (name, value) in &metadata.user {
            self.text(name);
            self.text(value);
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Inline { crc } => {
                self.0.push(0);
                self.integer(*crc);
            }
            Body::Extents(extents) => {
                self.0.push(1);
                self.length(extents.len());
                for extent in extents {
                    self.integer(extent.blob.0);
                    self.integer(extent.offset);
                    self.integer(extent.length);
                }
            }
        }
    }
}

/// What is left to read of a row. Every step answers `None` where the row cannot be ours.
struct Decoder<'a>(&'a [u8]);

struct Head {
    size: u64,
    last_modified: Timestamp,
    etag: ETag,
    checksum: Option<Checksum>,
}

impl<'a> Decoder<'a> {
    fn of_row(row: &'a [u8]) -> Option<Decoder<'a>> {
        let mut decoder = Decoder(row);
        (decoder.byte()? == VERSION).then_some(decoder)
    }

    fn object(mut self) -> Option<ObjectRow> {
        let Head { size, last_modified, etag, checksum } = self.head()?;
        let metadata = self.metadata()?;
        let body = self.body(size)?;
        let info = ObjectInfo { size, etag, last_modified, metadata, checksum };
        self.0.is_empty().then_some(ObjectRow { info, body })
    }

    fn head(&mut self) -> Option<Head> {
        Some(Head {
            size: self.integer()?,
            last_modified: Timestamp::from_millis(self.integer()?),
            etag: ETag::parse(self.text()?)?,
            checksum: self.option(Decoder::checksum)?,
        })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).and_then(|byte| byte.first().copied())
    }

    fn integer(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        let length = self.take(4)?.try_into().ok().map(u32::from_le_bytes)?;
        usize::try_from(length).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// `Some(None)` is a value that is not there.
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn checksum(&mut self) -> Option<Checksum> {
        let algorithm = algorithm_of(self.byte()?)?;
        let kind = match self.byte()? {
            0 => Kind::FullObject,
            1 => Kind::Composite,
            _ => return None,
        };
        Some(Checksum { algorithm, kind, value: self.text()?.to_owned() })
    }

    fn metadata(&mut self) -> Option<Metadata> {
        let mut header = || self.option(Decoder::text).map(|text| text.map(str::to_owned));
        let mut metadata = Metadata {
            content_type: header()?,
            cache_control: header()?,
            content_disposition: header()?,
            content_encoding: header()?,
            content_language: header()?,
            expires: header()?,
            ..Metadata::default()
        };
        for _ in 0..self.length()? {
            metadata.user.insert(self.text()?.to_owned(), self.text()?.to_owned());
        }
        Some(metadata)
    }

    fn body(&mut self, size: u64) -> Option<Body> {
        match self.byte()? {
            0 => Some(Body::Inline { crc: self.integer()? }),
            1 => self.extents(size).map(Body::Extents),
            _ => None,
        }
    }

    /// The runs must add up to the object.
    fn extents(&mut self, size: u64) -> Option<Vec<Extent>> {
        let mut extents = Vec::new();
        let mut total = 0u64;
        for _ in 0..self.length()? {
            let (blob, offset, length) = (BlobId(self.integer()?), self.integer()?, self.integer()?);
            offset.checked_add(length)?;
            total = total.checked_add(length)?;
            extents.push(Extent { blob, offset, length });
        }
        (total == size).then_some(extents)
    }
}

/// The algorithms' numbers on disk: never changed, only added to.
const ALGORITHMS: [(u8, Algorithm); 5] = [
    (1, Algorithm::Crc32),
    (2, Algorithm::Crc32c),
    (3, Algorithm::Crc64Nvme),
    (4, Algorithm::Sha1),
    (5, Algorithm::Sha256),
];

fn algorithm_number(algorithm: Algorithm) -> u8 {
    ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map_or(0, |(number, _)| *number)
}

fn algorithm_of(number: u8) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == number).map(|(_, algorithm)| *algorithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<ObjectRow> {
        let plain = ObjectInfo {
            size: 300,
            etag: ETag::of_md5([7; 16]),
            last_modified: Timestamp::from_millis(1_700_000_000_123),
            metadata: Metadata::default(),
            checksum: None,
        };
        let user = [("a", "ü"), ("b", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let metadata = Metadata {
            content_type: Some("text/plain".into()),
            expires: Some(String::new()),
            user: user.into(),
            ..Metadata::default()
        };
        let checksums = ALGORITHMS.iter().zip([Kind::FullObject, Kind::Composite].iter().cycle());
        let mut rows: Vec<_> = checksums
            .map(|((_, algorithm), kind)| {
                let checksum = Some(Checksum { algorithm: *algorithm, kind: *kind, value: "AAAA".into() });
                let info = ObjectInfo { checksum, metadata: metadata.clone(), ..plain.clone() };
                ObjectRow { info, body: Body::Inline { crc: u64::MAX } }
            })
            .collect();
        let extent = |blob, offset, length| Extent { blob: BlobId(blob), offset, length };
        rows.push(ObjectRow { info: plain, body: Body::Extents(vec![extent(1, 0, 100), extent(2, 50, 200)]) });
        rows
    }

    #[test]
    fn rows_read_as_they_were_written() {
        for row in rows() {
            let bytes = row.encode();
            assert_eq!(ObjectRow::decode(&bytes), Ok(row.clone()));
            let listed = ObjectRow::decode_listed("k", &bytes).unwrap();
            assert_eq!((listed.size, listed.last_modified), (row.info.size, row.info.last_modified));
            assert_eq!(listed.etag, row.info.etag.as_str());
            assert_eq!(listed.checksum, row.info.checksum.map(|sum| (sum.algorithm, sum.kind)));
        }
    }

    #[test]
    fn torn_and_forged_rows_are_damaged() {
        for bytes in rows().iter().map(ObjectRow::encode) {
            for end in 0..bytes.len() {
                assert_eq!(ObjectRow::decode(&bytes[..end]), Err(damaged()), "{end} bytes");
            }
            assert_eq!(ObjectRow::decode(&[&bytes[..], &[0]].concat()), Err(damaged()));
            assert_eq!(ObjectRow::decode(&[&[VERSION + 1], &bytes[1..]].concat()), Err(damaged()));
        }
    }

    #[test]
    fn extents_that_do_not_add_up_are_damaged() {
        for (size, lengths) in [(300, &[100][..]), (300, &[]), (300, &[299, 2]), (0, &[u64::MAX, 1])] {
            let mut row = rows().pop().unwrap();
            row.info.size = size;
            let extent = |length: &u64| Extent { blob: BlobId(1), offset: 1, length: *length };
            row.body = Body::Extents(lengths.iter().map(extent).collect());
            assert_eq!(ObjectRow::decode(&row.encode()), Err(damaged()), "{lengths:?}");
        }
    }

    /// Any byte may be anything, and none of it may panic.
    #[test]
    fn flipped_bytes_never_panic() {
        for bytes in rows().iter().map(ObjectRow::encode) {
            for at in 0..bytes.len() {
                for flip in [0x01, 0x80, 0xff] {
                    let mut forged = bytes.clone();
                    forged[at] ^= flip;
                    let _ = (ObjectRow::decode(&forged), ObjectRow::decode_listed("k", &forged));
                }
            }
        }
    }
}
