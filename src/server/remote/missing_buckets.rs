//! Makes missing buckets in a remote store: those of settings before the first request, and that of a write that asks
//! for it.

use super::RemoteStore;
use super::buckets::cannot_be_made;
use super::payload::Payload;
use super::probe::{advised, ask};
use crate::filters::Admitted;
use crate::s3::names::BucketName;
use crate::s3::{Code, S3Error, xml};
use crate::server::operations;
use crate::upstream::Outgoing;

impl RemoteStore {
    /// Makes a bucket, by the client's name, unless the store has it. Returns whether it was made.
    ///
    /// # Errors
    /// Why the store does not make it, or cannot be asked, in words for the operator.
    pub async fn ensure_bucket(&self, client: &BucketName) -> Result<bool, String> {
        // Static credentials are not fetched. If the chain has none, the request fails and says why.
        let _ = self.credentials().fetch().await;
        let Some(bucket) = self.remote.upstream_bucket(client) else {
            return Err("[upstream.buckets] hides it".to_owned());
        };
        let outgoing = Outgoing::new("HEAD", Some(bucket), "", self.remote.addressing);
        match ask(&self.sender, &outgoing, Payload::none()).await {
            Ok(()) => Ok(false),
            Err(error) if error.code == Code::NO_SUCH_BUCKET.name => self.make_bucket(bucket).await,
            Err(error) => Err(advised(&error)),
        }
    }

    /// Makes the bucket of a write that asks for it ([`operations::makes_bucket`]), unless the store has it.
    ///
    /// # Errors
    /// The store's, and `AccessDenied` for a key that may not make buckets.
    pub(super) async fn make_missing_bucket(&self, request: &Admitted<'_>) -> Result<(), S3Error> {
        match self.require_bucket(request).await {
            Err(error) if error.code == Code::NO_SUCH_BUCKET.name => {}
            known => return known,
        }
        operations::may_make_bucket(request)?;
        let bucket = self.remote.upstream_bucket(request.bucket()?).ok_or_else(cannot_be_made)?;
        match self.send_create(bucket).await {
            Err(error) if error.code != Code::BUCKET_ALREADY_OWNED_BY_YOU.name => Err(error),
            _ => Ok(()),
        }
    }

    async fn make_bucket(&self, bucket: &str) -> Result<bool, String> {
        match self.send_create(bucket).await {
            Ok(()) => Ok(true),
            // Another r2shim that starts beside this one was faster.
            Err(error) if error.code == Code::BUCKET_ALREADY_OWNED_BY_YOU.name => Ok(false),
            Err(error) => Err(advised(&error)),
        }
    }

    async fn send_create(&self, bucket: &str) -> Result<(), S3Error> {
        let mut outgoing = Outgoing::new("PUT", Some(bucket), "", self.remote.addressing);
        let constraint = self.remote.dialect.location_constraint(&self.remote.region);
        let document = constraint.map(xml::create_bucket_configuration).unwrap_or_default();
        let payload = Payload::document(document.into_bytes(), &mut outgoing)?;
        ask(&self.sender, &outgoing, payload).await
    }
}
