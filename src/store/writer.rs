//! Writing a body: pushed piece by piece, an object or a part once committed, and nothing if dropped before.

use super::Store;
use super::blob::{PlacedBlob, TemporaryBlob};
use super::block_sums::file_length;
use super::blocking::on_disk;
use super::encryption::{Sealer, new_salt, sealed_length};
use super::error::StoreError;
use super::index::{Change, NewBody, PartBody, Put, PutPart};
use super::model::{NewObject, ObjectInfo};
use super::parts::{NewPart, PartInfo, UploadRef};
use super::space::BodyRoom;
use crate::body::CoalescingBuffer;
use crate::s3::customer_key::CustomerKey;
use crate::s3::etag::ETag;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::precondition::WriteConditions;
use bytes::{Bytes, BytesMut};

/// The largest body that is kept in the index, in bytes. Above about this size a file of its own is faster to write.
pub(super) const INLINE: u64 = 16 << 10;
/// How many bytes are collected for a write to the disk.
const WRITE: usize = 128 << 10;

/// An object being written.
pub struct ObjectWriter {
    bucket: BucketName,
    key: ObjectKey,
    body: BodyWriter,
}

/// A part of an upload being written.
pub struct PartWriter {
    at: UploadRef,
    number: u16,
    body: BodyWriter,
}

/// A body of an announced length on its way to the disk. Dropped, it leaves nothing.
pub struct BodyWriter {
    length: u64,
    received: u64,
    /// `None` where the bytes are kept as they are.
    sealer: Option<Sealer>,
    state: Receiving,
    store: Store,
}

enum Receiving {
    Small(BytesMut),
    Large(Box<Large>),
}

struct Large {
    collected: CoalescingBuffer,
    /// `None` while the blocking pool has it, and for good after a failure.
    file: Option<TemporaryBlob>,
    room: BodyRoom,
}

impl ObjectWriter {
    /// Starts a body of exactly `length` bytes, to be encrypted with `secret` if there is one.
    pub(super) async fn start(
        store: Store,
        bucket: BucketName,
        key: ObjectKey,
        length: u64,
        secret: Option<&CustomerKey>,
    ) -> Result<ObjectWriter, StoreError> {
        let inline = length <= INLINE;
        Ok(ObjectWriter { bucket, key, body: BodyWriter::start(store, length, inline, secret).await? })
    }

    /// Where the bytes go.
    pub fn body(&mut self) -> &mut BodyWriter {
        &mut self.body
    }

    /// Makes the body an object. When this returns the write is as durable as the store was asked to make it; if it is
    /// dropped before, the object may or may not come to be.
    ///
    /// # Errors
    /// [`StoreError::PreconditionFailed`] and [`StoreError::NoSuchBucket`] as of the commit;
    /// [`StoreError::Io`] for fewer bytes than were announced.
    pub async fn commit(self, object: NewObject) -> Result<ObjectInfo, StoreError> {
        let NewObject { metadata, storage_class, etag, checksum, now, conditions } = object;
        let info = ObjectInfo {
            size: self.body.length,
            etag: self.body.etag(etag),
            last_modified: now,
            metadata,
            storage_class,
            checksum,
            parts: Vec::new(),
            encryption: self.body.sealer.as_ref().map(Sealer::key_check),
        };
        self.commit_as(info, conditions).await
    }

    /// The same for bytes as they are at rest: all that is said of the object is given.
    pub(super) async fn commit_as(
        self,
        info: ObjectInfo,
        conditions: WriteConditions,
    ) -> Result<ObjectInfo, StoreError> {
        let (store, body) = self.body.finish().await?;
        // What it replaces is counted no longer.
        let _turn = store.turn_to_count(store.blobs_of(&self.bucket, &self.key)).await;
        let put = Put { bucket: self.bucket, key: self.key, info: info.clone(), body, conditions };
        let written = store.make(Change::Put(Box::new(put))).await?;
        Ok(ObjectInfo { last_modified: written.last_modified, ..info })
    }
}

impl PartWriter {
    /// Starts a part of exactly `length` bytes. Parts always have blobs of their own: those of any size that counts
    /// would have one anyway, and an object made of them has nothing but extents.
    pub(super) async fn start(
        store: Store,
        at: UploadRef,
        number: u16,
        length: u64,
        secret: Option<&CustomerKey>,
    ) -> Result<PartWriter, StoreError> {
        Ok(PartWriter { at, number, body: BodyWriter::start(store, length, false, secret).await? })
    }

