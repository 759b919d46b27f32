//! What start-up repairs: what a crash left in `tmp/`, unreferenced blobs, and blobs that never got a row.
//!
//! It looks at nothing below the watermark ([`super::ids`]), so it takes no longer in a full store than in an empty one.

use super::Store;
use super::error::{OpenError, StoreError};
use super::folder::{BlobId, Folder};
use super::ids::Ids;
use super::index::{Index, IndexError, Tables};
use super::model::Options;
use super::reaper::remove;
use std::path::Path;

impl Store {
    /// Whether [`Store::open`] would open a data folder, as far as that can be known without changing anything.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn look(dir: &Path) -> Result<(), OpenError> {
        let index = Folder::look(dir)?.index();
        // A start that broke off before its first commit leaves an empty file, and the next one begins anew.
        if index.metadata().is_ok_and(|found| found.len() > 0) {
            match Index::open_for_reading(&index, Options::default().index_cache) {
                // The start migrates it.
                Ok(_) | Err(OpenError::NotMigrated { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Repairs, and returns the numbers that new blobs get. A folder that cannot be written to is left as it is.
pub(super) fn repair(folder: &Folder, index: &Index) -> Result<Ids, OpenError> {
    if index.is_read_only() {
        tracing::warn!(folder = %folder.root().display(), "the data folder is read-only: writes are refused");
        return Ok(Ids::starting_at(0));
    }
    folder.empty_tmp().map_err(|error| OpenError::unusable(folder.tmp(), error))?;
    let next = index.write(|tables| {
        remove_unreferenced(folder, tables)?;
        sweep(folder, tables)
    });
    next.map(Ids::starting_at).map_err(|failure| OpenError::of_index(folder.root(), failure.into()))
}

fn remove_unreferenced(folder: &Folder, tables: &mut Tables<'_>) -> Result<(), IndexError> {
    let mut removed = Vec::new();
    for id in tables.unreferenced()? {
        // One that has a row is named by mistake: an object may still need its file.
        if !tables.has_blob(id)? && remove(&folder.blob(id)) {
            removed.push(id);
        }
    }
    tables.forget_unreferenced(&removed)
}

/// The number after this one.
fn behind(id: BlobId) -> Result<u64, StoreError> {
    let used_up = || StoreError::Damaged(format!("blob {:x} has the last number there is", id.0));
    id.0.checked_add(1).ok_or_else(used_up)
}

/// Removes files without a row and returns the first unused number. The watermark moves there too: a file that would
/// not go is left for `store gc`.
fn sweep(folder: &Folder, tables: &mut Tables<'_>) -> Result<u64, IndexError> {
    let first = tables.watermark()?;
    let found = folder.blobs_from(BlobId(first)).map_err(StoreError::from)?;
    let behind_last = found.iter().max().map_or(Ok(0), |last| behind(*last))?;
    for id in found {
        if !tables.has_blob(id)? && remove(&folder.blob(id)) {
            tracing::info!(blob = id.0, "a body that a crash left without a row was removed");
        }
    }
    let next = tables.next_blob()?.max(behind_last).max(first);
    tables.set_watermark(next)?;
    Ok(next)
}
