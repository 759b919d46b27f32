//! The operations by name, in the order of the table.

use std::fmt;

macro_rules! operations {
    ($($name:ident,)*) => {
        /// An operation of the S3 API, named as the API reference names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation { $(#[doc = concat!("The S3 API's ", stringify!($name), ".")] $name,)* }

        impl Operation {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Operation::$name),*].len();

            /// The name in the S3 API reference, as policies, logs and metrics write it.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name),)* }
            }
        }
    };
}

operations! {
    ListBuckets, ListDirectoryBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, CreateSession,
    ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads, DeleteObjects, PostObject, GetObject,
    HeadObject, PutObject, CopyObject, DeleteObject, RenameObject,
    CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload, ListParts,
    WriteGetObjectResponse, GetObjectAcl, PutObjectAcl, GetObjectAttributes, GetObjectLegalHold, PutObjectLegalHold,
    GetObjectRetention, PutObjectRetention, GetObjectTagging, PutObjectTagging, DeleteObjectTagging,
    GetObjectTorrent, RestoreObject, SelectObjectContent, UpdateObjectEncryption, GetBucketAbac, PutBucketAbac,
    GetBucketAccelerateConfiguration, PutBucketAccelerateConfiguration, GetBucketAcl, PutBucketAcl,
    GetBucketAnalyticsConfiguration, PutBucketAnalyticsConfiguration, DeleteBucketAnalyticsConfiguration,
    ListBucketAnalyticsConfigurations, GetBucketCors, PutBucketCors, DeleteBucketCors, GetBucketEncryption,
    PutBucketEncryption, DeleteBucketEncryption, GetBucketIntelligentTieringConfiguration,
    PutBucketIntelligentTieringConfiguration, DeleteBucketIntelligentTieringConfiguration,
    ListBucketIntelligentTieringConfigurations, GetBucketInventoryConfiguration, PutBucketInventoryConfiguration,
    DeleteBucketInventoryConfiguration, ListBucketInventoryConfigurations, GetBucketLifecycleConfiguration,
    PutBucketLifecycleConfiguration, DeleteBucketLifecycle, GetBucketLogging, PutBucketLogging,
    GetBucketMetadataConfiguration, CreateBucketMetadataConfiguration, DeleteBucketMetadataConfiguration,
    UpdateBucketMetadataInventoryTableConfiguration, UpdateBucketMetadataJournalTableConfiguration,
    GetBucketMetadataTableConfiguration, CreateBucketMetadataTableConfiguration,
    DeleteBucketMetadataTableConfiguration, GetBucketMetricsConfiguration, PutBucketMetricsConfiguration,
    DeleteBucketMetricsConfiguration, ListBucketMetricsConfigurations, GetBucketNotificationConfiguration,
    PutBucketNotificationConfiguration, GetObjectLockConfiguration, PutObjectLockConfiguration,
    GetBucketOwnershipControls, PutBucketOwnershipControls, DeleteBucketOwnershipControls, GetBucketPolicy,
    PutBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus, GetPublicAccessBlock, PutPublicAccessBlock,
    DeletePublicAccessBlock, GetBucketReplication, PutBucketReplication, DeleteBucketReplication,
    GetBucketRequestPayment, PutBucketRequestPayment, GetBucketTagging, PutBucketTagging, DeleteBucketTagging,
    GetBucketVersioning, PutBucketVersioning, GetBucketWebsite, PutBucketWebsite, DeleteBucketWebsite,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
