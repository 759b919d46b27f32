//! The headers of an upstream's answer that reach the client: those that the local disk would answer with, and no
//! others.
//!
//! It is an allow-list: headers about the store (`Server`, `Date`, `x-minio-*`, `x-rgw-*`), about its connection
//! (`Connection`, `Strict-Transport-Security`), and any that a later release adds, do not reach the client.
//! Content-Length and Transfer-Encoding are not here, because they belong to each connection. Neither are the headers
//! of errors, which r2shim writes.

use crate::policy::Answers;
use crate::s3::headers::{BUCKET_REGION, METADATA_PREFIX, OBJECT_HEADERS};
use crate::s3::metadata::user_value;
use http::{HeaderMap, HeaderName, HeaderValue};

/// HTTP's own headers that reach the client besides [`OBJECT_HEADERS`]: those about the state of the object and the
/// range of bytes. Location is not among them: it is the upstream's address of a bucket or an object. Neither are
/// `Vary` and
/// `Access-Control-*`: they are about r2shim's requests.
const ANSWERS_ONLY: &[&str] = &["accept-ranges", "content-range", "etag", "last-modified"];

/// The headers that reach the client, in the upstream's order. Values are unchanged except those of user metadata. The
/// policy decides about `x-amz-*` headers; a region becomes `region`.
pub fn client_headers(answer: &HeaderMap, answers: &Answers, region: &str) -> Vec<(HeaderName, HeaderValue)> {
    let reaches = |name: &str| {
        OBJECT_HEADERS.contains(&name) || ANSWERS_ONLY.contains(&name) || answers.header_reaches_client(name)
    };
    let passed = answer.iter().filter(|(name, _)| reaches(name.as_str()));
    let passed = passed.map(|(name, value)| (name.clone(), client_value(name, value)));
    passed.chain(client_region(answer, region)).collect()
}

/// Stores encode non-ASCII metadata in different forms; clients get R2's form.
fn client_value(name: &HeaderName, value: &HeaderValue) -> HeaderValue {
    let users = name.as_str().starts_with(METADATA_PREFIX);
    users.then(|| user_value(value)).flatten().unwrap_or_else(|| value.clone())
}

