//! A new index with the rows that another had at one moment, byte for byte: a row proves itself, whichever file it is in.
//!
//! Left out is the table of unreferenced blobs: what is copied with the index are the blobs that have rows.

use super::tables::{BLOBS, BODIES, BUCKETS, CONFIGURATIONS, META, OBJECTS, Snapshot};
use super::upload_tables::{COMPLETED, COMPLETED_AT, PARTS, UPLOAD_KEYS, UPLOADS};
use super::{Index, IndexError};
use redb::{AccessGuard, Key, Range, TableDefinition, Value};
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
    /// Who is told how far it is wants no more.
    Stopped(io::Error),
}

/// Rows that go together, and about how many bytes these are.
type Batch<K, V> = (Vec<(AccessGuard<'static, K>, AccessGuard<'static, V>)>, u64);

/// Is told about how many bytes were copied.
type Told<'a> = &'a mut dyn FnMut(u64) -> io::Result<()>;

impl Snapshot {
    /// Writes every row into `copy`, a new index. Blocks.
    pub(in crate::store) fn copy_to(&self, copy: &Index, told: Told<'_>) -> Result<(), DuplicateFault> {
        self.copy_table(copy, META, told)?;
        self.copy_table(copy, BUCKETS, told)?;
        self.copy_table(copy, CONFIGURATIONS, told)?;
        self.copy_table(copy, OBJECTS, told)?;
        self.copy_table(copy, BODIES, told)?;
        self.copy_table(copy, BLOBS, told)?;
        self.copy_table(copy, UPLOADS, told)?;
        self.copy_table(copy, UPLOAD_KEYS, told)?;
        self.copy_table(copy, PARTS, told)?;
        self.copy_table(copy, COMPLETED, told)?;
        self.copy_table(copy, COMPLETED_AT, told)
    }

    fn copy_table<K: Key + 'static, V: Value + 'static>(
        &self,
        copy: &Index,
        table: TableDefinition<'static, K, V>,
        told: Told<'_>,
    ) -> Result<(), DuplicateFault> {
        let source = |error: IndexError| DuplicateFault::Source(error);
        let opened = self.0.open_table(table).map_err(|error| source(error.into()))?;
        let mut rows = opened.range::<K::SelfType<'_>>(..).map_err(|error| source(error.into()))?;
        loop {
            let (batch, bytes) = next_batch(&mut rows).map_err(source)?;
            if batch.is_empty() {
                return Ok(());
            }
            let written = copy.transact(|transaction| {
                let mut copied = transaction.open_table(table)?;
                for (key, value) in &batch {
                    copied.insert(key.value(), value.value())?;
                }
                Ok(())
            });
            written.map_err(DuplicateFault::Copy)?;
            told(bytes).map_err(DuplicateFault::Stopped)?;
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
