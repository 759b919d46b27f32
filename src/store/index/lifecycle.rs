//! What lifecycle rules do: decided outside of the transaction, and decided again in it.
//!
//! Between the two a client may have overwritten the object or changed the rules. What its write or its new rules keep must
//! stay as it is, so the change names what it was decided by.

use super::IndexError;
use super::rows::ObjectRow;
use super::tables::{OBJECTS, Snapshot, Tables, bucket_end, row_key};
use super::upload_rows::UploadRow;
use super::upload_tables::UPLOADS;
use crate::s3::Timestamp;
use crate::s3::etag::ETag;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::storage_class::StorageClass;
use crate::store::configuration::ConfigurationKind;
use crate::store::error::StoreError;
use crate::store::model::ObjectInfo;
use crate::store::parts::UploadRef;
use std::ops::Bound;
use std::sync::Arc;

/// Something that is due.
pub(in crate::store) struct LifecycleChange {
    /// The lifecycle configuration of the bucket by which it is; `None` for a bucket that has none.
    pub(in crate::store) by: Option<Arc<str>>,
    pub(in crate::store) step: LifecycleStep,
}

/// What is done.
pub(in crate::store) enum LifecycleStep {
    Delete(SeenObject),
    /// To the storage class `STANDARD_IA`.
    Move(SeenObject),
    Abort(UploadRef),
}

/// An object as it was when it was found to be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct SeenObject {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) key: ObjectKey,
    pub(in crate::store) etag: ETag,
    pub(in crate::store) last_modified: Timestamp,
    pub(in crate::store) storage_class: StorageClass,
}

/// A walk through the objects of a bucket, some at a time.
pub(in crate::store) struct ObjectWalk {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) prefix: String,
    /// The key behind which the walk goes on.
    pub(in crate::store) after: Option<String>,
    pub(in crate::store) most: usize,
}

impl LifecycleChange {
    fn bucket(&self) -> &BucketName {
        match &self.step {
            LifecycleStep::Delete(seen) | LifecycleStep::Move(seen) => &seen.bucket,
            LifecycleStep::Abort(at) => &at.bucket,
        }
    }
}

impl Snapshot {
    /// The next objects of a walk; empty at its end. A row that does not read is left out: it is no one's to remove.
    pub(in crate::store) fn walk_objects(
        &self,
        walk: &ObjectWalk,
    ) -> Result<Vec<(String, Option<SeenObject>)>, IndexError> {
        let table = self.0.open_table(OBJECTS)?;
        let first = match &walk.after {
            Some(key) => Bound::Excluded(row_key(&walk.bucket, key)),
            None => Bound::Included(row_key(&walk.bucket, &walk.prefix)),
        };
        let end = bucket_end(&walk.bucket);
        let rows = table.range::<&[u8]>((first.as_ref().map(Vec::as_slice), Bound::Excluded(end.as_slice())))?;
        let mut found = Vec::new();
        for row in rows.take(walk.most) {
            let (place, row) = row?;
            let Some(key) = key_of(place.value(), &walk.bucket).filter(|key| key.starts_with(&walk.prefix)) else {
                break;
            };
            found.push((key.to_owned(), seen(&walk.bucket, key, place.value(), row.value())));
        }
        Ok(found)
    }

    /// At most `most` open uploads behind the id `after`, and when they were begun.
    pub(in crate::store) fn uploads_after(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<(UploadRef, Timestamp)>, IndexError> {
        let table = self.0.open_table(UPLOADS)?;
        let mut found = Vec::new();
        for row in table.range::<&str>((Bound::Excluded(after), Bound::Unbounded))?.take(most) {
            let (id, row) = row?;
            let row = UploadRow::decode(id.value(), row.value())?;
            found.push((UploadRef { bucket: row.bucket, key: row.key, id: id.value().to_owned() }, row.initiated));
        }
        Ok(found)
    }
}

fn key_of<'k>(row_key: &'k [u8], bucket: &BucketName) -> Option<&'k str> {
    std::str::from_utf8(row_key.get(bucket.as_str().len() + 1..)?).ok()
}

fn seen(bucket: &BucketName, key: &str, row_key: &[u8], row: &[u8]) -> Option<SeenObject> {
    let info = ObjectRow::decode(row_key, row).ok()?.info;
    let key = ObjectKey::parse(key).ok()?;
    let ObjectInfo { etag, last_modified, storage_class, .. } = info;
    Some(SeenObject { bucket: bucket.clone(), key, etag, last_modified, storage_class })
}

impl Tables<'_> {
    /// Does what is due, if the object is still what was seen and the bucket still has the rules by which it is.
    ///
    /// # Errors
    /// [`StoreError::PreconditionFailed`] if not.
    pub(super) fn carry_out(&mut self, change: &LifecycleChange) -> Result<(), IndexError> {
        self.require_bucket(change.bucket())?;
        let by = self.configuration(change.bucket(), ConfigurationKind::Lifecycle)?;
        if by.as_deref() != change.by.as_deref() {
            return Err(StoreError::PreconditionFailed.into());
        }
        match &change.step {
            LifecycleStep::Abort(at) => self.abort_upload(at),
            LifecycleStep::Delete(seen) => {
                let (key, row) = self.still(seen)?;
                self.release(&key, &row.body)?;
                self.remove_object(&key)
            }
            LifecycleStep::Move(seen) => {
                let (key, row) = self.still(seen)?;
                let info = ObjectInfo { storage_class: StorageClass::InfrequentAccess, ..row.info };
                self.insert_object(&key, &ObjectRow { info, ..row })
            }
        }
    }

    /// The object's key and row, if it is as it was seen.
    fn still(&self, seen: &SeenObject) -> Result<(Vec<u8>, ObjectRow), IndexError> {
        let key = row_key(&seen.bucket, seen.key.as_str());
        let row = self.object(&key)?;
        let is_seen = |row: &ObjectRow| row.info.etag == seen.etag && row.info.last_modified == seen.last_modified;
        let row = row.filter(is_seen).ok_or(StoreError::PreconditionFailed)?;
        Ok((key, row))
    }
}