/// The region's header for the client; `None` if the upstream sent none, or if no header can hold the policy's name.
fn client_region(answer: &HeaderMap, region: &str) -> Option<(HeaderName, HeaderValue)> {
    let has_region = answer.contains_key(BUCKET_REGION);
    has_region.then(|| HeaderValue::from_str(region).ok()).flatten().map(|value| (BUCKET_REGION, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::s3::checksum::{Algorithm, Checksum};
    use crate::s3::metadata::Metadata;
    use crate::s3::query::Query;
    use crate::s3::view::RequestView;

    /// What the client of a policy gets of the lines.
    fn client(policy: &str, lines: &[&str]) -> Vec<String> {
        let policy = Policy::builtin(policy).unwrap().unwrap();
        let sent = client_headers(&map(lines), policy.answers(), "auto");
        let text = |value: &HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
        sent.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect()
    }

    fn map(lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| {
            let (name, value) = line.split_once(": ").unwrap();
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), value)
        };
        let mut map = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            map.append(name, value);
        }
        map
    }

    /// What stores answer, line by line, and how the line reaches a client of `r2` and one of `open`.
    type Lines = &'static [(&'static str, Reaches)];

    enum Reaches {
        Both,
        Open,
        Nobody,
    }
    use Reaches::*;

    /// GetObject from a versioned, encrypted and replicated bucket of S3.
    const AWS: Lines = &[
        ("x-amz-id-2: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2", Nobody),
        ("x-amz-request-id: 318BC8BC148832E5", Nobody),
        ("date: Tue, 24 Nov 2026 09:00:00 GMT", Nobody),
        ("last-modified: Mon, 23 Nov 2026 09:00:00 GMT", Both),
        ("x-amz-replication-status: COMPLETED", Open),
        ("x-amz-restore: ongoing-request=\"false\"", Open),
        ("x-amz-expiration: expiry-date=\"Fri, 25 Dec 2026 00:00:00 GMT\", rule-id=\"all\"", Open),
        ("etag: \"b2b1d3b5c1f0a2f9\"", Both),
        ("x-amz-server-side-encryption: aws:kms", Open),
        ("x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-west-1:1:key/2", Open),
        ("x-amz-storage-class: STANDARD_IA", Open),
        ("x-amz-tagging-count: 2", Open),
        ("x-amz-object-lock-mode: COMPLIANCE", Open),
        ("x-amz-website-redirect-location: /there", Open),
        ("x-amz-version-id: 3HL4kqtJvjVBH40Nrjfkd", Open),
        ("x-amz-meta-colour: red", Both),
        ("x-amz-meta-colour: blue", Both),
        ("x-amz-meta-name: =?UTF-8?B?Wm/Dqw==?=", Both),
        ("x-amz-missing-meta: 1", Both),
        ("x-amz-checksum-crc64nvme: AAAAAAAAAAA=", Both),
        ("x-amz-checksum-type: FULL_OBJECT", Both),
        ("x-amz-mp-parts-count: 3", Both),
        ("accept-ranges: bytes", Both),
        ("content-range: bytes 0-4/10", Both),
        ("cache-control: max-age=60", Both),
        ("content-disposition: attachment; filename=\"é.txt\"", Both),
        ("content-encoding: gzip", Both),
        ("content-language: de", Both),
        ("content-type: text/plain", Both),
        ("expires: Wed, 25 Nov 2026 09:00:00 GMT", Both),
        ("content-length: 5", Nobody),
        ("server: AmazonS3", Nobody),
        ("connection: close", Nobody),
    ];

    /// What MinIO, Ceph and Versity say besides, and what anyone could.
    const OTHERS: Lines = &[
        ("strict-transport-security: max-age=31536000; includeSubDomains", Nobody),
        ("vary: Origin, Accept-Encoding", Nobody),
        ("x-content-type-options: nosniff", Nobody),
        ("x-xss-protection: 1; mode=block", Nobody),
        ("x-minio-deployment-id: 5a1e", Nobody),
        ("x-ratelimit-limit: 100", Nobody),
        ("x-rgw-object-type: Normal", Nobody),
        ("x-rgw-object-count: 7", Nobody),
        ("x-container-object-count: 7", Nobody),
        ("transfer-encoding: chunked", Nobody),
        ("keep-alive: timeout=5", Nobody),
        ("location: http://10.0.0.7:9000/acme-prod-media/k", Nobody),
        ("set-cookie: node=7", Nobody),
        ("access-control-allow-origin: *", Nobody),
        ("retry-after: 1", Nobody),
        ("x-amz-access-point-alias: false", Open),
        ("x-amz-bucket-arn: arn:aws:s3:::acme-prod-media", Nobody),
        ("x-amz-request-charged: requester", Open),
        ("x-amz-abort-rule-id: week", Open),
        ("x-amzn-trace-id: Root=1", Nobody),
    ];

    #[test]
    fn each_header_reaches_whom_it_should() {
        for answer in [AWS, OTHERS] {
            let lines: Vec<_> = answer.iter().map(|(line, _)| *line).collect();
            let in_r2 = answer.iter().filter(|(_, reaches)| matches!(reaches, Both)).map(|(line, _)| *line);
            assert_eq!(client("r2", &lines), in_r2.collect::<Vec<_>>());
            let in_open = answer.iter().filter(|(_, reaches)| matches!(reaches, Both | Open)).map(|(line, _)| *line);
            assert_eq!(client("open", &lines), in_open.collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_region_is_the_clients() {
        for policy in ["r2", "open"] {
            for (lines, expected) in [
                (&["x-amz-bucket-region: eu-west-1"][..], &["x-amz-bucket-region: auto"][..]),
                (&["x-amz-bucket-region: a", "x-amz-bucket-region: b"], &["x-amz-bucket-region: auto"]),
                (&["server: MinIO"], &[]),
            ] {
                assert_eq!(client(policy, lines), expected, "{policy} {lines:?}");
            }
        }
        let policy = Policy::builtin("open").unwrap().unwrap();
        let reported = map(&["x-amz-bucket-region: eu-west-1"]);
        assert!(client_headers(&reported, policy.answers(), "no\nregion").is_empty());
    }

    #[test]
    fn headers_of_the_local_disk_also_reach_the_client_from_a_remote() {
        let stored = map(&[
            "cache-control: no-store",
            "content-disposition: inline",
            "content-encoding: br",
            "content-language: en",
            "content-type: text/html",
            "expires: 0",
            "x-amz-meta-a: b",
        ]);
        let metadata = Metadata::from_view(&RequestView::from_signed_headers(&stored, Query::default())).unwrap();
        let checksums = Algorithm::ALL.map(|algorithm| Checksum::from_digest(algorithm, &[0; 4]).headers());
        let local: Vec<_> = metadata.headers().into_iter().chain(checksums.into_iter().flatten()).collect();
        assert!(local.len() > stored.len());
        let policy = Policy::builtin("r2").unwrap().unwrap();
        for header in local {
            let answer = HeaderMap::from_iter([header.clone()]);
            assert_eq!(client_headers(&answer, policy.answers(), "auto"), [header]);
        }
    }
}
