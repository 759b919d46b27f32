//! What a store answers when nothing is wrong.

use super::{UPSTREAM_BUCKET, UPSTREAM_REGION};
use crate::support::scripted::{Received, Reply};

/// The object every GET finds.
pub const KEPT: &str = "kept";
/// Its ETag.
pub const ETAG: &str = "\"91e8a5ddd8e5b08da0f0a4c3e5d8a4a0\"";
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// The bucket that is missing, for tests that make it.
const FRESH: &str = "/fresh";

/// The answer of a store whose other buckets and all objects are always there.
pub fn usual(request: &Received) -> Reply {
    let (query, in_object) = (request.query(), request.path().trim_matches('/').contains('/'));
    match request.method.as_str() {
        "GET" if request.path() == "/" && !request.header("host").starts_with(UPSTREAM_BUCKET) => buckets(),
        "GET" | "HEAD" if in_object && !query.contains("uploadId") => object(KEPT),
        "GET" if query.contains("location") => location(),
        "GET" if query.contains("uploads") => uploads(),
        "GET" => objects(&["kept"]),
        "PUT" if request.has("x-amz-copy-source") => copied(query.contains("partNumber")),
        "POST" if query.contains("uploads") => created(),
        "POST" if query.contains("uploadId") => completed(),
        "HEAD" if request.path() == FRESH => Reply::new(404),
        "POST" => Reply::xml(200, "<DeleteResult></DeleteResult>"),
        "DELETE" => Reply::new(204),
        _ => Reply::new(200).header("etag", ETAG),
    }
}

/// An object with this body.
pub fn object(body: &str) -> Reply {
    Reply::new(200)
        .header("etag", ETAG)
        .header("last-modified", DATE)
        .header("content-type", "text/plain")
        .header("accept-ranges", "bytes")
        .body(body)
}

pub fn buckets() -> Reply {
    let bucket = |name: &str| {
        format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>")
    };
    let list: String = [UPSTREAM_BUCKET, "else"].map(bucket).concat();
    let owner = "<Owner><ID>upstream-owner</ID><DisplayName>upstream-owner</DisplayName></Owner>";
    Reply::xml(200, &format!("<ListAllMyBucketsResult>{owner}<Buckets>{list}</Buckets></ListAllMyBucketsResult>"))
}

/// A whole listing with these keys.
pub fn objects(keys: &[&str]) -> Reply {
    Reply::xml(
        200,
        &format!("{}{}</ListBucketResult>", listing_start(), keys.iter().map(|key| contents(key)).collect::<String>()),
    )
}

/// How a listing begins.
pub fn listing_start() -> String {
    format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{UPSTREAM_BUCKET}</Name>\
         <Prefix></Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    )
}

/// An object in a listing, with an owner.
pub fn contents(key: &str) -> String {
    format!(
        "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag>\
         <Size>4</Size><StorageClass>STANDARD</StorageClass>\
         <Owner><ID>upstream-owner</ID><DisplayName>upstream-owner</DisplayName></Owner></Contents>"
    )
}

fn location() -> Reply {
    Reply::xml(200, &format!("<LocationConstraint>{UPSTREAM_REGION}</LocationConstraint>"))
}

fn uploads() -> Reply {
    Reply::xml(
        200,
        &format!(
            "<ListMultipartUploadsResult><Bucket>{UPSTREAM_BUCKET}</Bucket><KeyMarker></KeyMarker>\
             <IsTruncated>false</IsTruncated><Upload><Key>new</Key><UploadId>u</UploadId>\
             <Initiator><ID>upstream-owner</ID></Initiator><Owner><ID>upstream-owner</ID></Owner>\
             <StorageClass>STANDARD</StorageClass><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>\
             </ListMultipartUploadsResult>"
        ),
    )
}

fn copied(part: bool) -> Reply {
    let name = if part { "CopyPartResult" } else { "CopyObjectResult" };
    let result =
        format!("<{name}><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag></{name}>");
    Reply::xml(200, &result)
}

fn created() -> Reply {
    Reply::xml(
        200,
        &format!(
            "<InitiateMultipartUploadResult><Bucket>{UPSTREAM_BUCKET}</Bucket><Key>new</Key><UploadId>u</UploadId>\
             </InitiateMultipartUploadResult>"
        ),
    )
}

/// The document of a completed upload, which names where it is in the store's words.
pub fn completed() -> Reply {
    Reply::xml(
        200,
        &format!(
            "<CompleteMultipartUploadResult><Location>http://store.internal/{UPSTREAM_BUCKET}/new</Location>\
             <Bucket>{UPSTREAM_BUCKET}</Bucket><Key>new</Key><ETag>&quot;x-1&quot;</ETag>\
             </CompleteMultipartUploadResult>"
        ),
    )
}
