//! Settings of buckets, by sub-resource.

use super::answer::{NAMES_BUCKETS, NAMES_RESOURCES, UNSPECIFIED};
use super::documents;
use super::groups::{BUCKET_ACL, CHECKSUM_ALGORITHM, CHECKSUMS, MFA, OWNER, PAYER};
use super::spec::Selector::Query;
use super::spec::{BodyKind, OperationSpec};

rows! { CONFIGURATION:
    GetBucketAbac {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("abac")], headers: &[OWNER],
    }
    PutBucketAbac {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("abac")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketAccelerateConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::ACCELERATE),
        selectors: &[Query("accelerate")], headers: &[OWNER, PAYER],
    }
    PutBucketAccelerateConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("accelerate")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketAcl {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::ACL),
        selectors: &[Query("acl")], headers: &[OWNER],
    }
    PutBucketAcl {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("acl")], headers: &[BUCKET_ACL, OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketAnalyticsConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("analytics"), Query("id")], headers: &[OWNER],
    }
    PutBucketAnalyticsConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("analytics")], parameters: &["id"], headers: &[OWNER], body: BodyKind::Document, names_others: true,
    }
    DeleteBucketAnalyticsConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("analytics")], parameters: &["id"], headers: &[OWNER],
    }
    ListBucketAnalyticsConfigurations {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("analytics")], parameters: &["continuation-token"], headers: &[OWNER],
    }
    GetBucketCors {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::CORS),
        selectors: &[Query("cors")], headers: &[OWNER],
    }
    PutBucketCors {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("cors")], headers: &[OWNER, CHECKSUMS, CHECKSUM_ALGORITHM], body: BodyKind::Document,
    }
    DeleteBucketCors {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("cors")], headers: &[OWNER],
    }
    GetBucketEncryption {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::ENCRYPTION),
        selectors: &[Query("encryption")], headers: &[OWNER],
    }
    PutBucketEncryption {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("encryption")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    DeleteBucketEncryption {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("encryption")], headers: &[OWNER],
    }
    GetBucketIntelligentTieringConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("intelligent-tiering"), Query("id")], headers: &[OWNER],
    }
    PutBucketIntelligentTieringConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("intelligent-tiering")], parameters: &["id"], headers: &[OWNER], body: BodyKind::Document,
    }
    DeleteBucketIntelligentTieringConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("intelligent-tiering")], parameters: &["id"], headers: &[OWNER],
    }
    ListBucketIntelligentTieringConfigurations {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("intelligent-tiering")], parameters: &["continuation-token"], headers: &[OWNER],
    }
    GetBucketInventoryConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("inventory"), Query("id")], headers: &[OWNER],
    }
    PutBucketInventoryConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("inventory")], parameters: &["id"], headers: &[OWNER], body: BodyKind::Document, names_others: true,
    }
    DeleteBucketInventoryConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("inventory")], parameters: &["id"], headers: &[OWNER],
    }
    ListBucketInventoryConfigurations {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("inventory")], parameters: &["continuation-token"], headers: &[OWNER],
    }
    GetBucketLifecycleConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::LIFECYCLE),
        selectors: &[Query("lifecycle")], headers: &[OWNER],
    }
    PutBucketLifecycleConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("lifecycle")],
        headers: &[OWNER, CHECKSUMS, CHECKSUM_ALGORITHM, &["x-amz-transition-default-minimum-object-size"]],
        body: BodyKind::Document,
    }
    DeleteBucketLifecycle {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("lifecycle")], headers: &[OWNER],
    }
    GetBucketLogging {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("logging")], headers: &[OWNER],
    }
    PutBucketLogging {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("logging")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document, names_others: true,
    }
    GetBucketMetadataConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataConfiguration")], headers: &[OWNER],
    }
    CreateBucketMetadataConfiguration {
        method: Post, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataConfiguration")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document, names_others: true,
    }
    DeleteBucketMetadataConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataConfiguration")], headers: &[OWNER],
    }
    UpdateBucketMetadataInventoryTableConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataInventoryTable")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    UpdateBucketMetadataJournalTableConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataJournalTable")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketMetadataTableConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataTable")], headers: &[OWNER],
    }
    CreateBucketMetadataTableConfiguration {
        method: Post, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataTable")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document, names_others: true,
    }
    DeleteBucketMetadataTableConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metadataTable")], headers: &[OWNER],
    }
    GetBucketMetricsConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metrics"), Query("id")], headers: &[OWNER],
    }
    PutBucketMetricsConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metrics")], parameters: &["id"], headers: &[OWNER], body: BodyKind::Document,
    }
    DeleteBucketMetricsConfiguration {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metrics")], parameters: &["id"], headers: &[OWNER],
    }
    ListBucketMetricsConfigurations {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("metrics")], parameters: &["continuation-token"], headers: &[OWNER],
    }
    GetBucketNotificationConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(NAMES_RESOURCES),
        selectors: &[Query("notification")], headers: &[OWNER],
    }
    PutBucketNotificationConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(NAMES_RESOURCES),
        selectors: &[Query("notification")], headers: &[OWNER, &["x-amz-skip-destination-validation"]],
        body: BodyKind::Document, names_others: true,
    }
    GetObjectLockConfiguration {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::OBJECT_LOCK),
        selectors: &[Query("object-lock")], headers: &[OWNER],
    }
    PutObjectLockConfiguration {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("object-lock")], headers: &[OWNER, PAYER, CHECKSUMS, &["x-amz-bucket-object-lock-token"]],
        body: BodyKind::Document,
    }
    GetBucketOwnershipControls {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::OWNERSHIP),
        selectors: &[Query("ownershipControls")], headers: &[OWNER],
    }
    PutBucketOwnershipControls {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("ownershipControls")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    DeleteBucketOwnershipControls {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("ownershipControls")], headers: &[OWNER],
    }
    GetBucketPolicy {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("policy")], headers: &[OWNER],
    }
    PutBucketPolicy {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("policy")], headers: &[OWNER, CHECKSUMS, &["x-amz-confirm-remove-self-bucket-access"]],
        body: BodyKind::Document,
    }
    DeleteBucketPolicy {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("policy")], headers: &[OWNER],
    }
    GetBucketPolicyStatus {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::POLICY_STATUS),
        selectors: &[Query("policyStatus")], headers: &[OWNER],
    }
    GetPublicAccessBlock {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::PUBLIC_ACCESS),
        selectors: &[Query("publicAccessBlock")], headers: &[OWNER],
    }
    PutPublicAccessBlock {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("publicAccessBlock")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    DeletePublicAccessBlock {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("publicAccessBlock")], headers: &[OWNER],
    }
    GetBucketReplication {
        method: Get, target: Bucket, access: ReadConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("replication")], headers: &[OWNER],
    }
    PutBucketReplication {
        method: Put, target: Bucket, access: WriteConfiguration, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("replication")], headers: &[OWNER, CHECKSUMS, &["x-amz-bucket-object-lock-token"]],
        body: BodyKind::Document, names_others: true,
    }
    DeleteBucketReplication {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("replication")], headers: &[OWNER],
    }
    GetBucketRequestPayment {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::PAYMENT),
        selectors: &[Query("requestPayment")], headers: &[OWNER],
    }
    PutBucketRequestPayment {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("requestPayment")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketTagging {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::TAGGING),
        selectors: &[Query("tagging")], headers: &[OWNER],
    }
    PutBucketTagging {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("tagging")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    DeleteBucketTagging {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("tagging")], headers: &[OWNER],
    }
    GetBucketVersioning {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::VERSIONING),
        selectors: &[Query("versioning")], headers: &[OWNER],
    }
    PutBucketVersioning {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("versioning")], headers: &[OWNER, MFA, CHECKSUMS], body: BodyKind::Document,
    }
    GetBucketWebsite {
        method: Get, target: Bucket, access: ReadConfiguration, answer: Document(&documents::WEBSITE),
        selectors: &[Query("website")], headers: &[OWNER],
    }
    PutBucketWebsite {
        method: Put, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("website")], headers: &[OWNER, CHECKSUMS], body: BodyKind::Document,
    }
    DeleteBucketWebsite {
        method: Delete, target: Bucket, access: WriteConfiguration, answer: Empty,
        selectors: &[Query("website")], headers: &[OWNER],
    }
}
