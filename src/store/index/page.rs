//! A page of a listing, by seeks: its cost is the page, whatever the bucket holds.
//!
//! Keys are sorted by their bytes. Once a common prefix is found, the walk jumps to the first key that does not start with
//! it, so a folder of a million keys costs one row.

use super::IndexError;
use super::rows::ObjectRow;
use super::tables::{OBJECTS, Snapshot, bucket_end, row_key};
use crate::s3::listing::{self, Entry, Page, Position};
use crate::s3::names::BucketName;
use crate::store::error::StoreError;
use redb::ReadOnlyTable;
use std::ops::Bound;

/// What a page is asked for.
#[derive(Debug, Clone)]
pub(in crate::store) struct Listing {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) prefix: String,
    /// Never empty.
    pub(in crate::store) delimiter: Option<String>,
    pub(in crate::store) start: Option<Position>,
    pub(in crate::store) max_keys: usize,
}

impl Snapshot {
    /// The page, and how many rows were read for it.
    pub(in crate::store) fn page(&self, listing: &Listing) -> Result<(Page, u64), IndexError> {
        self.bucket(&listing.bucket)?;
        if listing.max_keys == 0 {
            return Ok((Page::default(), 0));
        }
        let table = self.0.open_table(OBJECTS)?;
        Walk { listing, table, page: Page::default(), rows: 0 }.run()
    }
}

struct Walk<'a> {
    listing: &'a Listing,
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    page: Page,
    rows: u64,
}

/// How a run of rows ended.
enum Stop {
    /// Go on behind these bytes.
    Jump(Vec<u8>),
    End,
}

impl Walk<'_> {
    fn run(mut self) -> Result<(Page, u64), IndexError> {
        let mut from = self.first();
        while let Stop::Jump(next) = self.run_of_rows(from)? {
            from = Bound::Included(next);
        }
        Ok((self.page, self.rows))
    }

    /// Reads rows one after the other, until a common prefix asks for a jump, the page is full, or there are no more.
    fn run_of_rows(&mut self, from: Bound<Vec<u8>>) -> Result<Stop, IndexError> {
        let end = self.end();
        // A start behind the end is no range to redb.
        if matches!(&from, Bound::Included(from) | Bound::Excluded(from) if *from >= end) {
            return Ok(Stop::End);
        }
        let from = from.as_ref().map(Vec::as_slice);
        for row in self.table.range::<&[u8]>((from, Bound::Excluded(end.as_slice())))? {
            let (row_key, row) = row?;
            self.rows += 1;
            if self.page.entries.len() == self.listing.max_keys {
                self.page.next = self.page.entries.last().map(position_behind);
                return Ok(Stop::End);
            }
            let key = self.key(row_key.value())?;
            if let Some(prefix) = self.common_prefix(key) {
                let next = prefix_successor(self.row_key(prefix));
                self.page.entries.push(Entry::Prefix(prefix.to_owned()));
                return Ok(Stop::Jump(next));
            }
            self.page.entries.push(Entry::Object(ObjectRow::decode_listed(row_key.value(), key, row.value())?));
        }
        Ok(Stop::End)
    }

    /// The place to begin: the prefix, or where the last page ended if that is further.
    fn first(&self) -> Bound<Vec<u8>> {
        let prefix = self.row_key(&self.listing.prefix);
        match &self.listing.start {
            Some(Position::AfterKey(key)) if self.row_key(key) >= prefix => Bound::Excluded(self.row_key(key)),
            Some(Position::AfterPrefix(last)) => Bound::Included(prefix_successor(self.row_key(last)).max(prefix)),
            _ => Bound::Included(prefix),
        }
    }

    /// Behind the last key with the prefix.
    fn end(&self) -> Vec<u8> {
        match self.listing.prefix.as_str() {
            "" => bucket_end(&self.listing.bucket),
            prefix => prefix_successor(self.row_key(prefix)),
        }
    }

    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        listing::common_prefix(key, &self.listing.prefix, self.listing.delimiter.as_deref()?)
    }

    fn row_key(&self, key: &str) -> Vec<u8> {
        row_key(&self.listing.bucket, key)
    }

    fn key<'k>(&self, row_key: &'k [u8]) -> Result<&'k str, StoreError> {
        let key = row_key.get(self.listing.bucket.as_str().len() + 1..);
        let key = key.and_then(|key| std::str::from_utf8(key).ok());
        key.ok_or_else(|| StoreError::Damaged("a key in the index is not UTF-8".into()))
    }
}

fn position_behind(entry: &Entry) -> Position {
    match entry {
        Entry::Object(object) => Position::AfterKey(object.key.clone()),
        Entry::Prefix(prefix) => Position::AfterPrefix(prefix.clone()),
    }
}

/// The least bytes greater than everything that starts with `prefix`. No byte of UTF-8 or of the zero between bucket and
/// key is 0xFF, so the last can always be raised.
pub(super) fn prefix_successor(mut prefix: Vec<u8>) -> Vec<u8> {
    if let Some(last) = prefix.last_mut() {
        *last = last.saturating_add(1);
    }
    prefix
}
