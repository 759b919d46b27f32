//! Answers from the local disk: a function for each operation, from an admitted request to an answer.
//!
//! The `match` below is the local store's only one over operations. Each function reads the request's view, calls the
//! store and answers as S3 does. None of them uses sockets.

mod unsupported;
mod configurations;
mod configuration;
mod lifecycle;
mod buckets;
mod listings;
mod objects;
mod reads;
mod uploads;
mod upload_listings;
mod copies;
mod health;
mod judge;

pub use configurations::Configurations;
pub use judge::{judge, judge_document, may_store_cors_rules};

use crate::filters::Admitted;
use crate::policy;
use crate::s3::listing::Version;
use crate::s3::{Code, Operation, S3Error};
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::store::{Share, Store};
use std::sync::Arc;

/// Carries out operations on the local store. Clones share it.
#[derive(Clone)]
pub struct Local {
    store: Store,
    configurations: Arc<Configurations>,
}

impl Local {
    /// Operations on `store`, and what is configured for its buckets.
    pub fn new(store: Store, configurations: Arc<Configurations>) -> Local {
        Local { store, configurations }
    }

    /// The store, for a write of the request's key: it may reserve its share of the disk.
    fn store_for(&self, request: &Admitted<'_>) -> Store {
        let share = request.limited_key().and_then(|(key, limits)| {
            let percent = limits.space.filter(|percent| *percent > 0)?;
            Some(Share { owner: key.into(), percent })
        });
        self.store.with_share(share)
    }

    /// Carries out an admitted request. The futures of writes are large and boxed, so that reads need no room for them.
    pub async fn answer(&self, request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Answer, S3Error> {
        use Operation as Op;
        if let Some(fixed) = &request.fixed {
            return self.fixed(request, fixed).await;
        }
        unsupported::check(request)?;
        match request.spec.operation {
            Op::ListBuckets => self.list_buckets(request).await,
            Op::CreateBucket => self.create_bucket(request, body).await,
            Op::HeadBucket => self.head_bucket(request).await,
            Op::GetBucketLocation => self.get_bucket_location(request).await,
            Op::GetBucketVersioning => self.get_bucket_versioning(request).await,
            Op::GetBucketAcl => self.get_bucket_acl(request).await,
            Op::GetBucketCors => self.get_bucket_cors(request).await,
            Op::PutBucketCors => self.put_bucket_cors(request, body).await,
            Op::DeleteBucketCors => self.delete_bucket_cors(request).await,
            Op::GetBucketLifecycleConfiguration => self.get_bucket_lifecycle(request).await,
            Op::PutBucketLifecycleConfiguration => self.put_bucket_lifecycle(request, body).await,
            Op::DeleteBucketLifecycle => self.delete_bucket_lifecycle(request).await,
            Op::GetBucketEncryption => self.get_bucket_encryption(request).await,
            Op::PutBucketEncryption => self.put_bucket_encryption(request, body).await,
            Op::DeleteBucketEncryption => self.delete_bucket_encryption(request).await,
            Op::DeleteBucket => self.delete_bucket(request).await,
            Op::ListObjects => self.list_objects(request, Version::V1).await,
            Op::ListObjectsV2 => self.list_objects(request, Version::V2).await,
            Op::PutObject => Box::pin(self.put_object(request, body)).await,
            Op::GetObject => self.get_object(request).await,
            Op::HeadObject => self.head_object(request).await,
            Op::DeleteObject => self.delete_object(request).await,
            Op::DeleteObjects => self.delete_objects(request, body).await,
            Op::CopyObject => Box::pin(body.while_connected(self.copy_object(request))).await,
            Op::CreateMultipartUpload => self.create_upload(request).await,
            Op::UploadPart => Box::pin(self.upload_part(request, body)).await,
            Op::UploadPartCopy => Box::pin(body.while_connected(self.copy_part(request))).await,
            Op::CompleteMultipartUpload => self.complete_upload(request, body).await,
            Op::AbortMultipartUpload => self.abort_upload(request).await,
            Op::ListMultipartUploads => self.list_uploads(request).await,
            Op::ListParts => self.list_parts(request).await,
            other => Err(not_here(other)),
        }
    }

    /// The policy's own answer, which is about a bucket that exists.
    async fn fixed(&self, request: &Admitted<'_>, fixed: &policy::RuledAnswer) -> Result<Answer, S3Error> {
        self.store.bucket(request.bucket()?).await?;
        operations::fixed(fixed)
    }
}

/// An operation that the policy accepts and the local store does not have.
fn not_here(operation: Operation) -> S3Error {
    S3Error::new(Code::NOT_IMPLEMENTED).message(format!("{operation} not implemented by the local store"))
}
