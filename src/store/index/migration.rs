//! The migration: an index of an earlier version becomes one of this version, in many small transactions.
//!
//! Version 4 adds the table of what is configured for buckets, and no row changes: an index of version 3 is one of version
//! 4 as soon as it says so.
//!
//! Version 3 puts a checksum in front of every row ([`super::codec`]), and makes rows of what version 2 kept as bare
//! numbers for buckets and blobs. The first transaction marks the index as one in migration and renames the old
//! tables; from then on a program that knows version 2 only refuses the folder. Each of the next moves a batch of rows
//! from an old table to its new one, and the last removes the old tables and the mark. What an old table still holds is
//! what is left to do, so a migration that was interrupted goes on at the next start, and no row is ever in neither
//! table.
//!
//! A row that does not decode is moved as it is. It is as damaged after the migration as before.

use super::codec::Decoder;
use super::fixed_rows::{BlobRow, BucketRow};
use super::tables::{BLOBS, BUCKETS, CONFIGURATIONS, META, META_SCHEMA, OBJECTS, SCHEMA, Snapshot, UNREFERENCED};
use super::upload_tables::{COMPLETED, PARTS, UPLOADS};
use super::{Index, IndexError};
use crate::s3::Timestamp;
use redb::{Key, ReadableTable, ReadableTableMetadata, TableDefinition, TableError, Value, WriteTransaction};

/// The version whose rows are moved.
const MOVED: u64 = 2;
/// The version whose rows stay where they are.
const UNMOVED: u64 = 3;

/// In [`META`]: the version that the index is being migrated from.
const META_MIGRATING: &str = "migrating_from";

/// The most rows that a transaction moves. Few in tests, so that a small index takes many.
const BATCH_ROWS: usize = if cfg!(test) { 3 } else { 4096 };
/// A transaction also ends when it has moved this many bytes.
const BATCH_BYTES: usize = 8 << 20;

/// What an index is to this program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// It has just been made.
    New,
    /// It is of this version.
    Current,
    /// It is of a version that is migrated, or its migration was interrupted.
    Previous,
    /// It is of a later version.
    Newer(u64),
    /// It is of a version before those.
    Older(u64),
}

/// A table of version 2: its name then, and its name during the migration.
struct OldTable<K: Key + 'static, V: Value + 'static> {
    then: TableDefinition<'static, K, V>,
    now: TableDefinition<'static, K, V>,
}

impl<K: Key + 'static, V: Value + 'static> OldTable<K, V> {
    const fn new(then: &'static str, now: &'static str) -> OldTable<K, V> {
        OldTable { then: TableDefinition::new(then), now: TableDefinition::new(now) }
    }

    fn rename(&self, transaction: &WriteTransaction) -> Result<(), IndexError> {
        Ok(transaction.rename_table(self.then, self.now)?)
    }

    fn delete(&self, transaction: &WriteTransaction) -> Result<(), IndexError> {
        Ok(transaction.delete_table(self.now).map(drop)?)
    }

    /// Reads every row once.
    fn walk(&self, snapshot: &Snapshot) -> Result<(), IndexError> {
        for row in snapshot.0.open_table(self.then)?.iter()? {
            row?;
        }
        Ok(())
    }
}

const OLD_BUCKETS: OldTable<&str, u64> = OldTable::new("buckets", "buckets.2");
const OLD_OBJECTS: OldTable<&[u8], &[u8]> = OldTable::new("objects", "objects.2");
const OLD_BLOBS: OldTable<u64, (u64, u64, u64)> = OldTable::new("blobs", "blobs.2");
const OLD_UPLOADS: OldTable<&str, &[u8]> = OldTable::new("uploads", "uploads.2");
const OLD_PARTS: OldTable<(&str, u16), &[u8]> = OldTable::new("parts", "parts.2");
const OLD_COMPLETED: OldTable<&str, &[u8]> = OldTable::new("completed", "completed.2");
/// Version 2's name of [`UNREFERENCED`].
const OLD_UNREFERENCED: TableDefinition<'_, u64, ()> = TableDefinition::new("doomed");

/// Moves a batch of rows of one table; `true` once the table has no more.
type Move = fn(&WriteTransaction) -> Result<bool, IndexError>;

const MOVES: [Move; 6] = [
    |transaction| {
        move_rows(transaction, &OLD_BUCKETS, BUCKETS, |name, millis| {
            BucketRow { created: Timestamp::from_millis(millis) }.encode(name)
        })
    },
    |transaction| {
        move_rows(transaction, &OLD_BLOBS, BLOBS, |id, (references, length, crc)| {
            BlobRow { references, length, crc }.encode(id)
        })
    },
    |transaction| {
        move_rows(transaction, &OLD_OBJECTS, OBJECTS, |key, row| {
            Decoder::from_unsealed(row).and_then(Decoder::object).map_or_else(|| row.to_vec(), |row| row.encode(key))
        })
    },
    |transaction| {
        move_rows(transaction, &OLD_UPLOADS, UPLOADS, |id, row| {
            Decoder::from_unsealed(row).and_then(Decoder::upload).map_or_else(|| row.to_vec(), |row| row.encode(id))
        })
    },
    |transaction| {
        move_rows(transaction, &OLD_PARTS, PARTS, |(id, _), row| {
            Decoder::from_unsealed(row).and_then(Decoder::part).map_or_else(|| row.to_vec(), |row| row.encode(id))
        })
    },
    |transaction| {
        move_rows(transaction, &OLD_COMPLETED, COMPLETED, |id, row| {
            Decoder::from_unsealed(row).and_then(Decoder::completed).map_or_else(|| row.to_vec(), |row| row.encode(id))
        })
    },
];

