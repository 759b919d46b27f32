//! The documents of answers. The sources are the response syntax of each operation in the S3 API reference and, where a
//! comment says so, the source of a store.

use super::answer::{DocumentSpec, Identity, UnknownElements};

/// A document of a listing or of what a write came to.
const REPORT: DocumentSpec =
    DocumentSpec { roots: &[], elements: &[], unknown: UnknownElements::Removed, identities: &[], encoded: &[] };

/// A document that the client may write back.
const CONFIGURATION: DocumentSpec = DocumentSpec { unknown: UnknownElements::Refused, ..REPORT };

const PAGE: &[&str] = &["Prefix", "Delimiter", "EncodingType", "IsTruncated", "CommonPrefixes"];
const OBJECT: &[&str] = &[
    "Key",
    "LastModified",
    "ETag",
    "Size",
    "StorageClass",
    "Owner",
    "ChecksumAlgorithm",
    "ChecksumType",
    "RestoreStatus",
    "IsRestoreInProgress",
    "RestoreExpiryDate",
];
const CHECKSUMS: &[&str] =
    &["ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256", "ChecksumType"];

pub(super) const LIST_OBJECTS: DocumentSpec = DocumentSpec {
    roots: &["ListBucketResult"],
    elements: &[PAGE, OBJECT, &["Name", "Marker", "NextMarker", "MaxKeys", "Contents"]],
    identities: &[("ListBucketResult/Name", Identity::Bucket), ("ListBucketResult/Contents/Owner", Identity::Owner)],
    encoded: &[
        "ListBucketResult/Contents/Key",
        "ListBucketResult/CommonPrefixes/Prefix",
        "ListBucketResult/Prefix",
        "ListBucketResult/Delimiter",
        "ListBucketResult/Marker",
        "ListBucketResult/NextMarker",
    ],
    ..REPORT
};

pub(super) const LIST_OBJECTS_V2: DocumentSpec = DocumentSpec {
    roots: &["ListBucketResult"],
    elements: &[
        PAGE,
        OBJECT,
        &["Name", "StartAfter", "ContinuationToken", "NextContinuationToken", "KeyCount", "MaxKeys", "Contents"],
    ],
    identities: &[("ListBucketResult/Name", Identity::Bucket), ("ListBucketResult/Contents/Owner", Identity::Owner)],
    encoded: &[
        "ListBucketResult/Contents/Key",
        "ListBucketResult/CommonPrefixes/Prefix",
        "ListBucketResult/Prefix",
        "ListBucketResult/Delimiter",
        "ListBucketResult/StartAfter",
    ],
    ..REPORT
};

pub(super) const LIST_VERSIONS: DocumentSpec = DocumentSpec {
    roots: &["ListVersionsResult"],
    elements: &[
        PAGE,
        OBJECT,
        &["Name", "KeyMarker", "NextKeyMarker", "VersionIdMarker", "NextVersionIdMarker", "MaxKeys"],
        &["Version", "DeleteMarker", "VersionId", "IsLatest"],
    ],
    identities: &[
        ("ListVersionsResult/Name", Identity::Bucket),
        ("ListVersionsResult/Version/Owner", Identity::Owner),
        ("ListVersionsResult/DeleteMarker/Owner", Identity::Owner),
    ],
    encoded: &[
        "ListVersionsResult/Version/Key",
        "ListVersionsResult/DeleteMarker/Key",
        "ListVersionsResult/CommonPrefixes/Prefix",
        "ListVersionsResult/Prefix",
        "ListVersionsResult/Delimiter",
        "ListVersionsResult/KeyMarker",
        "ListVersionsResult/NextKeyMarker",
    ],
    ..REPORT
};

pub(super) const LIST_UPLOADS: DocumentSpec = DocumentSpec {
    roots: &["ListMultipartUploadsResult"],
    elements: &[
        PAGE,
        &["Bucket", "KeyMarker", "NextKeyMarker", "UploadIdMarker", "NextUploadIdMarker", "MaxUploads", "Upload"],
        &["Key", "UploadId", "Initiated", "Initiator", "Owner", "StorageClass", "ChecksumAlgorithm", "ChecksumType"],
    ],
    identities: &[
        ("ListMultipartUploadsResult/Bucket", Identity::Bucket),
        ("ListMultipartUploadsResult/Upload/Initiator", Identity::Owner),
        ("ListMultipartUploadsResult/Upload/Owner", Identity::Owner),
    ],
    encoded: &[
        "ListMultipartUploadsResult/Upload/Key",
        "ListMultipartUploadsResult/CommonPrefixes/Prefix",
        "ListMultipartUploadsResult/Prefix",
        "ListMultipartUploadsResult/Delimiter",
        "ListMultipartUploadsResult/KeyMarker",
        "ListMultipartUploadsResult/NextKeyMarker",
    ],
    ..REPORT
};

