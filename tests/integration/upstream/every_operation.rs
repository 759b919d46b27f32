//! Every operation of the table, under the policy that refuses nothing, by a key for one bucket: whatever the store
//! answers, nothing of what belongs to the store reaches the client.

use super::{UPSTREAM_BUCKET, UPSTREAM_KEY_ID, UPSTREAM_REGION, error, remote};
use crate::rows;
use crate::support::scripted::{Reply, Scripted};
use crate::support::{KEY_ID, Request, Response, SECRET, TestServer};
use r2shim::access::{AccessKey, BucketPattern, BucketScope};
use r2shim::s3::Operation;
use r2shim::s3::names::BucketName;
use r2shim::s3::operation::{Access, AnswerKind, Method, OPERATIONS, OperationSpec};
use r2shim::sigv4::Secret;
use r2shim::upstream::{BucketMap, Dialect, Remote};
use std::sync::{Arc, Mutex};

/// What belongs to the store: names of buckets and regions, owners, accounts, keys, tokens, addresses.
const PRIVATE: &[&str] = &[
    UPSTREAM_BUCKET,
    UPSTREAM_KEY_ID,
    UPSTREAM_REGION,
    "acme-payroll",
    "upstream-owner",
    "123456789012",
    "store.internal",
    "upstream-token",
];

/// Headers in which stores name such things.
const HEADERS: &[(&str, &str)] = &[
    ("location", "http://store.internal/acme-prod-media"),
    ("server", "store.internal"),
    ("set-cookie", "upstream-token"),
    ("x-amz-bucket-arn", "arn:aws:s3:::acme-prod-media"),
    ("x-amz-bucket-location-name", "eu-west-1"),
    ("x-amz-bucket-region", "eu-west-1"),
    ("x-amz-id-2", "upstream-token"),
    ("x-amz-restore-output-path", "acme-payroll/k"),
    ("x-minio-deployment-id", "upstream-token"),
];

const OWNER: &str = "<Owner><ID>upstream-owner</ID><DisplayName>upstream-owner</DisplayName></Owner>";

