//! The migration: an index of an earlier version becomes one of this version, in one transaction.
//!
//! Version 4 adds the table of what is configured for buckets. Version 5 knows which blobs have block sums. Version 6 counts
//! the open uploads of each owner; those of earlier versions have none. No row changes, so a migration takes no longer in a
//! full store than in an empty one.

use super::tables::{META, META_SCHEMA, SCHEMA, Snapshot};
use super::{Index, IndexError};
use redb::TableError;

/// The oldest version that is migrated.
const OLDEST: u64 = 3;
/// In [`META`] while an index of version 2 is being migrated by an earlier program: the rows it has not moved yet cannot
/// be read.
const META_MIGRATING: &str = "migrating_from";

/// What an index is to this program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// It has just been made.
    New,
    /// It is of this version.
    Current,
    /// It is of a version that is migrated.
    Previous,
    /// It is of a later version.
    Newer(u64),
    /// It is of a version before those.
    Older(u64),
}

impl Snapshot {
    pub(super) fn format(&self) -> Result<Format, IndexError> {
        let meta = match self.0.open_table(META) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Format::New),
            meta => meta?,
        };
        if let Some(version) = meta.get(META_MIGRATING)? {
            return Ok(Format::Older(version.value()));
        }
        Ok(match meta.get(META_SCHEMA)?.map(|row| row.value()) {
            None => Format::New,
            Some(SCHEMA) => Format::Current,
            Some(OLDEST..SCHEMA) => Format::Previous,
            Some(version) if version > SCHEMA => Format::Newer(version),
            Some(version) => Format::Older(version),
        })
    }
}

/// Migrates an index of an earlier version.
///
/// # Errors
/// The disk's or the engine's. The index is then as it was.
pub(super) fn migrate(index: &Index) -> Result<(), IndexError> {
    index.write(|tables| tables.raise_version())?;
    tracing::info!("the data folder is migrated to version {SCHEMA}");
    Ok(())
}
