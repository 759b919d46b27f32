//! The index: one redb database. Nothing outside this module names the engine.
//!
//! After an I/O error redb fails every call until it is opened again. So the handle is behind a lock and is replaced: after
//! an error it is closed and opened again, for reading only if writing fails. Each read has a transaction of its own, as
//! one that is kept makes the file grow.

mod raw_file;
#[cfg(test)]
mod unsteady_disk;
mod page_sums;
mod first_page;
mod pages;
mod file;
mod overlay;
mod codec;
mod notes;
mod rows;
mod fixed_rows;
mod upload_rows;
mod assembly;
mod upload_tables;
mod tables;
mod configurations;
mod upload_reads;
mod copies;
mod upload_changes;
mod lifecycle;
mod changes;
mod page;
mod upload_page;
mod scan;
mod duplicate;
mod from_disk;
mod rewrite;
mod migration;
#[cfg(test)]
mod power_loss;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub(super) use changes::{Change, NewBody, Put};
pub(super) use codec::{Extent, Extents};
pub(super) use configurations::Configure;
pub(super) use duplicate::DuplicateFault;
pub(super) use fixed_rows::BlobRow;
pub(super) use lifecycle::{LifecycleChange, LifecycleStep, ObjectWalk, SeenObject};
pub(super) use page::Listing;
pub(super) use rewrite::RewriteFault;
pub(super) use rows::{Body, ObjectRow, stored_bytes, verified};
pub(super) use scan::{Holder, object_place};
pub(super) use tables::{Snapshot, Tables};
pub(super) use upload_changes::{Complete, PartBody, PutPart};
pub(super) use upload_page::UploadListing;
pub(super) use upload_rows::UploadRow;

use super::disk::Disk;
use super::error::{OpenError, StoreError};
use super::guard::guarded;
use super::model::Durability;
use file::{FilePlace, IndexFile};
use migration::{Format, migrate};
use notes::Notes;
use overlay::Overlay;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError, WriteTransaction};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// How long a read-only index waits before it tries to be written to again.
const RETRY: Duration = Duration::from_secs(5);

/// Why a transaction was not done.
#[derive(Debug)]
pub(super) enum IndexError {
    /// What was asked is not to be done: a decision, made before anything was written. The transaction may go on.
    Refused(StoreError),
    /// A page or a row is not what was written. It may have been met in the middle of a change, so the transaction must
    /// not be committed; opening anew would not mend it.
    Damaged(StoreError),
    /// A page of the file is not what was written. As before, and the engine must be opened anew.
    BadPage(StoreError),
    /// The engine failed before the transaction was to be committed, so nothing was. It must be opened anew.
    Undone(StoreError),
    /// The engine failed; it must be opened anew.
    Engine(StoreError),
}

impl From<IndexError> for StoreError {
    fn from(failure: IndexError) -> StoreError {
        match failure {
            IndexError::Refused(error)
            | IndexError::Damaged(error)
            | IndexError::BadPage(error)
            | IndexError::Undone(error)
            | IndexError::Engine(error) => error,
        }
    }
}

impl From<StoreError> for IndexError {
    fn from(error: StoreError) -> IndexError {
        match error {
            StoreError::Damaged(_) => IndexError::Damaged(error),
            decision => IndexError::Refused(decision),
        }
    }
}

macro_rules! engine_errors {
    ($($error:ident)*) => {$(
        impl From<redb::$error> for IndexError {
            fn from(error: redb::$error) -> IndexError {
                let error = redb::Error::from(error);
                let is_latched = matches!(error, redb::Error::Io(_));
                match store_error(error) {
                    damaged @ StoreError::Damaged(_) if is_latched => IndexError::BadPage(damaged),
                    damaged @ StoreError::Damaged(_) => IndexError::Damaged(damaged),
                    error => IndexError::Engine(error),
                }
            }
        }
    )*};
}

engine_errors! { TransactionError TableError StorageError }

