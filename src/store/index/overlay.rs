//! The index's file where it cannot be written to: what redb writes stays in memory.
//!
//! redb must write one header byte to open a database that was not shut down cleanly, even for reading. Its own read-only
//! mode refuses such a file, and after a failed write or a crash every file is such. Nothing is committed through an
//! overlay, so it has no more than a header and what opening and closing write beside it.

use super::file::{FilePlace, ReadFile};
use redb::{BackendError, DatabaseError, StorageBackend, StorageError};
use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file and the writes it has not seen.
#[derive(Debug)]
pub(super) struct Overlay {
    file: ReadFile,
    place: FilePlace,
    /// Whether the engine of this process that has the file open locks it.
    is_locked: bool,
    over: Mutex<Over>,
}

#[derive(Debug)]
struct Over {
    length: u64,
    /// Offset to byte: few enough for that.
    bytes: BTreeMap<u64, u8>,
}

impl Overlay {
    /// Opens an existing index.
    pub(super) fn open(path: &Path) -> Result<Overlay, DatabaseError> {
        Overlay::open_to(path, false)
    }

    /// The same while an engine of this process has it open and locked.
    pub(super) fn open_locked(path: &Path) -> Result<Overlay, DatabaseError> {
        Overlay::open_to(path, true)
    }

    fn open_to(path: &Path, is_locked: bool) -> Result<Overlay, DatabaseError> {
        let (file, place) = ReadFile::open(path)?;
        let length = file.len().map_err(StorageError::Io)?;
        if length == 0 {
            let empty = io::Error::new(io::ErrorKind::UnexpectedEof, "the index is empty");
            return Err(StorageError::Io(empty).into());
        }
        Ok(Overlay { file, place, is_locked, over: Mutex::new(Over { length, bytes: BTreeMap::new() }) })
    }

    pub(super) fn place(&self) -> FilePlace {
        self.place
    }

    fn over(&self) -> MutexGuard<'_, Over> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.over().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        // What lies behind the file's end was never written, or lies in the overlay.
        let in_file = usize::try_from(self.file.len()?.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (from_file, behind) = out.split_at_mut(in_file);
        self.file.read(offset, from_file)?;
        behind.fill(0);
        let over = self.over();
        let mut written = over.bytes.range(offset..).peekable();
        for (at, out) in (offset..).zip(out) {
            if let Some((_, byte)) = written.next_if(|(written, _)| **written == at) {
                *out = *byte;
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.over().length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.over().bytes.extend((offset..).zip(data.iter().copied()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        if self.is_locked { Ok(()) } else { self.file.file().close() }
    }

    /// Shared: a file that is open for reading only cannot be locked otherwise, and this keeps writers out.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if self.is_locked { Ok(true) } else { self.file.file().try_lock_shared_range(start, end) }
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.is_locked { Ok(()) } else { self.file.file().unlock_range(start, end) }
    }
}
