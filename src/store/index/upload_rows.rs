//! The rows of uploads, of their parts, and of uploads that were completed.

use super::codec::{Decoder, Encoder, Extents};
use super::rows::damaged;
use crate::s3::Timestamp;
use crate::s3::checksum::Checksum;
use crate::s3::etag::ETag;
use crate::s3::metadata::Metadata;
use crate::s3::names::{BucketName, ObjectKey};
use crate::store::encryption::sealed_length;
use crate::store::error::StoreError;
use crate::store::parts::{PartInfo, UploadInfo, UploadRef, WriteResult};

/// An open upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct UploadRow {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) key: ObjectKey,
    pub(in crate::store) initiated: Timestamp,
    pub(in crate::store) metadata: Metadata,
    pub(in crate::store) info: UploadInfo,
    /// Who has begun it; `None` for nobody that is counted.
    pub(in crate::store) owner: Option<String>,
}

/// A part of an open upload, and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct PartRow {
    pub(in crate::store) info: PartInfo,
    /// Whether its bytes are encrypted: then the extents have more of them than it has.
    pub(in crate::store) sealed: bool,
    pub(in crate::store) extents: Extents,
}

/// An upload that was completed, so that the same request gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompletedRow {
    pub(super) bucket: BucketName,
    pub(super) key: ObjectKey,
    /// What distinguishes the request from others.
    pub(super) request: String,
    pub(super) written: WriteResult,
}

impl UploadRow {
    /// Whether a request that names an upload means this one.
    pub(in crate::store) fn is(&self, at: &UploadRef) -> bool {
        self.bucket == at.bucket && self.key == at.key
    }

    pub(super) fn encode(&self, id: &str) -> Vec<u8> {
        let mut out = Encoder::new();
        out.text(self.bucket.as_str());
        out.text(self.key.as_str());
        out.integer(self.initiated.millis());
        out.option(self.info.checksum.as_ref(), Encoder::plan);
        out.metadata(&self.metadata);
        out.storage_class(self.info.storage_class);
        out.option(self.info.encryption.as_ref(), Encoder::key_check);
        out.option(self.owner.as_deref(), Encoder::text);
        out.seal(id.as_bytes())
    }

    pub(super) fn decode(id: &str, row: &[u8]) -> Result<UploadRow, StoreError> {
        Decoder::from_row(id.as_bytes(), row).and_then(Decoder::upload).ok_or_else(damaged)
    }
}

/// The key of a part's row as its checksum covers it.
pub(super) fn part_key(id: &str, number: u16) -> Vec<u8> {
    [id.as_bytes(), &number.to_le_bytes()].concat()
}

impl PartRow {
    /// How many bytes it has at rest.
    pub(super) fn stored_bytes(&self) -> u64 {
        if self.sealed { sealed_length(self.info.size) } else { self.info.size }
    }

    pub(super) fn encode(&self, id: &str) -> Vec<u8> {
        let mut out = Encoder::new();
        out.integer(u64::from(self.info.number));
        out.integer(self.info.size);
        out.text(self.info.etag.as_str());
        out.integer(self.info.last_modified.millis());
        out.option(self.info.checksum.as_ref(), Encoder::checksum);
        out.byte(self.sealed.into());
        out.extents(&self.extents);
        out.seal(&part_key(id, self.info.number))
    }

    pub(super) fn decode(id: &str, number: u16, row: &[u8]) -> Result<PartRow, StoreError> {
        Decoder::from_row(&part_key(id, number), row).and_then(Decoder::part).ok_or_else(damaged)
    }
}

impl CompletedRow {
    pub(super) fn encode(&self, id: &str) -> Vec<u8> {
        let mut out = Encoder::new();
        out.text(self.bucket.as_str());
        out.text(self.key.as_str());
        out.text(&self.request);
        out.text(self.written.etag.as_str());
        out.option(self.written.checksum.as_ref(), Encoder::checksum);
        out.integer(self.written.last_modified.millis());
        out.seal(id.as_bytes())
    }

    pub(super) fn decode(id: &str, row: &[u8]) -> Result<CompletedRow, StoreError> {
        Decoder::from_row(id.as_bytes(), row).and_then(Decoder::completed).ok_or_else(damaged)
    }
}

