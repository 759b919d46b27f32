//! A view of the index that reads every page from the disk, also those that the engine has in memory.
//!
//! A second engine opens the file as the last commit left it. A view of the first engine keeps the pages of the tables of
//! that commit from being used again. The engine's own tables are not protected so: they are read while no one writes, when
//! the second engine is opened. That is also why the engine's own check cannot run here: it reads them later.

use super::overlay::Overlay;
use super::tables::Snapshot;
use super::{Handle, Index, IndexError, Replaced, database, store_error};
use redb::ReadableDatabase;

/// Bytes of pages that the second engine keeps: it reads most of them once.
const CACHE: usize = 4 << 20;

/// A view from the disk, and of which opening of the index it is.
pub(in crate::store) struct FromDisk {
    pub(in crate::store) snapshot: Snapshot,
    generation: u64,
}

impl Index {
    /// The last commit as the disk has it. Writes wait while the second engine is opened.
    pub(in crate::store) fn view_from_disk(&self) -> Result<FromDisk, IndexError> {
        let _no_commit = self.writing();
        let generation = self.slot().generation;
        let view = self.snapshot()?;
        let engine = Overlay::open_locked(&self.path).and_then(|overlay| database(CACHE, overlay));
        let engine = engine.map_err(|error| IndexError::from(store_error(error.into())))?;
        let transaction = engine.begin_read()?;
        let kept = Replaced::default();
        kept.keep(Handle::ReadOnly(engine));
        Ok(FromDisk { snapshot: Snapshot::over(transaction, kept, view), generation })
    }

    /// Whether the view still is what it was: an engine that was opened anew meanwhile has not kept its pages.
    pub(in crate::store) fn has_kept(&self, view: &FromDisk) -> bool {
        self.slot().generation == view.generation
    }
}
