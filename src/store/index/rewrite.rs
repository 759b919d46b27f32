//! The index written anew beside itself, in the order of its keys, while it is in use: its pages are full then, and what
//! deleted rows have left is gone. The engine's own compaction needs an index without readers.
//!
//! What one view shows is copied first. Rows that change meanwhile are noted, and copied again in rounds, until they are
//! few. The last of them are copied while writers wait; then the new file gets the name of the old one, and its engine the
//! place of the old engine. Readers that have a view go on with the old file, whose name is gone, until they end.
//!
//! At each moment the name leads to a whole index. Whatever fails before the new file has it leaves the old one in force.
//! If it is not certain which of the two a loss of power would leave, nothing is written until it is.

use super::duplicate::{DuplicateFault, OnProgress};
use super::file::FilePlace;
use super::notes::{Keys, Notes};
use super::{Handle, Index, IndexError, Replaced, Snapshot};
use crate::store::disk::Step;
use crate::store::error::StoreError;
use crate::store::model::Durability;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of memory for pages of the new file while it is written in the order of its keys.
const CACHE: usize = 16 << 20;
/// Writers wait for no more rows than this, if a few rounds bring it about.
const FEW: usize = if cfg!(test) { 8 } else { 2048 };
/// How many rounds there are.
const ROUNDS: usize = 8;
/// And for no more than this in any case: a second.
const MOST_AT_LAST: usize = 65_536;

/// What a rewrite has done.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Rewritten {
    /// For how long writers waited.
    pub(in crate::store) held: Duration,
    /// How many changes it has followed.
    pub(in crate::store) followed: usize,
}

/// Why an index was not written anew.
#[derive(Debug)]
pub(in crate::store) enum RewriteFault {
    /// It was not copied.
    Duplicate(DuplicateFault),
    /// More has changed meanwhile than the copy can follow.
    TooManyChanges,
}

impl From<DuplicateFault> for RewriteFault {
    fn from(fault: DuplicateFault) -> RewriteFault {
        RewriteFault::Duplicate(fault)
    }
}

/// Changes are noted as long as there is this.
struct Noting<'a> {
    index: &'a Index,
    notes: Arc<Notes>,
}

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        *self.index.writing() = None;
    }
}

/// The file that is written. Dropped, it is removed, unless it has its place.
struct Beside<'a>(&'a Path);

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(self.0)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "an unfinished index could not be removed");
        }
    }
}

impl Index {
    /// Writes the index anew at `beside`, on the same file system, and puts it in its own place. Blocks; one at a time.
    ///
    /// # Errors
    /// See [`RewriteFault`]. What the index holds is the same before and after, whatever fails.
    pub(in crate::store) fn rewrite(
        &self,
        beside: &Path,
        on_progress: OnProgress<'_>,
    ) -> Result<Rewritten, RewriteFault> {
        if self.is_read_only() {
            return Err(DuplicateFault::Copy(IndexError::Refused(StoreError::ReadOnly)).into());
        }
        // A rewrite that was killed may have left one.
        drop(Beside(beside));
        let _beside = Beside(beside);
        let (noting, view) = self.begin_noting()?;
        self.copy_view(&view, beside, on_progress)?;
        // The file grows as long as there is a view.
        drop(view);
        let copy = Index::open(beside, self.cache, self.disk.clone()).map_err(|error| copy_fault(error.to_string()))?;
        let mut followed = 0;
        for _ in 0..ROUNDS {
            let (keys, view, count) = self.noted(&noting.notes)?;
            view.copy_rows(&copy, keys)?;
            followed += count;
            on_progress(0).map_err(DuplicateFault::Stopped)?;
            if count <= FEW {
                break;
            }
        }
        let (replaced, count, held) = self.give_place(copy, &noting.notes, beside)?;
        // Closing the old file takes time, but no request waits for it.
        drop(replaced);
        Ok(Rewritten { held, followed: followed + count })
    }

    /// No change is missed between the view and the notes, as none is under way.
    fn begin_noting(&self) -> Result<(Noting<'_>, Snapshot), DuplicateFault> {
        let notes = Arc::new(Notes::default());
        let mut writing = self.writing();
        let view = self.snapshot().map_err(DuplicateFault::Source)?;
        *writing = Some(notes.clone());
        drop(writing);
        Ok((Noting { index: self, notes }, view))
    }

