//! Walks through whole tables: for checks and for garbage collection, never to answer a request.

use super::IndexError;
use super::fixed_rows::BlobRow;
use super::rows::{Body, ObjectRow, stored_bytes};
use super::tables::{BLOBS, BODIES, OBJECTS, Snapshot, UNREFERENCED};
use super::upload_rows::{CompletedRow, PartRow, UploadRow};
use super::upload_tables::{COMPLETED, PARTS, UPLOAD_OWNERS, UPLOADS};
use crate::s3::names::BucketName;
use crate::store::defects::DefectSubject;
use crate::store::error::StoreError;
use crate::store::folder::BlobId;
use std::collections::BTreeMap;
use std::ops::Bound;

/// A row whose bytes lie elsewhere: in the table of small bodies, or in blobs.
pub(in crate::store) struct Holder {
    pub(in crate::store) place: DefectSubject,
    /// The bucket it is in, if that can be the name of one. `None` too for a part whose upload is lost.
    pub(in crate::store) bucket: Option<BucketName>,
    /// How many bytes at rest and where, if the row reads.
    pub(in crate::store) bytes: Result<(u64, Body), StoreError>,
    /// Of the row of an object, and of its small body; empty for a part, which has none.
    pub(in crate::store) row_key: Vec<u8>,
}

/// A blob and its row, if that reads.
type FoundBlob = (BlobId, Result<BlobRow, StoreError>);

/// An open upload and its owner, if its row reads.
type FoundUpload = (String, Result<Option<String>, StoreError>);

impl Snapshot {
    /// Every row that has bytes. Each table whose rows name blobs is walked here and nowhere else: a blob that is not
    /// referenced here is not referenced at all.
    pub(in crate::store) fn holders(
        &self,
    ) -> Result<impl Iterator<Item = Result<Holder, IndexError>> + use<>, IndexError> {
        Ok(self.object_holders()?.chain(self.part_holders()?))
    }

    fn object_holders(&self) -> Result<impl Iterator<Item = Result<Holder, IndexError>> + use<>, IndexError> {
        let objects = self.0.open_table(OBJECTS)?.range::<&[u8]>(..)?.map(|row| {
            let (key, row) = row?;
            Ok(Holder::from_object(key.value(), row.value()))
        });
        Ok(objects)
    }

