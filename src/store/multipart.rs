//! Multipart uploads and copies, as the store offers them.
//!
//! The index decides and commits ([`super::index`]); here are ids, bodies that are being written, and the reading that
//! copies need.

use super::decryption::ObjectReader;
use super::encryption::{KeyCheck, new_salt};
use super::error::StoreError;
use super::index::{Change, Complete, Extents, PartBody, PutPart, UploadListing, UploadRow, stored_bytes};
use super::model::{NewObject, ObjectInfo};
use super::parts::{
    Completion, CopyKeys, NewPart, NewUpload, ObjectCopy, PartInfo, SHARED_BLOBS, SHARED_RUNS, UploadInfo, UploadRef,
    WriteResult,
};
use super::reader::Object;
use super::writer::{BodyWriter, PartWriter};
use super::{Store, made};
use crate::body::{Digests, Expected};
use crate::s3::Timestamp;
use crate::s3::checksum::{Algorithm, Kind};
use crate::s3::customer_key::CustomerKey;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::precondition::ReadOutcome;
use crate::s3::upload_listing::{UploadPage, UploadQuery};
use std::ops::Range;

impl Store {
    /// Begins an upload and returns its id: the time and a random number, so that ids sort in the order in which their
    /// uploads were begun.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::TooManyUploads`], [`StoreError::TooManyUploadsOfOwner`],
    /// [`StoreError::Full`].
    pub async fn create_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: NewUpload,
    ) -> Result<String, StoreError> {
        let random = getrandom::u64().map_err(|error| StoreError::Io(format!("no randomness: {error}").into()))?;
        let NewUpload { metadata, storage_class, checksum, key: secret, owner, now } = upload;
        let id = format!("{:016x}{random:016x}", now.millis());
        let (bucket, key) = (bucket.clone(), key.clone());
        let encryption = secret.map(|secret| Ok::<_, StoreError>(KeyCheck::new(&secret, new_salt()?))).transpose()?;
        let info = UploadInfo { storage_class, checksum, encryption };
        let (owner, most) = owner.map(|owner| (owner.id, owner.most)).unzip();
        let upload = Box::new(UploadRow { bucket, key, initiated: now, metadata, info, owner });
        self.submit(Change::CreateUpload { id: id.clone(), upload, most: most.flatten() }).await?;
        Ok(id)
    }

    /// What is known of an open upload.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`].
    pub async fn upload(&self, at: &UploadRef) -> Result<UploadInfo, StoreError> {
        self.0.index.read(|snapshot| snapshot.upload(at)).map(|upload| upload.info)
    }

    /// Begins to write a part of `length` bytes, encrypted with the key that its upload was created with. The upload is
    /// checked early; the commit decides ([`PartWriter::commit`]).
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`], [`StoreError::Key`], [`StoreError::Full`],
    /// [`StoreError::ReadOnly`].
    pub async fn begin_part(
        &self,
        at: &UploadRef,
        number: u16,
        length: u64,
        key: Option<&CustomerKey>,
    ) -> Result<PartWriter, StoreError> {
        self.require_writable()?;
        self.upload(at).await?.require_key(key)?;
        PartWriter::start(self.clone(), at.clone(), number, length, key).await
    }

    /// Makes a part of a range of an object. The bytes are shared, not written, and read only where their digests are not
    /// known; where they cannot be shared, or a key is needed, they are written. Dropped, it ends.
    ///
    /// # Errors
    /// Those of [`Store::begin_part`] and of reading.
    pub async fn copy_part(
        &self,
        at: &UploadRef,
        number: u16,
        source: Object,
        range: Range<u64>,
        keys: &CopyKeys,
        now: Timestamp,
    ) -> Result<PartInfo, StoreError> {
        let upload = self.upload(at).await?;
        upload.require_key(keys.target.as_ref())?;
        let plan = upload.checksum;
        let is_plain = upload.encryption.is_none();
        let shared = source.plain_extents(&range).filter(|extents| is_plain && extents.len() <= SHARED_RUNS);
        let algorithm = plan.map(|plan| plan.algorithm);
        if let Some(extents) = shared {
            let part = match known(&source.info, &range, algorithm, now) {
                Some(part) => part,
                None => {
                    let _turn = self.turn_to_copy().await;
                    digest(source.clone().read(range.clone(), None).await?, algorithm, now, None).await?
                }
            };
            let NewPart { etag, checksum, now } = part;
            let extents = Extents::new(extents);
            let info = PartInfo { number, size: range.end - range.start, etag, last_modified: now, checksum };
            let put = PutPart { at: at.clone(), info: info.clone(), sealed: false, body: PartBody::Shared(extents) };
            match self.make(Change::PutPart(Box::new(put))).await {
                // Overwritten meanwhile. The pin still keeps the bytes.
                Err(StoreError::SourceGone) => {}
                done => return done.map(|written| PartInfo { last_modified: written.last_modified, ..info }),
            }
        }
        let _turn = self.turn_to_copy().await;
        let length = range.end - range.start;
        let reader = source.read(range, keys.source.as_ref()).await?;
        let mut upload = self.begin_part(at, number, length, keys.target.as_ref()).await?;
        let part = digest(reader, algorithm, now, Some(upload.body())).await?;
        upload.commit(part).await
    }

    /// Makes an object of an upload's parts; no byte is copied. The same request once more, within 24 hours, gets the
    /// same answer.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`], [`StoreError::PreconditionFailed`],
    /// [`StoreError::Parts`], [`StoreError::Full`]; after any of them the upload is as it was.
    pub async fn complete_upload(&self, at: UploadRef, completion: Completion) -> Result<WriteResult, StoreError> {
        let replaced = self.blobs_of(&at.bucket, &at.key);
        let _turn = self.turn_to_count(completion.parts.len().saturating_add(replaced)).await;
        self.make(Change::CompleteUpload(Box::new(Complete { at, completion }))).await
    }

    /// Ends an upload and frees what its parts take.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchUpload`].
    pub async fn abort_upload(&self, at: UploadRef) -> Result<(), StoreError> {
        let _turn = self.turn_to_count(usize::MAX).await;
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

    /// Copies an object; the copy shares its bytes. Where it is to have another key than its source, or is made of very
    /// many blobs, they are written anew. Dropped, it ends.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`] for either bucket, [`StoreError::NoSuchKey`], [`StoreError::PreconditionFailed`],
    /// [`StoreError::Key`], [`StoreError::MetadataTooLarge`], [`StoreError::Full`].
    pub async fn copy_object(&self, copy: ObjectCopy) -> Result<WriteResult, StoreError> {
        if copy.keys.source != copy.keys.target {
            return self.rewrite(copy).await;
        }
        // The commit decides whether the source exists.
        let source = self.look_up(&copy.source_bucket, &copy.source_key);
        let (bytes, blobs) = source.map_or((0, 0), |row| (row.bytes(), row.body.blobs()));
        if blobs > SHARED_BLOBS {
            return self.copy_at_rest(copy).await;
        }
        let replaced = self.blobs_of(&copy.bucket, &copy.key);
        let _turn = self.turn_to_count(blobs.saturating_add(replaced)).await;
        made(self.commit(Change::CopyObject(Box::new(copy)), bytes).await?)
    }

    /// The source of a copy, if it is to be copied.
    async fn source(&self, copy: &ObjectCopy) -> Result<Object, StoreError> {
        self.bucket(&copy.bucket).await?;
        let source = self.object(&copy.source_bucket, &copy.source_key).await?;
        source.info.require_key(copy.keys.source.as_ref())?;
        match copy.source_conditions.decide(source.info.existing()) {
            ReadOutcome::Proceed => Ok(source),
            _ => Err(StoreError::PreconditionFailed),
        }
    }

    /// Copies an object by reading and writing its bytes as they are at rest. The copy is the same but for its blob.
    async fn copy_at_rest(&self, copy: ObjectCopy) -> Result<WriteResult, StoreError> {
        let source = self.source(&copy).await?;
        let _turn = self.turn_to_copy().await;
        let (subject, length) = (source.subject.clone(), stored_bytes(&source.info));
        let metadata = copy.metadata.of_copy(source.info.metadata.clone())?;
        let (last_modified, storage_class) = (copy.now, copy.storage_class);
        let info = ObjectInfo { metadata, last_modified, storage_class, ..source.info.clone() };
        let mut upload = self.begin(&copy.bucket, &copy.key, length, &copy.conditions, None).await?;
        let mut reader = subject.note(source.read_stored(0..length).await)?;
        while let Some(piece) = reader.next().await {
            upload.body().push(subject.note(piece)?).await?;
            tokio::task::yield_now().await;
        }
        Ok(upload.commit_as(info, copy.conditions).await?.written())
    }

    /// Copies an object by reading and writing it.
    async fn rewrite(&self, copy: ObjectCopy) -> Result<WriteResult, StoreError> {
        let source = self.source(&copy).await?;
        let _turn = self.turn_to_copy().await;
        let ObjectInfo { size, metadata, checksum, .. } = source.info.clone();
        let metadata = copy.metadata.of_copy(metadata)?;
        let target = copy.keys.target.as_ref();
        let mut upload = self.begin(&copy.bucket, &copy.key, size, &copy.conditions, target).await?;
        let reader = source.read(0..size, copy.keys.source.as_ref()).await?;
        let algorithm = checksum.map(|checksum| checksum.algorithm);
        let NewPart { etag, checksum, now } = digest(reader, algorithm, copy.now, Some(upload.body())).await?;
        let (storage_class, conditions) = (copy.storage_class, copy.conditions);
        let written = upload.commit(NewObject { metadata, storage_class, etag, checksum, now, conditions }).await?;
        Ok(written.written())
    }
}

