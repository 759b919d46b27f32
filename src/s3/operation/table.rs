//! The table of operations.
//!
//! Adding an operation is adding one row here; the enum, the names and the policies' vocabulary follow from it. What
//! the columns mean is said at [`OperationSpec`].

use super::Selector::{Header, HeaderStarts, Query, QueryIs};
use super::{Access, BodyKind, Method, OperationSpec, Target};

// Groups of headers that recur from row to row.

const OWNER: &[&str] = &["x-amz-expected-bucket-owner"];
const PAYER: &[&str] = &["x-amz-request-payer"];
const BUCKET_ACL: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];
// R2 rejects grant-write on objects by name although S3 documents it for buckets only.
const OBJECT_ACL: &[&str] = BUCKET_ACL;
const SSE: &[&str] = &[
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-bucket-key-enabled",
];
const SSE_C: &[&str] = &[
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
];
const COPY_SSE_C: &[&str] = &[
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
];
const LOCK: &[&str] =
    &["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"];
const TAGGING: &[&str] = &["x-amz-tagging"];
const WEBSITE: &[&str] = &["x-amz-website-redirect-location"];
const STORAGE_CLASS: &[&str] = &["x-amz-storage-class"];
const MFA: &[&str] = &["x-amz-mfa"];
const BYPASS: &[&str] = &["x-amz-bypass-governance-retention"];
/// A checksum of the whole body, in a header or announced as a trailer.
const CHECKSUMS: &[&str] = &[
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];
const CHECKSUM_ALGORITHM: &[&str] = &["x-amz-checksum-algorithm"];
const CHECKSUM_TYPE: &[&str] = &["x-amz-checksum-type"];
const CHECKSUM_MODE: &[&str] = &["x-amz-checksum-mode"];
const COPY_CONDITIONS: &[&str] = &[
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-unmodified-since",
];
const ATTRIBUTES: &[&str] = &["x-amz-optional-object-attributes"];
/// What CreateBucket, and only it, knows.
const NEW_BUCKET: &[&str] = &["x-amz-bucket-object-lock-enabled", "x-amz-object-ownership", "x-amz-bucket-namespace"];
/// DeleteObject's conditions on the object it removes (directory buckets).
const DELETE_CONDITIONS: &[&str] = &["x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/// Headers that the AWS SDK for JavaScript v2 writes into the query of a PutObject it presigns, where they mean nothing.
/// Not Content-MD5, which it writes there too: who has a digest there wants it looked at.
const PRESIGNED_HEADERS: &[&str] = &["Cache-Control", "Content-Type"];

/// Parameters that rewrite headers of the answer, for GetObject and HeadObject.
const RESPONSE_OVERRIDES: &[&str] = &[
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "versionId",
];

macro_rules! parameters {
    ([$($name:expr),*]) => { &[$($name),*] };
    ($group:ident) => { $group };
}

macro_rules! operations {
    ($($name:ident: $method:ident $target:ident [$($selector:expr),*] $parameters:tt [$($headers:expr),*]
        $body:ident $access:ident;)*) => {
        /// An operation of the S3 API, named as the API reference names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation { $(#[doc = concat!("The S3 API's ", stringify!($name), ".")] $name,)* }

        impl Operation {
            /// The name in the S3 API reference, as policies, logs and metrics write it.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name),)* }
            }
        }

        /// The table: a row an operation.
        pub static OPERATIONS: &[OperationSpec] = &[$(OperationSpec {
            operation: Operation::$name,
            method: Method::$method,
            target: Target::$target,
            selectors: &[$($selector),*],
            parameters: parameters!($parameters),
            headers: &[$($headers),*],
            body: BodyKind::$body,
            access: Access::$access,
        },)*];
    };
}