    /// Pushes the rows of objects from `from` on and before `to`, at most so many, as far as they can be read.
    pub(in crate::store) fn some_objects(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        most: usize,
        rows: &mut Vec<Holder>,
    ) -> Result<(), IndexError> {
        let range = (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
        for row in self.0.open_table(OBJECTS)?.range::<&[u8]>(range)?.take(most) {
            let (key, row) = row?;
            rows.push(Holder::from_object(key.value(), row.value()));
        }
        Ok(())
    }

    /// Goes back from the last object before `to`, no further than to `from`, and keeps the row key of each in `reached`.
    pub(in crate::store) fn objects_back(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        reached: &mut Option<Vec<u8>>,
    ) -> Result<(), IndexError> {
        let range = (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
        for row in self.0.open_table(OBJECTS)?.range::<&[u8]>(range)?.rev() {
            let (row_key, _) = row?;
            let key = reached.get_or_insert_default();
            key.clear();
            key.extend_from_slice(row_key.value());
        }
        Ok(())
    }

    fn part_holders(&self) -> Result<impl Iterator<Item = Result<Holder, IndexError>> + use<>, IndexError> {
        let uploads = self.0.open_table(UPLOADS)?;
        let parts = self.0.open_table(PARTS)?.range::<(&str, u16)>(..)?.map(move |row| {
            let (place, row) = row?;
            let (id, number) = place.value();
            // One that does not read is as good as lost to its parts.
            let upload = uploads.get(id)?.and_then(|upload| UploadRow::decode(id, upload.value()).ok());
            Ok(Holder::from_part(id, number, upload, row.value()))
        });
        Ok(parts)
    }

    /// The id of every open upload, and its owner if its row reads.
    pub(in crate::store) fn uploads(
        &self,
    ) -> Result<impl Iterator<Item = Result<FoundUpload, IndexError>> + use<>, IndexError> {
        let uploads = self.0.open_table(UPLOADS)?.range::<&str>(..)?.map(|row| {
            let (id, row) = row?;
            Ok((id.value().to_owned(), UploadRow::decode(id.value(), row.value()).map(|row| row.owner)))
        });
        Ok(uploads)
    }

    /// The id of every upload that is remembered as completed, and whether its row reads.
    pub(in crate::store) fn completed_uploads(
        &self,
    ) -> Result<impl Iterator<Item = Result<(String, bool), IndexError>> + use<>, IndexError> {
        let completed = self.0.open_table(COMPLETED)?.range::<&str>(..)?.map(|row| {
            let (id, row) = row?;
            Ok((id.value().to_owned(), CompletedRow::decode(id.value(), row.value()).is_ok()))
        });
        Ok(completed)
    }

    /// How many open uploads are counted for each owner.
    pub(in crate::store) fn upload_owners(&self) -> Result<BTreeMap<String, u64>, IndexError> {
        let counted = self.0.open_table(UPLOAD_OWNERS)?.range::<&str>(..)?.map(|row| {
            let (owner, count) = row?;
            Ok((owner.value().to_owned(), count.value()))
        });
        counted.collect()
    }

    /// Every blob that has a row, in the order of their numbers, and its row if that reads.
    pub(in crate::store) fn blobs(
        &self,
    ) -> Result<impl Iterator<Item = Result<FoundBlob, IndexError>> + use<>, IndexError> {
        let blobs = self.0.open_table(BLOBS)?.range::<u64>(..)?.map(|row| {
            let (id, row) = row?;
            Ok((BlobId(id.value()), BlobRow::decode(id.value(), row.value())))
        });
        Ok(blobs)
    }

    /// The row key of every small body, whether or not a row has it.
    pub(in crate::store) fn small_bodies(
        &self,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, IndexError>> + use<>, IndexError> {
        Ok(self.0.open_table(BODIES)?.range::<&[u8]>(..)?.map(|row| Ok(row?.0.value().to_vec())))
    }

    /// The bytes of a small body.
    pub(in crate::store) fn small_body(&self, row_key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.open_table(BODIES)?.get(row_key)?.map(|row| row.value().to_vec()))
    }

    /// Whether this row says that its bytes are a small body. One that does not read may.
    pub(in crate::store) fn has_small_body(&self, row_key: &[u8]) -> Result<bool, IndexError> {
        let row = self.0.open_table(OBJECTS)?.get(row_key)?;
        let row = row.map(|row| ObjectRow::decode(row_key, row.value()));
        Ok(row.is_some_and(|row| row.map_or(true, |row| matches!(row.body, Body::Inline { .. }))))
    }

    /// The blobs whose files may still have to be removed.
    pub(in crate::store) fn unreferenced(&self) -> Result<Vec<BlobId>, IndexError> {
        self.0.open_table(UNREFERENCED)?.range::<u64>(..)?.map(|row| Ok(BlobId(row?.0.value()))).collect()
    }
}

impl Holder {
    fn from_object(row_key: &[u8], row: &[u8]) -> Holder {
        let bucket = row_key.split(|byte| *byte == 0).next().unwrap_or_default();
        let bucket = std::str::from_utf8(bucket).ok().and_then(|name| BucketName::of_other_store(name).ok());
        let bytes = ObjectRow::decode(row_key, row).map(|row| (stored_bytes(&row.info), row.body));
        Holder { place: object_place(row_key), bucket, bytes, row_key: row_key.to_vec() }
    }

    fn from_part(id: &str, number: u16, upload: Option<UploadRow>, row: &[u8]) -> Holder {
        let lost = || "?".to_owned();
        let place = DefectSubject::Part {
            bucket: upload.as_ref().map_or_else(lost, |upload| upload.bucket.to_string()),
            key: upload.as_ref().map_or_else(lost, |upload| upload.key.as_str().to_owned()),
            upload: id.to_owned(),
            number,
        };
        let bytes = PartRow::decode(id, number, row).map(|row| (row.stored_bytes(), Body::Extents(row.extents)));
        Holder { place, bucket: upload.map(|upload| upload.bucket), bytes, row_key: Vec::new() }
    }
}

/// The object of a row key.
pub(in crate::store) fn object_place(row_key: &[u8]) -> DefectSubject {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut parts = row_key.splitn(2, |byte| *byte == 0);
    let (bucket, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    DefectSubject::Object { bucket: text(bucket), key: text(key) }
}