/// The part that a whole object makes, where its digests are known: it was written whole, and has the checksum that is
/// asked for, if one is. Its blob has the sums that prove its bytes, so they need not be read.
fn known(info: &ObjectInfo, range: &Range<u64>, checksum: Option<Algorithm>, now: Timestamp) -> Option<NewPart> {
    let is_whole = *range == (0..info.size) && info.parts.is_empty() && info.etag.md5().is_some();
    let has = info.checksum.as_ref().filter(|has| has.kind == Kind::FullObject);
    let checksum = match checksum {
        Some(wanted) => Some(has.filter(|has| has.algorithm == wanted)?.clone()),
        None => None,
    };
    is_whole.then(|| NewPart { etag: info.etag.clone(), checksum, now })
}

/// Reads bytes for their digests and passes them on where they are to be written.
async fn digest(
    mut reader: ObjectReader,
    checksum: Option<Algorithm>,
    now: Timestamp,
    mut into: Option<&mut BodyWriter>,
) -> Result<NewPart, StoreError> {
    let mut digests = Digests::new(Expected::default());
    digests.make_md5();
    if let Some(algorithm) = checksum {
        digests.make_checksum(algorithm);
    }
    let failed = |error: crate::s3::S3Error| StoreError::Io(error.to_string().into());
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        digests.update(&piece).map_err(failed)?;
        if let Some(body) = &mut into {
            body.push(piece).await?;
        }
        // Bytes that the kernel has in memory come without waiting, and others want this thread too.
        tokio::task::yield_now().await;
    }
    let digested = digests.finish().map_err(failed)?;
    Ok(NewPart { etag: digested.etag().map_err(failed)?, checksum: digested.checksum, now })
}
