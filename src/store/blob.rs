//! Writing a blob: a temporary file that becomes a blob file, and vanishes where it does not.
//!
//! Everything here blocks and runs on the blocking pool. The order is what makes a write durable: bytes, fsync, rename,
//! fsync of the folder; the row that names the blob comes after ([`super::committer`]).

use super::error::StoreError;
use super::folder::{BlobId, Folder};
use super::ids::Ids;
use super::reaper::Reaper;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
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
    crc: Digest,
    length: u64,
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

/// The checksum that bodies carry in the index, so that rot is found.
pub(super) fn body_crc(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes)
}

impl Blobs {
    pub(super) fn new(folder: Arc<Folder>, ids: Arc<Ids>, reaper: Reaper) -> Arc<Blobs> {
        Arc::new(Blobs { folder, ids, reaper, temporaries: AtomicU64::new(0) })
    }

    /// Opens a temporary file.
    pub(super) fn create(self: &Arc<Blobs>) -> Result<TemporaryBlob, StoreError> {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.tmp().join(format!("{number:x}"));
        let file = self.folder.create_file(&path)?;
        let crc = Digest::new(CrcAlgorithm::Crc64Nvme);
        Ok(TemporaryBlob { blobs: self.clone(), path, file, crc, length: 0, placed: false })
    }
}

impl TemporaryBlob {
    pub(super) fn write(&mut self, pieces: &[Bytes]) -> Result<(), StoreError> {
        self.blobs.folder.disk().permit_write()?;
        for piece in pieces {
            self.file.write_all(piece)?;
            self.crc.update(piece);
            self.length += piece.len() as u64;
        }
        Ok(())
    }

    /// Makes the bytes durable and gives them their place.
    pub(super) fn place(mut self) -> Result<PlacedBlob, StoreError> {
        self.blobs.folder.disk().sync(&self.file)?;
        let placed = PlacedBlob {
            id: self.blobs.ids.allot(),
            blobs: self.blobs.clone(),
            length: self.length,
            crc: self.crc.finalize(),
            fate: Fate::Remove,
        };
        // Where this fails both guards clean up: the file lies in one of the two places.
        self.blobs.folder.settle(&self.path, placed.id)?;
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
