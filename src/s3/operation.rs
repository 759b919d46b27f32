//! Every operation of S3, the ones R2 lacks included, in one table.
//!
//! The table is knowledge about the protocol and nothing else: how a request for the operation looks, which query
//! parameters and `x-amz-*` headers the S3 API reference documents for it, what its body is and what a key must be
//! allowed to do to call it. Whether R2 *has* the operation is a ruling and stands in `policies/*.toml`; how a request
//! finds its row stands in [`crate::routing`].
//!
//! Adding an operation is adding one row here; the enum, the names and the policies' vocabulary follow from it.

use std::fmt;

/// The HTTP methods S3 uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read with a body in the answer.
    Get,
    /// Read of the headers alone.
    Head,
    /// Create or replace.
    Put,
    /// Everything with a document in the request that is not a replacement.
    Post,
    /// Remove.
    Delete,
    /// A browser's CORS preflight.
    Options,
}

impl Method {
    /// The method of that name; `None` where S3 has no use for it (`PATCH`, `TRACE`, ...).
    pub fn parse(name: &str) -> Option<Method> {
        Some(match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => return None,
        })
    }
}

/// What a request's path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The account: no bucket in the path.
    Service,
    /// A bucket.
    Bucket,
    /// A key in a bucket.
    Object,
}

/// What a request must carry, besides method and target, to be for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// A query parameter of this name, with any value or none.
    Query(&'static str),
    /// A query parameter of this name with exactly this value.
    QueryIs(&'static str, &'static str),
    /// A header of this name.
    Header(&'static str),
    /// A header whose value starts with this text, in any case.
    HeaderStarts(&'static str, &'static str),
}

/// What an operation's request body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The operation has no body; one that is sent is read and ignored.
    None,
    /// A small document, read whole under a limit before the operation starts.
    Document,
    /// The bytes of an object or a part, streamed.
    Object,
}

/// What a key must be allowed to do to call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// See the names of all buckets.
    ListBuckets,
    /// Make and remove buckets.
    ManageBuckets,
    /// See a bucket's settings.
    ReadConfiguration,
    /// Change a bucket's settings.
    WriteConfiguration,
    /// Ask whether a bucket is there, list its keys and uploads.
    ListObjects,
    /// Read objects.
    ReadObjects,
    /// Write and remove objects.
    WriteObjects,
    /// Nothing: browsers send these without a signature, so no key is known. None of them touches data.
    Unsigned,
}

/// A row of the table: one operation.
#[derive(Debug)]
pub struct Row {
    /// Which operation this is.
    pub operation: Operation,
    /// The request's method.
    pub method: Method,
    /// What the request's path names.
    pub target: Target,
    /// What else the request must carry; the row with most of them wins.
    pub selectors: &'static [Selector],
    /// The query parameters the S3 API reference documents for it, selectors not repeated.
    pub parameters: &'static [&'static str],
    /// The `x-amz-*` headers the reference documents for it, in groups that recur.
    pub headers: &'static [&'static [&'static str]],
    /// What the request's body is.
    pub body: BodyKind,
    /// What the key must be allowed to do.
    pub access: Access,
}

impl Row {
    /// Whether the reference documents the header for this operation; `name` in lower case.
    pub fn knows_header(&self, name: &str) -> bool {
        self.selectors.iter().any(|s| matches!(s, Selector::Header(h) if *h == name))
            || self.headers.iter().any(|group| group.contains(&name))
    }

    /// Whether the operation writes the user's own metadata, that is, takes `x-amz-meta-*`.
    pub fn writes_metadata(&self) -> bool {
        matches!(
            self.operation,
            Operation::PutObject | Operation::CopyObject | Operation::CreateMultipartUpload | Operation::PostObject
        )
    }

    /// Whether a checksum in the request's headers is that of its body. The one of a CompleteMultipartUpload is that of
    /// the object it makes.
    pub fn checksum_is_of_body(&self) -> bool {
        self.operation != Operation::CompleteMultipartUpload
    }

    /// Whether the query parameter is a selector or a documented parameter of this operation.
    pub fn knows_parameter(&self, name: &str) -> bool {
        self.selectors.iter().any(|s| matches!(s, Selector::Query(q) | Selector::QueryIs(q, _) if *q == name))
            || self.parameters.contains(&name)
    }
}

/// Whether a query parameter of this name selects an operation somewhere in the table, that is, names a sub-resource.
///
/// A request with a sub-resource that its row does not know must never fall through to the bare operation:
/// `DELETE /bucket?lifecycle` is not DeleteBucket.
pub fn is_subresource(name: &str) -> bool {
    OPERATIONS.iter().flat_map(|row| row.selectors).any(|s| matches!(s, Selector::Query(q) if *q == name))
}

impl Operation {
    /// The operation of that name, as the S3 API reference spells it.
    pub fn parse(name: &str) -> Option<Operation> {
        OPERATIONS.iter().map(|row| row.operation).find(|operation| operation.name() == name)
    }

    /// The operation's row.
    pub fn row(self) -> &'static Row {
        // The enum and the table come from the same macro, in the same order.
        &OPERATIONS[self as usize]
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
        pub static OPERATIONS: &[Row] = &[$(Row {
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

use Selector::{Header, HeaderStarts, Query, QueryIs};

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
    PutObject: Put Object [] []
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_operation_has_its_own_row() {
        for row in OPERATIONS {
            assert_eq!(row.operation.row().operation, row.operation);
            assert_eq!(Operation::parse(row.operation.name()), Some(row.operation));
        }
        let names: HashSet<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn no_two_rows_are_selected_by_the_same_request() {
        for (i, a) in OPERATIONS.iter().enumerate() {
            for b in &OPERATIONS[i + 1..] {
                let same = a.method == b.method
                    && a.target == b.target
                    && a.selectors.len() == b.selectors.len()
                    && a.selectors.iter().all(|s| b.selectors.contains(s));
                assert!(!same, "{} and {} cannot be told apart", a.operation, b.operation);
            }
        }
    }

    #[test]
    fn headers_are_written_in_lower_case() {
        for name in OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| *group) {
            assert!(name.starts_with("x-amz-") && *name == name.to_ascii_lowercase(), "{name}");
        }
    }

    #[test]
    fn subresources_are_known_as_such() {
        for name in ["lifecycle", "acl", "uploads", "uploadId", "policyStatus", "delete"] {
            assert!(is_subresource(name), "{name}");
        }
        for name in ["prefix", "list-type", "x-id", "junk", "Acl"] {
            assert!(!is_subresource(name), "{name}");
        }
    }
}
