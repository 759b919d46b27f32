//! Block sums for blobs of earlier versions, which have none: each blob is read, held against its row, and gets its sums
//! appended. One blob can be done at any time; readers that have it open go on.

use super::tally::Tally;
use crate::store::block_sums::BlockSums;
use crate::store::disk::{Disk, Step};
use crate::store::error::StoreError;
use crate::store::folder::{BlobId, Folder, open_regular_to_write};
use crate::store::index::{BlobRow, Index};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How many bytes of a blob are read at once.
const PIECE: u64 = 1 << 20;

/// Gives every blob that lacks them its block sums. When all have them, no blob without is read any more.
///
/// # Errors
/// The index or the disk fails. What was done until then stays done.
pub(super) fn prove_all(folder: &Folder, index: &Index) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let proven_from = index.read(|snapshot| snapshot.proven_from())?;
    if proven_from == BlobId(0) {
        return Ok(tally);
    }
    let blobs = index.read(|snapshot| snapshot.blobs()?.collect::<Result<Vec<_>, _>>())?;
    for (id, row) in blobs.into_iter().filter(|(id, _)| *id < proven_from) {
        // What is wrong with it `store check` says.
        match row.ok().and_then(|row| prove(folder, id, &row).ok()) {
            Some(Some(bytes)) => {
                tally.files += 1;
                tally.bytes += bytes;
            }
            Some(None) => {}
            None => tally.failed += 1,
        }
    }
    if tally.failed == 0 {
        index.write(|tables| tables.set_proven_from(BlobId(0)))?;
    }
    Ok(tally)
}

/// Gives a blob its block sums, if its bytes are those that were written. Returns how many bytes were added: `None` where
/// it has them already.
///
/// # Errors
/// The bytes are others; the disk's. The bytes of the blob stay as they are.
fn prove(folder: &Folder, id: BlobId, row: &BlobRow) -> io::Result<Option<u64>> {
    let file = open_regular_to_write(&folder.blob(id))?;
    let (crc, trailer) = sums(&file, id, row.length)?;
    if crc != row.crc {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its bytes are not those that were written"));
    }
    let mut behind = vec![0; trailer.len()];
    if file.read_exact_at(&mut behind, row.length).is_ok() && behind == trailer {
        return Ok(None);
    }
    append(folder.disk(), &file, row.length, &trailer)?;
    Ok(Some(trailer.len() as u64))
}

/// What an earlier try has left behind the bytes is written over: it cannot be longer.
fn append(disk: &Disk, file: &File, length: u64, trailer: &[u8]) -> io::Result<()> {
    disk.write(Step::Write, trailer, |bytes| file.write_all_at(bytes, length))?;
    disk.sync(file)
}

fn sums(file: &File, id: BlobId, length: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut sums = BlockSums::default();
    let mut buffer = vec![0; usize::try_from(PIECE.min(length)).unwrap_or_default()];
    while sums.length() < length {
        let left = usize::try_from(length - sums.length()).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..left).unwrap_or_default();
        file.read_exact_at(piece, sums.length())?;
        sums.update(piece);
    }
    Ok(sums.finish(id))
}
