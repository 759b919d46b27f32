//! The XML of an upstream's answer as the client gets it: which elements tell of the upstream, and what they say to the
//! client.
//!
//! Not here: what a policy withholds, which the caller names; errors, which are written anew; and ListBuckets, which is
//! read whole and written anew as well, since its pages are mapped and filtered.

use crate::s3::Operation;
use crate::s3::xml::{OWNER, Rewriter, Rules, location};
use crate::upstream::failure::REFUSED;

/// How the client speaks of what its request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientNames<'a> {
    /// Whom it asked: its `Host` header.
    pub host: &'a str,
    /// The bucket; empty where the request has none.
    pub bucket: &'a str,
    /// The key; empty where the request has none.
    pub key: &'a str,
    /// The region.
    pub region: &'a str,
}

/// An operation's answer.
struct Document {
    operation: Operation,
    /// Its root. An answer with another one goes nowhere: the paths below would not fit it.
    root: &'static str,
    /// Elements that tell of the upstream, by their path of local names.
    told: &'static [(&'static str, What)],
    /// Elements that `encoding-type=url` encodes (S3 API reference: the names in a listing).
    encoded: &'static [&'static str],
}

/// What an element says to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The bucket.
    Bucket,
    /// The one owner there is.
    Owner,
    /// That owner's id, where it stands for somebody whom an ACL grants something.
    OwnerId,
    /// That owner's name there.
    OwnerName,
    /// Where the object is.
    Location,
    /// The region.
    Region,
    /// Why something was refused, in words that may name anything.
    Refusal,
}

/// What an ACL tells of accounts.
const ACCESS_CONTROL: &[(&str, What)] = &[
    ("AccessControlPolicy/Owner", What::Owner),
    ("AccessControlPolicy/AccessControlList/Grant/Grantee/ID", What::OwnerId),
    ("AccessControlPolicy/AccessControlList/Grant/Grantee/DisplayName", What::OwnerName),
];

