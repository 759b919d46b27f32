//! The doors for the fuzzers of rows and of blobs.

#![allow(clippy::unwrap_used, reason = "a fuzzer sees what is wrong by a panic")]

pub(crate) use super::index::fuzzing::check_row;

use super::block_sums::BlockSums;
use super::error::StoreError;
use super::folder::BlobId;
use super::index::Extent;
use super::proven_blob::ProvenBlob;
use std::fs::{self, File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

const ID: BlobId = BlobId(7);

/// The file of a blob, which has no name.
pub(crate) struct BlobFile {
    file: Arc<File>,
    runtime: Runtime,
}

impl BlobFile {
    /// A file that is empty.
    pub(crate) fn new() -> BlobFile {
        let path = std::env::temp_dir().join(format!("r2shim-fuzzing-{}", std::process::id()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        fs::remove_file(path).unwrap();
        BlobFile { file: Arc::new(file), runtime: Builder::new_current_thread().build().unwrap() }
    }

    /// What the file of a blob of these pieces has in it.
    pub(crate) fn of(pieces: &[&[u8]]) -> Vec<u8> {
        let mut sums = BlockSums::default();
        pieces.iter().for_each(|piece| sums.update(piece));
        [pieces.concat(), sums.finish(ID).1].concat()
    }

    /// Puts this in the place of all that is in the file.
    pub(crate) fn write(&self, bytes: &[u8]) {
        self.file.set_len(bytes.len() as u64).unwrap();
        self.file.write_all_at(bytes, 0).unwrap();
    }

    /// Reads these bytes of the blob as an object is read.
    ///
    /// # Errors
    /// What is wrong with the blob.
    pub(crate) fn read(&self, range: &Range<usize>) -> Result<Vec<u8>, String> {
        self.read_as(ID, range)
    }

    /// The same, as if the file were that of another blob.
    pub(crate) fn read_as_another(&self, range: &Range<usize>) -> Result<Vec<u8>, String> {
        self.read_as(BlobId(ID.0 + 1), range)
    }

    fn read_as(&self, id: BlobId, range: &Range<usize>) -> Result<Vec<u8>, String> {
        let run = Extent { blob: id, offset: range.start as u64, length: range.len() as u64 };
        self.runtime.block_on(self.read_run(run)).map_err(|error| error.to_string())
    }

    async fn read_run(&self, mut run: Extent) -> Result<Vec<u8>, StoreError> {
        let length = self.file.metadata()?.len();
        let blob = ProvenBlob::by_block_sums(run.blob, &self.file, length).await?;
        let mut blob = blob.ok_or_else(|| StoreError::Damaged("there are no block sums".to_owned()))?;
        let mut found = Vec::new();
        while run.length > 0 {
            let piece = blob.piece(&run).await?;
            assert!(!piece.is_empty() && piece.len() as u64 <= run.length);
            run = Extent { offset: run.offset + piece.len() as u64, length: run.length - piece.len() as u64, ..run };
            found.extend_from_slice(&piece);
        }
        Ok(found)
    }
}