impl Snapshot {
    pub(super) fn format(&self) -> Result<Format, IndexError> {
        let meta = match self.0.open_table(META) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Format::New),
            meta => meta?,
        };
        Ok(match meta.get(META_SCHEMA)?.map(|row| row.value()) {
            None => Format::New,
            Some(MOVED | UNMOVED) => Format::Previous,
            Some(SCHEMA) if meta.get(META_MIGRATING)?.is_some() => Format::Previous,
            Some(SCHEMA) => Format::Current,
            Some(version) if version > SCHEMA => Format::Newer(version),
            Some(version) => Format::Older(version),
        })
    }
}

/// Migrates an index of an earlier version, or goes on with a migration that was interrupted.
///
/// # Errors
/// The disk's or the engine's. The index is then in migration still, or as it was, and nothing is lost.
pub(super) fn migrate(index: &Index) -> Result<(), IndexError> {
    match index.read(version)? {
        (UNMOVED, false) => {}
        (_, true) => move_all(index)?,
        (version, false) => {
            // A page that does not read would stop the migration halfway: better not to begin.
            index.read(walk)?;
            tracing::info!("the data folder has version {version} and is migrated to version {SCHEMA}");
            index.transact(begin)?;
            move_all(index)?;
        }
    }
    index.transact(set_version)?;
    tracing::info!("the data folder has version {SCHEMA} now");
    Ok(())
}

/// The version of the index, and whether its rows are being moved.
fn version(snapshot: &Snapshot) -> Result<(u64, bool), IndexError> {
    let meta = snapshot.0.open_table(META)?;
    let version = meta.get(META_SCHEMA)?.map_or(0, |row| row.value());
    Ok((version, meta.get(META_MIGRATING)?.is_some()))
}

fn move_all(index: &Index) -> Result<(), IndexError> {
    for move_batch in MOVES {
        while !index.transact(move_batch)? {}
    }
    index.transact(end)
}

/// A version 4 is one of which every table is there.
fn set_version(transaction: &WriteTransaction) -> Result<(), IndexError> {
    transaction.open_table(CONFIGURATIONS)?;
    transaction.open_table(META)?.insert(META_SCHEMA, SCHEMA)?;
    Ok(())
}

fn walk(snapshot: &Snapshot) -> Result<(), IndexError> {
    OLD_BUCKETS.walk(snapshot)?;
    OLD_OBJECTS.walk(snapshot)?;
    OLD_BLOBS.walk(snapshot)?;
    OLD_UPLOADS.walk(snapshot)?;
    OLD_PARTS.walk(snapshot)?;
    OLD_COMPLETED.walk(snapshot)
}

fn begin(transaction: &WriteTransaction) -> Result<(), IndexError> {
    OLD_BUCKETS.rename(transaction)?;
    OLD_OBJECTS.rename(transaction)?;
    OLD_BLOBS.rename(transaction)?;
    OLD_UPLOADS.rename(transaction)?;
    OLD_PARTS.rename(transaction)?;
    OLD_COMPLETED.rename(transaction)?;
    transaction.rename_table(OLD_UNREFERENCED, UNREFERENCED)?;
    transaction.open_table(CONFIGURATIONS)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(META_SCHEMA, SCHEMA)?;
    meta.insert(META_MIGRATING, MOVED)?;
    Ok(())
}

fn move_rows<K: Key + 'static, V: Value + 'static>(
    transaction: &WriteTransaction,
    from: &OldTable<K, V>,
    to: TableDefinition<'static, K, &'static [u8]>,
    encode: impl Fn(K::SelfType<'_>, V::SelfType<'_>) -> Vec<u8>,
) -> Result<bool, IndexError> {
    let (mut old, mut new) = (transaction.open_table(from.now)?, transaction.open_table(to)?);
    let mut bytes = 0;
    for _ in 0..BATCH_ROWS {
        let Some((key, row)) = old.pop_first()? else { return Ok(true) };
        let row = encode(key.value(), row.value());
        new.insert(key.value(), row.as_slice())?;
        bytes += row.len();
        if bytes >= BATCH_BYTES {
            break;
        }
    }
    Ok(old.is_empty()?)
}

fn end(transaction: &WriteTransaction) -> Result<(), IndexError> {
    OLD_BUCKETS.delete(transaction)?;
    OLD_OBJECTS.delete(transaction)?;
    OLD_BLOBS.delete(transaction)?;
    OLD_UPLOADS.delete(transaction)?;
    OLD_PARTS.delete(transaction)?;
    OLD_COMPLETED.delete(transaction)?;
    transaction.open_table(META)?.remove(META_MIGRATING)?;
    Ok(())
}