    fn copy_view(&self, view: &Snapshot, beside: &Path, on_progress: OnProgress<'_>) -> Result<(), DuplicateFault> {
        // It is waited for once, when it is whole.
        let disk = self.disk.with(Durability::None);
        let copy = Index::open(beside, CACHE, disk).map_err(|error| copy_fault(error.to_string()))?;
        view.copy_all_to(&copy, on_progress)?;
        drop(copy);
        let synced = File::open(beside).and_then(|file| self.disk.sync(&file));
        synced.map_err(|error| DuplicateFault::Copy(IndexError::Engine(error.into())))
    }

    /// What was noted, and a view that has it.
    fn noted(&self, notes: &Notes) -> Result<(Keys, Snapshot, usize), RewriteFault> {
        let _writing = self.writing();
        self.noted_now(notes)
    }

    /// The same, while no change is under way.
    fn noted_now(&self, notes: &Notes) -> Result<(Keys, Snapshot, usize), RewriteFault> {
        let (keys, count) = notes.take().ok_or(RewriteFault::TooManyChanges)?;
        Ok((keys, self.snapshot().map_err(DuplicateFault::Source)?, count))
    }

    /// Copies the last changes and puts the copy in the place of this index, while writers wait.
    fn give_place(
        &self,
        copy: Index,
        notes: &Notes,
        beside: &Path,
    ) -> Result<(Replaced, usize, Duration), RewriteFault> {
        let _writing = self.writing();
        let begun = Instant::now();
        let (keys, view, count) = self.noted_now(notes)?;
        if count > MOST_AT_LAST {
            return Err(RewriteFault::TooManyChanges);
        }
        view.copy_rows(&copy, keys)?;
        drop(view);
        let copied = FilePlace::at(beside).map_err(disk_fault)?;
        let renamed = self.disk.perform(Step::Rename, || fs::rename(beside, &self.path));
        if let Err(error) = renamed {
            match FilePlace::at(&self.path) {
                // It has its name all the same.
                Ok(place) if place == copied => {}
                Ok(_) => return Err(disk_fault(error).into()),
                Err(_) => return Err(self.give_up(copy, error).into()),
            }
        }
        if let Err(error) = self.disk.sync_folder(self.path.parent().unwrap_or(&self.path)) {
            return Err(self.give_up(copy, error).into());
        }
        let handle = copy.slot.into_inner().unwrap_or_else(PoisonError::into_inner).handle;
        Ok((self.replace(handle), count, begun.elapsed()))
    }

    /// Which file a loss of power would leave is not certain. Opening anew takes the one that has the name, for writing
    /// only when that is on the disk.
    fn give_up(&self, copy: Index, error: io::Error) -> DuplicateFault {
        let generation = self.slot().generation;
        drop(copy);
        self.reopen(generation);
        disk_fault(error)
    }

    /// Puts another engine in the place of this one.
    fn replace(&self, handle: Handle) -> Replaced {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        slot.generation += 1;
        let old = std::mem::replace(&mut slot.handle, handle);
        let views = std::mem::take(&mut slot.views);
        drop(slot);
        views.keep(old);
        views
    }
}

fn copy_fault(cause: String) -> DuplicateFault {
    DuplicateFault::Copy(IndexError::Engine(StoreError::Io(cause.into())))
}

fn disk_fault(error: io::Error) -> DuplicateFault {
    DuplicateFault::Copy(IndexError::Engine(error.into()))
}

#[cfg(test)]
mod tests {
    use super::super::{database, in_place};
    use super::*;
    use crate::store::disk::Disk;
    use crate::store::index::file::IndexFile;

    /// A start may have opened the old file before another one got the name, and locked it after it was let go.
    #[test]
    fn a_file_that_has_lost_its_name_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("index.redb"), dir.path().join("other"));
        let disk = Disk::new(Durability::None);
        let file = IndexFile::open(&path, &disk).unwrap();
        let place = file.place();
        fs::write(&other, b"").unwrap();
        fs::rename(&other, &path).unwrap();
        let opened = in_place(&path, place, database(CACHE, file).unwrap());
        assert!(matches!(opened, Err(redb::DatabaseError::DatabaseAlreadyOpen)));
    }
}
