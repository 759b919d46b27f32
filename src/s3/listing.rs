//! Listings as values: what ListObjects and ListObjectsV2 ask for and what a page of the answer holds.

use crate::s3::{Timestamp, checksum};

/// A page of a listing, keys in the order of their UTF-8 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects and common prefixes, merged, in order.
    pub entries: Vec<Entry>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `<Contents>`.
    Object(ListedObject),
    /// `<CommonPrefixes>`: the keys' common beginning, up to and with the delimiter.
    Prefix(String),
}

/// What a listing tells of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The entity tag without quotes.
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Algorithm and kind of the stored checksum.
    pub checksum: Option<(checksum::Algorithm, checksum::Kind)>,
}

/// A place in the order of keys. Both forms exclude what they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After this text: keys greater than it. It need not be a key.
    AfterKey(String),
    /// After every key that starts with this common prefix.
    AfterPrefix(String),
}
