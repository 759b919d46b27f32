//! Sub-resources of objects, and WriteGetObjectResponse, whose path is the literal `/WriteGetObjectResponse` where a bucket's
//! name would stand.

use super::answer::{NAMES_BUCKETS, UNSPECIFIED};
use super::documents;
use super::groups::{BYPASS, CHECKSUMS, OBJECT_ACL, OWNER, PAYER, SSE_C};
use super::spec::Selector::{Header, Query, QueryIs};
use super::spec::{BodyKind, OperationSpec};

rows! { SUBRESOURCES:
    WriteGetObjectResponse {
        method: Post, target: Bucket, access: WriteObjects, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Header("x-amz-request-route")], body: BodyKind::Object,
    }
    GetObjectAcl {
        method: Get, target: Object, access: ReadObjects, answer: Document(&documents::ACL),
        selectors: &[Query("acl")], parameters: &["versionId"], headers: &[OWNER, PAYER],
    }
    PutObjectAcl {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("acl")], parameters: &["versionId"], headers: &[OBJECT_ACL, OWNER, PAYER, CHECKSUMS],
        body: BodyKind::Document,
    }
    GetObjectAttributes {
        method: Get, target: Object, access: ReadObjects, answer: Document(&documents::ATTRIBUTES),
        selectors: &[Query("attributes")], parameters: &["versionId"],
        headers: &[SSE_C, OWNER, PAYER, &["x-amz-max-parts", "x-amz-part-number-marker", "x-amz-object-attributes"]],
    }
    GetObjectLegalHold {
        method: Get, target: Object, access: ReadObjects, answer: Document(&documents::LEGAL_HOLD),
        selectors: &[Query("legal-hold")], parameters: &["versionId"], headers: &[OWNER, PAYER],
    }
    PutObjectLegalHold {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("legal-hold")], parameters: &["versionId"], headers: &[OWNER, PAYER, CHECKSUMS],
        body: BodyKind::Document,
    }
    GetObjectRetention {
        method: Get, target: Object, access: ReadObjects, answer: Document(&documents::RETENTION),
        selectors: &[Query("retention")], parameters: &["versionId"], headers: &[OWNER, PAYER],
    }
    PutObjectRetention {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("retention")], parameters: &["versionId"], headers: &[OWNER, PAYER, BYPASS, CHECKSUMS],
        body: BodyKind::Document,
    }
    GetObjectTagging {
        method: Get, target: Object, access: ReadObjects, answer: Document(&documents::TAGGING),
        selectors: &[Query("tagging")], parameters: &["versionId"], headers: &[OWNER, PAYER],
    }
    PutObjectTagging {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("tagging")], parameters: &["versionId"], headers: &[OWNER, PAYER, CHECKSUMS],
        body: BodyKind::Document,
    }
    DeleteObjectTagging {
        method: Delete, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("tagging")], parameters: &["versionId"], headers: &[OWNER],
    }
    GetObjectTorrent {
        method: Get, target: Object, access: ReadObjects, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("torrent")], headers: &[OWNER, PAYER],
    }
    RestoreObject {
        method: Post, target: Object, access: WriteObjects, answer: NotForwarded(NAMES_BUCKETS),
        selectors: &[Query("restore")], parameters: &["versionId"], headers: &[OWNER, PAYER, CHECKSUMS],
        body: BodyKind::Document, names_others: true,
    }
    SelectObjectContent {
        method: Post, target: Object, access: ReadObjects, answer: Object,
        selectors: &[Query("select"), QueryIs("select-type", "2")], headers: &[SSE_C, OWNER],
        body: BodyKind::Document,
    }
    UpdateObjectEncryption {
        method: Put, target: Object, access: WriteObjects, answer: NotForwarded(UNSPECIFIED),
        selectors: &[Query("encryption")], parameters: &["versionId"], headers: &[OWNER, PAYER, CHECKSUMS],
        body: BodyKind::Document,
    }
}
