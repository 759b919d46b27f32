//! The tables of the index, and what is read from and written to them row by row.

use super::codec::Extents;
use super::fixed_rows::{BlobRow, BucketRow};
use super::notes::{NotedTable, Notes};
use super::rows::{Body, ObjectRow};
use super::upload_tables::UploadTables;
use super::{IndexError, Replaced};
use crate::s3::Timestamp;
use crate::s3::names::{BucketName, ObjectKey};
use crate::store::error::StoreError;
use crate::store::folder::BlobId;
use crate::store::model::Bucket;
use crate::store::scrubbing::LastScrub;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use std::collections::BTreeMap;
use std::sync::Arc;

/// (bucket, number of the kind) to what is configured for the bucket ([`super::configurations`]).
pub(super) const CONFIGURATIONS: TableDefinition<'_, (&str, u8), &[u8]> = TableDefinition::new("configurations");

/// The table of what is configured, within a write transaction.
type ConfigurationTable<'t> = NotedTable<'t, (&'static str, u8), &'static [u8]>;

/// The version of tables and rows together.
pub(super) const SCHEMA: u64 = 6;

/// Name to [`BucketRow`].
pub(super) const BUCKETS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("buckets");
/// [`row_key`] to [`ObjectRow`].
pub(super) const OBJECTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("objects");
/// [`row_key`] to the bytes of a small object: in a table of their own, so that listings do not read them.
pub(super) const BODIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("bodies");
/// Blob to [`BlobRow`].
pub(super) const BLOBS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blobs");
/// Blobs whose last extent is gone and whose file may still be there.
pub(super) const UNREFERENCED: TableDefinition<'_, u64, ()> = TableDefinition::new("unreferenced");
/// Numbers about the index itself.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// In [`META`]: [`SCHEMA`].
pub(super) const META_SCHEMA: &str = "schema";
/// In [`META`]: the watermark of [`crate::store::ids`].
const META_WATERMARK: &str = "watermark";
/// In [`META`]: the first blob that has block sums ([`crate::store::block_sums`]). Those before it were written by earlier
/// versions.
const META_PROVEN_FROM: &str = "proven_from";

/// In [`META`]: when the last scrub ended, in milliseconds, how many bytes it read and what it found.
const META_SCRUBBED: [&str; 3] = ["scrubbed", "scrubbed_bytes", "scrubbed_findings"];

/// Bucket, a zero byte, key: the rows of a bucket are together, sorted by the bytes of their keys, as no bucket's name
/// has a zero byte.
pub(super) fn row_key(bucket: &BucketName, key: &str) -> Vec<u8> {
    [bucket.as_str().as_bytes(), b"\0", key.as_bytes()].concat()
}

/// Behind the last row a bucket can have.
pub(super) fn bucket_end(bucket: &BucketName) -> Vec<u8> {
    [bucket.as_str().as_bytes(), b"\x01"].concat()
}

/// The index as of one commit. Short-lived: it keeps old pages from being used again.
///
/// With it, where it is kept for longer, the engine that it is of: the transaction ends before that is closed. The last is
/// the view that keeps the pages of one from the disk ([`super::from_disk`]).
pub(in crate::store) struct Snapshot(
    pub(super) ReadTransaction,
    #[expect(dead_code, reason = "it is only kept")] Option<Replaced>,
    #[expect(dead_code, reason = "it is only kept")] Option<Box<Snapshot>>,
);

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction, of: Option<Replaced>) -> Snapshot {
        Snapshot(transaction, of, None)
    }

    /// One of an engine over the file of another, with the view of that which keeps its pages.
    pub(super) fn over(transaction: ReadTransaction, of: Replaced, view: Snapshot) -> Snapshot {
        Snapshot(transaction, Some(of), Some(Box::new(view)))
    }

    pub(in crate::store) fn buckets(&self) -> Result<Vec<Bucket>, IndexError> {
        let table = self.0.open_table(BUCKETS)?;
        let rows = table.iter()?.map(|row| {
            let (name, row) = row?;
            Ok(bucket(name.value(), row.value())?)
        });
        rows.collect()
    }

    pub(in crate::store) fn bucket(&self, name: &BucketName) -> Result<Bucket, IndexError> {
        let row = self.0.open_table(BUCKETS)?.get(name.as_str())?.ok_or(StoreError::NoSuchBucket)?;
        let BucketRow { created } = BucketRow::decode(name.as_str(), row.value())?;
        Ok(Bucket { name: name.clone(), created })
    }

    /// The object's row. A missing bucket and a missing key are different errors.
    pub(in crate::store) fn object(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectRow, IndexError> {
        let row_key = row_key(bucket, key.as_str());
        match self.0.open_table(OBJECTS)?.get(row_key.as_slice())? {
            Some(row) => Ok(ObjectRow::decode(&row_key, row.value())?),
            None => Err(self.bucket(bucket).err().unwrap_or_else(|| StoreError::NoSuchKey.into())),
        }
    }

    pub(in crate::store) fn inline_body(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Vec<u8>, IndexError> {
        let table = self.0.open_table(BODIES)?;
        let row = table.get(row_key(bucket, key.as_str()).as_slice())?;
        let missing = || StoreError::Damaged(format!("the body of {bucket}/{key} is missing from the index"));
        Ok(row.ok_or_else(missing)?.value().to_vec())
    }

    pub(in crate::store) fn objects(&self) -> Result<u64, IndexError> {
        Ok(self.0.open_table(OBJECTS)?.len()?)
    }

    pub(in crate::store) fn blob(&self, id: BlobId) -> Result<Option<BlobRow>, IndexError> {
        let row = self.0.open_table(BLOBS)?.get(id.0)?;
        Ok(row.map(|row| BlobRow::decode(id.0, row.value())).transpose()?)
    }

    /// The first blob that has block sums.
    pub(in crate::store) fn proven_from(&self) -> Result<BlobId, IndexError> {
        let missing = || StoreError::Damaged("the index does not say which blobs have block sums".into());
        let row = self.0.open_table(META)?.get(META_PROVEN_FROM)?;
        Ok(BlobId(row.ok_or_else(missing)?.value()))
    }

    /// The last scrub, if there was one.
    pub(in crate::store) fn last_scrub(&self) -> Result<Option<LastScrub>, IndexError> {
        let table = self.0.open_table(META)?;
        let mut numbers = [0; META_SCRUBBED.len()];
        for (number, name) in numbers.iter_mut().zip(META_SCRUBBED) {
            let Some(row) = table.get(name)? else { return Ok(None) };
            *number = row.value();
        }
        let [ended, read, findings] = numbers;
        Ok(Some(LastScrub { ended: Timestamp::from_millis(ended), read, findings }))
    }

    /// The watermark of that commit: every blob below it had a row, or was unreferenced, or was gone.
    pub(in crate::store) fn watermark(&self) -> Result<u64, IndexError> {
        let missing = || StoreError::Damaged("the index has no watermark".into());
        Ok(self.0.open_table(META)?.get(META_WATERMARK)?.ok_or_else(missing)?.value())
    }
}

fn bucket(name: &str, row: &[u8]) -> Result<Bucket, StoreError> {
    let damaged = |_| StoreError::Damaged("a row of a bucket does not read".into());
    let BucketRow { created } = BucketRow::decode(name, row)?;
    Ok(Bucket { name: BucketName::of_other_store(name).map_err(damaged)?, created })
}

/// The tables within a write transaction.
pub(in crate::store) struct Tables<'t> {
    buckets: NotedTable<'t, &'static str, &'static [u8]>,
    objects: NotedTable<'t, &'static [u8], &'static [u8]>,
    bodies: NotedTable<'t, &'static [u8], &'static [u8]>,
    blobs: NotedTable<'t, u64, &'static [u8]>,
    unreferenced: NotedTable<'t, u64, ()>,
    meta: NotedTable<'t, &'static str, u64>,
    pub(super) uploads: UploadTables<'t>,
    pub(super) configurations: ConfigurationTable<'t>,
    newly_unreferenced: Vec<BlobId>,
    /// How many counts of blobs were changed.
    counted: usize,
}

