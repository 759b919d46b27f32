//! The types of the store's interface: arguments and results.

use crate::s3::Timestamp;
use crate::s3::checksum::Checksum;
use crate::s3::customer_key::CustomerKey;
use crate::s3::etag::ETag;
use crate::s3::metadata::Metadata;
use crate::s3::names::BucketName;
use crate::s3::precondition::{Existing, WriteConditions};
use crate::s3::storage_class::StorageClass;
use crate::store::encryption::KeyCheck;
use crate::store::error::StoreError;
use crate::store::key_fault::KeyFault;
use crate::store::parts::WriteResult;
use crate::store::scrubbing::{LastScrub, ScrubPlan};
use std::time::Duration;

/// Whether an acknowledged write has reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It has, and survives a loss of power.
    #[default]
    Fsync,
    /// It survives the end of this process, not of the machine: for throw-away use.
    None,
}

impl Durability {
    /// The names in settings and on the command line.
    pub const NAMES: [&str; 2] = ["fsync", "none"];

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Durability> {
        match name {
            "fsync" => Some(Durability::Fsync),
            "none" => Some(Durability::None),
            _ => None,
        }
    }
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// When a write is acknowledged.
    pub durability: Durability,
    /// Bytes of memory for pages of the index.
    pub index_cache: usize,
    /// Bytes of disk that bodies never take, so that deletes and the index go on.
    pub reserve: u64,
    /// How long an upload may stay open before it is aborted.
    pub upload_age: Duration,
    /// How often all of it is read and proven while it serves, if it is.
    pub scrub: Option<ScrubPlan>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durability: Durability::Fsync,
            index_cache: 48 << 20,
            reserve: 64 << 20,
            // R2's default lifecycle rule.
            upload_age: Duration::from_secs(7 * 24 * 60 * 60),
            scrub: None,
        }
    }
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: BucketName,
    /// When it was made.
    pub created: Timestamp,
}

/// What the index has about an object besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Bytes.
    pub size: u64,
    /// Its entity tag.
    pub etag: ETag,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Headers and user metadata that its write gave.
    pub metadata: Metadata,
    /// Its storage class.
    pub storage_class: StorageClass,
    /// The checksum the write came with.
    pub checksum: Option<Checksum>,
    /// Bytes of each of its parts, in order; empty if it was written whole.
    pub parts: Vec<u64>,
    /// By what the client's key is recognised, if its bytes are encrypted with one.
    pub encryption: Option<KeyCheck>,
}

impl ObjectInfo {
    /// The same, no older than what it replaces: the times of a key's writes never go back, whatever order requests and
    /// clocks come in.
    pub(super) fn following(self, replaced: Option<&ObjectInfo>) -> ObjectInfo {
        let last_modified = replaced.map_or(self.last_modified, |old| old.last_modified.max(self.last_modified));
        ObjectInfo { last_modified, ..self }
    }

    /// What a write that made this object answers.
    pub(super) fn written(&self) -> WriteResult {
        WriteResult { etag: self.etag.clone(), checksum: self.checksum.clone(), last_modified: self.last_modified }
    }

    /// Whether a client may have the object with this key, or with none.
    ///
    /// # Errors
    /// [`StoreError::Key`].
    pub fn require_key(&self, key: Option<&CustomerKey>) -> Result<(), StoreError> {
        KeyCheck::judge(self.encryption.as_ref(), key).map_err(|fault| StoreError::Key(KeyFault::Object(fault)))
    }

    /// What conditions are compared with.
    pub fn existing(&self) -> Existing<'_> {
        Existing { etag: &self.etag, last_modified: self.last_modified }
    }
}

/// What a write states when its body is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    /// Headers and user metadata to keep.
    pub metadata: Metadata,
    /// Its storage class.
    pub storage_class: StorageClass,
    /// The tag of the body; an encrypted object gets another one.
    pub etag: ETag,
    /// The checksum the body was verified against.
    pub checksum: Option<Checksum>,
    /// When the body was complete. Where what it replaces is younger, the write gets that one's time.
    pub now: Timestamp,
    /// What must hold of the object it replaces.
    pub conditions: WriteConditions,
}

/// Stats for metrics and readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Objects in all buckets.
    pub objects: u64,
    /// Bytes the disk has free, the reserve among them.
    pub free: u64,
    /// Whether writes are refused because the data folder cannot be written to.
    pub read_only: bool,
    /// Whether writes are refused because the disk has no more than the reserve free.
    pub full: bool,
    /// Whether reads fail too, because the index cannot be opened.
    pub unreadable: bool,
    /// Why no write will be taken until the folder is opened anew, if that is so.
    pub failure: Option<&'static str>,
    /// Commits since the start.
    pub commits: u64,
    /// Changes those commits held.
    pub changes: u64,
    /// Index rows that listings read since the start.
    pub rows_listed: u64,
    /// Reads that met damage since the start.
    pub damaged_reads: u64,
    /// The last scrub that came to its end, before the start, too.
    pub scrub: Option<LastScrub>,
}

impl StoreStats {
    /// Why writes are refused, if they are.
    pub fn refuses_writes(&self) -> Option<&'static str> {
        let read_only = self.read_only.then_some("the data folder is read-only: writes are refused");
        let full = self.full.then_some("the disk is full up to the reserve: writes are refused");
        self.failure.or(read_only).or(full)
    }

    /// Why reads fail, if they do.
    pub fn refuses_reads(&self) -> Option<&'static str> {
        self.unreadable.then_some("the index cannot be opened")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_refuses_writes_says_why() {
        let failed = Some("the thread that commits has stopped");
        let read_only = Some("the data folder is read-only: writes are refused");
        let full = Some("the disk is full up to the reserve: writes are refused");
        for (stats, expected) in [
            (StoreStats::default(), None),
            (StoreStats { read_only: true, ..StoreStats::default() }, read_only),
            (StoreStats { full: true, ..StoreStats::default() }, full),
            (StoreStats { full: true, read_only: true, ..StoreStats::default() }, read_only),
            (StoreStats { failure: failed, read_only: true, ..StoreStats::default() }, failed),
        ] {
            assert_eq!((stats.refuses_writes(), stats.refuses_reads()), (expected, None));
        }
        let unreadable = StoreStats { unreadable: true, read_only: true, ..StoreStats::default() };
        assert_eq!(unreadable.refuses_reads(), Some("the index cannot be opened"));
    }
}
