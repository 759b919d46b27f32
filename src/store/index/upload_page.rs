//! A page of a listing of uploads, by seeks like that of objects ([`super::page`]).

use super::IndexError;
use super::page::prefix_successor;
use super::tables::Snapshot;
use super::upload_rows::UploadRow;
use super::upload_tables::UPLOAD_KEYS;
use crate::s3::listing::common_prefix;
use crate::s3::names::BucketName;
use crate::s3::upload_listing::{ListedUpload, UploadPage, UploadPosition};
use crate::store::error::StoreError;
use redb::ReadOnlyTable;
use std::ops::Bound;

/// What a page is asked for.
#[derive(Debug, Clone)]
pub(in crate::store) struct UploadListing {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) prefix: String,
    /// Never empty.
    pub(in crate::store) delimiter: Option<String>,
    pub(in crate::store) start: Option<UploadPosition>,
    pub(in crate::store) max_uploads: usize,
}

impl Snapshot {
    pub(in crate::store) fn upload_page(&self, listing: &UploadListing) -> Result<UploadPage, IndexError> {
        self.bucket(&listing.bucket)?;
        if listing.max_uploads == 0 {
            return Ok(UploadPage::default());
        }
        let table = self.0.open_table(UPLOAD_KEYS)?;
        Walk { snapshot: self, listing, table, page: UploadPage::default() }.run()
    }
}

/// A key's bytes and an upload id.
type Place = (Vec<u8>, String);

struct Walk<'a> {
    snapshot: &'a Snapshot,
    listing: &'a UploadListing,
    table: ReadOnlyTable<(&'static str, &'static [u8], &'static str), ()>,
    page: UploadPage,
}

/// How a run of rows ended.
enum Stop {
    /// Go on from these bytes.
    Jump(Vec<u8>),
    End,
}

impl Walk<'_> {
    fn run(mut self) -> Result<UploadPage, IndexError> {
        let mut from = self.first();
        while let Stop::Jump(next) = self.run_of_rows(&from)? {
            from = Bound::Included((next, String::new()));
        }
        Ok(self.page)
    }

    fn run_of_rows(&mut self, from: &Bound<Place>) -> Result<Stop, IndexError> {
        let bucket = self.listing.bucket.as_str();
        let from = from.as_ref().map(|(key, id)| (bucket, key.as_slice(), id.as_str()));
        for row in self.table.range::<(&str, &[u8], &str)>((from, Bound::Unbounded))? {
            let (place, _) = row?;
            let (in_bucket, key, id) = place.value();
            let key = std::str::from_utf8(key).map_err(|_| damaged())?;
            if in_bucket != bucket || !key.starts_with(&self.listing.prefix) {
                return Ok(Stop::End);
            }
            if self.is_full() {
                self.page.next = self.last();
                return Ok(Stop::End);
            }
            let delimiter = self.listing.delimiter.as_deref();
            if let Some(common) = delimiter.and_then(|text| common_prefix(key, &self.listing.prefix, text)) {
                self.page.common_prefixes.push(common.to_owned());
                return Ok(Stop::Jump(prefix_successor(common.into())));
            }
            let UploadRow { initiated, info, .. } = self.snapshot.upload_row(id)?.ok_or_else(damaged)?;
            let (key, upload_id) = (key.to_owned(), id.to_owned());
            self.page.uploads.push(ListedUpload { key, upload_id, initiated, storage_class: info.storage_class });
        }
        Ok(Stop::End)
    }

    /// The place to begin: the prefix, or where the last page ended if that is further.
    fn first(&self) -> Bound<Place> {
        let prefix = || self.listing.prefix.clone().into_bytes();
        let at_least = |key: Vec<u8>| Bound::Included((key.max(prefix()), String::new()));
        match &self.listing.start {
            None => at_least(Vec::new()),
            // The least text greater than the key is the key and a zero byte.
            Some(UploadPosition::AfterKey(key)) => at_least([key.as_bytes(), b"\0"].concat()),
            Some(UploadPosition::AfterPrefix(common)) => at_least(prefix_successor(common.clone().into())),
            Some(UploadPosition::AfterUpload(key, _)) if key.as_bytes() < prefix().as_slice() => at_least(Vec::new()),
            Some(UploadPosition::AfterUpload(key, id)) => Bound::Excluded((key.clone().into(), id.clone())),
        }
    }

    fn is_full(&self) -> bool {
        self.page.uploads.len() + self.page.common_prefixes.len() == self.listing.max_uploads
    }

    /// The place of what was found last, upload or common prefix: the greater of the two.
    fn last(&self) -> Option<UploadPosition> {
        let upload = self.page.uploads.last();
        let common = self.page.common_prefixes.last();
        match (upload, common) {
            (Some(upload), Some(common)) if upload.key < *common => Some(UploadPosition::AfterPrefix(common.clone())),
            (Some(upload), _) => Some(UploadPosition::AfterUpload(upload.key.clone(), upload.upload_id.clone())),
            (None, Some(common)) => Some(UploadPosition::AfterPrefix(common.clone())),
            (None, None) => None,
        }
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("the rows of an upload do not agree".into())
}
