//! Changes to uploads: decided and made within the transaction, so that of a Complete, an Abort and an UploadPart that
//! race, each finds the upload as the one before left it.

use super::IndexError;
use super::assembly::assemble;
use super::codec::{Extent, Extents};
use super::rows::{Body, ObjectRow};
use super::tables::{References, Tables, row_key};
use super::upload_rows::{CompletedRow, PartRow, UploadRow};
use crate::s3::Timestamp;
use crate::s3::names::BucketName;
use crate::store::blob::PlacedBlob;
use crate::store::error::StoreError;
use crate::store::parts::{Completion, PartInfo, UploadRef, WriteResult};
use sha2::{Digest, Sha256};

/// How long a completed upload is remembered, in milliseconds.
const REMEMBERED: u64 = 24 * 60 * 60 * 1000;
/// How many of them are.
const REMEMBERED_AT_MOST: u64 = 100_000;

/// How many uploads may be open in all buckets together.
const OPEN_AT_MOST: u64 = if cfg!(test) { 30 } else { 100_000 };

/// A new part, or one that replaces another.
pub(in crate::store) struct PutPart {
    pub(in crate::store) at: UploadRef,
    pub(in crate::store) info: PartInfo,
    /// Whether its bytes are encrypted with the upload's key.
    pub(in crate::store) sealed: bool,
    pub(in crate::store) body: PartBody,
}

/// The bytes of a new part.
pub(in crate::store) enum PartBody {
    Blob(PlacedBlob),
    /// Bytes of blobs that are there; the change is [`StoreError::SourceGone`] if they no longer are.
    Shared(Extents),
}

/// The end of an upload as an object.
pub(in crate::store) struct Complete {
    pub(in crate::store) at: UploadRef,
    pub(in crate::store) completion: Completion,
}

impl Tables<'_> {
    /// `most` is how many its owner may have open.
    pub(super) fn create_upload(&mut self, id: &str, upload: &UploadRow, most: Option<u64>) -> Result<(), IndexError> {
        self.require_bucket(&upload.bucket)?;
        if self.uploads.open_uploads()? >= OPEN_AT_MOST {
            return Err(StoreError::TooManyUploads.into());
        }
        if let (Some(owner), Some(most)) = (&upload.owner, most)
            && self.uploads.of_owner(owner)? >= most
        {
            return Err(StoreError::TooManyUploadsOfOwner.into());
        }
        self.uploads.insert(id, upload)
    }

    pub(super) fn put_part(&mut self, put: &PutPart) -> Result<WriteResult, IndexError> {
        self.require_upload(&put.at)?;
        let replaced = self.uploads.part(&put.at.id, put.info.number)?;
        let info = put.info.clone().following(replaced.as_ref().map(|row| &row.info));
        let extents = self.take_body(&put.body)?;
        if let Some(replaced) = replaced {
            self.release_extents(&replaced.extents)?;
        }
        let written = info.written();
        self.uploads.insert_part(&put.at.id, &PartRow { info, sealed: put.sealed, extents })?;
        Ok(written)
    }

    fn take_body(&mut self, body: &PartBody) -> Result<Extents, IndexError> {
        match body {
            PartBody::Blob(blob) => {
                self.insert_blob(blob.id, blob.length, blob.crc)?;
                Ok(Extents::new(vec![Extent { blob: blob.id, offset: 0, length: blob.length }]))
            }
            PartBody::Shared(extents) if self.share(extents)? => Ok(extents.clone()),
            PartBody::Shared(_) => Err(StoreError::SourceGone.into()),
        }
    }

    /// Makes the object of the parts' extents: it is counted in their place, and parts left out are counted no longer.
    pub(super) fn complete_upload(&mut self, complete: &Complete) -> Result<WriteResult, IndexError> {
        let Complete { at, completion } = complete;
        self.require_bucket(&at.bucket)?;
        let Some(upload) = self.uploads.find(at)? else { return self.completed_before(complete) };
        if completion.key.is_some() {
            upload.info.require_key(completion.key.as_ref())?;
        }
        let key = row_key(&at.bucket, at.key.as_str());
        let replaced = self.object(&key)?;
        if !completion.conditions.hold(replaced.as_ref().map(|row| row.info.existing())) {
            return Err(StoreError::PreconditionFailed.into());
        }
        let parts = self.uploads.parts(&at.id)?;
        let object = assemble(&upload, &parts, completion)?;
        let info = object.info.following(replaced.as_ref().map(|row| &row.info));
        if let Some(replaced) = replaced {
            self.release(&key, &replaced.body)?;
        }
        let extents = Extents::new(object.extents);
        let mut changes = References::default();
        changes.add(&extents);
        parts.values().for_each(|part| changes.remove(&part.extents));
        self.count(&changes)?;
        self.uploads.remove(at, &parts)?;
        let row = ObjectRow { info, body: Body::Extents(extents) };
        self.insert_object(&key, &row)?;
        self.remember(complete, &row)
    }

    fn remember(&mut self, complete: &Complete, object: &ObjectRow) -> Result<WriteResult, IndexError> {
        let Complete { at, completion } = complete;
        let written = object.info.written();
        let (bucket, key, request) = (at.bucket.clone(), at.key.clone(), fingerprint(completion));
        self.uploads.insert_completed(&at.id, &CompletedRow { bucket, key, request, written: written.clone() })?;
        let forgotten = Timestamp::from_millis(completion.now.millis().saturating_sub(REMEMBERED));
        self.uploads.forget_completed(forgotten, REMEMBERED_AT_MOST)?;
        Ok(written)
    }

    /// The answer to the same request before, whatever happened to the object since.
    fn completed_before(&self, complete: &Complete) -> Result<WriteResult, IndexError> {
        let Complete { at, completion } = complete;
        let row = self.uploads.completed(&at.id)?.filter(|row| row.bucket == at.bucket && row.key == at.key);
        let recent = |written: &WriteResult| {
            completion.now.millis().saturating_sub(written.last_modified.millis()) <= REMEMBERED
        };
        match row {
            Some(row) if row.request == fingerprint(completion) && recent(&row.written) => Ok(row.written),
            _ => Err(StoreError::NoSuchUpload.into()),
        }
    }

    pub(super) fn abort_upload(&mut self, at: &UploadRef) -> Result<(), IndexError> {
        self.require_upload(at)?;
        self.end_upload(at)
    }

    fn end_upload(&mut self, at: &UploadRef) -> Result<(), IndexError> {
        let parts = self.uploads.parts(&at.id)?;
        let mut changes = References::default();
        parts.values().for_each(|part| changes.remove(&part.extents));
        self.count(&changes)?;
        self.uploads.remove(at, &parts)
    }

    /// Open uploads do not keep a bucket from being removed; they end with it.
    pub(super) fn abort_uploads_of(&mut self, bucket: &BucketName) -> Result<(), IndexError> {
        self.uploads.of_bucket(bucket)?.iter().try_for_each(|at| self.end_upload(at))
    }

    fn require_upload(&self, at: &UploadRef) -> Result<(), IndexError> {
        self.require_bucket(&at.bucket)?;
        self.uploads.find(at)?.map(drop).ok_or_else(|| StoreError::NoSuchUpload.into())
    }
}

/// What distinguishes one list of parts from another.
fn fingerprint(completion: &Completion) -> String {
    let mut sha256 = Sha256::new();
    for part in &completion.parts {
        sha256.update(format!("{} {}\n", part.number, part.etag.to_ascii_lowercase()));
    }
    hex::encode(sha256.finalize())
}
