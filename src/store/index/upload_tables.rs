//! The tables of uploads, row by row. Rows of uploads and of objects never meet: an upload's parts are not listed, and
//! not read, until they are an object.

use super::IndexError;
use super::assembly::Parts;
use super::notes::{NotedTable, Notes};
use super::upload_rows::{CompletedRow, PartRow, UploadRow};
use crate::s3::Timestamp;
use crate::s3::names::BucketName;
use crate::store::parts::UploadRef;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use std::sync::Arc;

/// Upload id to [`UploadRow`]. Ids begin with the time the upload was created, so the oldest come first.
pub(super) const UPLOADS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("uploads");
/// (bucket, key, upload id): the order of listings.
pub(super) const UPLOAD_KEYS: TableDefinition<'_, (&str, &[u8], &str), ()> = TableDefinition::new("upload_keys");
/// (upload id, part number) to [`PartRow`].
pub(super) const PARTS: TableDefinition<'_, (&str, u16), &[u8]> = TableDefinition::new("parts");
/// Upload id to [`CompletedRow`].
pub(super) const COMPLETED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("completed");
/// (time of completion in milliseconds, upload id): the order in which completed uploads are forgotten.
pub(super) const COMPLETED_AT: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("completed_at");
/// Who has uploads open to how many these are.
pub(super) const UPLOAD_OWNERS: TableDefinition<'_, &str, u64> = TableDefinition::new("upload_owners");

/// The tables of uploads within a write transaction.
pub(super) struct UploadTables<'t> {
    uploads: NotedTable<'t, &'static str, &'static [u8]>,
    keys: NotedTable<'t, (&'static str, &'static [u8], &'static str), ()>,
    parts: NotedTable<'t, (&'static str, u16), &'static [u8]>,
    completed: NotedTable<'t, &'static str, &'static [u8]>,
    completed_at: NotedTable<'t, (u64, &'static str), ()>,
    owners: NotedTable<'t, &'static str, u64>,
}

impl<'t> UploadTables<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        notes: Option<&Arc<Notes>>,
    ) -> Result<UploadTables<'t>, IndexError> {
        Ok(UploadTables {
            uploads: NotedTable::open(transaction, UPLOADS, notes)?,
            keys: NotedTable::open(transaction, UPLOAD_KEYS, notes)?,
            parts: NotedTable::open(transaction, PARTS, notes)?,
            completed: NotedTable::open(transaction, COMPLETED, notes)?,
            completed_at: NotedTable::open(transaction, COMPLETED_AT, notes)?,
            owners: NotedTable::open(transaction, UPLOAD_OWNERS, notes)?,
        })
    }

    /// The open upload that is meant.
    pub(super) fn find(&self, at: &UploadRef) -> Result<Option<UploadRow>, IndexError> {
        let row = self.uploads.get(at.id.as_str())?.map(|row| UploadRow::decode(&at.id, row.value())).transpose()?;
        Ok(row.filter(|row| row.is(at)))
    }

    /// How many uploads are open.
    pub(super) fn open_uploads(&self) -> Result<u64, IndexError> {
        Ok(self.uploads.len()?)
    }

    /// How many uploads of this owner are open.
    pub(super) fn of_owner(&self, owner: &str) -> Result<u64, IndexError> {
        Ok(self.owners.get(owner)?.map_or(0, |row| row.value()))
    }

    /// Owners without uploads have no row.
    pub(super) fn set_of_owner(&mut self, owner: &str, open: u64) -> Result<(), IndexError> {
        match open {
            0 => drop(self.owners.remove(owner)?),
            _ => drop(self.owners.insert(owner, open)?),
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, id: &str, row: &UploadRow) -> Result<(), IndexError> {
        if let Some(owner) = &row.owner {
            self.set_of_owner(owner, self.of_owner(owner)? + 1)?;
        }
        self.uploads.insert(id, row.encode(id).as_slice())?;
        self.keys.insert((row.bucket.as_str(), row.key.as_str().as_bytes(), id), ())?;
        Ok(())
    }

    /// Removes the upload and the rows of its parts; what the parts refer to is the caller's to keep or to release.
    pub(super) fn remove(&mut self, at: &UploadRef, parts: &Parts) -> Result<(), IndexError> {
        let row = self.uploads.remove(at.id.as_str())?;
        let row = row.map(|row| UploadRow::decode(&at.id, row.value())).transpose()?;
        if let Some(owner) = row.and_then(|row| row.owner) {
            self.set_of_owner(&owner, self.of_owner(&owner)?.saturating_sub(1))?;
        }
        self.keys.remove((at.bucket.as_str(), at.key.as_str().as_bytes(), at.id.as_str()))?;
        for number in parts.keys() {
            self.parts.remove((at.id.as_str(), *number))?;
        }
        Ok(())
    }

    /// The open uploads of a bucket.
    pub(super) fn of_bucket(&self, bucket: &BucketName) -> Result<Vec<UploadRef>, IndexError> {
        let mut found = Vec::new();
        for row in self.keys.range((bucket.as_str(), &b""[..], "")..)? {
            let (place, ()) = row.map(|(place, _)| (place, ()))?;
            let (in_bucket, _, id) = place.value();
            if in_bucket != bucket.as_str() {
                break;
            }
            let row = self.uploads.get(id)?.map(|row| UploadRow::decode(id, row.value())).transpose()?;
            found.extend(row.map(|row| UploadRef { bucket: row.bucket, key: row.key, id: id.to_owned() }));
        }
        Ok(found)
    }

    pub(super) fn parts(&self, id: &str) -> Result<Parts, IndexError> {
        let rows = self.parts.range((id, 0)..=(id, u16::MAX))?.map(|row| {
            let (place, row) = row?;
            let (id, number) = place.value();
            Ok((number, PartRow::decode(id, number, row.value())?))
        });
        rows.collect()
    }

    pub(super) fn part(&self, id: &str, number: u16) -> Result<Option<PartRow>, IndexError> {
        Ok(self.parts.get((id, number))?.map(|row| PartRow::decode(id, number, row.value())).transpose()?)
    }

    pub(super) fn insert_part(&mut self, id: &str, row: &PartRow) -> Result<(), IndexError> {
        self.parts.insert((id, row.info.number), row.encode(id).as_slice())?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn set_raw_part(&mut self, id: &str, number: u16, row: &[u8]) {
        self.parts.insert((id, number), row).unwrap();
    }

    pub(super) fn completed(&self, id: &str) -> Result<Option<CompletedRow>, IndexError> {
        Ok(self.completed.get(id)?.map(|row| CompletedRow::decode(id, row.value())).transpose()?)
    }

    pub(super) fn insert_completed(&mut self, id: &str, row: &CompletedRow) -> Result<(), IndexError> {
        self.completed.insert(id, row.encode(id).as_slice())?;
        self.completed_at.insert((row.written.last_modified.millis(), id), ())?;
        Ok(())
    }

    /// Forgets the uploads completed before `before`, and of those left the oldest above `most`.
    pub(super) fn forget_completed(&mut self, before: Timestamp, most: u64) -> Result<(), IndexError> {
        while let Some((millis, id)) = self.first_completed()? {
            if millis >= before.millis() && self.completed_at.len()? <= most {
                break;
            }
            self.completed_at.remove((millis, id.as_str()))?;
            self.completed.remove(id.as_str())?;
        }
        Ok(())
    }

    fn first_completed(&self) -> Result<Option<(u64, String)>, IndexError> {
        let first = self.completed_at.first()?.map(|(place, _)| {
            let (millis, id) = place.value();
            (millis, id.to_owned())
        });
        Ok(first)
    }
}
