//! Writing a blob: a temporary file that becomes a blob file, and vanishes where it does not.
//!
//! Everything here blocks and runs on the blocking pool. The order is what makes a write durable: bytes and their block
//! sums, fsync, rename, fsync of the folder; the row that names the blob comes after ([`super::committer`]).

use super::block_sums::BlockSums;
use super::disk::Step;
use super::error::StoreError;
use super::folder::{BlobId, Folder};
use super::ids::Ids;
use super::reaper::Reaper;
use bytes::Bytes;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What writing blobs takes.
#[derive(Debug)]
pub(super) struct Blobs {
    pub(super) folder: Arc<Folder>,
    pub(super) ids: Arc<Ids>,
    pub(super) reaper: Reaper,
    temporaries: AtomicU64,
}

/// A body being written. Dropped, its file is removed.
pub(super) struct TemporaryBlob {
    blobs: Arc<Blobs>,
    path: PathBuf,
    file: File,
    sums: BlockSums,
    placed: bool,
}

/// A body in its place that has no row yet. Dropped, its file is removed.
#[derive(Debug)]
pub(super) struct PlacedBlob {
    blobs: Arc<Blobs>,
    pub(super) id: BlobId,
    /// Bytes.
    pub(super) length: u64,
    /// CRC-64/NVME of the bytes.
    pub(super) crc: u64,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Remove,
    Keep,
    Unknown,
}

impl Blobs {
    pub(super) fn new(folder: Arc<Folder>, ids: Arc<Ids>, reaper: Reaper) -> Arc<Blobs> {
        Arc::new(Blobs { folder, ids, reaper, temporaries: AtomicU64::new(0) })
    }

    /// Opens a temporary file.
    pub(super) fn create(self: &Arc<Blobs>) -> Result<TemporaryBlob, StoreError> {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.tmp().join(format!("{number:x}"));
        let created = self.folder.create_file(&path);
        // A file may be there although the disk says that it could not be made.
        let file = created.inspect_err(|_| self.reaper.temporary(path.clone()))?;
        Ok(TemporaryBlob { blobs: self.clone(), path, file, sums: BlockSums::default(), placed: false })
    }
}

impl TemporaryBlob {
    /// Bytes written so far.
    pub(super) fn length(&self) -> u64 {
        self.sums.length()
    }

    pub(super) fn write(&mut self, pieces: &[Bytes]) -> Result<(), StoreError> {
        for piece in pieces {
            self.write_all(piece)?;
            self.sums.update(piece);
        }
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.blobs.folder.disk().write(Step::Write, bytes, |bytes| self.file.write_all(bytes))
    }

    /// Makes the bytes durable and gives them their place.
    pub(super) fn place(mut self) -> Result<PlacedBlob, StoreError> {
        let id = self.blobs.ids.allot();
        let length = self.sums.length();
        let (crc, trailer) = std::mem::take(&mut self.sums).finish(id);
        // From here on both guards clean up: the file lies in one of the two places.
        let placed = PlacedBlob { id, blobs: self.blobs.clone(), length, crc, fate: Fate::Remove };
        self.write_all(&trailer)?;
        self.blobs.folder.disk().sync(&self.file)?;
        self.blobs.folder.settle(&self.path, id)?;
        self.placed = true;
        Ok(placed)
    }
}

impl Drop for TemporaryBlob {
    fn drop(&mut self) {
        if !self.placed {
            self.blobs.reaper.temporary(std::mem::take(&mut self.path));
        }
    }
}

impl PlacedBlob {
    /// The row is committed.
    pub(super) fn keep(mut self) {
        self.fate = Fate::Keep;
    }

    /// The commit failed, and only the next start finds out whether the row is there: until then the file stays, and its
    /// number is in flight.
    pub(super) fn leave_to_startup(mut self) {
        self.fate = Fate::Unknown;
    }
}

impl Drop for PlacedBlob {
    fn drop(&mut self) {
        match self.fate {
            Fate::Remove => self.blobs.reaper.uncommitted(self.id),
            Fate::Keep => self.blobs.ids.land(self.id),
            Fate::Unknown => {}
        }
    }
}
