//! Multipart uploads.

use super::documents;
use super::groups::{
    CHECKSUM_ALGORITHM, CHECKSUM_TYPE, CHECKSUMS, COPY_CONDITIONS, COPY_SSE_C, LOCK, OBJECT_ACL, OWNER, PAYER, SSE,
    SSE_C, STORAGE_CLASS, TAGGING, WEBSITE,
};
use super::spec::Selector::{Header, Query};
use super::spec::{BodyKind, ChecksumOf, Describes, OperationSpec};

rows! { UPLOADS:
    CreateMultipartUpload {
        method: Post, target: Object, access: WriteObjects, answer: Document(&documents::NEW_UPLOAD),
        selectors: &[Query("uploads")],
        headers: &[OBJECT_ACL, SSE, SSE_C, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER, PAYER, CHECKSUM_ALGORITHM,
            CHECKSUM_TYPE],
        describes: Describes::Object,
    }
    UploadPart {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("partNumber"), Query("uploadId")],
        headers: &[SSE, SSE_C, OWNER, PAYER, CHECKSUMS, CHECKSUM_ALGORITHM], body: BodyKind::Object,
    }
    UploadPartCopy {
        method: Put, target: Object, access: WriteObjects, answer: Document(&documents::COPIED_PART),
        selectors: &[Query("partNumber"), Query("uploadId"), Header("x-amz-copy-source")],
        headers: &[SSE_C, COPY_SSE_C, COPY_CONDITIONS, OWNER, PAYER, &["x-amz-copy-source-range",
            "x-amz-source-expected-bucket-owner"]],
        assembles: true,
    }
    CompleteMultipartUpload {
        method: Post, target: Object, access: WriteObjects, answer: Document(&documents::COMPLETED_UPLOAD),
        selectors: &[Query("uploadId")],
        headers: &[SSE_C, OWNER, PAYER, CHECKSUMS, CHECKSUM_TYPE, &["x-amz-mp-object-size"]],
        body: BodyKind::Document, checksum: ChecksumOf::Object, assembles: true,
    }
    AbortMultipartUpload {
        method: Delete, target: Object, access: WriteObjects, answer: Empty,
        selectors: &[Query("uploadId")], headers: &[OWNER, PAYER, &["x-amz-if-match-initiated-time"]],
    }
    ListParts {
        method: Get, target: Object, access: ListObjects, answer: Document(&documents::LIST_PARTS),
        selectors: &[Query("uploadId")], parameters: &["max-parts", "part-number-marker"],
        headers: &[SSE_C, OWNER, PAYER],
    }
}
