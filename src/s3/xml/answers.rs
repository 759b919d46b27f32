//! Answers about buckets, deletes and copies, and the error document.

use super::writer::{Elements, bare_document, document, fragment};
use crate::s3::checksum::Checksum;
use crate::s3::{S3Error, Timestamp};

/// Whom answers name as the owner of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// `<ID>`.
    pub id: &'a str,
    /// `<DisplayName>`.
    pub display_name: &'a str,
}

/// The owner that all answers name. There is one account, so it is always the same.
pub const OWNER: Owner<'static> = Owner { id: "r2shim", display_name: "r2shim" };

/// The kind of a grantee that is an account (S3 API reference, Grantee).
const CANONICAL_USER: &str = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser""#;

impl Owner<'_> {
    pub(super) fn write(self, name: &str, elements: &mut Elements) {
        elements.inside(name, |owner| self.fill(owner));
    }

    /// The content of an owner's element.
    pub(super) fn fill(self, owner: &mut Elements) {
        owner.text("ID", self.id);
        owner.text("DisplayName", self.display_name);
    }
}

/// A bucket as ListBuckets shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketInfo {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
}

/// The result for one key of a DeleteObjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It is gone, or was not there.
    Deleted {
        /// The key as sent.
        key: String,
    },
    /// It was not deleted.
    Failed {
        /// The key as sent.
        key: String,
        /// Why.
        error: S3Error,
    },
}

/// `<Error>` as R2 writes it: no namespace, no `RequestId`, `HostId` or `Resource`.
pub fn error(error: &S3Error) -> String {
    bare_document("Error", |root| fill_error(root, error))
}

/// The same without a declaration: the rest of an answer that began with one, or with blanks, before the error.
pub fn late_error(error: &S3Error) -> String {
    fragment(|answer| answer.inside("Error", |root| fill_error(root, error)))
}

fn fill_error(root: &mut Elements, error: &S3Error) {
    root.text("Code", &error.code);
    root.text("Message", &error.message);
    for (name, text) in &error.details {
        root.text(name, text);
    }
}

/// The elements about a page of buckets, which are R2's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketPaging<'a> {
    /// `start-after` as asked.
    pub start_after: Option<&'a str>,
    /// `continuation-token` as asked.
    pub continuation_token: Option<&'a str>,
    /// `max-keys` as asked.
    pub max_keys: u64,
    /// The token for the next page; `None` on the last one.
    pub next: Option<&'a str>,
}

/// `<ListAllMyBucketsResult>`, buckets in the order given; `paging` where a page was asked for.
pub fn list_buckets(owner: Owner<'_>, buckets: &[BucketInfo], paging: Option<BucketPaging<'_>>) -> String {
    document("ListAllMyBucketsResult", |root| {
        if let Some(paging) = paging {
            write_paging(root, paging, buckets.len());
        }
        root.inside("Buckets", |list| {
            for bucket in buckets {
                list.inside("Bucket", |entry| {
                    entry.text("Name", &bucket.name);
                    entry.timestamp("CreationDate", bucket.created);
                });
            }
        });
        owner.write("Owner", root);
    })
}

fn write_paging(root: &mut Elements, paging: BucketPaging<'_>, count: usize) {
    root.value("IsTruncated", paging.next.is_some());
    root.optional("NextContinuationToken", paging.next);
    root.optional("StartAfter", paging.start_after);
    root.value("KeyCount", count);
    root.optional("ContinuationToken", paging.continuation_token);
    root.value("MaxKeys", paging.max_keys);
}

/// `<LocationConstraint>`, the answer of GetBucketLocation.
pub fn location_constraint(region: &str) -> String {
    document("LocationConstraint", |root| root.content(region))
}

/// `<AccessControlPolicy>` of what only its owner may use.
pub fn access_control_policy(owner: Owner<'_>) -> String {
    document("AccessControlPolicy", |root| {
        owner.write("Owner", root);
        root.inside("AccessControlList", |list| {
            list.inside("Grant", |grant| {
                grant.inside_marked("Grantee", CANONICAL_USER, |grantee| owner.fill(grantee));
                grant.text("Permission", "FULL_CONTROL");
            });
        });
    })
}

/// `<VersioningConfiguration>` of a bucket without versions.
pub fn unversioned() -> String {
    document("VersioningConfiguration", |_| {})
}

/// `<CreateBucketConfiguration>`, what CreateBucket says of the region.
pub fn create_bucket_configuration(region: &str) -> String {
    document("CreateBucketConfiguration", |root| root.text("LocationConstraint", region))
}

