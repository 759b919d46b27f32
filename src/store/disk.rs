//! The disk under the data folder: whether writes are waited for, and how much room is left.
//!
//! Every write of the store passes here, so that tests can make the disk fail.

use super::error::StoreError;
use super::model::Durability;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// When writes count as done. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    durability: Durability,
    #[cfg(test)]
    fault: Arc<std::sync::Mutex<Option<rustix::io::Errno>>>,
    /// How many writes succeed before all fail.
    #[cfg(test)]
    writes_left: Arc<AtomicU64>,
    #[cfg(test)]
    panic: Arc<std::sync::atomic::AtomicBool>,
}

impl Disk {
    pub(super) fn new(durability: Durability) -> Disk {
        Disk {
            durability,
            #[cfg(test)]
            fault: Arc::default(),
            #[cfg(test)]
            writes_left: Arc::new(AtomicU64::new(u64::MAX)),
            #[cfg(test)]
            panic: Arc::default(),
        }
    }

    /// Waits until the file's bytes are on the disk.
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.permit_write()?;
        if self.is_durable() { file.sync_all() } else { Ok(()) }
    }

    /// Waits until the folder's entries are on the disk.
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.sync(&File::open(folder)?)
    }

    pub(super) fn is_durable(&self) -> bool {
        self.durability == Durability::Fsync
    }

    /// Called before each write; fails where a test wants the disk to fail.
    pub(super) fn permit_write(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(errno) = *self.fault.lock().unwrap() {
            return Err(errno.into());
        }
        #[cfg(test)]
        if self.writes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
            return Err(rustix::io::Errno::IO.into());
        }
        Ok(())
    }

    /// Called before each commit to the index; panics where a test wants it to.
    #[cfg(test)]
    pub(super) fn panic_if_wanted(&self) {
        assert!(!self.panic.swap(false, Ordering::Relaxed), "as a test wants it");
    }

    /// Makes the next commit panic.
    #[cfg(test)]
    pub(super) fn panic_once(&self) {
        self.panic.store(true, Ordering::Relaxed);
    }

    /// Makes every write fail once so many have succeeded.
    #[cfg(test)]
    pub(super) fn fail_after(&self, writes: u64) {
        self.writes_left.store(writes, Ordering::Relaxed);
    }

    /// Makes every write fail from now on, or succeed again.
    #[cfg(test)]
    pub(super) fn fail_with(&self, fault: Option<rustix::io::Errno>) {
        *self.fault.lock().unwrap() = fault;
    }
}

/// The room that uploads may take: what is free, less the reserve, less what running uploads have announced.
#[derive(Debug)]
pub(super) struct Space {
    folder: PathBuf,
    reserve: u64,
    promised: AtomicU64,
}

/// Bytes an upload has announced and not yet written; given back when dropped.
#[derive(Debug)]
pub(super) struct Promise {
    space: Arc<Space>,
    left: u64,
}

impl Space {
    pub(super) fn new(folder: &Path, reserve: u64) -> Arc<Space> {
        Arc::new(Space { folder: folder.to_owned(), reserve, promised: AtomicU64::new(0) })
    }

    /// Bytes free for us on the disk, the reserve among them.
    pub(super) fn free(&self) -> io::Result<u64> {
        let figures = rustix::fs::statvfs(&self.folder)?;
        Ok(figures.f_bavail.saturating_mul(figures.f_frsize))
    }

    /// Sets `length` bytes aside for an upload.
    ///
    /// # Errors
    /// [`StoreError::Full`] where that would touch the reserve.
    pub(super) fn promise(self: &Arc<Space>, length: u64) -> Result<Promise, StoreError> {
        let before = self.promised.fetch_add(length, Ordering::Relaxed);
        let promise = Promise { space: self.clone(), left: length };
        let wanted = before.saturating_add(length).saturating_add(self.reserve);
        if wanted > self.free()? { Err(StoreError::Full) } else { Ok(promise) }
    }
}

impl Promise {
    /// `written` of the announced bytes are on the disk, where [`Space::free`] sees them.
    pub(super) fn spend(&mut self, written: u64) {
        let spent = written.min(self.left);
        self.left -= spent;
        self.space.promised.fetch_sub(spent, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.spend(self.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_counted_until_spent_or_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(folder.path(), 0);
        let mut promise = space.promise(100).unwrap();
        promise.spend(30);
        assert_eq!(space.promised.load(Ordering::Relaxed), 70);
        promise.spend(100);
        drop(promise);
        assert_eq!(space.promised.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_reserve_and_other_uploads_are_not_to_be_had() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(folder.path(), u64::MAX);
        assert_eq!(space.promise(0).unwrap_err(), StoreError::Full);
        let space = Space::new(folder.path(), 0);
        let half = space.free().unwrap() / 2;
        let first = space.promise(half + half / 2).unwrap();
        assert_eq!(space.promise(half + half / 2).unwrap_err(), StoreError::Full);
        drop(first);
        assert!(space.promise(half + half / 2).is_ok());
    }
}
