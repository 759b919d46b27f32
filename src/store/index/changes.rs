//! Changes: decided and made within the transaction, one after the other.
//!
//! A change decides first and writes after, so that one that is refused has touched nothing and its batch goes on. One
//! that meets damage may have written half of itself: then all that its transaction wrote is given up.

use super::IndexError;
use super::codec::{EXTENT_BYTES, Extent, Extents, metadata_bytes};
use super::configurations::Configure;
use super::lifecycle::LifecycleChange;
use super::rows::{Body, ObjectRow};
use super::tables::{Tables, row_key};
use super::upload_changes::{Complete, PutPart};
use super::upload_rows::UploadRow;
use crate::s3::Timestamp;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::precondition::WriteConditions;
use crate::store::blob::PlacedBlob;
use crate::store::block_sums;
use crate::store::configuration::ConfigurationKind;
use crate::store::error::StoreError;
use crate::store::model::ObjectInfo;
use crate::store::parts::{ObjectCopy, SHARED_RUNS, UploadRef, WriteResult};
use bytes::Bytes;

/// What a client asks to be changed.
pub(in crate::store) enum Change {
    CreateBucket {
        name: BucketName,
        now: Timestamp,
        location: Option<String>,
    },
    DeleteBucket {
        name: BucketName,
    },
    Put(Box<Put>),
    DeleteObject {
        bucket: BucketName,
        key: ObjectKey,
    },
    CopyObject(Box<ObjectCopy>),
    /// With how many uploads its owner may have open.
    CreateUpload {
        id: String,
        upload: Box<UploadRow>,
        most: Option<u64>,
    },
    PutPart(Box<PutPart>),
    CompleteUpload(Box<Complete>),
    AbortUpload(UploadRef),
    Configure(Box<Configure>),
    Lifecycle(Box<LifecycleChange>),
}

/// A new object, or one that replaces another.
pub(in crate::store) struct Put {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) key: ObjectKey,
    pub(in crate::store) info: ObjectInfo,
    pub(in crate::store) body: NewBody,
    pub(in crate::store) conditions: WriteConditions,
}

/// The bytes of a new object.
pub(in crate::store) enum NewBody {
    Inline(Bytes),
    Blob(PlacedBlob),
}

/// About the bytes that a part has in a row: those of the most runs, and its size.
const PART_ROW: u64 = SHARED_RUNS as u64 * EXTENT_BYTES + 8;

impl Change {
    /// About the bytes of the row that the change adds, without those that depend on what the index holds; `None` for
    /// a change that removes rows or leaves them their size.
    pub(in crate::store) fn row_bytes(&self) -> Option<u64> {
        Some(match self {
            Change::DeleteBucket { .. }
            | Change::DeleteObject { .. }
            | Change::AbortUpload(_)
            | Change::Lifecycle(_) => {
                return None;
            }
            Change::Configure(configure) => configure.document.as_ref()?.len() as u64,
            Change::CreateBucket { .. } => 0,
            Change::Put(put) => put.body.row_bytes() + metadata_bytes(&put.info.metadata),
            Change::CopyObject(copy) => copy.metadata.given().map_or(0, metadata_bytes),
            Change::CreateUpload { upload, .. } => metadata_bytes(&upload.metadata),
            Change::PutPart(_) => PART_ROW,
            Change::CompleteUpload(complete) => complete.completion.parts.len() as u64 * PART_ROW,
        })
    }
}

impl NewBody {
    fn row_bytes(&self) -> u64 {
        match self {
            NewBody::Inline(bytes) => bytes.len() as u64,
            NewBody::Blob(_) => EXTENT_BYTES,
        }
    }
}

impl Tables<'_> {
    /// Decides a change and makes it. Returns what it wrote, which is known only here.
    pub(in crate::store) fn apply(&mut self, change: &Change) -> Result<Option<WriteResult>, IndexError> {
        match change {
            Change::CreateBucket { name, now, location } => self.create_bucket(name, *now, location.as_deref())?,
            Change::DeleteBucket { name } => self.delete_bucket(name)?,
            Change::Put(put) => return self.put(put).map(Some),
            Change::DeleteObject { bucket, key } => self.delete_object(bucket, key)?,
            Change::CopyObject(copy) => return self.copy_object(copy).map(Some),
            Change::CreateUpload { id, upload, most } => self.create_upload(id, upload, *most)?,
            Change::PutPart(put) => return self.put_part(put).map(Some),
            Change::CompleteUpload(complete) => return self.complete_upload(complete).map(Some),
            Change::AbortUpload(at) => self.abort_upload(at)?,
            Change::Configure(configure) => self.configure(configure)?,
            Change::Lifecycle(change) => self.carry_out(change)?,
        }
        Ok(None)
    }

    fn create_bucket(&mut self, name: &BucketName, now: Timestamp, location: Option<&str>) -> Result<(), IndexError> {
        if self.has_bucket(name)? {
            return Err(StoreError::BucketExists.into());
        }
        self.insert_bucket(name, now)?;
        location.map_or(Ok(()), |location| self.set_configuration(name, ConfigurationKind::Location, location))
    }

    fn delete_bucket(&mut self, name: &BucketName) -> Result<(), IndexError> {
        self.require_bucket(name)?;
        if !self.is_empty(name)? {
            return Err(StoreError::BucketNotEmpty.into());
        }
        self.abort_uploads_of(name)?;
        self.remove_configurations(name)?;
        self.remove_bucket(name)
    }

    fn put(&mut self, put: &Put) -> Result<WriteResult, IndexError> {
        self.require_bucket(&put.bucket)?;
        let key = row_key(&put.bucket, put.key.as_str());
        let replaced = self.object(&key)?;
        if !put.conditions.hold(replaced.as_ref().map(|row| row.info.existing())) {
            return Err(StoreError::PreconditionFailed.into());
        }
        let info = put.info.clone().following(replaced.as_ref().map(|row| &row.info));
        if let Some(replaced) = replaced {
            self.release(&key, &replaced.body)?;
        }
        let body = self.insert_new_body(&key, &put.body)?;
        let written = info.written();
        self.insert_object(&key, &ObjectRow { info, body })?;
        Ok(written)
    }

    fn insert_new_body(&mut self, key: &[u8], body: &NewBody) -> Result<Body, IndexError> {
        match body {
            NewBody::Inline(bytes) => {
                self.insert_body(key, bytes)?;
                Ok(Body::Inline { crc: block_sums::sum(bytes) })
            }
            NewBody::Blob(blob) => {
                self.insert_blob(blob.id, blob.length, blob.crc)?;
                let whole = Extent { blob: blob.id, offset: 0, length: blob.length };
                Ok(Body::Extents(Extents::new(vec![whole])))
            }
        }
    }

    fn delete_object(&mut self, bucket: &BucketName, key: &ObjectKey) -> Result<(), IndexError> {
        self.require_bucket(bucket)?;
        let key = row_key(bucket, key.as_str());
        let Some(row) = self.object(&key)? else { return Ok(()) };
        self.release(&key, &row.body)?;
        self.remove_object(&key)
    }

    pub(super) fn require_bucket(&self, name: &BucketName) -> Result<(), IndexError> {
        if self.has_bucket(name)? { Ok(()) } else { Err(StoreError::NoSuchBucket.into()) }
    }
}