    /// Where the bytes go.
    pub fn body(&mut self) -> &mut BodyWriter {
        &mut self.body
    }

    /// Makes the body a part. It replaces one of the same number.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUpload`] and [`StoreError::NoSuchBucket`] as of the commit;
    /// [`StoreError::Io`] for fewer bytes than were announced.
    pub async fn commit(self, part: NewPart) -> Result<PartInfo, StoreError> {
        let NewPart { etag, checksum, now } = part;
        let (size, etag, sealed) = (self.body.length, self.body.etag(etag), self.body.sealer.is_some());
        let info = PartInfo { number: self.number, size, etag, last_modified: now, checksum };
        let (store, body) = self.body.finish().await?;
        let NewBody::Blob(blob) = body else {
            return Err(StoreError::Io("the part did not become a blob".into()));
        };
        let put = PutPart { at: self.at, info: info.clone(), sealed, body: PartBody::Blob(blob) };
        let written = store.make(Change::PutPart(Box::new(put))).await?;
        Ok(PartInfo { last_modified: written.last_modified, ..info })
    }
}

impl BodyWriter {
    async fn start(
        store: Store,
        length: u64,
        inline: bool,
        secret: Option<&CustomerKey>,
    ) -> Result<BodyWriter, StoreError> {
        let sealer = secret.map(|secret| Ok::<_, StoreError>(Sealer::new(secret, new_salt()?, length))).transpose()?;
        let stored = if sealer.is_some() { sealed_length(length) } else { length };
        let room = store.space().for_body(stored, store.1.as_ref())?;
        let state = if inline {
            Receiving::Small(BytesMut::new())
        } else {
            let blobs = store.blobs().clone();
            let file = Some(on_disk(move || blobs.create()).await?);
            Receiving::Large(Box::new(Large { collected: CoalescingBuffer::default(), file, room }))
        };
        Ok(BodyWriter { length, received: 0, sealer, state, store })
    }

    /// Takes the next bytes of the body. Returns when there is room for more.
    ///
    /// # Errors
    /// The disk's, after which the body is lost; [`StoreError::Io`] for more bytes than were announced.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.received += bytes.len() as u64;
        if self.received > self.length {
            return Err(StoreError::Io("the body is longer than announced".into()));
        }
        let bytes = match &mut self.sealer {
            Some(sealer) => sealer.push(bytes)?,
            None => bytes,
        };
        self.store_bytes(bytes).await
    }

    async fn store_bytes(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        match &mut self.state {
            Receiving::Small(body) => {
                body.extend_from_slice(&bytes);
                Ok(())
            }
            Receiving::Large(body) => body.push(bytes).await,
        }
    }

    /// The tag of the body as it is kept.
    fn etag(&self, plain: ETag) -> ETag {
        self.sealer.as_ref().map_or(plain.clone(), |sealer| sealer.etag(&plain))
    }

    /// The whole body in its place, and the store to commit it to.
    async fn finish(mut self) -> Result<(Store, NewBody), StoreError> {
        if self.received != self.length {
            return Err(StoreError::Io("the body is shorter than announced".into()));
        }
        if let Some(sealer) = &mut self.sealer {
            let rest = sealer.finish()?;
            self.store_bytes(rest).await?;
        }
        let body = match self.state {
            Receiving::Small(body) => NewBody::Inline(body.freeze()),
            Receiving::Large(body) => NewBody::Blob(body.place().await?),
        };
        Ok((self.store, body))
    }
}

impl Large {
    async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.collected.push(bytes);
        if self.collected.length() < WRITE { Ok(()) } else { self.write().await }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        let mut file = self.file.take().ok_or_else(lost)?;
        let collected = std::mem::take(&mut self.collected);
        let length = collected.length() as u64;
        self.room.reserve(length)?;
        self.file = Some(on_disk(move || file.write(&collected.into_vec()).map(|()| file)).await?);
        self.room.wrote(length);
        Ok(())
    }

    /// The last write, the fsync and the rename, in one go.
    async fn place(self) -> Result<PlacedBlob, StoreError> {
        let Large { collected, file, mut room } = self;
        let mut file = file.ok_or_else(lost)?;
        let length = file.length() + collected.length() as u64;
        room.reserve(file_length(length) - file.length())?;
        // The room is held until the bytes are written, also if the caller is gone.
        on_disk(move || {
            let placed = file.write(&collected.into_vec()).and_then(|()| file.place());
            drop(room);
            placed
        })
        .await
    }
}

fn lost() -> StoreError {
    StoreError::Io("an earlier write of this body failed".into())
}
