//! Damage that reads have met: each is counted and goes to the log, under the name of what was read.

use super::error::StoreError;
use crate::s3::names::{BucketName, ObjectKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many reads since the start have met damage.
#[derive(Debug, Default)]
pub(super) struct DamagedReads(AtomicU64);

/// What is read, and where its damage is counted.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    bucket: BucketName,
    /// `None` for a listing.
    key: Option<ObjectKey>,
    counted: Arc<DamagedReads>,
}

impl DamagedReads {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn subject(self: &Arc<DamagedReads>, bucket: &BucketName, key: Option<&ObjectKey>) -> Subject {
        Subject { bucket: bucket.clone(), key: key.cloned(), counted: self.clone() }
    }
}

impl Subject {
    /// Passes the outcome of a read on. Damage is noted.
    pub(super) fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Damaged(what)) = &outcome {
            self.counted.0.fetch_add(1, Ordering::Relaxed);
            let key = self.key.as_ref().map(ObjectKey::as_str);
            tracing::error!(bucket = %self.bucket, key, what, "damage was met and is not served: run `r2shim store check`");
        }
        outcome
    }
}
