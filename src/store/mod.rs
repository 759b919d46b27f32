//! The local store: buckets and objects on a disk, safe across crashes.
//!
//! An embedded index has a row for each object and the bytes of small objects; larger bodies are files (`folder`). Every
//! change goes through one thread that commits many at a time (`committer`). A listing is a few seeks in the index
//! (`index`). A GET continues through overwrite and delete (`pins`).
//!
//! Not here: HTTP, and what a request means. The caller has verified body, names and permissions.

#[cfg(test)]
mod numbers;
mod key_fault;
mod error;
mod damage;
mod encryption;
mod parts;
mod scrubbing;
mod model;
mod configuration;
mod defects;
mod guard;
mod threads;
mod disk;
mod space;
mod folder;
mod block_sums;
mod ids;
mod pins;
mod reaper;
mod blob;
mod index;
mod startup;
pub mod upkeep;
mod committer;
mod blocking;
mod turns;
mod writer;
mod file_reads;
mod proven_blob;
mod reader;
mod decryption;
mod multipart;
mod buckets;
mod deletes;
mod lifecycle;
mod beside;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use configuration::{ConfigurationKind, StoredConfiguration};
pub use decryption::ObjectReader;
pub use defects::{Defect, DefectKind, DefectSubject};
pub use encryption::KeyCheck;
pub use error::{IoFailure, OpenError, StoreError};
pub use folder::{open_or_make_regular, open_regular};
pub use key_fault::{KeyFault, KeyMismatch};
pub use lifecycle::LifecycleRun;
pub use model::{Bucket, Durability, NewObject, ObjectInfo, Options, StoreStats};
pub use parts::{
    Completion, CopyKeys, NewMetadata, NewPart, NewUpload, ObjectCopy, PartInfo, PartRules, UploadInfo, UploadOwner,
    UploadRef, WriteResult,
};
pub use reader::Object;
pub use scrubbing::{LastScrub, ScrubPlan};
pub use space::Share;
pub use writer::{BodyWriter, ObjectWriter, PartWriter};

use crate::s3::Timestamp;
use crate::s3::customer_key::CustomerKey;
use crate::s3::listing::{Page, Position};
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::precondition::WriteConditions;
use blob::Blobs;
use blocking::on_disk;
use committer::{Committer, Counters, answer};
use damage::DamagedReads;
use disk::Disk;
use folder::{BlobId, Folder};
use index::{Body, Change, Index, Listing, ObjectRow, stored_bytes, verified};
use pins::{Pin, Pins};
use proven_blob::BlobFiles;
use reader::Source;
use reaper::{Reaped, Reaper};
use space::{FreeBytes, Promise, Space, free_bytes_of};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use threads::ThreadHealth;
use tokio::sync::Semaphore;
use turns::{Turn, Turns};

/// How many listings read at the same time; more wait their turn, so that they never take the whole blocking pool.
const LISTINGS_AT_ONCE: usize = 16;

/// An open data folder. Cheap to clone; the folder is released when the last clone, upload and reader are dropped.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Option<Share>);

/// Fields are dropped in this order: the threads come last, when no more changes can be queued.
struct Inner {
    committer: Committer,
    index: Arc<Index>,
    blobs: Arc<Blobs>,
    files: Arc<BlobFiles>,
    damaged: Arc<DamagedReads>,
    pins: Arc<Pins>,
    space: Arc<Space>,
    counters: Arc<Counters>,
    health: ThreadHealth,
    rows_listed: Arc<AtomicU64>,
    listings: Arc<Semaphore>,
    turns: Turns,
    /// Held by the upkeep that runs.
    upkeep: Mutex<()>,
    upload_age: Duration,
    scrub: Option<ScrubPlan>,
    _threads: Threads,
}

/// The store's threads. Dropping it waits for them: then the folder can be opened again.
struct Threads {
    committing: Option<JoinHandle<()>>,
    reaper: Reaper,
    reaping: Option<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        // What the last commit leaves unreferenced is still removed.
        let _ = self.committing.take().map(JoinHandle::join);
        self.reaper.stop();
        let _ = self.reaping.take().map(JoinHandle::join);
    }
}

impl Store {
    /// Opens a data folder, makes it if there is none, and repairs what a crash left. Blocks.
    ///
    /// # Errors
    /// See [`OpenError`]; each says what to do. A folder that cannot be written to is opened for reading.
    pub fn open(dir: &Path, options: Options) -> Result<Store, OpenError> {
        Store::open_on(Disk::new(options.durability), free_bytes_of(dir), dir, options)
    }

