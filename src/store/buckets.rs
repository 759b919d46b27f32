//! Buckets, and what is configured for them.

use super::Store;
use super::configuration::{ConfigurationKind, StoredConfiguration};
use super::error::StoreError;
use super::index::{self, Change, Configure};
use super::model::Bucket;
use crate::s3::Timestamp;
use crate::s3::names::BucketName;

impl Store {
    /// All buckets, in the order of their names.
    pub async fn list_buckets(&self) -> Result<Vec<Bucket>, StoreError> {
        let index = self.0.index.clone();
        self.listing(move || index.read(index::Snapshot::buckets)).await
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// [`StoreError::BucketExists`], [`StoreError::Full`].
    pub async fn create_bucket(&self, name: &BucketName, now: Timestamp) -> Result<(), StoreError> {
        self.create_bucket_at(name, None, now).await
    }

    /// Makes a bucket, and keeps where its maker wants it to be ([`ConfigurationKind::Location`]).
    ///
    /// # Errors
    /// Those of [`Store::create_bucket`].
    pub async fn create_bucket_at(
        &self,
        name: &BucketName,
        location: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.submit(Change::CreateBucket { name: name.clone(), now, location }).await
    }

    /// What is configured for a bucket.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn configuration(
        &self,
        bucket: &BucketName,
        kind: ConfigurationKind,
    ) -> Result<Option<String>, StoreError> {
        self.0.index.read(|snapshot| snapshot.configuration(bucket, kind))
    }

    /// What is configured for all buckets that have something of the kind; an error in place of a row that does not read.
    ///
    /// # Errors
    /// Where the rows cannot be walked through.
    pub fn configurations(&self, kind: ConfigurationKind) -> Result<Vec<StoredConfiguration>, StoreError> {
        self.0.index.read(|snapshot| snapshot.configurations(kind))
    }

    /// Puts a document in place of what was configured for a bucket, or removes that.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::Full`].
    pub async fn configure(
        &self,
        bucket: &BucketName,
        kind: ConfigurationKind,
        document: Option<String>,
    ) -> Result<(), StoreError> {
        self.submit(Change::Configure(Box::new(Configure { bucket: bucket.clone(), kind, document }))).await
    }

    /// A bucket.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    pub async fn bucket(&self, name: &BucketName) -> Result<Bucket, StoreError> {
        self.0.index.read(|snapshot| snapshot.bucket(name))
    }

    /// Removes a bucket that has no objects.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::BucketNotEmpty`].
    pub async fn delete_bucket(&self, name: &BucketName) -> Result<(), StoreError> {
        let _turn = self.turn_to_count(usize::MAX).await;
        self.submit(Change::DeleteBucket { name: name.clone() }).await
    }
}