/// The answers that tell of the upstream, or would if they had another root (S3 API reference, the response syntax of
/// each operation).
const DOCUMENTS: &[Document] = &[
    Document {
        operation: Operation::ListObjects,
        root: "ListBucketResult",
        told: &[("ListBucketResult/Name", What::Bucket), ("ListBucketResult/Contents/Owner", What::Owner)],
        encoded: &[
            "ListBucketResult/Contents/Key",
            "ListBucketResult/CommonPrefixes/Prefix",
            "ListBucketResult/Prefix",
            "ListBucketResult/Delimiter",
            "ListBucketResult/Marker",
            "ListBucketResult/NextMarker",
        ],
    },
    Document {
        operation: Operation::ListObjectsV2,
        root: "ListBucketResult",
        told: &[("ListBucketResult/Name", What::Bucket), ("ListBucketResult/Contents/Owner", What::Owner)],
        encoded: &[
            "ListBucketResult/Contents/Key",
            "ListBucketResult/CommonPrefixes/Prefix",
            "ListBucketResult/Prefix",
            "ListBucketResult/Delimiter",
            "ListBucketResult/StartAfter",
        ],
    },
    Document {
        operation: Operation::ListObjectVersions,
        root: "ListVersionsResult",
        told: &[
            ("ListVersionsResult/Name", What::Bucket),
            ("ListVersionsResult/Version/Owner", What::Owner),
            ("ListVersionsResult/DeleteMarker/Owner", What::Owner),
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
    },
    Document {
        operation: Operation::ListMultipartUploads,
        root: "ListMultipartUploadsResult",
        told: &[
            ("ListMultipartUploadsResult/Bucket", What::Bucket),
            ("ListMultipartUploadsResult/Upload/Initiator", What::Owner),
            ("ListMultipartUploadsResult/Upload/Owner", What::Owner),
        ],
        encoded: &[
            "ListMultipartUploadsResult/Upload/Key",
            "ListMultipartUploadsResult/CommonPrefixes/Prefix",
            "ListMultipartUploadsResult/Prefix",
            "ListMultipartUploadsResult/Delimiter",
            "ListMultipartUploadsResult/KeyMarker",
            "ListMultipartUploadsResult/NextKeyMarker",
        ],
    },
    Document {
        operation: Operation::ListParts,
        root: "ListPartsResult",
        told: &[
            ("ListPartsResult/Bucket", What::Bucket),
            ("ListPartsResult/Initiator", What::Owner),
            ("ListPartsResult/Owner", What::Owner),
        ],
        encoded: &[],
    },
    Document {
        operation: Operation::CreateMultipartUpload,
        root: "InitiateMultipartUploadResult",
        told: &[("InitiateMultipartUploadResult/Bucket", What::Bucket)],
        encoded: &[],
    },
    Document {
        operation: Operation::CompleteMultipartUpload,
        root: "CompleteMultipartUploadResult",
        told: &[
            ("CompleteMultipartUploadResult/Location", What::Location),
            ("CompleteMultipartUploadResult/Bucket", What::Bucket),
        ],
        encoded: &[],
    },
    Document { operation: Operation::CopyObject, root: "CopyObjectResult", told: &[], encoded: &[] },
    Document { operation: Operation::UploadPartCopy, root: "CopyPartResult", told: &[], encoded: &[] },
    Document {
        operation: Operation::DeleteObjects,
        root: "DeleteResult",
        told: &[("DeleteResult/Error/Message", What::Refusal)],
        encoded: &[],
    },
    Document { operation: Operation::GetBucketAcl, root: "AccessControlPolicy", told: ACCESS_CONTROL, encoded: &[] },
    Document { operation: Operation::GetObjectAcl, root: "AccessControlPolicy", told: ACCESS_CONTROL, encoded: &[] },
    Document {
        operation: Operation::GetBucketLocation,
        root: "LocationConstraint",
        told: &[("LocationConstraint", What::Region)],
        encoded: &[],
    },
];

/// What stores add to S3's answers about themselves; it goes from all of [`DOCUMENTS`].
const OF_STORES: &[&str] = &[
    // Ceph: whose bucket it is.
    "Tenant",
    // MinIO's listings, asked with metadata: what is stored beside the object, and how it is erasure-coded.
    "UserMetadata",
    "UserTags",
    "Internal",
];

/// Whether an operation's answer is a document of S3's that tells of the upstream.
pub fn is_document(operation: Operation) -> bool {
    DOCUMENTS.iter().any(|document| document.operation == operation)
}

/// What makes the client's answer of the upstream's. `withheld` are the local names of elements that the policy keeps
/// from clients in any answer; `plus_for_space` says that the names in it are encoded with `+` for a space, where
/// clients get `%20`.
pub fn client_document(
    operation: Operation,
    names: &ClientNames<'_>,
    withheld: &[String],
    plus_for_space: bool,
) -> Rewriter {
    let rules = withheld.iter().fold(Rules::none(), Rules::without);
    let Some(document) = DOCUMENTS.iter().find(|document| document.operation == operation) else {
        return Rewriter::new(rules);
    };
    let rules = document.add_to(rules, names);
    let encoded = if plus_for_space { document.encoded } else { &[] };
    Rewriter::new(encoded.iter().copied().fold(rules, Rules::plus_for_space))
}

impl Document {
    fn add_to(&self, rules: Rules, names: &ClientNames<'_>) -> Rules {
        let rules = OF_STORES.iter().copied().fold(rules.root(self.root), Rules::without);
        self.told.iter().fold(rules, |rules, (path, what)| match what {
            What::Bucket => rules.text(path, names.bucket),
            What::Owner => rules.owner(path, OWNER),
            What::OwnerId => rules.text(path, OWNER.id),
            What::OwnerName => rules.text(path, OWNER.display_name),
            What::Location => rules.text(path, &location(names.host, names.bucket, names.key)),
            What::Region => rules.text(path, names.region),
            What::Refusal => rules.text(path, REFUSED),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::xml::Ending;

    const NAMES: ClientNames<'static> =
        ClientNames { host: "shim:9000", bucket: "media", key: "acme-prod/a&b", region: "auto" };

    fn rewritten(operation: Operation, document: &str) -> Option<String> {
        let withheld = ["VersionId", "DeleteMarkerVersionId"].map(str::to_owned);
        let mut rewriter = client_document(operation, &NAMES, &withheld, false);
        let given = rewriter.update(document.as_bytes()).ok()?;
        (rewriter.finish().ok()? == Ending::Document).then(|| String::from_utf8(given).unwrap())
    }

    /// Operation, what the store answers, what the client gets. The store calls the bucket `acme-prod`.
    const ANSWERS: &[(Operation, &str, &str)] = &[
        // MinIO. The bucket's name in a prefix and in a key is the client's own text.
        (
            Operation::ListObjects,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
             xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>acme-prod</Name><Prefix>acme-prod</Prefix><Marker>\
             </Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>acme-prod/&lt;Name&gt;x\
             &lt;/Name&gt;</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&#34;e&#34;</ETag><Size>3\
             </Size><Owner><ID>02d6176db174dc93</ID><DisplayName>minio</DisplayName></Owner><StorageClass>STANDARD\
             </StorageClass><UserMetadata><content-type>a/b</content-type></UserMetadata><Internal><K>4</K></Internal>\
             </Contents></ListBucketResult>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
             xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>media</Name><Prefix>acme-prod</Prefix><Marker>\
             </Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>acme-prod/&lt;Name&gt;x\
             &lt;/Name&gt;</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&#34;e&#34;</ETag><Size>3\
             </Size><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Owner><StorageClass>STANDARD\
             </StorageClass></Contents></ListBucketResult>",
        ),
        // S3, with a delimiter, and without a display name as of late.
        (
            Operation::ListObjectsV2,
            "<ListBucketResult><Name>acme-prod</Name><Contents><Key>Name</Key><Owner><ID>75aa57f0</ID></Owner>\
             </Contents><CommonPrefixes><Prefix>acme-prod/</Prefix></CommonPrefixes></ListBucketResult>",
            "<ListBucketResult><Name>media</Name><Contents><Key>Name</Key><Owner><ID>r2shim</ID><DisplayName>r2shim\
             </DisplayName></Owner></Contents><CommonPrefixes><Prefix>acme-prod/</Prefix></CommonPrefixes>\
             </ListBucketResult>",
        ),
        // Ceph.
        (
            Operation::ListObjectVersions,
            "<ListVersionsResult><Tenant>acme</Tenant><Name>acme-prod</Name><Version><Key>k</Key><VersionId>v\
             </VersionId><Owner><ID>acme$u</ID><DisplayName>U</DisplayName></Owner></Version><DeleteMarker><Key>k</Key><VersionId/>\
             <Owner/></DeleteMarker></ListVersionsResult>",
            "<ListVersionsResult><Name>media</Name><Version><Key>k</Key><Owner><ID>r2shim</ID><DisplayName>r2shim\
             </DisplayName></Owner></Version><DeleteMarker><Key>k</Key><Owner><ID>r2shim</ID><DisplayName>r2shim\
             </DisplayName></Owner></DeleteMarker></ListVersionsResult>",
        ),
        (
            Operation::ListMultipartUploads,
            "<ListMultipartUploadsResult><Bucket>acme-prod</Bucket><KeyMarker/><Upload><Key>k</Key><Initiator><ID>\
             arn:aws:iam::1:user/u</ID></Initiator><Owner><ID>1</ID></Owner></Upload></ListMultipartUploadsResult>",
            "<ListMultipartUploadsResult><Bucket>media</Bucket><KeyMarker/><Upload><Key>k</Key><Initiator><ID>r2shim\
             </ID><DisplayName>r2shim</DisplayName></Initiator><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName>\
             </Owner></Upload></ListMultipartUploadsResult>",
        ),
        (
            Operation::ListParts,
            "<ListPartsResult><Bucket>acme-prod</Bucket><Key>k</Key><Initiator/><Owner/><Part><Size>1</Size></Part>\
             </ListPartsResult>",
            "<ListPartsResult><Bucket>media</Bucket><Key>k</Key><Initiator><ID>r2shim</ID><DisplayName>r2shim\
             </DisplayName></Initiator><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Owner><Part><Size>1\
             </Size></Part></ListPartsResult>",
        ),
        (
            Operation::CreateMultipartUpload,
            "<InitiateMultipartUploadResult><Tenant>acme</Tenant><Bucket>acme-prod</Bucket><Key>k</Key><UploadId>u\
             </UploadId></InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult><Bucket>media</Bucket><Key>k</Key><UploadId>u</UploadId>\
             </InitiateMultipartUploadResult>",
        ),
        (
            Operation::CompleteMultipartUpload,
            "<CompleteMultipartUploadResult><Location>https://acme-prod.s3.eu-west-1.amazonaws.com/k</Location><Bucket>\
             acme-prod</Bucket><Key>acme-prod/a&amp;b</Key><ETag>&quot;e-1&quot;</ETag>\
             </CompleteMultipartUploadResult>",
            "<CompleteMultipartUploadResult><Location>http://shim:9000/media/acme-prod/a%26b</Location><Bucket>media\
             </Bucket><Key>acme-prod/a&amp;b</Key><ETag>&quot;e-1&quot;</ETag>\
             </CompleteMultipartUploadResult>",
        ),
        (
            Operation::DeleteObjects,
            "<DeleteResult><Deleted><Key>Bucket</Key><VersionId>v</VersionId></Deleted><Error><Key>k</Key><Code>\
             AccessDenied</Code><Message>not in acme-prod</Message><VersionId/></Error></DeleteResult>",
            "<DeleteResult><Deleted><Key>Bucket</Key></Deleted><Error><Key>k</Key><Code>AccessDenied</Code><Message>\
             The upstream store refuses the request.</Message></Error></DeleteResult>",
        ),
        // S3 calls us-east-1 nothing at all.
        (
            Operation::GetBucketLocation,
            "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
            "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">auto</LocationConstraint>",
        ),
        (
            Operation::GetBucketLocation,
            "<LocationConstraint>eu-west-1</LocationConstraint>",
            "<LocationConstraint>auto</LocationConstraint>",
        ),
        (
            Operation::GetBucketAcl,
            "<AccessControlPolicy><Owner><ID>75aa57f0</ID></Owner><AccessControlList><Grant><Grantee><ID>75aa57f0</ID>\
             <DisplayName>acme</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>\
             </AccessControlPolicy>",
            "<AccessControlPolicy><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Owner><AccessControlList>\
             <Grant><Grantee><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Grantee><Permission>FULL_CONTROL\
             </Permission></Grant></AccessControlList></AccessControlPolicy>",
        ),
        (
            Operation::GetObjectAcl,
            "<AccessControlPolicy><Owner><ID></ID></Owner><AccessControlList><Grant><Grantee><URI>all</URI></Grantee>\
             </Grant></AccessControlList></AccessControlPolicy>",
            "<AccessControlPolicy><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Owner><AccessControlList>\
             <Grant><Grantee><URI>all</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>",
        ),
        (
            Operation::CopyObject,
            "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
            "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
        ),
        (Operation::UploadPartCopy, "<CopyPartResult/>", "<CopyPartResult/>"),
        // No row: only what the policy withholds.
        (
            Operation::GetBucketTagging,
            "<Tagging><TagSet><Tag><Key>Tenant</Key><Value>acme-prod</Value></Tag></TagSet><VersionId>v</VersionId>\
             </Tagging>",
            "<Tagging><TagSet><Tag><Key>Tenant</Key><Value>acme-prod</Value></Tag></TagSet></Tagging>",
        ),
    ];

    #[test]
    fn what_tells_of_the_upstream_says_what_the_client_knows() {
        for (operation, store, client) in ANSWERS {
            assert_eq!(rewritten(*operation, store).as_deref(), Some(*client), "{operation}");
        }
    }

    #[test]
    fn every_row_has_an_answer_and_paths_below_its_root() {
        for row in DOCUMENTS {
            assert!(ANSWERS.iter().any(|(operation, ..)| *operation == row.operation), "{}", row.operation);
            let told = row.told.iter().map(|(path, _)| path);
            assert!(told.chain(row.encoded).all(|path| path.split('/').next() == Some(row.root)), "{}", row.operation);
        }
    }

    #[test]
    fn another_document_than_asked_for_goes_nowhere() {
        let document = "<ListBucketsResult><Name>acme-prod</Name></ListBucketsResult>";
        for row in DOCUMENTS {
            assert_eq!(rewritten(row.operation, document), None, "{}", row.operation);
        }
        assert_eq!(rewritten(Operation::GetBucketTagging, document).as_deref(), Some(document));
    }

    #[test]
    fn names_encoded_with_plus_for_a_space_get_percent_20_where_the_store_encodes_so() {
        let uploads = "<ListMultipartUploadsResult><Bucket>b</Bucket><Prefix>a+b</Prefix><Upload><Key>a+b%2B</Key>\
                       <UploadId>u+u</UploadId></Upload></ListMultipartUploadsResult>";
        for (plus_for_space, prefix, key) in [(true, "a%20b", "a%20b%2B"), (false, "a+b", "a+b%2B")] {
            let mut rewriter = client_document(Operation::ListMultipartUploads, &NAMES, &[], plus_for_space);
            let expected = format!(
                "<ListMultipartUploadsResult><Bucket>media</Bucket><Prefix>{prefix}</Prefix><Upload><Key>{key}</Key>\
                 <UploadId>u+u</UploadId></Upload></ListMultipartUploadsResult>"
            );
            assert_eq!(String::from_utf8(rewriter.update(uploads.as_bytes()).unwrap()).unwrap(), expected);
        }
    }
}
