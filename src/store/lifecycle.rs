//! Lifecycle rules carried out: what is due is found in small steps, and removed in commits like any other change.

use super::blocking::on_disk;
use super::configuration::ConfigurationKind;
use super::error::StoreError;
use super::index::{Change, LifecycleChange, LifecycleStep, ObjectWalk, SeenObject, Snapshot};
use super::{BucketName, Store, Timestamp};
use crate::s3::lifecycle::{Lifecycle, ObjectAction};
use crate::s3::storage_class::StorageClass;
use std::collections::HashMap;
use std::sync::Arc;

/// How many rows are looked at, and how much is removed, at a time.
const AT_ONCE: usize = 256;

/// How much was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LifecycleRun {
    /// Objects that had expired.
    pub deleted: usize,
    /// Objects that now have the storage class `STANDARD_IA`.
    pub moved: usize,
    /// Uploads that were open for too long.
    pub aborted: usize,
}

/// The rules of a bucket, and the document that they are from.
struct Rules {
    document: Arc<str>,
    lifecycle: Lifecycle,
}

impl Store {
    /// Deletes the objects that have expired at `now`, moves those that are due to another storage class, and aborts the
    /// uploads that are due. A bucket that was never given rules has those of [`Store::default_lifecycle`]. What is
    /// overwritten meanwhile stays, and what the bucket's rules no longer say when it is committed is not done.
    ///
    /// A bucket whose rules do not read is left alone: that is reported, and the others are carried out.
    ///
    /// # Errors
    /// What the disk says; what was done until then stays done.
    pub async fn run_lifecycle(&self, now: Timestamp) -> Result<LifecycleRun, StoreError> {
        let stored = self.read_rows(|snapshot| snapshot.configurations(ConfigurationKind::Lifecycle)).await?;
        let rules: HashMap<BucketName, Option<Rules>> =
            stored.into_iter().map(|(bucket, document)| (bucket.clone(), read(&bucket, document))).collect();
        let mut run = LifecycleRun::default();
        for (bucket, rules) in &rules {
            if let Some(rules) = rules {
                let (deleted, moved) = self.carry_out(bucket, rules, now).await?;
                if deleted + moved > 0 {
                    tracing::info!(%bucket, deleted, moved, "objects went or moved, as the bucket's lifecycle rules say");
                }
                (run.deleted, run.moved) = (run.deleted + deleted, run.moved + moved);
            }
        }
        run.aborted = self.abort_old_uploads(&rules, now).await?;
        Ok(run)
    }

    /// The rules of a bucket that was never given any: open uploads are aborted at [`super::Options::upload_age`].
    pub fn default_lifecycle(&self) -> Lifecycle {
        Lifecycle::of_new_bucket(self.0.upload_age)
    }

    /// Does what is due to the objects of a bucket, and says how many were deleted and how many moved.
    async fn carry_out(
        &self,
        bucket: &BucketName,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(usize, usize), StoreError> {
        let (mut deleted, mut moved) = (0, 0);
        for prefix in rules.lifecycle.prefixes_of_objects() {
            let mut after = None;
            loop {
                let walk = ObjectWalk { bucket: bucket.clone(), prefix: prefix.to_owned(), after, most: AT_ONCE };
                let page = self.read_rows(move |snapshot| snapshot.walk_objects(&walk)).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                let (expired, others): (Vec<_>, Vec<_>) =
                    page.into_iter().filter_map(|(_, seen)| due(seen?, rules, now)).partition(is_deletion);
                deleted += self.commit_all(expired, Some(&rules.document)).await?;
                moved += self.commit_all(others, Some(&rules.document)).await?;
            }
        }
        Ok((deleted, moved))
    }

    async fn abort_old_uploads(
        &self,
        rules: &HashMap<BucketName, Option<Rules>>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (mut aborted, mut after) = (0, String::new());
        loop {
            let from = after;
            let page = self.read_rows(move |snapshot| snapshot.uploads_after(&from, AT_ONCE)).await?;
            let Some((last, _)) = page.last() else { return Ok(aborted) };
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
                    aborted += self.commit_all([LifecycleStep::Abort(at)], by).await?;
                }
            }
        }
    }

    fn is_too_old(&self, begun: Timestamp, now: Timestamp) -> bool {
        u128::from(now.millis().saturating_sub(begun.millis())) > self.0.upload_age.as_millis()
    }

    /// Does what is still due when it is committed, and says how much that was.
    async fn commit_all(
        &self,
        steps: impl IntoIterator<Item = LifecycleStep>,
        by: Option<&Arc<str>>,
    ) -> Result<usize, StoreError> {
        let mut queued = Vec::new();
        for step in steps {
            let blobs = match &step {
                LifecycleStep::Delete(seen) => self.blobs_of(&seen.bucket, &seen.key),
                LifecycleStep::Abort(_) => usize::MAX,
                LifecycleStep::Move(_) => 0,
            };
            let change = Change::Lifecycle(Box::new(LifecycleChange { by: by.cloned(), step }));
            queued.push(self.in_turn(change, blobs).await?);
        }
        let mut done = 0;
        for change in queued {
            match change.outcome().await {
                Ok(_) => done += 1,
                Err(StoreError::PreconditionFailed | StoreError::NoSuchUpload | StoreError::NoSuchBucket) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    async fn read_rows<T: Send + 'static>(
        &self,
        look: impl FnMut(&Snapshot) -> Result<T, super::index::IndexError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let index = self.0.index.clone();
        on_disk(move || index.read(look)).await
    }
}

/// What is to be done to an object now.
fn due(seen: SeenObject, rules: &Rules, now: Timestamp) -> Option<LifecycleStep> {
    match rules.lifecycle.action(seen.key.as_str(), seen.last_modified, now)? {
        ObjectAction::Expire => Some(LifecycleStep::Delete(seen)),
        ObjectAction::Transition => (seen.storage_class == StorageClass::Standard).then_some(LifecycleStep::Move(seen)),
    }
}

fn is_deletion(step: &LifecycleStep) -> bool {
    matches!(step, LifecycleStep::Delete(_))
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
