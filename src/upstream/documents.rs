//! The XML of an upstream's answer as the client gets it. The operation table says which elements it has, and which of
//! them name the store's bucket, accounts or address ([`DocumentSpec`]). This module replaces their text.
//!
//! Errors are not here, because they are written anew. ListBuckets is also written anew, because its pages are mapped
//! and filtered.

use crate::s3::operation::{DocumentSpec, Identity};
use crate::s3::xml::{OWNER, RewriteRules, Rewriter, location};
use crate::upstream::failure::REFUSED;

/// The client's names for the subject of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientNames<'a> {
    /// The scheme it used: `http`, unless a trusted proxy reports another.
    pub scheme: &'a str,
    /// The host it sent the request to.
    pub host: &'a str,
    /// The bucket; empty if the request has none.
    pub bucket: &'a str,
    /// The key; empty if the request has none.
    pub key: &'a str,
}

/// The rules that turn the upstream's answer into the client's. `withheld` has the local names of elements that the
/// policy removes from every answer. `plus_for_space` is whether names are encoded with `+` for a space; clients get
/// `%20`.
pub fn client_document(
    document: &'static DocumentSpec,
    names: &ClientNames<'_>,
    withheld: &[String],
    plus_for_space: bool,
) -> Rewriter {
    let rules = withheld.iter().fold(RewriteRules::none(), RewriteRules::without);
    let rules =
        document.roots.iter().copied().fold(rules, RewriteRules::root).only(document.elements, document.unknown);
    let rules = document.identities.iter().fold(rules, |rules, (path, identity)| named(rules, path, *identity, names));
    let encoded = if plus_for_space { document.encoded } else { &[] };
    Rewriter::new(encoded.iter().copied().fold(rules, RewriteRules::plus_for_space))
}

/// The rules with one more, which replaces the text of the element at `path` with the client's.
fn named(rules: RewriteRules, path: &'static str, identity: Identity, names: &ClientNames<'_>) -> RewriteRules {
    match identity {
        Identity::Bucket => rules.text(path, names.bucket),
        Identity::Owner => rules.owner(path, OWNER),
        Identity::OwnerId => rules.text(path, OWNER.id),
        Identity::OwnerName => rules.text(path, OWNER.display_name),
        Identity::Location => rules.text(path, &location(names.scheme, names.host, names.bucket, names.key)),
        Identity::Refusal => rules.text(path, REFUSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Operation;
    use crate::s3::operation::{AnswerKind, OPERATIONS, UnknownElements};
    use crate::s3::xml::Ending;

    const NAMES: ClientNames<'static> =
        ClientNames { scheme: "http", host: "shim:9000", bucket: "media", key: "acme-prod/a&b" };

    /// The specification of an operation's answer.
    fn spec(operation: Operation) -> &'static DocumentSpec {
        let AnswerKind::Document(spec) = operation.spec().answer else { panic!("{operation} has no document") };
        spec
    }

    fn rewritten(operation: Operation, document: &str) -> Option<String> {
        let withheld = ["VersionId", "DeleteMarkerVersionId"].map(str::to_owned);
        let mut rewriter = client_document(spec(operation), &NAMES, &withheld, false);
        assert_eq!(rewriter.update(document.as_bytes()), Ok(Vec::new()));
        if let Ending::Document(text) = rewriter.finish().ok()? { Some(text) } else { None }
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
            "<AccessControlPolicy><Owner><ID></ID></Owner><AccessControlList><Grant><Grantee><Type>Group</Type>\
             <URI>all</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>",
            "<AccessControlPolicy><Owner><ID>r2shim</ID><DisplayName>r2shim</DisplayName></Owner><AccessControlList>\
             <Grant><Grantee><Type>Group</Type><URI>all</URI></Grantee></Grant></AccessControlList>\
             </AccessControlPolicy>",
        ),
        (
            Operation::CopyObject,
            "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
            "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
        ),
        (Operation::UploadPartCopy, "<CopyPartResult/>", "<CopyPartResult/>"),
        // Tags are the client's own words.
        (
            Operation::GetBucketTagging,
            "<Tagging><TagSet><Tag><Key>Tenant</Key><Value>acme-prod</Value></Tag></TagSet></Tagging>",
            "<Tagging><TagSet><Tag><Key>Tenant</Key><Value>acme-prod</Value></Tag></TagSet></Tagging>",
        ),
    ];

    #[test]
    fn names_of_the_upstream_become_those_of_the_client() {
        for (operation, store, client) in ANSWERS {
            assert_eq!(rewritten(*operation, store).as_deref(), Some(*client), "{operation}");
        }
    }

    /// Every operation whose answer is a document.
    fn documents() -> impl Iterator<Item = (Operation, &'static DocumentSpec)> {
        OPERATIONS.iter().filter_map(|row| match row.answer {
            AnswerKind::Document(spec) => Some((row.operation, spec)),
            _ => None,
        })
    }

    #[test]
    fn paths_are_those_of_elements_below_the_root() {
        for (operation, spec) in documents() {
            let identities = spec.identities.iter().map(|(path, _)| path);
            for path in identities.chain(spec.encoded) {
                let (root, elements) = path.split_once('/').unwrap();
                assert!(spec.roots.contains(&root), "{operation}: {path}");
                let (above, name) = elements.rsplit_once('/').unwrap_or(("", elements));
                let known = |name: &str| spec.elements.iter().any(|group| group.contains(&name));
                assert!(above.split('/').filter(|name| !name.is_empty()).all(known), "{operation}: {path}");
                assert!(known(name) || spec.identities.iter().any(|(of, _)| of == path), "{operation}: {path}");
            }
        }
    }

    #[test]
    fn another_document_than_asked_for_goes_nowhere() {
        let document = "<ListBucketsResult><Name>acme-prod</Name></ListBucketsResult>";
        for (operation, _) in documents() {
            assert_eq!(rewritten(operation, document), None, "{operation}");
        }
    }

    #[test]
    fn elements_that_no_specification_has_never_reach_a_client() {
        for (operation, spec) in documents() {
            let root = spec.roots[0];
            for inside in ["<New2030>acme-prod</New2030>", "<p:New2030/>", "<x><Name>acme-prod</Name></x>"] {
                let answer = rewritten(operation, &format!("<{root}>{inside}</{root}>"));
                let expected = match spec.unknown {
                    UnknownElements::Removed => Some(format!("<{root}></{root}>")),
                    UnknownElements::Refused => None,
                };
                assert_eq!(answer, expected, "{operation} {inside}");
            }
        }
    }

    #[test]
    fn names_encoded_with_plus_for_a_space_get_percent_20_where_the_store_encodes_so() {
        let uploads = "<ListMultipartUploadsResult><Bucket>b</Bucket><Prefix>a+b</Prefix><Upload><Key>a+b%2B</Key>\
                       <UploadId>u+u</UploadId></Upload></ListMultipartUploadsResult>";
        for (plus_for_space, prefix, key) in [(true, "a%20b", "a%20b%2B"), (false, "a+b", "a+b%2B")] {
            let mut rewriter = client_document(spec(Operation::ListMultipartUploads), &NAMES, &[], plus_for_space);
            let expected = format!(
                "<ListMultipartUploadsResult><Bucket>media</Bucket><Prefix>{prefix}</Prefix><Upload><Key>{key}</Key>\
                 <UploadId>u+u</UploadId></Upload></ListMultipartUploadsResult>"
            );
            rewriter.update(uploads.as_bytes()).unwrap();
            assert_eq!(rewriter.finish(), Ok(Ending::Document(expected)));
        }
    }
}
