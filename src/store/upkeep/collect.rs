//! The garbage collection: files without a row are removed, and the index gives its free space back.
//!
//! What a row references stays, whatever else is wrong. If a row does not read, its references are unknown, so then no
//! blob is removed as an orphan.

use super::prove::prove_all;
use super::report::UpkeepError;
use super::tally::Tally;
use crate::store::disk::Disk;
use crate::store::error::StoreError;
use crate::store::folder::{BlobId, Folder};
use crate::store::index::{Body, Index, IndexError, Snapshot};
use crate::store::model::{Durability, Options};
use std::collections::HashSet;
use std::path::Path;

/// What a collection has freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freed {
    /// Uploads that did not end.
    pub temporary: Tally,
    /// Blobs of deleted objects that were still to be removed.
    pub unreferenced: Tally,
    /// Blobs that no row names.
    pub orphans: Tally,
    /// Bytes the index has shrunk by.
    pub index: u64,
    /// Blobs of earlier versions that have block sums now, and the bytes of these.
    pub proven: Tally,
    /// Rows that do not read. Where there are any, orphans were left alone.
    pub unreadable: u64,
}

/// Removes what nothing refers to from the data folder at `dir`.
///
/// # Errors
/// The folder is in use, none, or read-only; the disk or the index fails. What was removed until then stays removed.
pub fn collect(dir: &Path) -> Result<Freed, UpkeepError> {
    let disk = Disk::new(Durability::Fsync);
    let folder = Folder::existing(dir, disk.clone())?;
    let length = || folder.index().metadata().map_or(0, |metadata| metadata.len());
    let length_before = length();
    let mut index = Index::open(&folder.index(), Options::default().index_cache, disk)?;
    if index.is_read_only() {
        return Err(StoreError::ReadOnly.into());
    }
    let mut freed = remove_files(&folder, &index)?;
    freed.proven = prove_all(&folder, &index, None, &mut |_, _, _| Ok(()))?;
    index.compact()?;
    // Closing gives the last of it back.
    drop(index);
    freed.index = length_before.saturating_sub(length());
    Ok(freed)
}

fn remove_files(folder: &Folder, index: &Index) -> Result<Freed, UpkeepError> {
    let mut freed = Freed::default();
    for path in folder.temporaries().map_err(StoreError::from)? {
        freed.temporary.remove(&path);
    }
    let Named { blobs, unreadable } = index.read(Named::by)?;
    freed.unreadable = unreadable;
    index.write(|tables| {
        let mut unreferenced = tables.unreferenced()?;
        unreferenced.retain(|id| !blobs.contains(id) && freed.unreferenced.remove(&folder.blob(*id)));
        tables.forget_unreferenced(&unreferenced)
    })?;
    if unreadable == 0 {
        let found = folder.blobs_from(BlobId(0)).map_err(StoreError::from)?;
        for orphan in found.into_iter().filter(|id| !blobs.contains(id)) {
            freed.orphans.remove(&folder.blob(orphan));
        }
    }
    Ok(freed)
}

/// The blobs that rows name: their own, and those of objects.
struct Named {
    blobs: HashSet<BlobId>,
    unreadable: u64,
}

impl Named {
    fn by(snapshot: &Snapshot) -> Result<Named, IndexError> {
        let blobs = snapshot.blobs()?.map(|blob| Ok(blob?.0)).collect::<Result<_, IndexError>>()?;
        let mut named = Named { blobs, unreadable: 0 };
        for holder in snapshot.holders()? {
            match holder?.bytes {
                Ok((_, Body::Extents(extents))) => named.blobs.extend(extents.references().into_keys()),
                Ok((_, Body::Inline { .. })) => {}
                Err(_) => named.unreadable += 1,
            }
        }
        Ok(named)
    }
}