/// What a store answers to an operation whose answer is a document; `$OWNER` is [`OWNER`].
const DOCUMENTS: &[(Operation, &str)] = &[
    (
        Operation::ListBuckets,
        "<ListAllMyBucketsResult>$OWNER<Buckets><Bucket><Name>acme-prod-media</Name><CreationDate>\
         2026-01-01T00:00:00.000Z</CreationDate></Bucket><Bucket><Name>acme-payroll</Name><CreationDate>\
         2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>",
    ),
    (Operation::GetBucketLocation, "<LocationConstraint>eu-west-1</LocationConstraint>"),
    (
        Operation::ListObjects,
        "<ListBucketResult><Name>acme-prod-media</Name><Contents><Key>k</Key>$OWNER<UserMetadata><a>upstream-token</a>\
         </UserMetadata></Contents></ListBucketResult>",
    ),
    (
        Operation::ListObjectsV2,
        "<ListBucketResult><Name>acme-prod-media</Name><Contents><Key>k</Key>$OWNER</Contents></ListBucketResult>",
    ),
    (
        Operation::ListObjectVersions,
        "<ListVersionsResult><Tenant>upstream-owner</Tenant><Name>acme-prod-media</Name><Version><Key>k</Key>$OWNER\
         </Version><DeleteMarker><Key>k</Key>$OWNER</DeleteMarker></ListVersionsResult>",
    ),
    (
        Operation::ListMultipartUploads,
        "<ListMultipartUploadsResult><Bucket>acme-prod-media</Bucket><Upload><Key>k</Key><Initiator><ID>\
         arn:aws:iam::123456789012:user/u</ID></Initiator>$OWNER</Upload></ListMultipartUploadsResult>",
    ),
    (Operation::DeleteObjects, "<DeleteResult><Error><Message>not in acme-prod-media</Message></Error></DeleteResult>"),
    (Operation::CopyObject, "<CopyObjectResult><ETag>e</ETag><Node>store.internal</Node></CopyObjectResult>"),
    (
        Operation::CreateMultipartUpload,
        "<InitiateMultipartUploadResult><Bucket>acme-prod-media</Bucket><Key>k</Key></InitiateMultipartUploadResult>",
    ),
    (Operation::UploadPartCopy, "<CopyPartResult><ETag>e</ETag><Node>store.internal</Node></CopyPartResult>"),
    (
        Operation::CompleteMultipartUpload,
        "<CompleteMultipartUploadResult><Location>http://store.internal/acme-prod-media/k</Location><Bucket>\
         acme-prod-media</Bucket></CompleteMultipartUploadResult>",
    ),
    (
        Operation::ListParts,
        "<ListPartsResult><Bucket>acme-prod-media</Bucket><Initiator><ID>upstream-owner</ID></Initiator>$OWNER\
         </ListPartsResult>",
    ),
    (
        Operation::GetObjectAcl,
        "<AccessControlPolicy>$OWNER<AccessControlList><Grant><Grantee><ID>upstream-owner</ID><EmailAddress>\
         upstream-owner@store.internal</EmailAddress></Grantee></Grant></AccessControlList></AccessControlPolicy>",
    ),
    (
        Operation::GetBucketAcl,
        "<AccessControlPolicy>$OWNER<AccessControlList><Grant><Grantee><ID>upstream-owner</ID><DisplayName>\
         upstream-owner</DisplayName></Grantee></Grant></AccessControlList></AccessControlPolicy>",
    ),
    (
        Operation::GetObjectAttributes,
        "<GetObjectAttributesResponse><ETag>e</ETag><Node>store.internal</Node></GetObjectAttributesResponse>",
    ),
    (Operation::GetObjectLegalHold, "<LegalHold><Status>ON</Status></LegalHold>"),
    (Operation::GetObjectRetention, "<Retention><Mode>GOVERNANCE</Mode></Retention>"),
    (Operation::GetObjectTagging, "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
    (Operation::GetBucketTagging, "<Tagging><TagSet/></Tagging>"),
    (Operation::GetBucketAccelerateConfiguration, "<AccelerateConfiguration/>"),
    (Operation::GetBucketCors, "<CORSConfiguration><CORSRule><ID>a</ID></CORSRule></CORSConfiguration>"),
    (
        Operation::GetBucketEncryption,
        "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
         </ServerSideEncryptionConfiguration>",
    ),
    (
        Operation::GetBucketLifecycleConfiguration,
        "<LifecycleConfiguration><Rule><ID>a</ID><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>",
    ),
    (Operation::GetObjectLockConfiguration, "<ObjectLockConfiguration/>"),
    (Operation::GetBucketOwnershipControls, "<OwnershipControls/>"),
    (Operation::GetBucketPolicyStatus, "<PolicyStatus><Owner>upstream-owner</Owner></PolicyStatus>"),
    (Operation::GetPublicAccessBlock, "<PublicAccessBlockConfiguration/>"),
    (
        Operation::GetBucketRequestPayment,
        "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    ),
    (Operation::GetBucketVersioning, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
    (
        Operation::GetBucketWebsite,
        "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>",
    ),
];

/// What no operation answers with, or only one that is not passed on.
const OTHERS: &[&str] = &[
    "<ListAllMyBucketsResult><Buckets><Bucket><Name>acme-payroll</Name></Bucket></Buckets></ListAllMyBucketsResult>",
    "<BucketLoggingStatus><LoggingEnabled><TargetBucket>acme-payroll</TargetBucket></LoggingEnabled>\
     </BucketLoggingStatus>",
    "<ReplicationConfiguration><Role>arn:aws:iam::123456789012:role/r</Role><Rule><Destination><Bucket>\
     arn:aws:s3:::acme-payroll</Bucket></Destination></Rule></ReplicationConfiguration>",
    "<CreateSessionResult><Credentials><SessionToken>upstream-token</SessionToken></Credentials></CreateSessionResult>",
    "<New2030><Address>store.internal</Address></New2030>",
    "{\"Statement\":[{\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:user/u\"},\
     \"Resource\":\"arn:aws:s3:::acme-prod-media/*\"}]}",
];

/// The store's own document for an operation.
fn document(operation: Operation) -> Option<String> {
    DOCUMENTS.iter().find(|(of, _)| *of == operation).map(|(_, document)| document.replace("$OWNER", OWNER))
}

/// A store, and what it answers with next.
struct Indiscreet {
    store: Scripted,
    body: Arc<Mutex<String>>,
}

impl Indiscreet {
    fn start() -> Indiscreet {
        let body = Arc::new(Mutex::new(String::new()));
        let next = body.clone();
        let store = Scripted::answering(move |_| {
            let reply = Reply::new(200).body(next.lock().unwrap().clone());
            HEADERS.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
        });
        Indiscreet { store, body }
    }

    fn answers_with(&self, body: &str) {
        body.clone_into(&mut self.body.lock().unwrap());
    }

    /// A server with a key for one bucket, and no bucket that has no name there.
    fn front(&self) -> TestServer {
        let media = BucketName::parse("media").unwrap();
        let mut buckets = BucketMap::new(true);
        buckets.map(media, UPSTREAM_BUCKET.to_owned()).unwrap();
        let scope = BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
        let key = AccessKey { buckets: scope, ..AccessKey::admin(KEY_ID, Secret::new(SECRET)) };
        // Of a store that refuses to make a bucket again, nothing is asked before CreateBucket.
        let dialect = Dialect::from_name("minio").unwrap();
        let remote = Remote { buckets, dialect, ..remote(&self.store.endpoint()) };
        TestServer::in_front_of_with_keys("open", remote, [key])
    }
}

fn request(row: &OperationSpec) -> Request {
    match row.operation {
        Operation::CreateBucket => Request::put("/media"),
        Operation::CompleteMultipartUpload => rows::request(row).body(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part></CompleteMultipartUpload>",
        ),
        _ => rows::request(row),
    }
}

fn assert_discreet(answer: &Response, what: &str) {
    let seen = format!("{:?} {}", answer.headers, answer.text());
    for private in PRIVATE {
        assert!(!seen.contains(private), "{what}: {private}: {seen}");
    }
}

#[test]
fn nothing_of_the_store_reaches_the_client() {
    let upstream = Indiscreet::start();
    let server = upstream.front();
    for row in OPERATIONS {
        let own = document(row.operation);
        assert_eq!(own.is_some(), matches!(row.answer, AnswerKind::Document(_) | AnswerKind::Own), "{}", row.operation);
        // The bytes of an object are the client's own, whatever they are.
        let others: &[&str] = if row.answer == AnswerKind::Object { &["kept"] } else { OTHERS };
        for body in own.iter().map(String::as_str).chain(others.iter().copied()) {
            upstream.answers_with(body);
            let answer = server.send(request(row));
            assert_discreet(&answer, &format!("{} {body}", row.operation));
        }
    }
}

/// What can be forwarded is forwarded; what cannot never reaches the store.
#[test]
fn an_operation_is_passed_on_or_refused_by_name() {
    let upstream = Indiscreet::start();
    let server = upstream.front();
    for row in OPERATIONS.iter().filter(|row| row.access != Access::Unsigned) {
        let before = upstream.store.requests().len();
        upstream.answers_with(&document(row.operation).unwrap_or_default());
        let answer = server.send(request(row));
        let arrived = upstream.store.requests().len() > before;
        let refused = matches!(row.answer, AnswerKind::NotForwarded(_));
        assert_eq!((answer.status, arrived), if refused { (501, false) } else { (200, true) }, "{}", row.operation);
        if refused && row.method != Method::Head {
            let start = format!("{} not implemented in front of a remote store: ", row.operation);
            assert!(answer.element("Message").starts_with(&start), "{}", answer.text());
        }
    }
}

/// A bucket that the map hides cannot be made under its own name.
#[test]
fn a_hidden_bucket_is_not_made() {
    let upstream = Indiscreet::start();
    let server = TestServer::in_front_of("r2", remote(&upstream.store.endpoint()));
    let answer = server.send(Request::put(&format!("/{UPSTREAM_BUCKET}")));
    assert_eq!(error(&answer), (403, "AccessDenied".to_owned()));
    assert!(upstream.store.nothing_arrived());
}