fn store_error(error: redb::Error) -> StoreError {
    match error {
        redb::Error::Io(error) if error.kind() == ErrorKind::InvalidData => StoreError::Damaged(error.to_string()),
        redb::Error::Io(error) => error.into(),
        redb::Error::Corrupted(what) => StoreError::Damaged(format!("index: {what}")),
        error => StoreError::Io(format!("index: {error}").into()),
    }
}

enum Handle {
    Writable(Database),
    /// Over an [`Overlay`], and only read.
    ReadOnly(Database),
    /// Not open, and why.
    Closed(StoreError),
}

struct Slot {
    handle: Handle,
    /// Counts how often the handle was replaced, so that one error replaces it once.
    generation: u64,
    views: Replaced,
}

/// What views of one engine share. If another engine takes the place of theirs, it stays open until the last of them ends.
#[derive(Clone, Default)]
struct Replaced(Arc<Mutex<Option<Handle>>>);

impl Replaced {
    fn keep(&self, handle: Handle) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    }
}

/// The open index.
pub(super) struct Index {
    path: PathBuf,
    cache: usize,
    disk: Disk,
    /// Whether it was writable at the start. If not, nothing was repaired, and it stays read-only until the next start.
    may_write: bool,
    slot: RwLock<Slot>,
    /// Held during a write. It has the notes of what is written, if it is noted.
    writing: Mutex<Option<Arc<Notes>>>,
    last_open: Mutex<Instant>,
}

impl Index {
    /// Opens the index of a data folder, or makes a new one.
    pub(super) fn open(path: &Path, cache: usize, disk: Disk) -> Result<Index, OpenError> {
        Index::open_to(path, cache, disk, true)
    }

    /// Opens an existing index for inspection: the file is not changed.
    pub(super) fn open_for_reading(path: &Path, cache: usize) -> Result<Index, OpenError> {
        Index::open_to(path, cache, Disk::new(Durability::None), false)
    }