impl<'t> Tables<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        notes: Option<&Arc<Notes>>,
    ) -> Result<Tables<'t>, IndexError> {
        Ok(Tables {
            buckets: NotedTable::open(transaction, BUCKETS, notes)?,
            objects: NotedTable::open(transaction, OBJECTS, notes)?,
            bodies: NotedTable::open(transaction, BODIES, notes)?,
            blobs: NotedTable::open(transaction, BLOBS, notes)?,
            unreferenced: NotedTable::open(transaction, UNREFERENCED, notes)?,
            meta: NotedTable::open(transaction, META, notes)?,
            uploads: UploadTables::open(transaction, notes)?,
            configurations: NotedTable::open(transaction, CONFIGURATIONS, notes)?,
            newly_unreferenced: Vec::new(),
            counted: 0,
        })
    }

    /// Makes a new index ours.
    pub(super) fn set_up(&mut self) -> Result<(), IndexError> {
        self.meta.insert(META_SCHEMA, SCHEMA)?;
        self.set_proven_from(BlobId(0))?;
        self.set_watermark(0)
    }

    /// From this blob on all have block sums.
    pub(in crate::store) fn set_proven_from(&mut self, first: BlobId) -> Result<(), IndexError> {
        self.meta.insert(META_PROVEN_FROM, first.0)?;
        Ok(())
    }

    pub(in crate::store) fn set_last_scrub(&mut self, last: &LastScrub) -> Result<(), IndexError> {
        let numbers = [last.ended.millis(), last.read, last.findings];
        for (name, number) in META_SCRUBBED.into_iter().zip(numbers) {
            self.meta.insert(name, number)?;
        }
        Ok(())
    }

    /// Makes an index of an earlier version one of this version. Which tables there are is seen to by opening them.
    pub(super) fn raise_version(&mut self) -> Result<(), IndexError> {
        if self.meta.get(META_PROVEN_FROM)?.is_none() {
            let first = self.next_blob()?.max(self.watermark()?);
            self.set_proven_from(BlobId(first))?;
        }
        self.meta.insert(META_SCHEMA, SCHEMA)?;
        Ok(())
    }

    #[cfg(test)]
    pub(in crate::store) fn set_schema(&mut self, schema: u64) -> Result<(), IndexError> {
        self.meta.insert(META_SCHEMA, schema)?;
        Ok(())
    }

    #[cfg(test)]
    pub(in crate::store) fn set_uploads_of_owner(&mut self, owner: &str, open: u64) -> Result<(), IndexError> {
        self.uploads.set_of_owner(owner, open)
    }

    #[cfg(test)]
    pub(in crate::store) fn set_raw_object(&mut self, key: &[u8], row: &[u8]) -> Result<(), IndexError> {
        self.objects.insert(key, row)?;
        Ok(())
    }

    pub(super) fn has_bucket(&self, name: &BucketName) -> Result<bool, IndexError> {
        Ok(self.buckets.get(name.as_str())?.is_some())
    }

    pub(super) fn insert_bucket(&mut self, name: &BucketName, now: Timestamp) -> Result<(), IndexError> {
        self.buckets.insert(name.as_str(), BucketRow { created: now }.encode(name.as_str()).as_slice())?;
        Ok(())
    }

    pub(super) fn remove_bucket(&mut self, name: &BucketName) -> Result<(), IndexError> {
        self.buckets.remove(name.as_str())?;
        Ok(())
    }

    /// One seek, however many objects there are.
    pub(super) fn is_empty(&self, bucket: &BucketName) -> Result<bool, IndexError> {
        let (first, end) = (row_key(bucket, ""), bucket_end(bucket));
        let first = self.objects.range(first.as_slice()..end.as_slice())?.next().transpose()?;
        Ok(first.is_none())
    }

    pub(super) fn object(&self, key: &[u8]) -> Result<Option<ObjectRow>, IndexError> {
        let row = self.objects.get(key)?;
        Ok(row.map(|row| ObjectRow::decode(key, row.value())).transpose()?)
    }

    pub(super) fn insert_object(&mut self, key: &[u8], row: &ObjectRow) -> Result<(), IndexError> {
        self.objects.insert(key, row.encode(key).as_slice())?;
        Ok(())
    }

    pub(super) fn remove_object(&mut self, key: &[u8]) -> Result<(), IndexError> {
        self.objects.remove(key)?;
        Ok(())
    }

    pub(super) fn insert_body(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), IndexError> {
        self.bodies.insert(key, bytes)?;
        Ok(())
    }

    /// A new blob of one row.
    pub(super) fn insert_blob(&mut self, id: BlobId, length: u64, crc: u64) -> Result<(), IndexError> {
        self.set_blob(id, BlobRow { references: 1, length, crc })
    }

    fn set_blob(&mut self, id: BlobId, row: BlobRow) -> Result<(), IndexError> {
        self.blobs.insert(id.0, row.encode(id.0).as_slice())?;
        Ok(())
    }

    fn blob(&self, id: BlobId) -> Result<Option<BlobRow>, IndexError> {
        Ok(self.blobs.get(id.0)?.map(|row| BlobRow::decode(id.0, row.value())).transpose()?)
    }

    /// Counts a new row with these extents; `false`, and nothing done, if one of its blobs is gone.
    pub(super) fn share(&mut self, extents: &Extents) -> Result<bool, IndexError> {
        let mut changes = References::default();
        changes.add(extents);
        for id in changes.0.keys() {
            if !self.has_blob(*id)? {
                return Ok(false);
            }
        }
        self.count(&changes)?;
        Ok(true)
    }

    /// Counts a row with these extents no longer.
    pub(super) fn release_extents(&mut self, extents: &Extents) -> Result<(), IndexError> {
        let mut changes = References::default();
        changes.remove(extents);
        self.count(&changes)
    }

    /// Counts rows that came and went, each blob once.
    pub(super) fn count(&mut self, changes: &References) -> Result<(), IndexError> {
        changes.0.iter().filter(|(_, change)| **change != 0).try_for_each(|(id, change)| self.recount(*id, *change))
    }

    /// The bytes of a small object.
    pub(super) fn body(&self, key: &[u8]) -> Result<Vec<u8>, IndexError> {
        let missing = || StoreError::Damaged("the body of a small object is missing from the index".into());
        Ok(self.bodies.get(key)?.ok_or_else(missing)?.value().to_vec())
    }

    /// Takes away what a row that is going had: its inline bytes, or its extents' references.
    pub(super) fn release(&mut self, key: &[u8], body: &Body) -> Result<(), IndexError> {
        match body {
            Body::Inline { .. } => drop(self.bodies.remove(key)?),
            Body::Extents(extents) => self.release_extents(extents)?,
        }
        Ok(())
    }

    fn recount(&mut self, id: BlobId, change: i64) -> Result<(), IndexError> {
        self.counted += 1;
        match self.blob(id)? {
            Some(row) => match row.references.saturating_add_signed(change) {
                0 => {
                    self.blobs.remove(id.0)?;
                    self.unreferenced.insert(id.0, ())?;
                    self.newly_unreferenced.push(id);
                }
                references => self.set_blob(id, BlobRow { references, ..row })?,
            },
            // Its file may belong to another row, so it is not removed.
            None => tracing::warn!(blob = id.0, "a blob that an object names has no row"),
        }
        Ok(())
    }

    /// How many counts of blobs were changed in this transaction: each takes as long as a small row.
    pub(in crate::store) fn counted(&self) -> usize {
        self.counted
    }

    /// The blobs unreferenced in this transaction, to be removed once it is committed.
    pub(in crate::store) fn take_newly_unreferenced(&mut self) -> Vec<BlobId> {
        std::mem::take(&mut self.newly_unreferenced)
    }

    /// All blobs whose files may still have to be removed.
    pub(in crate::store) fn unreferenced(&self) -> Result<Vec<BlobId>, IndexError> {
        self.unreferenced.iter()?.map(|row| Ok(BlobId(row?.0.value()))).collect()
    }

    /// The files of these blobs are gone.
    pub(in crate::store) fn forget_unreferenced(&mut self, blobs: &[BlobId]) -> Result<(), IndexError> {
        for id in blobs {
            self.unreferenced.remove(id.0)?;
        }
        Ok(())
    }

    pub(in crate::store) fn has_blob(&self, id: BlobId) -> Result<bool, IndexError> {
        Ok(self.blobs.get(id.0)?.is_some())
    }

    /// The number after the last blob that has a row.
    pub(in crate::store) fn next_blob(&self) -> Result<u64, IndexError> {
        let last = |row: Option<(redb::AccessGuard<'_, u64>, _)>| row.map_or(0, |(id, ())| id.value() + 1);
        let blobs = last(self.blobs.last()?.map(|(id, _)| (id, ())));
        let unreferenced = last(self.unreferenced.last()?.map(|(id, _)| (id, ())));
        Ok(blobs.max(unreferenced))
    }

    pub(in crate::store) fn watermark(&self) -> Result<u64, IndexError> {
        let missing = || StoreError::Damaged("the index has no watermark".into());
        Ok(self.meta.get(META_WATERMARK)?.ok_or_else(missing)?.value())
    }

    pub(in crate::store) fn set_watermark(&mut self, watermark: u64) -> Result<(), IndexError> {
        // Most commits leave it as it is, and a row that is written anew is a page to write.
        let known = self.meta.get(META_WATERMARK)?.map(|row| row.value());
        if known != Some(watermark) {
            self.meta.insert(META_WATERMARK, watermark)?;
        }
        Ok(())
    }
}

