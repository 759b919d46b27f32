//! Operations on buckets.

use super::Local;
use crate::filters::Admitted;
use crate::s3::headers::BUCKET_REGION;
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::store::{ConfigurationKind, StoreError};
use http::StatusCode;
use http::header::LOCATION;

impl Local {
    /// ListBuckets: the buckets the key may see, by name.
    pub(super) async fn list_buckets(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let buckets = self.store.list_buckets().await?.into_iter().map(|bucket| (bucket.name, bucket.created));
        operations::list_buckets(request, buckets)
    }

    /// CreateBucket: a LocationConstraint must name the only region, or a location to keep. In an audit another region
    /// is noted and ignored.
    pub(super) async fn create_bucket(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let document = operations::read_document(request, body).await?;
        let location = match operations::location_of_new_bucket(&document, request.rules.policy.regions()) {
            Err(error) if request.rules.mode.is_audit() && error.code == Code::INVALID_REGION_NAME.name => None,
            location => location?,
        };
        let bucket = request.bucket()?;
        self.store.create_bucket_at(bucket, location, request.now).await?;
        Ok(Answer::empty(StatusCode::OK).with(LOCATION, &format!("/{bucket}")))
    }

    /// Makes the bucket of a write that asks for it, unless there is one.
    pub(super) async fn make_missing_bucket(&self, request: &Admitted<'_>) -> Result<(), S3Error> {
        let bucket = request.bucket()?;
        if !operations::makes_bucket(request) || self.store.bucket(bucket).await != Err(StoreError::NoSuchBucket) {
            return Ok(());
        }
        operations::may_make_bucket(request)?;
        match self.store.create_bucket(bucket, request.now).await {
            Ok(()) | Err(StoreError::BucketExists) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// HeadBucket.
    pub(super) async fn head_bucket(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.store.bucket(request.bucket()?).await?;
        Ok(Answer::empty(StatusCode::OK).with(BUCKET_REGION, &request.rules.policy.regions().name))
    }

    /// GetBucketLocation: the location that was kept with the bucket, if the policy has locations.
    pub(super) async fn get_bucket_location(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let made_at = self.store.configuration(request.bucket()?, ConfigurationKind::Location).await?;
        let regions = request.rules.policy.regions();
        let location = made_at.and_then(|location| regions.location(&location));
        Ok(Answer::xml(xml::location_constraint(location.as_deref().unwrap_or(&regions.name))))
    }

    /// GetBucketVersioning: S3's answer for a bucket whose versioning was never set.
    pub(super) async fn get_bucket_versioning(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.store.bucket(request.bucket()?).await?;
        Ok(Answer::xml(xml::unversioned()))
    }

    /// DeleteBucket: only an empty one.
    pub(super) async fn delete_bucket(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.configurations.delete_bucket(request.bucket()?).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }
}