pub(super) const LIST_PARTS: DocumentSpec = DocumentSpec {
    roots: &["ListPartsResult"],
    elements: &[
        CHECKSUMS,
        &["Bucket", "Key", "UploadId", "PartNumberMarker", "NextPartNumberMarker", "MaxParts", "IsTruncated"],
        &["Part", "PartNumber", "LastModified", "ETag", "Size", "StorageClass", "ChecksumAlgorithm"],
    ],
    identities: &[
        ("ListPartsResult/Bucket", Identity::Bucket),
        ("ListPartsResult/Initiator", Identity::Owner),
        ("ListPartsResult/Owner", Identity::Owner),
    ],
    ..REPORT
};

pub(super) const NEW_UPLOAD: DocumentSpec = DocumentSpec {
    roots: &["InitiateMultipartUploadResult"],
    elements: &[&["Bucket", "Key", "UploadId"]],
    identities: &[("InitiateMultipartUploadResult/Bucket", Identity::Bucket)],
    ..REPORT
};

pub(super) const COMPLETED_UPLOAD: DocumentSpec = DocumentSpec {
    roots: &["CompleteMultipartUploadResult"],
    elements: &[CHECKSUMS, &["Location", "Bucket", "Key", "ETag"]],
    identities: &[
        ("CompleteMultipartUploadResult/Location", Identity::Location),
        ("CompleteMultipartUploadResult/Bucket", Identity::Bucket),
    ],
    ..REPORT
};

pub(super) const COPIED_OBJECT: DocumentSpec =
    DocumentSpec { roots: &["CopyObjectResult"], elements: &[CHECKSUMS, &["ETag", "LastModified"]], ..REPORT };

pub(super) const COPIED_PART: DocumentSpec = DocumentSpec { roots: &["CopyPartResult"], ..COPIED_OBJECT };

pub(super) const DELETED: DocumentSpec = DocumentSpec {
    roots: &["DeleteResult"],
    elements: &[
        &["Deleted", "Key", "VersionId", "DeleteMarker", "DeleteMarkerVersionId"],
        &["Error", "Code", "Message"],
    ],
    identities: &[("DeleteResult/Error/Message", Identity::Refusal)],
    ..REPORT
};

pub(super) const ACL: DocumentSpec = DocumentSpec {
    roots: &["AccessControlPolicy"],
    // MinIO writes the kind of a grantee as the element Type, and s3cmd shows it.
    elements: &[&["Owner", "AccessControlList", "Grant", "Grantee", "Type", "URI", "Permission"]],
    identities: &[
        ("AccessControlPolicy/Owner", Identity::Owner),
        ("AccessControlPolicy/AccessControlList/Grant/Grantee/ID", Identity::OwnerId),
        ("AccessControlPolicy/AccessControlList/Grant/Grantee/DisplayName", Identity::OwnerName),
    ],
    ..REPORT
};

pub(super) const ATTRIBUTES: DocumentSpec = DocumentSpec {
    // As the reference has it, as S3 and versitygw write it, and as MinIO does.
    roots: &["GetObjectAttributesOutput", "GetObjectAttributesResponse", "getObjectAttributesResponse"],
    elements: &[
        CHECKSUMS,
        &["ETag", "Checksum", "ObjectParts", "ObjectSize", "StorageClass"],
        &["PartNumberMarker", "NextPartNumberMarker", "MaxParts", "IsTruncated", "PartsCount", "TotalPartsCount"],
        &["Part", "PartNumber", "Size"],
    ],
    ..REPORT
};

pub(super) const LEGAL_HOLD: DocumentSpec =
    DocumentSpec { roots: &["LegalHold"], elements: &[&["Status"]], ..CONFIGURATION };