/// `<DeleteResult>`, outcomes in the order given.
pub fn delete_result(outcomes: &[DeleteOutcome]) -> String {
    document("DeleteResult", |root| {
        for outcome in outcomes {
            match outcome {
                DeleteOutcome::Deleted { key } => root.inside("Deleted", |entry| entry.text("Key", key)),
                DeleteOutcome::Failed { key, error } => root.inside("Error", |entry| {
                    entry.text("Key", key);
                    entry.text("Code", &error.code);
                    entry.text("Message", &error.message);
                }),
            }
        }
    })
}

/// `<CopyObjectResult>`.
pub fn copy_object(etag: &str, last_modified: Timestamp, checksum: Option<&Checksum>) -> String {
    copy_result("CopyObjectResult", etag, last_modified, checksum)
}

/// `<CopyPartResult>`.
pub fn copy_part(etag: &str, last_modified: Timestamp, checksum: Option<&Checksum>) -> String {
    copy_result("CopyPartResult", etag, last_modified, checksum)
}

fn copy_result(name: &str, etag: &str, last_modified: Timestamp, checksum: Option<&Checksum>) -> String {
    document(name, |root| {
        root.timestamp("LastModified", last_modified);
        root.etag(etag);
        write_checksum(root, checksum);
    })
}

/// The value of a checksum and what it covers.
pub(super) fn write_checksum(elements: &mut Elements, checksum: Option<&Checksum>) {
    if let Some(checksum) = checksum {
        elements.text(checksum.algorithm.element(), &checksum.value);
        elements.text("ChecksumType", checksum.kind.name());
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::tests::inner;
    use super::*;
    use crate::s3::Code;
    use crate::s3::checksum::Algorithm;

    #[test]
    fn errors_are_r2s() {
        let refused = S3Error::new(Code::NOT_IMPLEMENTED)
            .message("Header 'x-amz-acl' with value '<private>' not implemented")
            .cause("not for clients");
        assert_eq!(
            error(&refused),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NotImplemented</Code><Message>Header \
             &apos;x-amz-acl&apos; with value &apos;&lt;private&gt;&apos; not implemented</Message></Error>"
        );
        let detailed = S3Error::new(Code::ACCESS_DENIED).detail("HeadersNotSigned", "x-amz-acl");
        assert!(error(&detailed).ends_with(&format!("?>{}", late_error(&detailed))));
        assert!(error(&detailed).ends_with("</Message><HeadersNotSigned>x-amz-acl</HeadersNotSigned></Error>"));
    }

    #[test]
    fn buckets() {
        let owner = Owner { id: "1", display_name: "me" };
        let bucket = BucketInfo { name: "b".to_owned(), created: Timestamp::from_millis(1) };
        let expected = "<Buckets><Bucket><Name>b</Name><CreationDate>1970-01-01T00:00:00.001Z</CreationDate></Bucket>\
                        </Buckets><Owner><ID>1</ID><DisplayName>me</DisplayName></Owner>";
        assert_eq!(inner("ListAllMyBucketsResult", &list_buckets(owner, &[bucket], None)), expected);
        assert!(list_buckets(owner, &[], None).contains("<Buckets></Buckets>"));
        assert_eq!(inner("LocationConstraint", &location_constraint("auto")), "auto");
    }

    #[test]
    fn an_acl_gives_everything_to_the_owner() {
        let owner = "<ID>1</ID><DisplayName>me</DisplayName>";
        let expected = format!(
            "<Owner>{owner}</Owner><AccessControlList><Grant><Grantee \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">{owner}</Grantee>\
             <Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"
        );
        let policy = access_control_policy(Owner { id: "1", display_name: "me" });
        assert_eq!(inner("AccessControlPolicy", &policy), expected);
    }

    #[test]
    fn deletes() {
        let outcomes = [
            DeleteOutcome::Deleted { key: "a&\u{1}".to_owned() },
            DeleteOutcome::Failed { key: "b".to_owned(), error: Code::ACCESS_DENIED.into() },
        ];
        let expected = "<Deleted><Key>a&amp;&#x1;</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>\
                        <Message>Access Denied</Message></Error>";
        assert_eq!(inner("DeleteResult", &delete_result(&outcomes)), expected);
    }

    #[test]
    fn copies() {
        let checksum = Checksum::from_digest(Algorithm::Crc32, &[0; 4]);
        let expected = "<LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>";
        let timestamp = Timestamp::default();
        assert_eq!(inner("CopyObjectResult", &copy_object("e", timestamp, None)), expected);
        assert_eq!(
            inner("CopyPartResult", &copy_part("e", timestamp, Some(&checksum))),
            format!("{expected}<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>")
        );
    }
}
