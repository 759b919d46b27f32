//! Objects as such.

use super::documents;
use super::groups::{
    BYPASS, CHECKSUM_ALGORITHM, CHECKSUM_MODE, CHECKSUM_TYPE, CHECKSUMS, COPY_CONDITIONS, COPY_SSE_C,
    DELETE_CONDITIONS, LOCK, MFA, OBJECT_ACL, OWNER, PAYER, PRESIGNED_HEADERS, RESPONSE_OVERRIDES, SSE, SSE_C,
    STORAGE_CLASS, TAGGING, WEBSITE,
};
use super::spec::Selector::{Header, Query};
use super::spec::{BodyKind, Describes, OperationSpec};

rows! { OBJECTS:
    GetObject {
        method: Get, target: Object, access: ReadObjects, answer: Object,
        parameters: RESPONSE_OVERRIDES, headers: &[SSE_C, OWNER, PAYER, CHECKSUM_MODE],
    }
    HeadObject {
        method: Head, target: Object, access: ReadObjects, answer: Object,
        parameters: RESPONSE_OVERRIDES, headers: &[SSE_C, OWNER, PAYER, CHECKSUM_MODE],
    }
    PutObject {
        method: Put, target: Object, access: WriteObjects, answer: Empty,
        parameters: PRESIGNED_HEADERS,
        headers: &[OBJECT_ACL, SSE, SSE_C, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER, PAYER, CHECKSUMS,
            CHECKSUM_ALGORITHM, CHECKSUM_TYPE, &["x-amz-write-offset-bytes"]],
        body: BodyKind::Object, describes: Describes::Object,
    }
    CopyObject {
        method: Put, target: Object, access: WriteObjects, answer: Document(&documents::COPIED_OBJECT),
        selectors: &[Header("x-amz-copy-source")],
        headers: &[OBJECT_ACL, SSE, SSE_C, COPY_SSE_C, COPY_CONDITIONS, LOCK, TAGGING, WEBSITE, STORAGE_CLASS, OWNER,
            PAYER, CHECKSUM_ALGORITHM, &["x-amz-metadata-directive", "x-amz-tagging-directive",
            "x-amz-source-expected-bucket-owner"]],
        describes: Describes::ObjectIfReplaced, assembles: true,
    }
    DeleteObject {
        method: Delete, target: Object, access: WriteObjects, answer: Empty,
        parameters: &["versionId"], headers: &[OWNER, PAYER, MFA, BYPASS, DELETE_CONDITIONS],
    }
    RenameObject {
        method: Put, target: Object, access: WriteObjects, answer: NotForwarded("its source is not authorised"),
        selectors: &[Query("renameObject")],
        headers: &[COPY_CONDITIONS, &["x-amz-rename-source", "x-amz-client-token", "x-amz-rename-source-if-match",
            "x-amz-rename-source-if-none-match", "x-amz-rename-source-if-modified-since",
            "x-amz-rename-source-if-unmodified-since"]],
    }
}