// name: method target [selectors] [parameters] [headers] body access
operations! {
    // The account.
    ListBuckets: Get Service [] ["prefix", "max-buckets", "continuation-token", "bucket-region"] [] None ListBuckets;
    ListDirectoryBuckets: Get Service [QueryIs("x-id", "ListDirectoryBuckets")]
        ["continuation-token", "max-directory-buckets"] [] None ListBuckets;

    // Buckets as such.
    CreateBucket: Put Bucket [] [] [BUCKET_ACL, NEW_BUCKET, OWNER] Document ManageBuckets;
    HeadBucket: Head Bucket [] [] [OWNER] None ListObjects;
    DeleteBucket: Delete Bucket [] [] [OWNER] None ManageBuckets;
    GetBucketLocation: Get Bucket [Query("location")] [] [OWNER] None ListObjects;
    CreateSession: Get Bucket [Query("session")] [] [SSE, &["x-amz-create-session-mode"]] None ListObjects;

    // Listings.
    ListObjects: Get Bucket [] ["delimiter", "encoding-type", "marker", "max-keys", "prefix"]
        [OWNER, PAYER, ATTRIBUTES] None ListObjects;
    ListObjectsV2: Get Bucket [QueryIs("list-type", "2")]
        ["continuation-token", "delimiter", "encoding-type", "fetch-owner", "max-keys", "prefix", "start-after"]
        [OWNER, PAYER, ATTRIBUTES] None ListObjects;
    ListObjectVersions: Get Bucket [Query("versions")]
        ["delimiter", "encoding-type", "key-marker", "max-keys", "prefix", "version-id-marker"]
        [OWNER, PAYER, ATTRIBUTES] None ListObjects;
    ListMultipartUploads: Get Bucket [Query("uploads")]
        ["delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"]
        [OWNER, PAYER] None ListObjects;
    DeleteObjects: Post Bucket [Query("delete")] []
        [OWNER, PAYER, MFA, BYPASS, CHECKSUMS] Document WriteObjects;
    PostObject: Post Bucket [HeaderStarts("content-type", "multipart/form-data")] [] [] Object Unsigned;

    // Objects.
    GetObject: Get Object [] RESPONSE_OVERRIDES [SSE_C, OWNER, PAYER, CHECKSUM_MODE] None ReadObjects;
    HeadObject: Head Object [] RESPONSE_OVERRIDES [SSE_C, OWNER, PAYER, CHECKSUM_MODE] None ReadObjects;
    PutObject: Put Object [] PRESIGNED_HEADERS
        [OBJECT_ACL, SSE, SSE_C, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER, PAYER, CHECKSUMS, CHECKSUM_ALGORITHM,
         CHECKSUM_TYPE, &["x-amz-write-offset-bytes"]] Object WriteObjects;
    CopyObject: Put Object [Header("x-amz-copy-source")] []
        [OBJECT_ACL, SSE, SSE_C, COPY_SSE_C, COPY_CONDITIONS, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER, PAYER,
         CHECKSUM_ALGORITHM,
         &["x-amz-metadata-directive", "x-amz-tagging-directive", "x-amz-source-expected-bucket-owner"]]
        None WriteObjects;
    DeleteObject: Delete Object [] ["versionId"] [OWNER, PAYER, MFA, BYPASS, DELETE_CONDITIONS] None WriteObjects;
    RenameObject: Put Object [Query("renameObject")] []
        [COPY_CONDITIONS, &["x-amz-rename-source", "x-amz-client-token", "x-amz-rename-source-if-match",
         "x-amz-rename-source-if-none-match", "x-amz-rename-source-if-modified-since",
         "x-amz-rename-source-if-unmodified-since"]] None WriteObjects;
    PreflightObject: Options Object [] [] [] None Unsigned;
    PreflightBucket: Options Bucket [] [] [] None Unsigned;

    // Multipart uploads.
    CreateMultipartUpload: Post Object [Query("uploads")] []
        [OBJECT_ACL, SSE, SSE_C, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER, PAYER, CHECKSUM_ALGORITHM, CHECKSUM_TYPE]
        None WriteObjects;
    UploadPart: Put Object [Query("partNumber"), Query("uploadId")] []
        [SSE, SSE_C, OWNER, PAYER, CHECKSUMS, CHECKSUM_ALGORITHM] Object WriteObjects;
    UploadPartCopy: Put Object [Query("partNumber"), Query("uploadId"), Header("x-amz-copy-source")] []
        [SSE_C, COPY_SSE_C, COPY_CONDITIONS, OWNER, PAYER,
         &["x-amz-copy-source-range", "x-amz-source-expected-bucket-owner"]] None WriteObjects;
    CompleteMultipartUpload: Post Object [Query("uploadId")] []
        [SSE_C, OWNER, PAYER, CHECKSUMS, CHECKSUM_TYPE, &["x-amz-mp-object-size"]] Document WriteObjects;
    AbortMultipartUpload: Delete Object [Query("uploadId")] []
        [OWNER, PAYER, &["x-amz-if-match-initiated-time"]] None WriteObjects;
    ListParts: Get Object [Query("uploadId")] ["max-parts", "part-number-marker"]
        [SSE_C, OWNER, PAYER] None ListObjects;

    // Its path is the literal /WriteGetObjectResponse, where a bucket's name would stand.
    WriteGetObjectResponse: Post Bucket [Header("x-amz-request-route")] [] [] Object WriteObjects;

    // Sub-resources of objects.
    GetObjectAcl: Get Object [Query("acl")] ["versionId"] [OWNER, PAYER] None ReadObjects;
    PutObjectAcl: Put Object [Query("acl")] ["versionId"] [OBJECT_ACL, OWNER, PAYER, CHECKSUMS] Document WriteObjects;
    GetObjectAttributes: Get Object [Query("attributes")] ["versionId"]
        [SSE_C, OWNER, PAYER, &["x-amz-max-parts", "x-amz-part-number-marker", "x-amz-object-attributes"]]
        None ReadObjects;
    GetObjectLegalHold: Get Object [Query("legal-hold")] ["versionId"] [OWNER, PAYER] None ReadObjects;
    PutObjectLegalHold: Put Object [Query("legal-hold")] ["versionId"] [OWNER, PAYER, CHECKSUMS] Document WriteObjects;
    GetObjectRetention: Get Object [Query("retention")] ["versionId"] [OWNER, PAYER] None ReadObjects;
    PutObjectRetention: Put Object [Query("retention")] ["versionId"]
        [OWNER, PAYER, BYPASS, CHECKSUMS] Document WriteObjects;
    GetObjectTagging: Get Object [Query("tagging")] ["versionId"] [OWNER, PAYER] None ReadObjects;
    PutObjectTagging: Put Object [Query("tagging")] ["versionId"] [OWNER, PAYER, CHECKSUMS] Document WriteObjects;
    DeleteObjectTagging: Delete Object [Query("tagging")] ["versionId"] [OWNER] None WriteObjects;
    GetObjectTorrent: Get Object [Query("torrent")] [] [OWNER, PAYER] None ReadObjects;
    RestoreObject: Post Object [Query("restore")] ["versionId"] [OWNER, PAYER, CHECKSUMS] Document WriteObjects;
    SelectObjectContent: Post Object [Query("select"), QueryIs("select-type", "2")] []
        [SSE_C, OWNER] Document ReadObjects;
    UpdateObjectEncryption: Put Object [Query("encryption")] ["versionId"] [OWNER, PAYER, CHECKSUMS]
        Document WriteObjects;

    // Settings of buckets, by sub-resource.
    GetBucketAbac: Get Bucket [Query("abac")] [] [OWNER] None ReadConfiguration;
    PutBucketAbac: Put Bucket [Query("abac")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    GetBucketAccelerateConfiguration: Get Bucket [Query("accelerate")] [] [OWNER, PAYER] None ReadConfiguration;
    PutBucketAccelerateConfiguration: Put Bucket [Query("accelerate")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    GetBucketAcl: Get Bucket [Query("acl")] [] [OWNER] None ReadConfiguration;
    PutBucketAcl: Put Bucket [Query("acl")] [] [BUCKET_ACL, OWNER, CHECKSUMS] Document WriteConfiguration;
    GetBucketAnalyticsConfiguration: Get Bucket [Query("analytics"), Query("id")] [] [OWNER] None ReadConfiguration;
    PutBucketAnalyticsConfiguration: Put Bucket [Query("analytics")] ["id"] [OWNER] Document WriteConfiguration;
    DeleteBucketAnalyticsConfiguration: Delete Bucket [Query("analytics")] ["id"] [OWNER] None WriteConfiguration;
    ListBucketAnalyticsConfigurations: Get Bucket [Query("analytics")] ["continuation-token"] [OWNER]
        None ReadConfiguration;
    GetBucketCors: Get Bucket [Query("cors")] [] [OWNER] None ReadConfiguration;
    PutBucketCors: Put Bucket [Query("cors")] [] [OWNER, CHECKSUMS, CHECKSUM_ALGORITHM] Document WriteConfiguration;
    DeleteBucketCors: Delete Bucket [Query("cors")] [] [OWNER] None WriteConfiguration;
    GetBucketEncryption: Get Bucket [Query("encryption")] [] [OWNER] None ReadConfiguration;
    PutBucketEncryption: Put Bucket [Query("encryption")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    DeleteBucketEncryption: Delete Bucket [Query("encryption")] [] [OWNER] None WriteConfiguration;
    GetBucketIntelligentTieringConfiguration: Get Bucket [Query("intelligent-tiering"), Query("id")] [] [OWNER]
        None ReadConfiguration;
    PutBucketIntelligentTieringConfiguration: Put Bucket [Query("intelligent-tiering")] ["id"] [OWNER]
        Document WriteConfiguration;
    DeleteBucketIntelligentTieringConfiguration: Delete Bucket [Query("intelligent-tiering")] ["id"] [OWNER]
        None WriteConfiguration;
    ListBucketIntelligentTieringConfigurations: Get Bucket [Query("intelligent-tiering")] ["continuation-token"] [OWNER]
        None ReadConfiguration;
    GetBucketInventoryConfiguration: Get Bucket [Query("inventory"), Query("id")] [] [OWNER] None ReadConfiguration;
    PutBucketInventoryConfiguration: Put Bucket [Query("inventory")] ["id"] [OWNER] Document WriteConfiguration;
    DeleteBucketInventoryConfiguration: Delete Bucket [Query("inventory")] ["id"] [OWNER] None WriteConfiguration;
    ListBucketInventoryConfigurations: Get Bucket [Query("inventory")] ["continuation-token"] [OWNER]
        None ReadConfiguration;
    GetBucketLifecycleConfiguration: Get Bucket [Query("lifecycle")] [] [OWNER] None ReadConfiguration;
    PutBucketLifecycleConfiguration: Put Bucket [Query("lifecycle")] []
        [OWNER, CHECKSUMS, CHECKSUM_ALGORITHM, &["x-amz-transition-default-minimum-object-size"]]
        Document WriteConfiguration;
    DeleteBucketLifecycle: Delete Bucket [Query("lifecycle")] [] [OWNER] None WriteConfiguration;
    GetBucketLogging: Get Bucket [Query("logging")] [] [OWNER] None ReadConfiguration;
    PutBucketLogging: Put Bucket [Query("logging")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    GetBucketMetadataConfiguration: Get Bucket [Query("metadataConfiguration")] [] [OWNER] None ReadConfiguration;
    CreateBucketMetadataConfiguration: Post Bucket [Query("metadataConfiguration")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    DeleteBucketMetadataConfiguration: Delete Bucket [Query("metadataConfiguration")] [] [OWNER]
        None WriteConfiguration;
    UpdateBucketMetadataInventoryTableConfiguration: Put Bucket [Query("metadataInventoryTable")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    UpdateBucketMetadataJournalTableConfiguration: Put Bucket [Query("metadataJournalTable")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    GetBucketMetadataTableConfiguration: Get Bucket [Query("metadataTable")] [] [OWNER] None ReadConfiguration;
    CreateBucketMetadataTableConfiguration: Post Bucket [Query("metadataTable")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    DeleteBucketMetadataTableConfiguration: Delete Bucket [Query("metadataTable")] [] [OWNER] None WriteConfiguration;
    GetBucketMetricsConfiguration: Get Bucket [Query("metrics"), Query("id")] [] [OWNER] None ReadConfiguration;
    PutBucketMetricsConfiguration: Put Bucket [Query("metrics")] ["id"] [OWNER] Document WriteConfiguration;
    DeleteBucketMetricsConfiguration: Delete Bucket [Query("metrics")] ["id"] [OWNER] None WriteConfiguration;
    ListBucketMetricsConfigurations: Get Bucket [Query("metrics")] ["continuation-token"] [OWNER]
        None ReadConfiguration;
    GetBucketNotificationConfiguration: Get Bucket [Query("notification")] [] [OWNER] None ReadConfiguration;
    PutBucketNotificationConfiguration: Put Bucket [Query("notification")] []
        [OWNER, &["x-amz-skip-destination-validation"]] Document WriteConfiguration;
    GetObjectLockConfiguration: Get Bucket [Query("object-lock")] [] [OWNER] None ReadConfiguration;
    PutObjectLockConfiguration: Put Bucket [Query("object-lock")] []
        [OWNER, PAYER, CHECKSUMS, &["x-amz-bucket-object-lock-token"]] Document WriteConfiguration;
    GetBucketOwnershipControls: Get Bucket [Query("ownershipControls")] [] [OWNER] None ReadConfiguration;
    PutBucketOwnershipControls: Put Bucket [Query("ownershipControls")] [] [OWNER, CHECKSUMS]
        Document WriteConfiguration;
    DeleteBucketOwnershipControls: Delete Bucket [Query("ownershipControls")] [] [OWNER] None WriteConfiguration;
    GetBucketPolicy: Get Bucket [Query("policy")] [] [OWNER] None ReadConfiguration;
    PutBucketPolicy: Put Bucket [Query("policy")] []
        [OWNER, CHECKSUMS, &["x-amz-confirm-remove-self-bucket-access"]] Document WriteConfiguration;
    DeleteBucketPolicy: Delete Bucket [Query("policy")] [] [OWNER] None WriteConfiguration;
    GetBucketPolicyStatus: Get Bucket [Query("policyStatus")] [] [OWNER] None ReadConfiguration;
    GetPublicAccessBlock: Get Bucket [Query("publicAccessBlock")] [] [OWNER] None ReadConfiguration;
    PutPublicAccessBlock: Put Bucket [Query("publicAccessBlock")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    DeletePublicAccessBlock: Delete Bucket [Query("publicAccessBlock")] [] [OWNER] None WriteConfiguration;
    GetBucketReplication: Get Bucket [Query("replication")] [] [OWNER] None ReadConfiguration;
    PutBucketReplication: Put Bucket [Query("replication")] []
        [OWNER, CHECKSUMS, &["x-amz-bucket-object-lock-token"]] Document WriteConfiguration;
    DeleteBucketReplication: Delete Bucket [Query("replication")] [] [OWNER] None WriteConfiguration;
    GetBucketRequestPayment: Get Bucket [Query("requestPayment")] [] [OWNER] None ReadConfiguration;
    PutBucketRequestPayment: Put Bucket [Query("requestPayment")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    GetBucketTagging: Get Bucket [Query("tagging")] [] [OWNER] None ReadConfiguration;
    PutBucketTagging: Put Bucket [Query("tagging")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    DeleteBucketTagging: Delete Bucket [Query("tagging")] [] [OWNER] None WriteConfiguration;
    GetBucketVersioning: Get Bucket [Query("versioning")] [] [OWNER] None ReadConfiguration;
    PutBucketVersioning: Put Bucket [Query("versioning")] [] [OWNER, MFA, CHECKSUMS] Document WriteConfiguration;
    GetBucketWebsite: Get Bucket [Query("website")] [] [OWNER] None ReadConfiguration;
    PutBucketWebsite: Put Bucket [Query("website")] [] [OWNER, CHECKSUMS] Document WriteConfiguration;
    DeleteBucketWebsite: Delete Bucket [Query("website")] [] [OWNER] None WriteConfiguration;
}