    fn open_on(disk: Disk, free: FreeBytes, dir: &Path, options: Options) -> Result<Store, OpenError> {
        let folder = Arc::new(Folder::open(dir, disk.clone())?);
        // The index's lock comes first: another process's files are never touched.
        let index = Arc::new(Index::open(&folder.index(), options.index_cache, disk)?);
        let ids = Arc::new(startup::repair(&folder, &index)?);
        let files = Arc::new(BlobFiles::new(&folder, &index)?);
        let (pins, reaped, counters) = (Arc::new(Pins::default()), Reaped::default(), Arc::new(Counters::default()));
        let health = ThreadHealth::default();
        let no_thread = |error| OpenError::unusable(dir, error);
        let (reaper, reaping) =
            Reaper::start(&health, folder.clone(), ids.clone(), pins.clone(), reaped.clone()).map_err(no_thread)?;
        let blobs = Blobs::new(folder, ids, reaper.clone());
        let work = committer::Work { index: index.clone(), blobs: blobs.clone(), reaped, counters: counters.clone() };
        let (committer, committing) = Committer::start(&health, work).map_err(no_thread)?;
        let space = Space::new(free, options.reserve);
        // Says in the log at the start that writes are refused, where they are.
        space.is_full();
        Ok(Store(
            Arc::new(Inner {
                committer,
                index,
                blobs,
                files,
                damaged: Arc::default(),
                pins,
                space,
                counters,
                health,
                rows_listed: Arc::default(),
                listings: Arc::new(Semaphore::new(LISTINGS_AT_ONCE)),
                turns: Turns::default(),
                upkeep: Mutex::default(),
                upload_age: options.upload_age,
                scrub: options.scrub,
                _threads: Threads { committing: Some(committing), reaper, reaping: Some(reaping) },
            }),
            None,
        ))
    }

    /// The same store, whose writes reserve no more than a share of the disk.
    #[must_use]
    pub fn with_share(&self, share: Option<Share>) -> Store {
        Store(self.0.clone(), share)
    }