    fn open_to(path: &Path, cache: usize, disk: Disk, write: bool) -> Result<Index, OpenError> {
        let folder = path.parent().unwrap_or(path);
        let handle = open(path, cache, &disk, write).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(folder.to_owned()),
            error => OpenError::of_index(path, store_error(error.into())),
        })?;
        let may_write = matches!(handle, Handle::Writable(_));
        let slot = RwLock::new(Slot { handle, generation: 0, views: Replaced::default() });
        let last_open = Mutex::new(Instant::now());
        let (path, writing) = (path.to_owned(), Mutex::default());
        let index = Index { path, cache, disk, may_write, slot, writing, last_open };
        index.make_current(folder)?;
        Ok(index)
    }

    /// Sets a new index up, migrates one of the version before, and refuses any other before its tables are touched.
    fn make_current(&self, folder: &Path) -> Result<(), OpenError> {
        let unusable = |failure: IndexError| OpenError::of_index(&self.path, failure.into());
        let (folder, current) = (folder.to_owned(), tables::SCHEMA);
        match self.read(Snapshot::format).map_err(|error| unusable(error.into()))? {
            Format::Current => Ok(()),
            Format::New => self.write(|tables| tables.set_up()).map_err(unusable),
            Format::Previous if self.is_read_only() => Err(OpenError::NotMigrated { folder, current }),
            Format::Previous => guarded(|| migrate(self))
                .unwrap_or_else(|panic| Err(StoreError::Damaged(panic).into()))
                .map_err(unusable),
            Format::Newer(found) => Err(OpenError::TooNew { folder, found, current }),
            Format::Older(found) => Err(OpenError::TooOld { folder, found, current }),
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        !matches!(self.slot().handle, Handle::Writable(_))
    }

    /// Whether nothing can be read either.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.slot().handle, Handle::Closed(_))
    }

    /// Reads from a fresh view of the last commit. Blocks where pages are not cached. Where the engine has failed
    /// meanwhile, as it does for all when one meets a page that is not what was written, `look` is called once more.
    pub(super) fn read<T>(&self, mut look: impl FnMut(&Snapshot) -> Result<T, IndexError>) -> Result<T, StoreError> {
        match self.read_once(&mut look) {
            Err(IndexError::Engine(_)) => Ok(self.read_once(look)?),
            done => Ok(done?),
        }
    }

    /// The same, at the first try.
    pub(super) fn read_once<T>(&self, look: impl FnOnce(&Snapshot) -> Result<T, IndexError>) -> Result<T, IndexError> {
        let slot = self.slot();
        let begun = match &slot.handle {
            Handle::Writable(database) | Handle::ReadOnly(database) => database.begin_read(),
            Handle::Closed(cause) => {
                let cause = cause.clone();
                drop(slot);
                self.revive();
                return Err(IndexError::Refused(cause));
            }
        };
        let result = begun.map_err(IndexError::from).and_then(|transaction| look(&Snapshot::new(transaction, None)));
        let generation = slot.generation;
        drop(slot);
        self.after(result, generation)
    }

    /// A view of the last commit for long walks. It does not keep the engine from being opened anew:
    /// then the view fails, and what it was for is to be begun again. While there is one, the index file grows by what is
    /// written.
    pub(super) fn snapshot(&self) -> Result<Snapshot, IndexError> {
        let slot = self.slot();
        let begun = match &slot.handle {
            Handle::Writable(database) | Handle::ReadOnly(database) => database.begin_read(),
            Handle::Closed(cause) => return Err(IndexError::Refused(cause.clone())),
        };
        let (generation, views) = (slot.generation, slot.views.clone());
        drop(slot);
        let view = begun.map(|transaction| Snapshot::new(transaction, Some(views)));
        self.after(view.map_err(IndexError::from), generation)
    }

    /// Runs `change` in a transaction and commits it. Blocks until the disk has it.
    ///
    /// # Errors
    /// After [`IndexError::Engine`] it is unknown whether it was committed; after any other it was not.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&mut Tables<'_>) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        self.transact(|transaction, notes| change(&mut Tables::open(transaction, notes)?))
    }

    /// The same, with tables that `change` opens itself, and where it has to note what it writes.
    fn transact<T>(
        &self,
        change: impl FnOnce(&WriteTransaction, Option<&Arc<Notes>>) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        let writing = self.writing();
        let change = |transaction: &WriteTransaction| change(transaction, writing.as_ref());
        let slot = self.slot();
        let result = match &slot.handle {
            Handle::Writable(database) => commit(database, change),
            Handle::ReadOnly(_) => Err(IndexError::Refused(StoreError::ReadOnly)),
            Handle::Closed(cause) => Err(IndexError::Refused(cause.clone())),
        };
        let generation = slot.generation;
        drop(slot);
        self.after(result, generation)
    }

    /// Opens the index anew where it is not as open as it could be, every few seconds at most.
    pub(super) fn revive(&self) {
        let slot = self.slot();
        let lacking = match slot.handle {
            Handle::Writable(_) => false,
            Handle::ReadOnly(_) => self.may_write,
            Handle::Closed(_) => true,
        };
        let generation = slot.generation;
        drop(slot);
        if lacking && self.last_open.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= RETRY {
            self.reopen(generation);
        }
    }

    /// Reads every page of the index that is in use, and says what is wrong, if anything is.
    pub(super) fn fault(&mut self) -> Result<Option<String>, StoreError> {
        let fault = self.find_fault()?;
        if fault.is_some() {
            // The engine refuses everything after a bad page.
            let generation = self.slot().generation;
            self.reopen(generation);
        }
        Ok(fault)
    }

    fn find_fault(&mut self) -> Result<Option<String>, StoreError> {
        let unsound = || Some("its pages are not those that were written".to_owned());
        match &mut self.slot.get_mut().unwrap_or_else(PoisonError::into_inner).handle {
            Handle::Writable(database) | Handle::ReadOnly(database) => match guarded(|| database.check_integrity()) {
                Ok(Ok(true)) => Ok(None),
                Ok(Ok(false)) | Err(_) => Ok(unsound()),
                Ok(Err(error)) => match store_error(error.into()) {
                    StoreError::Damaged(cause) => Ok(Some(cause)),
                    error => Err(error),
                },
            },
            Handle::Closed(cause) => Err(cause.clone()),
        }
    }

    /// Gives the room that deleted rows have left back to the disk. Where this is broken off, the next start takes a
    /// walk through the whole file.
    pub(super) fn compact(&mut self) -> Result<(), StoreError> {
        match &mut self.slot.get_mut().unwrap_or_else(PoisonError::into_inner).handle {
            Handle::Writable(database) => database.compact().map(drop).map_err(|error| store_error(error.into())),
            Handle::ReadOnly(_) => Err(StoreError::ReadOnly),
            Handle::Closed(cause) => Err(cause.clone()),
        }
    }

    /// Tries at once.
    #[cfg(test)]
    pub(super) fn revive_now(&self) {
        let generation = self.slot().generation;
        self.reopen(generation);
    }

    fn after<T>(&self, result: Result<T, IndexError>, generation: u64) -> Result<T, IndexError> {
        if let Err(IndexError::Engine(error) | IndexError::Undone(error) | IndexError::BadPage(error)) = &result {
            tracing::error!(%error, "the index failed and is opened anew");
            self.reopen(generation);
        }
        result
    }

    fn reopen(&self, generation: u64) {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if slot.generation != generation {
            return;
        }
        slot.generation += 1;
        // The old handle must be gone before the file can be locked again.
        slot.handle = Handle::Closed(StoreError::Io("the index is being opened anew".into()));
        slot.handle = open(&self.path, self.cache, &self.disk, self.may_write).unwrap_or_else(|error| {
            tracing::error!(%error, "the index could not be opened");
            Handle::Closed(store_error(error.into()))
        });
        *self.last_open.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn writing(&self) -> MutexGuard<'_, Option<Arc<Notes>>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self) -> RwLockReadGuard<'_, Slot> {
        self.slot.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens for writing or, where we may not or the disk does not let us, for reading.
fn open(path: &Path, cache: usize, disk: &Disk, may_write: bool) -> Result<Handle, DatabaseError> {
    if may_write {
        let opened = IndexFile::open(path, disk).and_then(|file| {
            let place = file.place();
            in_place(path, place, database(cache, file)?)
        });
        match opened {
            Err(DatabaseError::Storage(error)) => {
                tracing::warn!(%error, path = %path.display(), "the index cannot be written to");
            }
            opened => return opened.map(Handle::Writable),
        }
    }
    let overlay = Overlay::open(path)?;
    let place = overlay.place();
    in_place(path, place, database(cache, overlay)?).map(Handle::ReadOnly)
}

/// The engine, if its file still has the name. The process that had the index open may have put another file there before it
/// let this one go.
fn in_place(path: &Path, place: FilePlace, database: Database) -> Result<Database, DatabaseError> {
    if FilePlace::at(path).map_err(StorageError::Io)? == place {
        Ok(database)
    } else {
        Err(DatabaseError::DatabaseAlreadyOpen)
    }
}

fn database(cache: usize, file: impl StorageBackend) -> Result<Database, DatabaseError> {
    let mut builder = Builder::new();
    builder.set_cache_size(cache);
    guarded(|| builder.create_with_backend(file)).unwrap_or_else(|panic| Err(StorageError::Corrupted(panic).into()))
}

/// Quick repair keeps enough in each commit that opening after a crash takes no walk through the file.
fn commit<T>(
    database: &Database,
    change: impl FnOnce(&WriteTransaction) -> Result<T, IndexError>,
) -> Result<T, IndexError> {
    let undone = |failure| match failure {
        IndexError::Engine(error) => IndexError::Undone(error),
        other => other,
    };
    let mut transaction = database.begin_write().map_err(|error| undone(error.into()))?;
    transaction.set_quick_repair(true);
    let done = change(&transaction).map_err(undone)?;
    transaction.commit().map_err(|error| IndexError::Engine(store_error(error.into())))?;
    Ok(done)
}
