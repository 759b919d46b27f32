//! A new index with the rows that another had at one moment, byte for byte: a row proves itself, whichever file it is in.

use super::notes::Keys;
use super::tables::{BLOBS, BODIES, BUCKETS, CONFIGURATIONS, META, OBJECTS, Snapshot, UNREFERENCED};
use super::upload_tables::{COMPLETED, COMPLETED_AT, PARTS, UPLOAD_KEYS, UPLOAD_OWNERS, UPLOADS};
use super::{Index, IndexError};
use crate::store::error::StoreError;
use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadableTable, TableDefinition, TableHandle, Value, WriteTransaction,
};
use std::cell::Cell;
use std::io;

/// About the bytes of rows that go in one transaction: few enough to be in memory, and enough that commits do not count.
const BATCH: u64 = 4 << 20;
/// What a row counts beside its bytes.
const ROW: u64 = 32;

/// Why an index was not copied.
#[derive(Debug)]
pub(in crate::store) enum DuplicateFault {
    /// What is copied does not read.
    Source(IndexError),
    /// The copy cannot be written.
    Copy(IndexError),
    /// The caller stopped it when it was given the progress.
    Stopped(io::Error),
}

/// Rows that go together, and about how many bytes these are.
type Batch<K, V> = (Vec<(AccessGuard<'static, K>, AccessGuard<'static, V>)>, u64);

/// Takes note of about how many bytes were copied. An error stops the copy.
pub(in crate::store) type OnProgress<'a> = &'a mut dyn FnMut(u64) -> io::Result<()>;

/// What is done with each table.
trait EachTable {
    type Fault;

    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), Self::Fault>;
}

/// Every table but that of unreferenced blobs.
fn each_table<T: EachTable>(on: &mut T) -> Result<(), T::Fault> {
    on.table(META)?;
    on.table(BUCKETS)?;
    on.table(CONFIGURATIONS)?;
    on.table(OBJECTS)?;
    on.table(BODIES)?;
    on.table(BLOBS)?;
    on.table(UPLOADS)?;
    on.table(UPLOAD_KEYS)?;
    on.table(PARTS)?;
    on.table(COMPLETED)?;
    on.table(COMPLETED_AT)?;
    on.table(UPLOAD_OWNERS)
}

impl Snapshot {
    /// Writes every row into `copy`, a new index, but those of unreferenced blobs: what a backup copies with the index are
    /// the blobs that have rows. Blocks.
    pub(in crate::store) fn copy_to(&self, copy: &Index, on_progress: OnProgress<'_>) -> Result<(), DuplicateFault> {
        each_table(&mut Copying { from: self, copy, on_progress })
    }

    /// Writes every row into `copy`, a new index. Blocks.
    pub(super) fn copy_all_to(&self, copy: &Index, on_progress: OnProgress<'_>) -> Result<(), DuplicateFault> {
        let mut copying = Copying { from: self, copy, on_progress };
        each_table(&mut copying)?;
        copying.table(UNREFERENCED)
    }

    /// Makes these rows of `copy` what they are here, in one transaction. Blocks until the disk has it.
    pub(super) fn copy_rows(&self, copy: &Index, keys: Keys) -> Result<(), DuplicateFault> {
        let is_source = Cell::new(false);
        let written = copy.transact(|to, _| {
            let mut copying = CopyingRows { from: self, to, keys, is_source: &is_source };
            each_table(&mut copying)?;
            copying.table(UNREFERENCED)?;
            match copying.keys.keys().next() {
                None => Ok(()),
                Some(table) => Err(IndexError::Engine(StoreError::Io(format!("the copy has no table {table}").into()))),
            }
        });
        written.map_err(if is_source.get() { DuplicateFault::Source } else { DuplicateFault::Copy })
    }
}

struct Copying<'a, 't> {
    from: &'a Snapshot,
    copy: &'a Index,
    on_progress: OnProgress<'t>,
}

impl EachTable for Copying<'_, '_> {
    type Fault = DuplicateFault;

    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), DuplicateFault> {
        let opened = self.from.0.open_table(table).map_err(|error| DuplicateFault::Source(error.into()))?;
        let mut rows = opened.range::<K::SelfType<'_>>(..).map_err(|error| DuplicateFault::Source(error.into()))?;
        loop {
            let (batch, bytes) = next_batch(&mut rows).map_err(DuplicateFault::Source)?;
            if batch.is_empty() {
                return Ok(());
            }
            let written = self.copy.transact(|transaction, _| {
                let mut copied = transaction.open_table(table)?;
                for (key, value) in &batch {
                    copied.insert(key.value(), value.value())?;
                }
                Ok(())
            });
            written.map_err(DuplicateFault::Copy)?;
            (self.on_progress)(bytes).map_err(DuplicateFault::Stopped)?;
        }
    }
}

fn next_batch<K: Key + 'static, V: Value + 'static>(
    rows: &mut Range<'static, K, V>,
) -> Result<Batch<K, V>, IndexError> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH
        && let Some(row) = rows.next()
    {
        let (key, value) = row?;
        let length = K::as_bytes(&key.value()).as_ref().len() + V::as_bytes(&value.value()).as_ref().len();
        bytes += length as u64 + ROW;
        batch.push((key, value));
    }
    Ok((batch, bytes))
}

struct CopyingRows<'a> {
    from: &'a Snapshot,
    to: &'a WriteTransaction,
    keys: Keys,
    /// Whether it is the source that fails.
    is_source: &'a Cell<bool>,
}

impl CopyingRows<'_> {
    fn source<T>(&self, read: Result<T, impl Into<IndexError>>) -> Result<T, IndexError> {
        read.map_err(|error| {
            self.is_source.set(true);
            error.into()
        })
    }
}

impl EachTable for CopyingRows<'_> {
    type Fault = IndexError;

    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), IndexError> {
        let Some(keys) = self.keys.remove(table.name()) else { return Ok(()) };
        let rows: ReadOnlyTable<K, V> = self.source(self.from.0.open_table(table))?;
        let mut copied = self.to.open_table(table)?;
        for key in &keys {
            let key = K::from_bytes(key);
            match self.source(ReadableTable::get(&rows, &key))? {
                Some(row) => drop(copied.insert(&key, row.value())?),
                None => drop(copied.remove(&key)?),
            }
        }
        Ok(())
    }
}
