//! The disk under the data folder: whether writes are waited for.
//!
//! Every step of the store that changes the disk and that a client waits for passes here, so that tests can make any of
//! them fail. In the program there are no faults and nothing is asked.

#[cfg(test)]
pub(super) mod faults;

use super::model::Durability;
#[cfg(test)]
use faults::Faults;
use std::fs::File;
use std::io;
use std::path::Path;
#[cfg(test)]
use std::sync::{Arc, Mutex};

/// What is done to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A folder is made, or looked at whether it has to be.
    MakeFolder,
    /// A file is made.
    CreateFile,
    /// Bytes are written to a file.
    Write,
    /// The bytes of a file are waited for.
    Sync,
    /// A file gets its place.
    Rename,
    /// The entries of a folder are waited for.
    SyncFolder,
    /// The index is opened to be written to.
    OpenIndex,
    /// The index is made longer or shorter.
    ResizeIndex,
    /// Pages of the index, or their sums, are written.
    WriteIndex,
    /// The bytes of the index are waited for.
    SyncIndex,
}

/// When writes count as done. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    durability: Durability,
    #[cfg(test)]
    faults: Arc<Mutex<Faults>>,
}

impl Disk {
    pub(super) fn new(durability: Durability) -> Disk {
        Disk {
            durability,
            #[cfg(test)]
            faults: Arc::default(),
        }
    }

    /// The same disk, whose writes count as done at another time.
    pub(super) fn with(&self, durability: Durability) -> Disk {
        let mut disk = self.clone();
        disk.durability = durability;
        disk
    }

    /// Waits until the file's bytes are on the disk.
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.perform(Step::Sync, || if self.is_durable() { file.sync_all() } else { Ok(()) })
    }

    /// Waits until the folder's entries are on the disk.
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = File::open(folder)?;
        self.perform(Step::SyncFolder, || if self.is_durable() { folder.sync_all() } else { Ok(()) })
    }

    pub(super) fn is_durable(&self) -> bool {
        self.durability == Durability::Fsync
    }

    /// Takes a step. In tests it may fail before it is taken, or be said to have failed after it.
    pub(super) fn perform<T>(&self, step: Step, take: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.take(step, |_| take())
    }

    /// Writes bytes with `write`. In tests half of them may be written before it fails.
    pub(super) fn write(
        &self,
        step: Step,
        bytes: &[u8],
        write: impl FnOnce(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.take(step, |count| write(&bytes[..count(bytes.len())]))
    }

    /// Takes a step. `take` gets what says how many of so many bytes it is to write.
    #[cfg(not(test))]
    fn take<T>(&self, _: Step, take: impl FnOnce(fn(usize) -> usize) -> io::Result<T>) -> io::Result<T> {
        take(|length| length)
    }

    #[cfg(test)]
    fn take<T>(&self, step: Step, take: impl FnOnce(fn(usize) -> usize) -> io::Result<T>) -> io::Result<T> {
        let strike = self.faults().strikes(step);
        faults::take(strike, take)
    }

    #[cfg(test)]
    pub(super) fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Makes the next wait for the index panic.
    #[cfg(test)]
    pub(super) fn panic_once(&self) {
        self.faults().panic = true;
    }

    /// Makes every step fail after this many were taken.
    #[cfg(test)]
    pub(super) fn fail_after(&self, steps: u64) {
        self.faults().steps_left = Some(steps);
    }

    /// Makes every step fail from now on, or succeed again.
    #[cfg(test)]
    pub(super) fn fail_with(&self, fault: Option<rustix::io::Errno>) {
        self.faults().every = fault;
    }
}