impl Decoder<'_> {
    pub(super) fn upload(mut self) -> Option<UploadRow> {
        let (bucket, key) = (self.bucket()?, self.key()?);
        let initiated = Timestamp::from_millis(self.integer()?);
        let checksum = self.option(Decoder::plan)?;
        let metadata = self.metadata()?;
        let storage_class = self.since(3, Decoder::storage_class)?;
        let encryption = self.since(3, |row| row.option(Decoder::key_check))?;
        let owner = self.since(5, |row| row.option(Decoder::text))?.map(str::to_owned);
        let info = UploadInfo { storage_class, checksum, encryption };
        self.end().map(|()| UploadRow { bucket, key, initiated, metadata, info, owner })
    }

    pub(super) fn part(mut self) -> Option<PartRow> {
        let info = PartInfo {
            number: u16::try_from(self.integer()?).ok()?,
            size: self.integer()?,
            etag: ETag::parse(self.text()?)?,
            last_modified: Timestamp::from_millis(self.integer()?),
            checksum: self.option(Decoder::checksum)?,
        };
        let sealed = self.since(3, Decoder::flag)?;
        let extents = self.extents(if sealed { sealed_length(info.size) } else { info.size })?;
        self.end().map(|()| PartRow { info, sealed, extents })
    }

    pub(super) fn completed(mut self) -> Option<CompletedRow> {
        let (bucket, key, request) = (self.bucket()?, self.key()?, self.text()?.to_owned());
        let etag = ETag::parse(self.text()?)?;
        let checksum: Option<Checksum> = self.option(Decoder::checksum)?;
        let last_modified = Timestamp::from_millis(self.integer()?);
        self.end().map(|()| CompletedRow {
            bucket,
            key,
            request,
            written: WriteResult { etag, checksum, last_modified },
        })
    }

    fn bucket(&mut self) -> Option<BucketName> {
        BucketName::of_other_store(self.text()?).ok()
    }

    fn key(&mut self) -> Option<ObjectKey> {
        ObjectKey::parse(self.text()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::checksum::{Algorithm, Kind};
    use crate::s3::part_checksums::Plan;
    use crate::s3::storage_class::StorageClass;
    use crate::store::encryption::{KeyCheck, SALT};
    use crate::store::folder::BlobId;
    use crate::store::index::codec::Extent;

    fn upload() -> UploadRow {
        UploadRow {
            bucket: BucketName::parse("bucket").unwrap(),
            key: ObjectKey::parse("a\0b/é").unwrap(),
            initiated: Timestamp::from_millis(7),
            metadata: Metadata { content_type: Some("text/plain".into()), ..Metadata::default() },
            info: UploadInfo {
                storage_class: StorageClass::InfrequentAccess,
                checksum: Some(Plan { algorithm: Algorithm::Crc32, kind: Kind::Composite }),
                encryption: Some(KeyCheck { salt: [1; SALT], mac: [2; 32] }),
            },
            owner: Some("AK".into()),
        }
    }

    fn part() -> PartRow {
        let checksum = Some(Checksum::from_digest(Algorithm::Crc32, &[0; 4]));
        let (etag, last_modified) = (ETag::from_md5([7; 16]), Timestamp::from_millis(8));
        let info = PartInfo { number: 10_000, size: 5, etag, last_modified, checksum };
        PartRow { info, sealed: false, extents: Extents::new(vec![Extent { blob: BlobId(9), offset: 1, length: 5 }]) }
    }

    fn completed() -> CompletedRow {
        let written =
            WriteResult { etag: ETag::from_parts([1; 16], 2), checksum: None, last_modified: Timestamp::default() };
        CompletedRow { bucket: upload().bucket, key: upload().key, request: "r".into(), written }
    }

    #[test]
    fn rows_read_as_they_were_written() {
        assert_eq!(UploadRow::decode("u", &upload().encode("u")), Ok(upload()));
        assert_eq!(PartRow::decode("u", 10_000, &part().encode("u")), Ok(part()));
        let extent = Extent { blob: BlobId(9), offset: 1, length: sealed_length(5) };
        let sealed = PartRow { sealed: true, extents: Extents::new(vec![extent]), ..part() };
        assert_eq!(PartRow::decode("u", 10_000, &sealed.encode("u")), Ok(sealed));
        assert_eq!(CompletedRow::decode("u", &completed().encode("u")), Ok(completed()));
    }

    #[test]
    fn rows_under_another_key_are_damaged() {
        assert_eq!(UploadRow::decode("v", &upload().encode("u")), Err(damaged()));
        assert_eq!(PartRow::decode("v", 10_000, &part().encode("u")), Err(damaged()));
        assert_eq!(PartRow::decode("u", 9_999, &part().encode("u")), Err(damaged()));
        assert_eq!(CompletedRow::decode("v", &completed().encode("u")), Err(damaged()));
    }

    #[test]
    fn torn_rows_are_damaged() {
        let (upload, part, completed) = (upload().encode("u"), part().encode("u"), completed().encode("u"));
        for end in 0..upload.len() {
            assert_eq!(UploadRow::decode("u", &upload[..end]), Err(damaged()));
        }
        for end in 0..part.len() {
            assert_eq!(PartRow::decode("u", 10_000, &part[..end]), Err(damaged()));
        }
        for end in 0..completed.len() {
            assert_eq!(CompletedRow::decode("u", &completed[..end]), Err(damaged()));
        }
        assert_eq!(PartRow::decode("u", 10_000, &[&part[..], &[0]].concat()), Err(damaged()));
    }
}
