//! The account, buckets as such and the operations on all objects of a bucket: listings, DeleteObjects, form uploads.

use super::answer::{UNSIGNED, UNSPECIFIED};
use super::documents;
use super::groups::{ATTRIBUTES, BUCKET_ACL, BYPASS, CHECKSUMS, MFA, NEW_BUCKET, OWNER, PAYER, SSE};
use super::spec::Selector::{HeaderStarts, Query, QueryIs};
use super::spec::{BodyKind, Describes, OperationSpec};

rows! { BUCKETS:
    ListBuckets {
        method: Get, target: Service, access: ListBuckets, answer: Own,
        parameters: &["prefix", "max-buckets", "continuation-token", "bucket-region"],
    }
    ListDirectoryBuckets {
        method: Get, target: Service, access: ListBuckets, answer: NotForwarded(UNSPECIFIED),
        selectors: &[QueryIs("x-id", "ListDirectoryBuckets")],
        parameters: &["continuation-token", "max-directory-buckets"],
    }
    CreateBucket {
        method: Put, target: Bucket, access: ManageBuckets, answer: Empty,
        headers: &[BUCKET_ACL, NEW_BUCKET, OWNER], body: BodyKind::Document,
    }
    HeadBucket {
        method: Head, target: Bucket, access: ListObjects, answer: Empty,
        headers: &[OWNER],
    }
    DeleteBucket {
        method: Delete, target: Bucket, access: ManageBuckets, answer: Empty,
        headers: &[OWNER],
    }
    GetBucketLocation {
        method: Get, target: Bucket, access: ListObjects, answer: Own,
        selectors: &[Query("location")], headers: &[OWNER],
    }
    CreateSession {
        method: Get, target: Bucket, access: ListObjects, answer: NotForwarded("it would give the client credentials of the upstream"),
        selectors: &[Query("session")], headers: &[SSE, &["x-amz-create-session-mode"]],
    }
    ListObjects {
        method: Get, target: Bucket, access: ListObjects, answer: Document(&documents::LIST_OBJECTS),
        parameters: &["delimiter", "encoding-type", "marker", "max-keys", "prefix"],
        headers: &[OWNER, PAYER, ATTRIBUTES],
    }
    ListObjectsV2 {
        method: Get, target: Bucket, access: ListObjects, answer: Document(&documents::LIST_OBJECTS_V2),
        selectors: &[QueryIs("list-type", "2")],
        parameters: &["continuation-token", "delimiter", "encoding-type", "fetch-owner", "max-keys", "prefix",
            "start-after"],
        headers: &[OWNER, PAYER, ATTRIBUTES],
    }
    ListObjectVersions {
        method: Get, target: Bucket, access: ListObjects, answer: Document(&documents::LIST_VERSIONS),
        selectors: &[Query("versions")],
        parameters: &["delimiter", "encoding-type", "key-marker", "max-keys", "prefix", "version-id-marker"],
        headers: &[OWNER, PAYER, ATTRIBUTES],
    }
    ListMultipartUploads {
        method: Get, target: Bucket, access: ListObjects, answer: Document(&documents::LIST_UPLOADS),
        selectors: &[Query("uploads")],
        parameters: &["delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"],
        headers: &[OWNER, PAYER],
    }
    DeleteObjects {
        method: Post, target: Bucket, access: WriteObjects, answer: Document(&documents::DELETED),
        selectors: &[Query("delete")], headers: &[OWNER, PAYER, MFA, BYPASS, CHECKSUMS], body: BodyKind::Document,
    }
    PostObject {
        method: Post, target: Bucket, access: Unsigned, answer: NotForwarded(UNSIGNED),
        selectors: &[HeaderStarts("content-type", "multipart/form-data")], body: BodyKind::Object,
        describes: Describes::Object,
    }
}
