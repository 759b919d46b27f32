//! Objects are removed: one, or many in few commits. A change that counts many blobs waits for its turn.

use super::Store;
use super::committer::{Outcome, answer};
use super::error::StoreError;
use super::index::Change;
use crate::s3::names::{BucketName, ObjectKey};
use tokio::sync::oneshot;

impl Store {
    /// Removes an object. It is no error if there is none.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn delete_object(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), StoreError> {
        let _turn = self.turn_to_count(self.blobs_of(bucket, key)).await;
        self.submit(Change::DeleteObject { bucket: bucket.clone(), key: key.clone() }).await
    }

    /// How many blobs count an object; none if it is not there, or does not read. A write that makes it one of many
    /// meanwhile has had its turn: of what is queued without one, no more counts many blobs than was made with one.
    pub(super) fn blobs_of(&self, bucket: &BucketName, key: &ObjectKey) -> usize {
        self.0.index.read(|snapshot| snapshot.object(bucket, key)).map_or(0, |row| row.body.blobs())
    }

    /// Removes many objects in few commits; the answers are in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`] for the whole.
    pub async fn delete_objects(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.bucket(bucket).await?;
        let mut queued = Vec::with_capacity(keys.len());
        for key in keys {
            let change = Change::DeleteObject { bucket: bucket.clone(), key: key.clone() };
            queued.push(self.in_turn(change, self.blobs_of(bucket, key)).await?);
        }
        let mut outcomes = Vec::with_capacity(queued.len());
        for change in queued {
            outcomes.push(change.outcome().await.map(drop));
        }
        Ok(outcomes)
    }

    /// Queues a change that counts so many blobs, once it is its turn. A turn is over when its change is committed.
    pub(super) async fn in_turn(&self, change: Change, blobs: usize) -> Result<Sent, StoreError> {
        let turn = self.turn_to_count(blobs).await;
        let outcome = self.0.committer.queue(change, None).await?;
        Ok(if turn.is_some() { Sent::Done(answer(outcome).await) } else { Sent::Queued(outcome) })
    }
}

/// A change that was committed, or whose answer is still to come.
pub(super) enum Sent {
    Done(Outcome),
    Queued(oneshot::Receiver<Outcome>),
}

impl Sent {
    pub(super) async fn outcome(self) -> Outcome {
        match self {
            Sent::Done(outcome) => outcome,
            Sent::Queued(outcome) => answer(outcome).await,
        }
    }
}