pub(super) const RETENTION: DocumentSpec =
    DocumentSpec { roots: &["Retention"], elements: &[&["Mode", "RetainUntilDate"]], ..CONFIGURATION };

pub(super) const TAGGING: DocumentSpec =
    DocumentSpec { roots: &["Tagging"], elements: &[&["TagSet", "Tag", "Key", "Value"]], ..CONFIGURATION };

pub(super) const ACCELERATE: DocumentSpec =
    DocumentSpec { roots: &["AccelerateConfiguration"], elements: &[&["Status"]], ..CONFIGURATION };

pub(super) const CORS: DocumentSpec = DocumentSpec {
    roots: &["CORSConfiguration"],
    elements: &[&[
        "CORSRule",
        "ID",
        "AllowedHeader",
        "AllowedMethod",
        "AllowedOrigin",
        "ExposeHeader",
        "MaxAgeSeconds",
    ]],
    ..CONFIGURATION
};

pub(super) const ENCRYPTION: DocumentSpec = DocumentSpec {
    roots: &["ServerSideEncryptionConfiguration"],
    elements: &[
        &["Rule", "ApplyServerSideEncryptionByDefault", "SSEAlgorithm", "KMSMasterKeyID", "BucketKeyEnabled"],
        &["BlockedEncryptionTypes", "EncryptionType"],
    ],
    ..CONFIGURATION
};

pub(super) const LIFECYCLE: DocumentSpec = DocumentSpec {
    roots: &["LifecycleConfiguration"],
    elements: &[
        &["Rule", "ID", "Status", "Prefix", "Filter", "And", "Tag", "Key", "Value"],
        &["ObjectSizeGreaterThan", "ObjectSizeLessThan"],
        &["Expiration", "Transition", "Days", "Date", "StorageClass", "ExpiredObjectDeleteMarker"],
        &["NoncurrentVersionExpiration", "NoncurrentVersionTransition", "NoncurrentDays", "NewerNoncurrentVersions"],
        &["AbortIncompleteMultipartUpload", "DaysAfterInitiation"],
        // MinIO's own.
        &["DelMarkerExpiration", "ExpiredObjectAllVersions", "ExpiryUpdatedAt"],
    ],
    ..CONFIGURATION
};

pub(super) const OBJECT_LOCK: DocumentSpec = DocumentSpec {
    roots: &["ObjectLockConfiguration"],
    elements: &[&["ObjectLockEnabled", "Rule", "DefaultRetention", "Mode", "Days", "Years"]],
    ..CONFIGURATION
};

pub(super) const OWNERSHIP: DocumentSpec =
    DocumentSpec { roots: &["OwnershipControls"], elements: &[&["Rule", "ObjectOwnership"]], ..CONFIGURATION };

pub(super) const POLICY_STATUS: DocumentSpec =
    DocumentSpec { roots: &["PolicyStatus"], elements: &[&["IsPublic"]], ..REPORT };

pub(super) const PUBLIC_ACCESS: DocumentSpec = DocumentSpec {
    roots: &["PublicAccessBlockConfiguration"],
    elements: &[&["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]],
    ..CONFIGURATION
};

pub(super) const PAYMENT: DocumentSpec =
    DocumentSpec { roots: &["RequestPaymentConfiguration"], elements: &[&["Payer"]], ..CONFIGURATION };

pub(super) const VERSIONING: DocumentSpec = DocumentSpec {
    roots: &["VersioningConfiguration"],
    elements: &[
        &["Status", "MfaDelete"],
        // MinIO's own.
        &["ExcludedPrefixes", "Prefix", "ExcludeFolders"],
    ],
    ..CONFIGURATION
};

pub(super) const WEBSITE: DocumentSpec = DocumentSpec {
    roots: &["WebsiteConfiguration"],
    elements: &[
        &["IndexDocument", "Suffix", "ErrorDocument", "Key", "RedirectAllRequestsTo", "HostName", "Protocol"],
        &["RoutingRules", "RoutingRule", "Condition", "HttpErrorCodeReturnedEquals", "KeyPrefixEquals", "Redirect"],
        &["HttpRedirectCode", "ReplaceKeyPrefixWith", "ReplaceKeyWith"],
    ],
    ..CONFIGURATION
};
