//! Multipart uploads and copies, as the store offers them.
//!
//! The index decides and commits ([`super::index`]); here are ids, bodies that are being written, and the reading that
//! copies need.

use super::error::StoreError;
use super::index::{Change, Complete, PartBody, PutPart, UploadListing, UploadRow};
use super::parts::{Completion, NewPart, NewUpload, ObjectCopy, PartInfo, UploadRef, WriteResult};
use super::reader::Object;
use super::writer::PartWriter;
use super::{Store, made};
use crate::body::{Digests, Expected};
use crate::s3::Timestamp;
use crate::s3::etag::ETag;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::part_checksums::Plan;
use crate::s3::upload_listing::{UploadPage, UploadQuery};
use std::ops::Range;

/// A part that is copied shares at most so many runs of blobs; where it would be more its bytes are written anew. So an
/// object of 10,000 parts has a bounded row, however often copies are made of copies.
const SHARED_RUNS: usize = 16;

impl Store {
    /// Begins an upload and returns its id: the time and a random number, so that ids sort in the order in which their
    /// uploads were begun.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::TooManyUploads`], [`StoreError::Full`].
    pub async fn create_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: NewUpload,
    ) -> Result<String, StoreError> {
        let random = getrandom::u64().map_err(|error| StoreError::Io(format!("no randomness: {error}").into()))?;
        let NewUpload { metadata, checksum, now } = upload;
        let id = format!("{:016x}{random:016x}", now.millis());
        let upload = UploadRow { bucket: bucket.clone(), key: key.clone(), initiated: now, metadata, checksum };
        self.submit(Change::CreateUpload { id: id.clone(), upload: Box::new(upload) }).await?;
        Ok(id)
    }

    /// How the parts of an open upload are to be checksummed, if the client chose it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`].
    pub async fn checksum_plan(&self, at: &UploadRef) -> Result<Option<Plan>, StoreError> {
        self.0.index.read(|snapshot| snapshot.upload(at)).map(|upload| upload.checksum)
    }

    /// Begins to write a part of `length` bytes. The upload is checked early; the commit decides
    /// ([`PartWriter::commit`]).
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`], [`StoreError::Full`], [`StoreError::ReadOnly`].
    pub async fn begin_part(&self, at: &UploadRef, number: u16, length: u64) -> Result<PartWriter, StoreError> {
        self.require_writable()?;
        self.0.index.read(|snapshot| snapshot.upload(at))?;
        PartWriter::start(self.clone(), at.clone(), number, length).await
    }

    /// Makes a part of a range of an object. The bytes are read for their digests and shared, not written; where that
    /// cannot be they are written.
    ///
    /// # Errors
    /// Those of [`Store::begin_part`] and of reading.
    pub async fn copy_part(
        &self,
        at: &UploadRef,
        number: u16,
        source: Object,
        range: Range<u64>,
        now: Timestamp,
    ) -> Result<PartInfo, StoreError> {
        let plan = self.checksum_plan(at).await?;
        if let Some(extents) = source.extents(&range).filter(|extents| extents.len() <= SHARED_RUNS) {
            let part = digest(source.clone(), &range, plan, now, None).await?;
            let NewPart { etag, checksum, now } = part;
            let info = PartInfo { number, size: range.end - range.start, etag, last_modified: now, checksum };
            let put = PutPart { at: at.clone(), info: info.clone(), body: PartBody::Shared(extents) };
            match self.make(Change::PutPart(Box::new(put))).await {
                // Overwritten meanwhile. The pin still keeps the bytes.
                Err(StoreError::SourceGone) => {}
                done => return done.map(|written| PartInfo { last_modified: written.last_modified, ..info }),
            }
        }
        let mut upload = self.begin_part(at, number, range.end - range.start).await?;
        let part = digest(source, &range, plan, now, Some(&mut upload)).await?;
        upload.commit(part).await
    }

    /// Makes an object of an upload's parts; no byte is copied. The same request once more, within 24 hours, gets the
    /// same answer.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`], [`StoreError::PreconditionFailed`],
    /// [`StoreError::Parts`], [`StoreError::Full`]; after any of them the upload is as it was.
    pub async fn complete_upload(&self, at: UploadRef, completion: Completion) -> Result<WriteResult, StoreError> {
        self.make(Change::CompleteUpload(Box::new(Complete { at, completion }))).await
    }

    /// Ends an upload and frees what its parts take.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`].
    pub async fn abort_upload(&self, at: UploadRef) -> Result<(), StoreError> {
        self.submit(Change::AbortUpload(at)).await
    }

    /// A page of the open uploads of a bucket.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn list_uploads(&self, bucket: &BucketName, query: &UploadQuery) -> Result<UploadPage, StoreError> {
        let listing = UploadListing {
            bucket: bucket.clone(),
            prefix: query.prefix.clone(),
            delimiter: query.delimiter.clone(),
            start: query.start(),
            max_uploads: query.limit(),
        };
        let index = self.0.index.clone();
        self.listing(move || index.read(|snapshot| snapshot.upload_page(&listing))).await
    }

    /// At most `most` parts of an open upload behind the number `after`, and whether there are more.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`].
    pub async fn list_parts(
        &self,
        at: &UploadRef,
        after: u16,
        most: usize,
    ) -> Result<(Vec<PartInfo>, bool), StoreError> {
        let (index, at) = (self.0.index.clone(), at.clone());
        self.listing(move || {
            let mut parts = index.read(|snapshot| {
                snapshot.upload(&at)?;
                snapshot.parts(&at.id, after, most.saturating_add(1))
            })?;
            // A page of 0 has no next page: it would be the same again.
            let more = most > 0 && parts.len() > most;
            parts.truncate(most);
            Ok((parts, more))
        })
        .await
    }

    /// Copies an object; the copy shares its bytes.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`] for either bucket, [`StoreError::NoSuchKey`], [`StoreError::PreconditionFailed`],
    /// [`StoreError::Full`].
    pub async fn copy_object(&self, copy: ObjectCopy) -> Result<WriteResult, StoreError> {
        // The commit decides whether the source exists.
        let source = self.look_up(&copy.source_bucket, &copy.source_key).map_or(0, |row| row.bytes());
        made(self.commit(Change::CopyObject(Box::new(copy)), source).await?)
    }
}

/// Reads a range for its digests and passes it on where it is to be written.
async fn digest(
    source: Object,
    range: &Range<u64>,
    plan: Option<Plan>,
    now: Timestamp,
    mut into: Option<&mut PartWriter>,
) -> Result<NewPart, StoreError> {
    let mut digests = Digests::new(Expected::default());
    if let Some(plan) = plan {
        digests.make_checksum(plan.algorithm);
    }
    let failed = |error: crate::s3::S3Error| StoreError::Io(error.to_string().into());
    let mut reader = source.read(range.clone()).await?;
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        digests.update(&piece).map_err(failed)?;
        if let Some(upload) = &mut into {
            upload.body().push(piece).await?;
        }
        // Bytes that the kernel has in memory come without waiting, and others want this thread too.
        tokio::task::yield_now().await;
    }
    let digested = digests.finish().map_err(failed)?;
    Ok(NewPart { etag: ETag::from_md5(digested.md5), checksum: digested.checksum, now })
}
