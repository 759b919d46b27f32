//! The compaction: the index is written anew, in the order of its keys, and takes no more room than its rows need.
//!
//! Beside a server the index is in use all the while; see [`crate::store::index`] for how the new one gets its place.

use super::pace::Pace;
use super::report::{CompactFault, Event, UpkeepError};
use crate::store::disk::Disk;
use crate::store::error::StoreError;
use crate::store::folder::Folder;
use crate::store::guard::guarded;
use crate::store::index::{DuplicateFault, Index, RewriteFault};
use crate::store::model::{Durability, Options};
use crate::store::space::free_bytes_of;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes that a compaction leaves free on the disk.
const RESERVE: u64 = 64 << 20;

/// What a compaction has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Compacted {
    /// Bytes of the disk that the index took before.
    pub before: u64,
    /// And takes now.
    pub after: u64,
    /// Rows that were changed meanwhile, and copied again.
    pub followed: u64,
    /// For how long writes waited for the new index, in microseconds.
    pub held: u64,
}

/// Compacts the index of the data folder at `dir`, which no server has open.
///
/// # Errors
/// The folder is in use, none or read-only; see [`CompactFault`]; or `report` fails. What the index holds is then as it
/// was.
pub fn compact(
    dir: &Path,
    pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<Compacted, UpkeepError> {
    let disk = Disk::new(Durability::Fsync);
    let folder = Folder::existing(dir, disk.clone())?;
    let index = Index::open(&folder.index(), Options::default().index_cache, disk)?;
    if index.is_read_only() {
        return Err(StoreError::ReadOnly.into());
    }
    compact_open(&folder, &index, pace, report)
}

/// The same with an index that is in use.
pub(in crate::store) fn compact_open(
    folder: &Folder,
    index: &Index,
    mut pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<Compacted, UpkeepError> {
    let before = bytes_on_disk(&folder.index())?;
    // A file system that cannot say what is free says so when it is full.
    let free = free_bytes_of(folder.root())().unwrap_or(u64::MAX);
    require_room(before, free)?;
    let mut copied = 0u64;
    let mut on_progress = |bytes| {
        pace.spend(bytes);
        copied = copied.saturating_add(bytes).min(before);
        report(Event::Progress { done: copied, of: before })
    };
    let done = guarded(|| index.rewrite(&folder.unfinished_index(), &mut on_progress));
    let unread = |panic| Err(DuplicateFault::Source(StoreError::Damaged(panic).into()).into());
    let done = done.unwrap_or_else(unread).map_err(|fault| match fault {
        RewriteFault::Duplicate(DuplicateFault::Stopped(error)) => UpkeepError::Output(error),
        RewriteFault::Duplicate(DuplicateFault::Source(error)) => CompactFault::Source(error.into()).into(),
        RewriteFault::Duplicate(DuplicateFault::Copy(error)) => CompactFault::Copy(error.into()).into(),
        RewriteFault::TooManyChanges => CompactFault::TooManyChanges.into(),
    })?;
    Ok(Compacted {
        before,
        after: bytes_on_disk(&folder.index())?,
        followed: done.followed as u64,
        held: u64::try_from(done.held.as_micros()).unwrap_or(u64::MAX),
    })
}

/// The engine makes its file longer than it needs, and what it has not written takes no room.
fn bytes_on_disk(index: &Path) -> Result<u64, StoreError> {
    Ok(fs::metadata(index)?.blocks().saturating_mul(512))
}

/// A new index takes no more than the old one.
fn require_room(index: u64, free: u64) -> Result<(), CompactFault> {
    let needed = index.saturating_add(RESERVE);
    if needed <= free { Ok(()) } else { Err(CompactFault::NoRoom { needed, free }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_for_both_is_refused() {
        assert!(require_room(1, RESERVE + 1).is_ok());
        let refused = require_room(2, RESERVE + 1).unwrap_err().to_string();
        assert!(refused.contains("may need 67108866 bytes") && refused.contains("67108865 free"), "{refused}");
    }
}
