//! Lifecycle rules carried out: what is due is found in small steps, and removed in commits like any other change.

use super::blocking::on_disk;
use super::committer::answer;
use super::configuration::ConfigurationKind;
use super::error::StoreError;
use super::index::{Change, Expire, Expired, ObjectWalk, Snapshot};
use super::{BucketName, Store, Timestamp};
use crate::s3::lifecycle::{Lifecycle, ObjectAction};
use std::collections::HashMap;
use std::sync::Arc;

/// How many rows are looked at, and how much is removed, at a time.
const AT_ONCE: usize = 256;

/// How much was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiry {
    /// Objects that had expired.
    pub objects: usize,
    /// Uploads that were open for too long.
    pub uploads: usize,
}

/// The rules of a bucket, and the document that they are from.
struct Rules {
    document: Arc<str>,
    lifecycle: Lifecycle,
}

impl Store {
    /// Deletes the objects that have expired at `now`, and aborts the uploads that are due. A bucket that was never given
    /// rules has those of [`Store::default_lifecycle`]. What is overwritten meanwhile stays, and what the bucket's rules
    /// no longer say when it is committed is not done.
    ///
    /// A bucket whose rules do not read is left alone: that is reported, and the others are carried out.
    ///
    /// # Errors
    /// What the disk says; what was removed until then stays removed.
    pub async fn expire(&self, now: Timestamp) -> Result<Expiry, StoreError> {
        let index = self.0.index.clone();
        let stored =
            on_disk(move || index.read(|snapshot| snapshot.configurations(ConfigurationKind::Lifecycle))).await?;
        let rules: HashMap<BucketName, Option<Rules>> =
            stored.into_iter().map(|(bucket, document)| (bucket.clone(), read(&bucket, document))).collect();
        let mut objects = 0;
        for (bucket, rules) in &rules {
            if let Some(rules) = rules {
                let expired = self.expire_objects(bucket, rules, now).await?;
                if expired > 0 {
                    tracing::info!(%bucket, expired, "objects were deleted, as the lifecycle rules of their bucket say");
                }
                objects += expired;
            }
        }
        Ok(Expiry { objects, uploads: self.expire_uploads(&rules, now).await? })
    }

    /// The rules of a bucket that was never given any: open uploads are aborted at [`super::Options::upload_age`].
    pub fn default_lifecycle(&self) -> Lifecycle {
        Lifecycle::of_new_bucket(self.0.upload_age)
    }

    async fn expire_objects(&self, bucket: &BucketName, rules: &Rules, now: Timestamp) -> Result<usize, StoreError> {
        let mut removed = 0;
        for prefix in rules.lifecycle.prefixes_of_objects() {
            let mut after = None;
            loop {
                let walk = ObjectWalk { bucket: bucket.clone(), prefix: prefix.to_owned(), after, most: AT_ONCE };
                let page = self.read_rows(move |snapshot| snapshot.walk_objects(&walk)).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                let seen = page.into_iter().filter_map(|(_, seen)| seen);
                let due = seen.filter(|seen| {
                    rules.lifecycle.action(seen.key.as_str(), seen.last_modified, now) == Some(ObjectAction::Expire)
                });
                removed += self.expire_all(due.map(Expired::Object), Some(&rules.document)).await?;
            }
        }
        Ok(removed)
    }

    async fn expire_uploads(
        &self,
        rules: &HashMap<BucketName, Option<Rules>>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (mut removed, mut after) = (0, String::new());
        loop {
            let from = after;
            let page = self.read_rows(move |snapshot| snapshot.uploads_after(&from, AT_ONCE)).await?;
            let Some((last, _)) = page.last() else { return Ok(removed) };
            after = last.id.clone();
            for (at, begun) in page {
                let (is_due, by) = match rules.get(&at.bucket) {
                    Some(Some(rules)) => {
                        let due = rules.lifecycle.abortion(at.key.as_str(), begun);
                        (due.is_some_and(|due| due.at <= now), Some(&rules.document))
                    }
                    Some(None) => (false, None),
                    None => (self.is_too_old(begun, now), None),
                };
                if is_due {
                    removed += self.expire_all([Expired::Upload(at)], by).await?;
                }
            }
        }
    }

    fn is_too_old(&self, begun: Timestamp, now: Timestamp) -> bool {
        u128::from(now.millis().saturating_sub(begun.millis())) > self.0.upload_age.as_millis()
    }

    /// Removes what is still due when it is committed, and says how much that was.
    async fn expire_all(
        &self,
        due: impl IntoIterator<Item = Expired>,
        by: Option<&Arc<str>>,
    ) -> Result<usize, StoreError> {
        let mut queued = Vec::new();
        for what in due {
            let change = Change::Expire(Box::new(Expire { by: by.cloned(), what }));
            queued.push(self.0.committer.queue(change, None).await?);
        }
        let mut removed = 0;
        for change in queued {
            match answer(change).await {
                Ok(_) => removed += 1,
                Err(StoreError::PreconditionFailed | StoreError::NoSuchUpload | StoreError::NoSuchBucket) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }

    async fn read_rows<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Snapshot) -> Result<T, super::index::IndexError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let index = self.0.index.clone();
        on_disk(move || index.read(look)).await
    }
}

/// The rules in a document; `None`, and a line in the log, if it does not read.
fn read(bucket: &BucketName, document: Result<String, StoreError>) -> Option<Rules> {
    let rules = document.map_err(|error| error.to_string()).and_then(|document| {
        let lifecycle =
            if document.is_empty() { Ok(Lifecycle::default()) } else { Lifecycle::parse(document.as_bytes()) };
        let lifecycle = lifecycle.map_err(|error| error.to_string())?;
        Ok(Rules { document: document.into(), lifecycle })
    });
    rules
        .inspect_err(|error| {
            tracing::error!(%bucket, error, "the lifecycle rules of a bucket do not read and are not carried out; store them again");
        })
        .ok()
}
