//! What is read of uploads outside of transactions that write.

use super::IndexError;
use super::tables::Snapshot;
use super::upload_rows::{PartRow, UploadRow};
use super::upload_tables::{PARTS, UPLOADS};
use crate::store::error::StoreError;
use crate::store::parts::{PartInfo, UploadRef};

impl Snapshot {
    /// The open upload. A missing bucket and a missing upload are different errors.
    pub(in crate::store) fn upload(&self, at: &UploadRef) -> Result<UploadRow, IndexError> {
        let row = self.upload_row(&at.id)?.filter(|row| row.is(at));
        row.ok_or_else(|| self.bucket(&at.bucket).err().unwrap_or_else(|| StoreError::NoSuchUpload.into()))
    }

    /// The ids of the uploads that were completed.
    #[cfg(test)]
    pub(in crate::store) fn completed_ids(&self) -> Result<Vec<String>, IndexError> {
        let table = self.0.open_table(super::upload_tables::COMPLETED)?;
        redb::ReadableTable::iter(&table)?.map(|row| Ok(row?.0.value().to_owned())).collect()
    }

    pub(super) fn upload_row(&self, id: &str) -> Result<Option<UploadRow>, IndexError> {
        Ok(self.0.open_table(UPLOADS)?.get(id)?.map(|row| UploadRow::decode(id, row.value())).transpose()?)
    }

    /// At most `most` parts of an upload behind the number `after`.
    pub(in crate::store) fn parts(&self, id: &str, after: u16, most: usize) -> Result<Vec<PartInfo>, IndexError> {
        let table = self.0.open_table(PARTS)?;
        let rows = table.range((id, after.saturating_add(1))..=(id, u16::MAX))?.take(most);
        let rows = rows.map(|row| {
            let (place, row) = row?;
            let (id, number) = place.value();
            Ok(PartRow::decode(id, number, row.value())?.info)
        });
        rows.collect()
    }
}
