//! Walks through whole tables: for checks and for removing what nobody names, never to answer a request.

use super::Failure;
use super::rows::{Body, ObjectRow};
use super::tables::{BLOBS, BODIES, DOOMED, OBJECTS, Snapshot};
use crate::s3::names::BucketName;
use crate::store::error::StoreError;
use crate::store::findings::Place;
use crate::store::folder::BlobId;

/// A row whose bytes lie elsewhere: in the table of small bodies, or in blobs.
pub(in crate::store) struct Holder {
    pub(in crate::store) place: Place,
    /// The bucket the row says it is in, if that can be the name of one.
    pub(in crate::store) bucket: Option<BucketName>,
    /// Of the row, and of its small body.
    pub(in crate::store) row_key: Vec<u8>,
    /// How many bytes and where, if the row reads.
    pub(in crate::store) bytes: Result<(u64, Body), StoreError>,
}

/// A blob as its row describes it.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct BlobRow {
    /// Extents that name it.
    pub(in crate::store) references: u64,
    /// Bytes.
    pub(in crate::store) length: u64,
    /// CRC-64/NVME of the bytes.
    pub(in crate::store) crc: u64,
}

impl Snapshot {
    /// Every row that has bytes. Each table whose rows name blobs is walked here and nowhere else: a blob that is not
    /// named here is named by nobody.
    pub(in crate::store) fn holders(&self) -> Result<impl Iterator<Item = Result<Holder, Failure>> + use<>, Failure> {
        let objects = self.0.open_table(OBJECTS)?.range::<&[u8]>(..)?.map(|row| {
            let (key, row) = row?;
            Ok(Holder::of_object(key.value(), row.value()))
        });
        Ok(objects)
    }

    /// Every blob that has a row, in the order of their numbers.
    pub(in crate::store) fn blobs(
        &self,
    ) -> Result<impl Iterator<Item = Result<(BlobId, BlobRow), Failure>> + use<>, Failure> {
        let blobs = self.0.open_table(BLOBS)?.range::<u64>(..)?.map(|row| {
            let (id, row) = row?;
            let (references, length, crc) = row.value();
            Ok((BlobId(id.value()), BlobRow { references, length, crc }))
        });
        Ok(blobs)
    }

    /// The row key of every small body, whether or not a row has it.
    pub(in crate::store) fn small_bodies(
        &self,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, Failure>> + use<>, Failure> {
        Ok(self.0.open_table(BODIES)?.range::<&[u8]>(..)?.map(|row| Ok(row?.0.value().to_vec())))
    }

    /// The bytes of a small body.
    pub(in crate::store) fn small_body(&self, row_key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.open_table(BODIES)?.get(row_key)?.map(|row| row.value().to_vec()))
    }

    /// Whether this row says that its bytes are a small body. One that does not read may.
    pub(in crate::store) fn has_small_body(&self, row_key: &[u8]) -> Result<bool, Failure> {
        let row = self.0.open_table(OBJECTS)?.get(row_key)?;
        let row = row.map(|row| ObjectRow::decode(row.value()));
        Ok(row.is_some_and(|row| row.map_or(true, |row| matches!(row.body, Body::Inline { .. }))))
    }

    /// The blobs whose files may still have to be removed.
    pub(in crate::store) fn doomed(&self) -> Result<Vec<BlobId>, Failure> {
        self.0.open_table(DOOMED)?.range::<u64>(..)?.map(|row| Ok(BlobId(row?.0.value()))).collect()
    }
}

impl Holder {
    fn of_object(row_key: &[u8], row: &[u8]) -> Holder {
        let bucket = row_key.split(|byte| *byte == 0).next().unwrap_or_default();
        let bucket = std::str::from_utf8(bucket).ok().and_then(|name| BucketName::parse(name).ok());
        let bytes = ObjectRow::decode(row).map(|row| (row.info.size, row.body));
        Holder { place: object_place(row_key), bucket, row_key: row_key.to_vec(), bytes }
    }
}

/// The object that a row key stands for.
pub(in crate::store) fn object_place(row_key: &[u8]) -> Place {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut parts = row_key.splitn(2, |byte| *byte == 0);
    let (bucket, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Place::Object { bucket: text(bucket), key: text(key) }
}
