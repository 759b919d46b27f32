//! CopyObject as a change: source and target are looked at and written in one transaction, and no byte is copied but
//! those of small objects that lie in the index.

use super::IndexError;
use super::codec::Extents;
use super::rows::{Body, ObjectRow, stored_bytes, verified};
use super::tables::{Tables, row_key};
use crate::s3::precondition::ReadOutcome;
use crate::store::error::StoreError;
use crate::store::model::ObjectInfo;
use crate::store::parts::{ObjectCopy, WriteResult};

impl Tables<'_> {
    /// The copy keeps its source's tag, checksum, parts and key: it has the same bytes in the same extents, and a new tag
    /// would have to be computed from them. (S3 gives the copy of a multipart object the tag of an object written whole.)
    pub(super) fn copy_object(&mut self, copy: &ObjectCopy) -> Result<WriteResult, IndexError> {
        self.require_bucket(&copy.bucket)?;
        self.require_bucket(&copy.source_bucket)?;
        let source_key = row_key(&copy.source_bucket, copy.source_key.as_str());
        let source = self.object(&source_key)?.ok_or(StoreError::NoSuchKey)?;
        source.info.require_key(copy.keys.source.as_ref())?;
        let key = row_key(&copy.bucket, copy.key.as_str());
        let replaced = self.object(&key)?;
        let wanted = copy.source_conditions.decide(source.info.existing()) == ReadOutcome::Proceed;
        if !wanted || !copy.conditions.hold(replaced.as_ref().map(|row| row.info.existing())) {
            return Err(StoreError::PreconditionFailed.into());
        }
        let metadata = copy.metadata.of_copy(source.info.metadata.clone())?;
        // Shared before the old is released, as both may be the same object.
        let small = self.take_source(&source_key, &source)?;
        let (last_modified, storage_class) = (copy.now, copy.storage_class);
        let info = ObjectInfo { metadata, last_modified, storage_class, ..source.info };
        let info = info.following(replaced.as_ref().map(|row| &row.info));
        if let Some(replaced) = replaced {
            self.release(&key, &replaced.body)?;
        }
        if let Some(bytes) = small {
            self.insert_body(&key, &bytes)?;
        }
        let written = info.written();
        self.insert_object(&key, &ObjectRow { info, body: of_copy(source.body) })?;
        Ok(written)
    }

    /// The bytes of a small object; those of a larger one are shared.
    fn take_source(&mut self, key: &[u8], source: &ObjectRow) -> Result<Option<Vec<u8>>, IndexError> {
        match &source.body {
            Body::Inline { crc } => Ok(Some(verified(self.body(key)?, *crc, stored_bytes(&source.info))?)),
            Body::Extents(extents) if self.share(&Extents::new(extents.runs.clone()))? => Ok(None),
            Body::Extents(_) => Err(StoreError::Damaged("a blob that an object names has no row".into()).into()),
        }
    }
}

/// The body of a copy: the same bytes, counted as new rows are.
fn of_copy(source: Body) -> Body {
    match source {
        Body::Extents(extents) => Body::Extents(Extents::new(extents.runs)),
        inline @ Body::Inline { .. } => inline,
    }
}
