//! The disk under the data folder: whether writes are waited for.
//!
//! Every write of the store passes here, so that tests can make the disk fail.

use super::model::Durability;
use std::fs::File;
use std::io;
use std::path::Path;
#[cfg(test)]
use std::sync::Arc;
#[cfg(test)]
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

    /// Makes every write fail after this many have succeeded.
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