    /// Begins to write an object of `length` bytes, encrypted with the client's key if there is one. Bucket, conditions
    /// and space are checked early, so that a body that cannot be kept is not sent; the commit decides
    /// ([`ObjectWriter::commit`]).
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::PreconditionFailed`], [`StoreError::Full`],
    /// [`StoreError::ReadOnly`]; [`StoreError::Io`] once the store has failed ([`StoreStats::failure`]).
    pub async fn begin(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        length: u64,
        conditions: &WriteConditions,
        secret: Option<&CustomerKey>,
    ) -> Result<ObjectWriter, StoreError> {
        self.require_writable()?;
        if !self.would_hold(bucket, key, conditions)? {
            return Err(StoreError::PreconditionFailed);
        }
        ObjectWriter::start(self.clone(), bucket.clone(), key.clone(), length, secret).await
    }

    fn require_writable(&self) -> Result<(), StoreError> {
        self.0.index.revive();
        if let Some(reason) = self.0.health.failure() {
            return Err(StoreError::Io(reason.into()));
        }
        if self.0.index.is_read_only() { Err(StoreError::ReadOnly) } else { Ok(()) }
    }

    fn would_hold(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        conditions: &WriteConditions,
    ) -> Result<bool, StoreError> {
        match self.look_up(bucket, key) {
            Ok(row) => Ok(conditions.hold(Some(row.info.existing()))),
            Err(StoreError::NoSuchKey) => Ok(conditions.hold(None)),
            Err(error) => Err(error),
        }
    }

    /// What the index has about an object, without its bytes.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchKey`].
    pub async fn info(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        self.look_up(bucket, key).map(|row| row.info)
    }

    /// An object to read, as it is now.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::NoSuchKey`]; [`StoreError::Damaged`] if a small object's bytes are
    /// not those that were written.
    pub async fn object(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Object, StoreError> {
        let mut object = self.find(bucket, key)?;
        while !object.blobs().is_empty() {
            // What was found may have lost its references before it was pinned; what is found again had not.
            let pin = self.pin(object.blobs());
            let again = self.find(bucket, key)?;
            if again.blobs() == object.blobs() {
                return Ok(Object { pin: Some(Arc::new(pin)), ..again });
            }
            // Overwritten between the two look-ups: rare, and each time another write has succeeded.
            object = again;
        }
        Ok(object)
    }

    fn pin(&self, blobs: Vec<BlobId>) -> Pin {
        let store = self.clone();
        self.0.pins.take(blobs, move |free| store.blobs().reaper.unreferenced(free))
    }

    /// The object with its bytes or where they are, all from one commit.
    fn find(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Object, StoreError> {
        let subject = self.0.damaged.subject(bucket, Some(key));
        let found = self.0.index.read(|snapshot| {
            let row = snapshot.object(bucket, key)?;
            let source = match row.body {
                Body::Inline { crc } => {
                    let bytes = snapshot.inline_body(bucket, key)?;
                    Source::Inline(verified(bytes, crc, stored_bytes(&row.info))?.into())
                }
                Body::Extents(extents) => Source::Blobs(extents, self.0.files.clone()),
            };
            Ok(Object { info: row.info, subject: subject.clone(), source, pin: None })
        });
        subject.note(found)
    }

    /// A page of at most `max_keys` objects and common prefixes. A page of 0 is empty and the last one.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn list(
        &self,
        bucket: &BucketName,
        prefix: &str,
        delimiter: Option<&str>,
        start: Option<&Position>,
        max_keys: usize,
    ) -> Result<Page, StoreError> {
        let listing = Listing {
            bucket: bucket.clone(),
            prefix: prefix.to_owned(),
            delimiter: delimiter.filter(|delimiter| !delimiter.is_empty()).map(str::to_owned),
            start: start.cloned(),
            max_keys,
        };
        let (index, rows_listed) = (self.0.index.clone(), self.0.rows_listed.clone());
        let subject = self.0.damaged.subject(bucket, None);
        self.listing(move || {
            let (page, rows) = subject.note(index.read(|snapshot| snapshot.page(&listing)))?;
            rows_listed.fetch_add(rows, Ordering::Relaxed);
            Ok(page)
        })
        .await
    }

    /// Stats as of now; what cannot be read is 0.
    pub fn stats(&self) -> StoreStats {
        let counters = &self.0.counters;
        StoreStats {
            objects: self.0.index.read(index::Snapshot::objects).unwrap_or_default(),
            free: self.0.space.free().unwrap_or_default(),
            read_only: self.0.index.is_read_only(),
            full: self.0.space.is_full(),
            unreadable: self.0.index.is_closed(),
            failure: self.0.health.failure(),
            commits: counters.commits.load(Ordering::Relaxed),
            changes: counters.changes.load(Ordering::Relaxed),
            rows_listed: self.0.rows_listed.load(Ordering::Relaxed),
            damaged_reads: self.0.damaged.count(),
            scrub: self.last_scrub().unwrap_or_default(),
        }
    }

    fn look_up(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectRow, StoreError> {
        let found = self.0.index.read(|snapshot| snapshot.object(bucket, key));
        self.0.damaged.subject(bucket, Some(key)).note(found)
    }

    async fn submit(&self, change: Change) -> Result<(), StoreError> {
        self.commit(change, 0).await.map(drop)
    }

    /// Submits a change that makes an object or a part.
    async fn make(&self, change: Change) -> Result<WriteResult, StoreError> {
        made(self.commit(change, 0).await?)
    }

    /// Commits a change, if there is room for its row. `more` are the bytes of the row that the change does not know.
    async fn commit(&self, change: Change, more: u64) -> Result<Option<WriteResult>, StoreError> {
        let room: Option<Promise> = match change.row_bytes() {
            Some(bytes) => Some(self.space().for_row(bytes.saturating_add(more), self.1.as_ref())?),
            None => None,
        };
        answer(self.0.committer.queue(change, room).await?).await
    }

    /// Runs work that reads many rows on the blocking pool, a few at a time.
    async fn listing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.0.listings.clone().acquire_owned().await;
        on_disk(move || {
            // Held until the work ends, also if its caller is gone.
            let _turn = turn;
            work()
        })
        .await
    }

    async fn turn_to_copy(&self) -> Turn {
        self.0.turns.to_copy().await
    }

    async fn turn_to_count(&self, blobs: usize) -> Turn {
        self.0.turns.to_count(blobs).await
    }

    fn space(&self) -> &Arc<Space> {
        &self.0.space
    }

    fn blobs(&self) -> &Arc<Blobs> {
        &self.0.blobs
    }
}

/// What a change made, if it makes anything.
fn made(written: Option<WriteResult>) -> Result<WriteResult, StoreError> {
    written.ok_or_else(|| StoreError::Io("the commit did not say what it made".into()))
}

#[cfg(test)]
mod tests;
