//! The index's file as redb sees it: a plain file whose writes pass through [`Disk`].
//!
//! Without durability it is only the waiting that is left out. redb's own non-durable commits would be lost with the
//! process.

use crate::store::disk::Disk;
use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::fs::OpenOptions;
use std::io;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file and how it is written.
#[derive(Debug)]
pub(super) struct IndexFile {
    file: FileBackend,
    disk: Disk,
}

impl IndexFile {
    /// Opens for reading and writing, and makes a file that only we may read if there is none.
    pub(super) fn open(path: &Path, disk: &Disk) -> Result<IndexFile, DatabaseError> {
        disk.permit_write().map_err(redb::StorageError::Io)?;
        let is_new = !path.exists();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = FileBackend::new(file.map_err(redb::StorageError::Io)?)?;
        if let (true, Some(folder)) = (is_new, path.parent()) {
            disk.sync_folder(folder).map_err(redb::StorageError::Io)?;
        }
        Ok(IndexFile { file, disk: disk.clone() })
    }
}

impl StorageBackend for IndexFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.permit_write()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        #[cfg(test)]
        self.disk.panic_if_wanted();
        self.disk.permit_write()?;
        if self.disk.is_durable() { self.file.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.permit_write()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
