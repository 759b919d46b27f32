//! The configurations of buckets in memory: the CORS rules in the rules of the chain, and the lifecycle rules beside
//! them.
//!
//! A change is committed to the store first. Then memory is updated from the store, one change at a time. So if two
//! changes race, memory has the one that the store has.

use crate::cors::{self, CorsRule};
use crate::filters::{CurrentRules, Rules};
use crate::s3::S3Error;
use crate::s3::lifecycle::Lifecycle;
use crate::s3::names::BucketName;
use crate::s3::xml::CorsConfiguration;
use crate::store::{ConfigurationKind, Store, StoreError};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// The configurations of the buckets of a store.
pub struct Configurations {
    store: Store,
    rules: Arc<CurrentRules>,
    /// The lifecycle rules that were stored with buckets.
    lifecycles: ArcSwap<HashMap<BucketName, Arc<Lifecycle>>>,
    default_lifecycle: Arc<Lifecycle>,
    /// Held while memory is updated from the store.
    following: Mutex<()>,
    lifecycle_changed: Notify,
}

impl Configurations {
    /// Reads the configurations of the store, and puts its CORS rules in force. A configuration that cannot be read is
    /// left out and logged: it lets no page in, and expires nothing.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn load(store: Store, rules: Arc<CurrentRules>) -> Result<Configurations, StoreError> {
        let cors = stored(&store, ConfigurationKind::Cors, read_cors)?;
        rules.rcu(|rules| with_cors(rules, &cors));
        let lifecycles = stored(&store, ConfigurationKind::Lifecycle, |text| read_lifecycle(text).map(Arc::new))?;
        let default_lifecycle = Arc::new(store.default_lifecycle());
        Ok(Configurations {
            store,
            rules,
            lifecycles: ArcSwap::from_pointee(lifecycles.into_iter().collect()),
            default_lifecycle,
            following: Mutex::new(()),
            lifecycle_changed: Notify::new(),
        })
    }

    /// Configures a bucket. It is in force when this returns.
    ///
    /// # Errors
    /// Those of [`Store::configure`].
    pub async fn set(
        self: &Arc<Self>,
        bucket: &BucketName,
        kind: ConfigurationKind,
        document: Option<String>,
    ) -> Result<(), S3Error> {
        let (this, bucket) = (self.clone(), bucket.clone());
        to_the_end(async move {
            this.store.configure(&bucket, kind, document).await?;
            this.follow(&bucket).await
        })
        .await
    }

    /// Removes a bucket and its configuration.
    ///
    /// # Errors
    /// Those of [`Store::delete_bucket`].
    pub async fn delete_bucket(self: &Arc<Self>, bucket: &BucketName) -> Result<(), S3Error> {
        let (this, bucket) = (self.clone(), bucket.clone());
        to_the_end(async move {
            this.store.delete_bucket(&bucket).await?;
            this.follow(&bucket).await
        })
        .await
    }

    /// The lifecycle rules of a bucket.
    pub fn lifecycle(&self, bucket: &BucketName) -> Arc<Lifecycle> {
        self.lifecycles.load().get(bucket).unwrap_or(&self.default_lifecycle).clone()
    }

    /// Waits until lifecycle rules are changed.
    pub async fn lifecycle_changed(&self) {
        self.lifecycle_changed.notified().await;
    }

    /// Updates memory from the store for a bucket.
    async fn follow(&self, bucket: &BucketName) -> Result<(), StoreError> {
        let _turn = self.following.lock().await;
        let cors = self.committed(bucket, ConfigurationKind::Cors, read_cors).await?.unwrap_or_default();
        self.rules.rcu(|rules| with_cors(rules, &[(bucket.clone(), cors.clone())]));
        let lifecycle = self.committed(bucket, ConfigurationKind::Lifecycle, read_lifecycle).await?.map(Arc::new);
        let mut lifecycles = HashMap::clone(&self.lifecycles.load());
        let before = match lifecycle.clone() {
            Some(lifecycle) => lifecycles.insert(bucket.clone(), lifecycle),
            None => lifecycles.remove(bucket),
        };
        if before != lifecycle {
            self.lifecycles.store(Arc::new(lifecycles));
            self.lifecycle_changed.notify_one();
        }
        Ok(())
    }

    async fn committed<T>(
        &self,
        bucket: &BucketName,
        kind: ConfigurationKind,
        read: impl Fn(&str) -> Result<T, S3Error>,
    ) -> Result<Option<T>, StoreError> {
        match self.store.configuration(bucket, kind).await {
            Ok(document) => Ok(document.and_then(|document| readable(bucket, kind, read(&document)))),
            Err(StoreError::NoSuchBucket) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Carries out work that must not stop halfway when the client leaves.
async fn to_the_end(work: impl Future<Output = Result<(), StoreError>> + Send + 'static) -> Result<(), S3Error> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Io(error.to_string().into()))).map_err(S3Error::from)
}

fn with_cors(rules: &Rules, stored: &[(BucketName, Vec<CorsRule>)]) -> Rules {
    let add = |cors: crate::cors::CorsRules, (bucket, rules): &(BucketName, Vec<CorsRule>)| {
        cors.with_stored(bucket.clone(), rules.clone())
    };
    Rules { cors: stored.iter().fold(rules.cors.clone(), add), ..rules.clone() }
}

fn read_cors(document: &str) -> Result<Vec<CorsRule>, S3Error> {
    cors::stored_rules(&CorsConfiguration::parse(document.as_bytes())?)
}

/// The rules in a document; a text without one is a bucket whose rules were removed.
fn read_lifecycle(document: &str) -> Result<Lifecycle, S3Error> {
    if document.is_empty() { Ok(Lifecycle::default()) } else { Lifecycle::parse(document.as_bytes()) }
}

/// What all buckets have of a kind and that reads.
fn stored<T>(
    store: &Store,
    kind: ConfigurationKind,
    read: impl Fn(&str) -> Result<T, S3Error>,
) -> Result<Vec<(BucketName, T)>, StoreError> {
    let documents = store.configurations(kind)?.into_iter();
    let each = documents.filter_map(|(bucket, document)| {
        let value = readable(&bucket, kind, document.map_err(S3Error::from).and_then(|document| read(&document)));
        value.map(|value| (bucket, value))
    });
    Ok(each.collect())
}

fn readable<T>(bucket: &BucketName, kind: ConfigurationKind, read: Result<T, S3Error>) -> Option<T> {
    let report = |error: &S3Error| {
        let (kind, cause) = (kind.name(), error.cause.as_deref());
        tracing::error!(%bucket, kind, %error, cause, "what is configured for a bucket does not read; store it again");
    };
    read.inspect_err(report).ok()
}
