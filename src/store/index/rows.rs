//! The rows of objects.
//!
//! What a listing shows comes first, so that a listing decodes no further. A row that does not read is
//! [`StoreError::Damaged`], never a panic.

use super::codec::{Decoder, EXTENT_BYTES, Encoder, Extents, metadata_bytes};
use crate::s3::Timestamp;
use crate::s3::checksum::Checksum;
use crate::s3::etag::ETag;
use crate::s3::listing::ListedObject;
use crate::s3::storage_class::StorageClass;
use crate::store::block_sums;
use crate::store::encryption::sealed_length;
use crate::store::error::StoreError;
use crate::store::model::ObjectInfo;

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
    Extents(Extents),
}

impl Body {
    /// How many blobs count it.
    pub(in crate::store) fn blobs(&self) -> usize {
        match self {
            Body::Inline { .. } => 0,
            Body::Extents(extents) => extents.references().len(),
        }
    }
}

impl ObjectRow {
    /// About the bytes of the row and of a small body.
    pub(in crate::store) fn bytes(&self) -> u64 {
        let body = match &self.body {
            Body::Inline { .. } => stored_bytes(&self.info),
            Body::Extents(extents) => extents.runs.len() as u64 * EXTENT_BYTES,
        };
        body.saturating_add(metadata_bytes(&self.info.metadata) + self.info.parts.len() as u64 * 8)
    }

    pub(super) fn encode(&self, key: &[u8]) -> Vec<u8> {
        let mut out = Encoder::new();
        out.integer(self.info.size);
        out.integer(self.info.last_modified.millis());
        out.text(self.info.etag.as_str());
        out.option(self.info.checksum.as_ref(), Encoder::checksum);
        out.storage_class(self.info.storage_class);
        out.metadata(&self.info.metadata);
        out.sizes(&self.info.parts);
        out.option(self.info.encryption.as_ref(), Encoder::key_check);
        out.body(&self.body);
        out.seal(key)
    }

    pub(super) fn decode(key: &[u8], row: &[u8]) -> Result<ObjectRow, StoreError> {
        Decoder::from_row(key, row).and_then(Decoder::object).ok_or_else(damaged)
    }

    /// Decodes only as far as a listing needs. `name` is the object's own key.
    pub(super) fn decode_listed(key: &[u8], name: &str, row: &[u8]) -> Result<ListedObject, StoreError> {
        let head = Decoder::from_row(key, row).and_then(|mut row| row.head()).ok_or_else(damaged)?;
        Ok(ListedObject {
            key: name.to_owned(),
            size: head.size,
            etag: head.etag.as_str().to_owned(),
            last_modified: head.last_modified,
            checksum: head.checksum.map(|checksum| (checksum.algorithm, checksum.kind)),
            storage_class: head.storage_class,
        })
    }
}

/// How many bytes an object has at rest: more than its size where they are encrypted.
pub(in crate::store) fn stored_bytes(info: &ObjectInfo) -> u64 {
    match (&info.encryption, info.parts.as_slice()) {
        (None, _) => info.size,
        (Some(_), []) => sealed_length(info.size),
        (Some(_), parts) => parts.iter().fold(0, |sum, part| sum.saturating_add(sealed_length(*part))),
    }
}

/// The bytes of a small object, if they are those that were written.
pub(in crate::store) fn verified(bytes: Vec<u8>, crc: u64, size: u64) -> Result<Vec<u8>, StoreError> {
    if bytes.len() as u64 == size && block_sums::sum(&bytes) == crc {
        Ok(bytes)
    } else {
        Err(StoreError::Damaged("the bytes of a small object are not those that were written".into()))
    }
}

pub(super) fn damaged() -> StoreError {
    StoreError::Damaged("a row of the index does not read".into())
}

impl Encoder {
    fn sizes(&mut self, sizes: &[u64]) {
        self.length(sizes.len());
        sizes.iter().for_each(|size| self.integer(*size));
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Inline { crc } => {
                self.byte(0);
                self.integer(*crc);
            }
            Body::Extents(extents) => {
                self.byte(1);
                self.extents(extents);
            }
        }
    }
}

