//! A body on its way in: pushed piece by piece, an object once committed, nothing at all if dropped before.

use super::Store;
use super::blob::{PlacedBlob, TemporaryBlob};
use super::blocking::on_disk;
use super::disk::Promise;
use super::error::StoreError;
use super::index::{Change, NewBody, Put};
use super::model::{NewObject, ObjectInfo};
use crate::s3::names::{BucketName, ObjectKey};
use bytes::{Bytes, BytesMut};

/// The largest body that lies in the index, in bytes. Above about this size a file of its own is faster to write.
pub(super) const INLINE: u64 = 16 << 10;
/// How many bytes are collected for a write to the disk.
const WRITE: usize = 256 << 10;

/// An object being written.
pub struct Upload {
    bucket: BucketName,
    key: ObjectKey,
    length: u64,
    received: u64,
    body: Receiving,
    store: Store,
}

enum Receiving {
    Small(BytesMut),
    Large(Box<Large>),
}

struct Large {
    collected: Vec<Bytes>,
    bytes: usize,
    /// `None` while the blocking pool has it, and for good after a failure.
    file: Option<TemporaryBlob>,
    promise: Promise,
}

impl Upload {
    /// Starts a body of exactly `length` bytes.
    pub(super) async fn start(
        store: Store,
        bucket: BucketName,
        key: ObjectKey,
        length: u64,
    ) -> Result<Upload, StoreError> {
        let promise = store.space().promise(length)?;
        let body = if length <= INLINE {
            Receiving::Small(BytesMut::new())
        } else {
            let blobs = store.blobs().clone();
            let file = Some(on_disk(move || blobs.create()).await?);
            Receiving::Large(Box::new(Large { collected: Vec::new(), bytes: 0, file, promise }))
        };
        Ok(Upload { bucket, key, length, received: 0, body, store })
    }

    /// Takes the next bytes of the body. Returns when there is room for more.
    ///
    /// # Errors
    /// The disk's, after which the upload is lost; [`StoreError::Io`] for more bytes than were announced.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.received += bytes.len() as u64;
        if self.received > self.length {
            return Err(StoreError::Io("the body is longer than announced".into()));
        }
        match &mut self.body {
            Receiving::Small(body) => {
                body.extend_from_slice(&bytes);
                Ok(())
            }
            Receiving::Large(body) => body.push(bytes).await,
        }
    }

    /// Makes the body an object. When this returns the write is as durable as the store was asked to make it; if it is
    /// dropped before, the object may or may not come to be.
    ///
    /// # Errors
    /// [`StoreError::PreconditionFailed`] and [`StoreError::NoSuchBucket`] as of the moment of the commit;
    /// [`StoreError::Io`] for fewer bytes than were announced.
    pub async fn commit(self, object: NewObject) -> Result<ObjectInfo, StoreError> {
        if self.received != self.length {
            return Err(StoreError::Io("the body is shorter than announced".into()));
        }
        let NewObject { metadata, etag, checksum, now, conditions } = object;
        let info = ObjectInfo { size: self.length, etag, last_modified: now, metadata, checksum };
        let body = match self.body {
            Receiving::Small(body) => NewBody::Inline(body.freeze()),
            Receiving::Large(body) => NewBody::Blob(body.place().await?),
        };
        let put = Put { bucket: self.bucket, key: self.key, info: info.clone(), body, conditions };
        self.store.submit(Change::Put(Box::new(put))).await?;
        Ok(info)
    }
}

impl Large {
    async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.bytes += bytes.len();
        self.collected.push(bytes);
        if self.bytes < WRITE { Ok(()) } else { self.write().await }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        let mut file = self.file.take().ok_or_else(lost)?;
        let pieces = std::mem::take(&mut self.collected);
        let written = std::mem::take(&mut self.bytes);
        self.file = Some(on_disk(move || file.write(&pieces).map(|()| file)).await?);
        self.promise.spend(written as u64);
        Ok(())
    }

    /// The last write, the fsync and the rename, in one go.
    async fn place(self) -> Result<PlacedBlob, StoreError> {
        let Large { collected, file, promise, .. } = self;
        let mut file = file.ok_or_else(lost)?;
        let placed = on_disk(move || file.write(&collected).and_then(|()| file.place())).await;
        drop(promise);
        placed
    }
}

fn lost() -> StoreError {
    StoreError::Io("an earlier write of this upload failed".into())
}
