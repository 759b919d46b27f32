//! Block sums for blobs of earlier versions, which have none: each blob is read, held against its row, and gets its sums
//! appended. One blob can be done at any time; readers that have it open go on.

use super::report::UpkeepError;
use super::tally::Tally;
use crate::store::block_sums::BlockSums;
use crate::store::disk::{Disk, Step};
use crate::store::folder::{BlobId, Folder, open_regular_to_write};
use crate::store::index::{BlobRow, Index};
use crate::store::pins::Pin;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How many bytes of a blob are read at once.
const PIECE: u64 = 1 << 20;

/// Why a blob was not proven.
enum Unproven {
    /// Something is wrong with it, or with the disk.
    Blob,
    /// The caller stopped it when it was given the progress.
    Stopped(io::Error),
}

impl From<io::Error> for Unproven {
    fn from(_: io::Error) -> Unproven {
        Unproven::Blob
    }
}

/// Takes note of how many bytes are read, of how many in all, and how many of them since the last time.
pub(super) type Read<'a> = &'a mut dyn FnMut(u64, u64, u64) -> io::Result<()>;

/// Gives every blob that lacks them its block sums. When all have them, no blob without is read any more. Where others
/// change the folder meanwhile, `hold` keeps a blob from being removed.
///
/// # Errors
/// The index or the disk fails, or `read` does. What was done until then stays done.
pub(super) fn prove_all(
    folder: &Folder,
    index: &Index,
    hold: Option<&dyn Fn(BlobId) -> Pin>,
    read: Read<'_>,
) -> Result<Tally, UpkeepError> {
    let mut tally = Tally::default();
    let proven_from = index.read(|snapshot| snapshot.proven_from())?;
    if proven_from == BlobId(0) {
        return Ok(tally);
    }
    let blobs = index.read(|snapshot| snapshot.blobs()?.collect::<Result<Vec<_>, _>>())?;
    let old: Vec<_> = blobs.into_iter().filter(|(id, _)| *id < proven_from).collect();
    let of = old.iter().filter_map(|(_, row)| row.as_ref().ok()).fold(0u64, |sum, row| sum.saturating_add(row.length));
    let mut done = 0u64;
    for (id, row) in old {
        let _pin = hold.map(|hold| hold(id));
        if hold.is_some() && index.read(|snapshot| snapshot.blob(id))?.is_none() {
            // It had lost its row before it was pinned.
            continue;
        }
        let mut took = |bytes: u64| {
            done = done.saturating_add(bytes);
            read(done, of, bytes)
        };
        // What is wrong with it `store check` says.
        match row.map_err(|_| Unproven::Blob).and_then(|row| prove(folder, id, &row, &mut took)) {
            Ok(Some(bytes)) => {
                tally.files += 1;
                tally.bytes += bytes;
            }
            Ok(None) => {}
            Err(Unproven::Blob) => tally.failed += 1,
            Err(Unproven::Stopped(error)) => return Err(UpkeepError::Output(error)),
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
/// The bytes are others, or the disk fails; `took` does. The bytes of the blob stay as they are.
fn prove(
    folder: &Folder,
    id: BlobId,
    row: &BlobRow,
    took: &mut dyn FnMut(u64) -> io::Result<()>,
) -> Result<Option<u64>, Unproven> {
    let file = open_regular_to_write(&folder.blob(id))?;
    let (crc, trailer) = sums(&file, id, row.length, took)?;
    if crc != row.crc {
        return Err(Unproven::Blob);
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

fn sums(
    file: &File,
    id: BlobId,
    length: u64,
    took: &mut dyn FnMut(u64) -> io::Result<()>,
) -> Result<(u64, Vec<u8>), Unproven> {
    let mut sums = BlockSums::default();
    let mut buffer = vec![0; usize::try_from(PIECE.min(length)).unwrap_or_default()];
    while sums.length() < length {
        let left = usize::try_from(length - sums.length()).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..left).unwrap_or_default();
        file.read_exact_at(piece, sums.length())?;
        sums.update(piece);
        took(piece.len() as u64).map_err(Unproven::Stopped)?;
    }
    Ok(sums.finish(id))
}