struct Head {
    size: u64,
    last_modified: Timestamp,
    etag: ETag,
    checksum: Option<Checksum>,
    storage_class: StorageClass,
}

impl Decoder<'_> {
    pub(super) fn object(mut self) -> Option<ObjectRow> {
        let Head { size, last_modified, etag, checksum, storage_class } = self.head()?;
        let metadata = self.metadata()?;
        let parts = self.sizes(size)?;
        let encryption = self.since(3, |row| row.option(Decoder::key_check))?;
        let info = ObjectInfo { size, etag, last_modified, metadata, storage_class, checksum, parts, encryption };
        let body = self.body(stored_bytes(&info))?;
        self.end().map(|()| ObjectRow { info, body })
    }

    fn head(&mut self) -> Option<Head> {
        Some(Head {
            size: self.integer()?,
            last_modified: Timestamp::from_millis(self.integer()?),
            etag: ETag::parse(self.text()?)?,
            checksum: self.option(Decoder::checksum)?,
            storage_class: self.since(3, Decoder::storage_class)?,
        })
    }

    /// The parts of an object must add up to it; one written whole has none.
    fn sizes(&mut self, size: u64) -> Option<Vec<u64>> {
        let mut sizes = Vec::new();
        for _ in 0..self.length()? {
            sizes.push(self.integer()?);
        }
        let total = sizes.iter().try_fold(0u64, |total, size| total.checked_add(*size))?;
        (sizes.is_empty() || total == size).then_some(sizes)
    }

    fn body(&mut self, size: u64) -> Option<Body> {
        match self.byte()? {
            0 => Some(Body::Inline { crc: self.integer()? }),
            1 => self.extents(size).map(Body::Extents),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::checksum::Kind;
    use crate::s3::metadata::Metadata;
    use crate::store::encryption::{KeyCheck, SALT};
    use crate::store::folder::BlobId;
    use crate::store::index::codec::{ALGORITHMS, Counting, Extent};

    fn rows() -> Vec<ObjectRow> {
        let plain = ObjectInfo {
            size: 300,
            etag: ETag::from_md5([7; 16]),
            last_modified: Timestamp::from_millis(1_700_000_000_123),
            metadata: Metadata::default(),
            storage_class: StorageClass::Standard,
            checksum: None,
            parts: Vec::new(),
            encryption: None,
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
        let encryption = Some(KeyCheck { salt: [1; SALT], mac: [2; 32] });
        let storage_class = StorageClass::InfrequentAccess;
        let encrypted = ObjectInfo { encryption, storage_class, ..plain.clone() };
        rows.push(ObjectRow { info: encrypted.clone(), body: Body::Inline { crc: 1 } });
        let parts = ObjectInfo { parts: vec![250, 50], ..encrypted };
        let length = stored_bytes(&parts);
        rows.push(ObjectRow { info: parts, body: Body::Extents(Extents::new(vec![extent(1, 0, length)])) });
        let multipart = ObjectInfo { parts: vec![250, 50], ..plain };
        rows.push(ObjectRow {
            info: multipart,
            body: Body::Extents(Extents::new(vec![extent(1, 0, 100), extent(2, 50, 200)])),
        });
        rows
    }

    #[test]
    fn rows_read_as_they_were_written() {
        for row in rows() {
            let bytes = row.encode(b"k");
            assert_eq!(ObjectRow::decode(b"k", &bytes), Ok(row.clone()));
            let listed = ObjectRow::decode_listed(b"k", "k", &bytes).unwrap();
            assert_eq!((listed.size, listed.last_modified), (row.info.size, row.info.last_modified));
            assert_eq!(listed.etag, row.info.etag.as_str());
            assert_eq!(listed.storage_class, row.info.storage_class);
            assert_eq!(listed.checksum, row.info.checksum.map(|sum| (sum.algorithm, sum.kind)));
        }
    }

    #[test]
    fn torn_rows_and_rows_under_another_key_are_damaged() {
        for bytes in rows().iter().map(|row| row.encode(b"k")) {
            for end in 0..bytes.len() {
                assert_eq!(ObjectRow::decode(b"k", &bytes[..end]), Err(damaged()), "{end} bytes");
            }
            assert_eq!(ObjectRow::decode(b"k", &[&bytes[..], &[0]].concat()), Err(damaged()));
            assert_eq!(ObjectRow::decode(b"l", &bytes), Err(damaged()));
            assert_eq!(ObjectRow::decode(b"k\x02", &bytes), Err(damaged()));
        }
    }

    #[test]
    fn extents_that_do_not_add_up_are_damaged() {
        for (size, lengths) in [(300, &[100][..]), (300, &[]), (300, &[299, 2]), (0, &[u64::MAX, 1])] {
            let mut row = rows().pop().unwrap();
            row.info.size = size;
            row.info.parts = Vec::new();
            let extent = |length: &u64| Extent { blob: BlobId(1), offset: 1, length: *length };
            row.body = Body::Extents(Extents::new(lengths.iter().map(extent).collect()));
            assert_eq!(ObjectRow::decode(b"k", &row.encode(b"k")), Err(damaged()), "{lengths:?}");
        }
    }

    #[test]
    fn the_bytes_of_a_row_have_an_end() {
        let mut row = rows().remove(0);
        row.info.size = u64::MAX;
        assert_eq!(row.bytes(), u64::MAX);
    }

    #[test]
    fn parts_that_do_not_add_up_are_damaged() {
        let mut row = rows().pop().unwrap();
        for parts in [vec![299], vec![250, 51], vec![u64::MAX, 301]] {
            row.info.parts = parts;
            assert_eq!(ObjectRow::decode(b"k", &row.encode(b"k")), Err(damaged()));
        }
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        for bytes in rows().iter().map(|row| row.encode(b"k")) {
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(ObjectRow::decode(b"k", &flipped), Err(damaged()), "bit {bit}");
                assert_eq!(ObjectRow::decode_listed(b"k", "k", &flipped), Err(damaged()), "bit {bit}");
            }
        }
    }

    /// A row of version 2, made of one of version 3: without the storage class and the key.
    fn row_2(row: &ObjectRow) -> Vec<u8> {
        let mut out = Encoder::new();
        out.integer(row.info.size);
        out.integer(row.info.last_modified.millis());
        out.text(row.info.etag.as_str());
        out.option(row.info.checksum.as_ref(), Encoder::checksum);
        out.metadata(&row.info.metadata);
        out.sizes(&row.info.parts);
        out.body(&row.body);
        out.seal_as(2, b"k")
    }

    /// The same as earlier versions count it.
    fn counted_singly(row: &ObjectRow) -> ObjectRow {
        let mut row = row.clone();
        if let Body::Extents(extents) = &mut row.body {
            extents.counting = Counting::Singly;
        }
        row
    }

    #[test]
    fn rows_of_earlier_versions_stay_counted_as_they_were() {
        for row in rows().iter().map(counted_singly) {
            let bytes = row.encode(b"k");
            assert_eq!(ObjectRow::decode(b"k", &bytes), Ok(row.clone()));
            let Body::Extents(Extents { mut runs, counting }) = row.body else { continue };
            runs.push(runs[0]);
            let references = Extents { runs: runs.clone(), counting }.references();
            assert_eq!(references[&runs[0].blob], 2);
            assert_eq!(Extents::new(runs.clone()).references()[&runs[0].blob], 1);
        }
    }

    #[test]
    fn older_rows_read_as_they_were() {
        let is_older =
            |row: &ObjectRow| row.info.encryption.is_none() && row.info.storage_class == StorageClass::Standard;
        for row in rows().into_iter().filter(is_older) {
            assert_eq!(ObjectRow::decode(b"k", &row_2(&row)), Ok(counted_singly(&row)));
            let relabelled = [&[3], &row_2(&row)[1..]].concat();
            assert_eq!(ObjectRow::decode(b"k", &relabelled), Err(damaged()));
        }
    }
}