/// By how much the counts of blobs change.
#[derive(Debug, Default)]
pub(super) struct References(BTreeMap<BlobId, i64>);

impl References {
    /// A row with these extents comes.
    pub(super) fn add(&mut self, extents: &Extents) {
        self.change(extents, 1);
    }

    /// A row with these extents goes.
    pub(super) fn remove(&mut self, extents: &Extents) {
        self.change(extents, -1);
    }

    fn change(&mut self, extents: &Extents, sign: i64) {
        for (id, count) in extents.references() {
            let change = self.0.entry(id).or_insert(0);
            *change = change.saturating_add(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(sign));
        }
    }
}

/// Rows as only a damaged folder has them.
#[cfg(test)]
impl Tables<'_> {
    pub(in crate::store) fn copy_raw_object(&mut self, from: &[u8], to: &[u8]) {
        let row = self.object(from).unwrap().unwrap();
        self.insert_object(to, &row).unwrap();
    }

    pub(in crate::store) fn set_raw_part(&mut self, id: &str, number: u16, row: &[u8]) {
        self.uploads.set_raw_part(id, number, row);
    }

    pub(in crate::store) fn set_raw_body(&mut self, key: &[u8], bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => drop(self.bodies.insert(key, bytes).unwrap()),
            None => drop(self.bodies.remove(key).unwrap()),
        }
    }

    pub(in crate::store) fn change_blob(&mut self, id: u64, change: impl FnOnce(&mut BlobRow)) {
        let mut row = self.blob(BlobId(id)).unwrap().unwrap();
        change(&mut row);
        self.set_blob(BlobId(id), row).unwrap();
    }

    pub(in crate::store) fn set_raw_blob(&mut self, id: u64, row: &[u8]) {
        self.blobs.insert(id, row).unwrap();
    }

    pub(in crate::store) fn set_raw_bucket(&mut self, name: &str, row: &[u8]) {
        self.buckets.insert(name, row).unwrap();
    }

    pub(in crate::store) fn remove_raw_blob(&mut self, id: u64) {
        self.blobs.remove(id).unwrap();
    }

    pub(in crate::store) fn set_unreferenced(&mut self, id: u64) {
        self.unreferenced.insert(id, ()).unwrap();
    }
}
