//! Makes the buckets that settings name, if they are missing.

use crate::s3::names::BucketName;
use crate::server::clock;
use crate::server::life::run::Objects;
use crate::store::{Store, StoreError};

/// A bucket that cannot be made.
#[derive(Debug)]
pub(super) struct NotMade {
    /// The client's name of it.
    pub(super) bucket: BucketName,
    /// Why, in words.
    pub(super) cause: String,
}

/// Makes the buckets that are missing, so that clients can rely on them.
///
/// # Errors
/// The first that cannot be made.
pub(super) async fn make_buckets(objects: &Objects, buckets: &[BucketName]) -> Result<(), NotMade> {
    for bucket in buckets {
        let made = match objects {
            Objects::Local(store) => ensure_bucket(store, bucket).await.map_err(|error| error.to_string()),
            Objects::Remote(remote) => remote.ensure_bucket(bucket).await,
        };
        if made.map_err(|cause| NotMade { bucket: bucket.clone(), cause })? {
            tracing::info!(%bucket, "made a bucket that was missing");
        }
    }
    Ok(())
}

/// Makes a bucket of the local store unless it exists. Returns whether it was made.
async fn ensure_bucket(store: &Store, bucket: &BucketName) -> Result<bool, StoreError> {
    match store.bucket(bucket).await {
        Err(StoreError::NoSuchBucket) => store.create_bucket(bucket, clock::now()).await.map(|()| true),
        found => found.map(|_| false),
    }
}
