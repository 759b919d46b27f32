//! The refusals of the local store that do not depend on its content, so `explain` can find them without the store.
//!
//! The operations themselves read requests with the same functions; this is the list of them.

use super::configuration::{cors_document, encryption_document, lifecycle_document};
use super::copies::{copy, copy_keys, source};
use super::objects::described;
use super::uploads::{checksum_plan, requested_part, whole};
use super::{not_here, reads, unsupported, upload_listings};
use crate::filters::OperationRequest;
use crate::policy::Policy;
use crate::region::Regions;
use crate::s3::bucket_listing::BucketQuery;
use crate::s3::customer_key::CustomerKey;
use crate::s3::listing::{ListQuery, Version};
use crate::s3::upload_listing::UploadQuery;
use crate::s3::xml::{CompleteMultipartUpload, Delete};
use crate::s3::{Operation, S3Error};
use crate::server::operations::location_of_new_bucket;

/// The parts of a request that an operation reads before it looks into the store.
type Read = fn(&OperationRequest<'_>) -> Result<(), S3Error>;

const NOTHING: Read = |_| Ok(());

/// The operations of the local store.
const OPERATIONS: &[(Operation, Read)] = &[
    (Operation::ListBuckets, |request| BucketQuery::parse(&request.view).map(drop)),
    (Operation::CreateBucket, NOTHING),
    (Operation::HeadBucket, NOTHING),
    (Operation::GetBucketLocation, NOTHING),
    (Operation::GetBucketVersioning, NOTHING),
    (Operation::GetBucketAcl, NOTHING),
    (Operation::GetBucketCors, NOTHING),
    (Operation::PutBucketCors, NOTHING),
    (Operation::DeleteBucketCors, NOTHING),
    (Operation::GetBucketLifecycleConfiguration, NOTHING),
    (Operation::PutBucketLifecycleConfiguration, NOTHING),
    (Operation::DeleteBucketLifecycle, NOTHING),
    (Operation::GetBucketEncryption, NOTHING),
    (Operation::PutBucketEncryption, NOTHING),
    (Operation::DeleteBucketEncryption, NOTHING),
    (Operation::DeleteBucket, NOTHING),
    (Operation::ListObjects, |request| ListQuery::parse(Version::V1, &request.view).map(drop)),
    (Operation::ListObjectsV2, |request| ListQuery::parse(Version::V2, &request.view).map(drop)),
    (Operation::PutObject, |request| described(&request.view).map(drop)),
    (Operation::GetObject, |request| reads::check(&request.view)),
    (Operation::HeadObject, |request| reads::check(&request.view)),
    (Operation::DeleteObject, NOTHING),
    (Operation::DeleteObjects, NOTHING),
    (Operation::CopyObject, |request| copy(request).map(drop)),
    (Operation::CreateMultipartUpload, |request| {
        checksum_plan(&request.view)?;
        described(&request.view).map(drop)
    }),
    (Operation::UploadPart, |request| {
        CustomerKey::from_view(&request.view)?;
        requested_part(request).map(drop)
    }),
    (Operation::UploadPartCopy, |request| {
        copy_keys(&request.view)?;
        requested_part(request)?;
        source(request).map(drop)
    }),
    (Operation::CompleteMultipartUpload, |request| {
        CustomerKey::from_view(&request.view)?;
        whole(&request.view).map(drop)
    }),
    (Operation::AbortMultipartUpload, NOTHING),
    (Operation::ListMultipartUploads, |request| UploadQuery::parse(&request.view).map(drop)),
    (Operation::ListParts, |request| {
        CustomerKey::from_view(&request.view)?;
        upload_listings::page(&request.view).map(drop)
    }),
];

/// The parts of the document in the body that an operation reads.
type ReadDocument = fn(&[u8], &Regions) -> Result<(), S3Error>;

/// The operations whose requests have one.
const DOCUMENTS: &[(Operation, ReadDocument)] = &[
    (Operation::CreateBucket, |document, regions| location_of_new_bucket(document, regions).map(drop)),
    (Operation::PutBucketCors, |document, _| cors_document(document).map(drop)),
    (Operation::PutBucketLifecycleConfiguration, |document, _| lifecycle_document(document).map(drop)),
    (Operation::PutBucketEncryption, |document, _| encryption_document(document).map(drop)),
    (Operation::DeleteObjects, |document, _| Delete::parse(document).map(drop)),
    (Operation::CompleteMultipartUpload, |document, _| CompleteMultipartUpload::parse(document).map(drop)),
];

/// Refuses what is refused regardless of the store's content.
///
/// # Errors
/// The refusal.
pub fn judge(request: &OperationRequest<'_>) -> Result<(), S3Error> {
    if request.fixed.is_some() {
        return Ok(());
    }
    unsupported::check(request)?;
    let operation = request.spec.operation;
    let row = OPERATIONS.iter().find(|(known, _)| *known == operation);
    row.map_or_else(|| Err(not_here(operation)), |(_, read)| read(request))
}

/// Whether buckets may have CORS rules stored under this policy.
pub fn may_store_cors_rules(policy: &Policy) -> bool {
    policy.has(Operation::PutBucketCors)
}

/// Refuses what is refused because of the document in the body, regardless of the store's content.
///
/// # Errors
/// The refusal.
pub fn judge_document(request: &OperationRequest<'_>, document: &[u8], regions: &Regions) -> Result<(), S3Error> {
    let row = DOCUMENTS.iter().find(|(known, _)| *known == request.spec.operation);
    row.map_or(Ok(()), |(_, read)| read(document, regions))
}
