//! The names of operations in logs that differ from the S3 API reference. Both columns are names; the operation table
//! defines the second.

use crate::audit::logs::entry::Unreadable;
use crate::s3::operation::Operation;

/// CloudTrail's (S3 user guide, "Amazon S3 CloudTrail events").
pub(super) const CLOUDTRAIL: &[(&str, &str)] = &[
    ("DeleteBucketPublicAccessBlock", "DeletePublicAccessBlock"),
    ("GetAccelerateConfiguration", "GetBucketAccelerateConfiguration"),
    ("GetAnalyticsConfiguration", "GetBucketAnalyticsConfiguration"),
    ("GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
    ("GetBucketNotification", "GetBucketNotificationConfiguration"),
    ("GetBucketObjectLockConfiguration", "GetObjectLockConfiguration"),
    ("GetBucketPublicAccessBlock", "GetPublicAccessBlock"),
    ("GetIntelligentTieringConfiguration", "GetBucketIntelligentTieringConfiguration"),
    ("GetInventoryConfiguration", "GetBucketInventoryConfiguration"),
    ("GetMetricsConfiguration", "GetBucketMetricsConfiguration"),
    ("InitiateMultipartUpload", "CreateMultipartUpload"),
    ("ListAnalyticsConfigurations", "ListBucketAnalyticsConfigurations"),
    ("ListBucketVersions", "ListObjectVersions"),
    ("ListIntelligentTieringConfigurations", "ListBucketIntelligentTieringConfigurations"),
    ("ListInventoryConfigurations", "ListBucketInventoryConfigurations"),
    ("ListMetricsConfigurations", "ListBucketMetricsConfigurations"),
    ("ListVersions", "ListObjectVersions"),
    ("PutAccelerateConfiguration", "PutBucketAccelerateConfiguration"),
    ("PutAnalyticsConfiguration", "PutBucketAnalyticsConfiguration"),
    ("PutBucketLifecycle", "PutBucketLifecycleConfiguration"),
    ("PutBucketNotification", "PutBucketNotificationConfiguration"),
    ("PutBucketObjectLockConfiguration", "PutObjectLockConfiguration"),
    ("PutBucketPublicAccessBlock", "PutPublicAccessBlock"),
    ("PutIntelligentTieringConfiguration", "PutBucketIntelligentTieringConfiguration"),
    ("PutInventoryConfiguration", "PutBucketInventoryConfiguration"),
    ("PutMetricsConfiguration", "PutBucketMetricsConfiguration"),
];

/// MinIO's, as its audit log and its trace write them.
pub(super) const MINIO: &[(&str, &str)] = &[
    ("CopyObjectPart", "UploadPartCopy"),
    ("DeleteBucketReplicationConfig", "DeleteBucketReplication"),
    ("DeleteMultipleObjects", "DeleteObjects"),
    ("GetBucketACL", "GetBucketAcl"),
    ("GetBucketAccelerate", "GetBucketAccelerateConfiguration"),
    ("GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
    ("GetBucketNotification", "GetBucketNotificationConfiguration"),
    ("GetBucketObjectLockConfig", "GetObjectLockConfiguration"),
    ("GetBucketReplicationConfig", "GetBucketReplication"),
    ("GetObjectACL", "GetObjectAcl"),
    ("ListObjectParts", "ListParts"),
    ("ListObjectsV1", "ListObjects"),
    ("NewMultipartUpload", "CreateMultipartUpload"),
    ("PostPolicyBucket", "PostObject"),
    ("PostRestoreObject", "RestoreObject"),
    ("PutBucket", "CreateBucket"),
    ("PutBucketACL", "PutBucketAcl"),
    ("PutBucketLifecycle", "PutBucketLifecycleConfiguration"),
    ("PutBucketNotification", "PutBucketNotificationConfiguration"),
    ("PutBucketObjectLockConfig", "PutObjectLockConfiguration"),
    ("PutBucketReplicationConfig", "PutBucketReplication"),
    ("PutObjectACL", "PutObjectAcl"),
    ("PutObjectExtract", "PutObject"),
    ("PutObjectPart", "UploadPart"),
];

/// The operation that a log calls this.
///
/// # Errors
/// A name that is none.
pub(super) fn operation(name: &str, others: &[(&str, &str)]) -> Result<Operation, Unreadable> {
    let known = others.iter().find(|(of_log, _)| *of_log == name).map_or(name, |(_, name)| name);
    Operation::parse(known).ok_or_else(|| Unreadable::Operation(name.chars().take(64).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_an_operation() {
        for (of_log, name) in CLOUDTRAIL.iter().chain(MINIO) {
            assert!(Operation::parse(name).is_some(), "{of_log} {name}");
        }
        assert!(operation("PutObject", MINIO).is_ok());
        assert_eq!(operation("GetBucketFoo", MINIO), Err(Unreadable::Operation("GetBucketFoo".into())));
    }
}
