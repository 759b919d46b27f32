//! Requests as clients send them, and what the upstream gets of each.

use super::*;
use crate::s3::Operation;
use crate::s3::query::Query;
use crate::sigv4;
use crate::upstream::{BucketMap, CredentialSource, Dialect};

fn remote(addressing: Addressing, dialect: &str) -> Remote {
    let mut buckets = BucketMap::default();
    buckets.map(BucketName::parse("media").unwrap(), "acme-prod-media".to_owned()).unwrap();
    Remote {
        region: "eu-west-1".to_owned(),
        addressing,
        dialect: Dialect::from_name(dialect).unwrap(),
        buckets,
        ..Remote::new(vec![Endpoint::parse("http://store.example.test:9100").unwrap()], CredentialSource::AwsChain)
    }
}

fn header_map(lines: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    lines.iter().map(pair).collect()
}

fn translated(
    operation: Operation,
    bucket: &str,
    raw_key: &str,
    raw_query: &str,
    lines: &[(&'static str, &str)],
    remote: &Remote,
) -> Result<Outgoing, S3Error> {
    let (headers, bucket) = (header_map(lines), BucketName::parse(bucket).ok());
    let query = Query::parse(raw_query).unwrap();
    let view = match sigv4::is_presigned(&query) {
        true => RequestView::from_presigned(&headers, query).unwrap(),
        false => RequestView::from_signed_headers(&headers, query),
    };
    let key = ObjectKey::parse(raw_key).ok();
    let row = operation.spec();
    let source = CopySource::from_view(&view)?;
    let (bucket, key, source) = (bucket.as_ref(), key.as_ref(), source.as_ref());
    Outgoing::from_incoming(&Incoming { row, view: &view, bucket, key, raw_key, source }, remote)
}

#[test]
fn the_path_is_the_clients_but_for_the_bucket() {
    use Addressing::{Path, Virtual};
    for (addressing, bucket, raw_key, path, host) in [
        (Path, "media", "a/b", "/acme-prod-media/a/b", "store.example.test:9100"),
        (Path, "other", "a%2Fb//../c+d%20e~%zz%", "/other/a%2Fb//../c+d%20e~%zz%", "store.example.test:9100"),
        (Path, "media", "", "/acme-prod-media", "store.example.test:9100"),
        (Path, "", "", "/", "store.example.test:9100"),
        (Virtual, "media", "/a/", "//a/", "acme-prod-media.store.example.test:9100"),
        (Virtual, "media", "", "/", "acme-prod-media.store.example.test:9100"),
        (Virtual, "", "", "/", "store.example.test:9100"),
    ] {
        let remote = remote(addressing, "aws");
        let out = translated(Operation::GetObject, bucket, raw_key, "", &[], &remote).unwrap();
        let name = out.certificate_name(&remote.endpoints[0]).into_owned();
        assert_eq!(name, host.split(':').next().unwrap(), "{bucket} {raw_key}");
        assert_eq!((out.path.as_str(), out.host(&remote.endpoints[0]).as_ref()), (path, host), "{bucket} {raw_key}");
    }
}

#[test]
fn only_the_operations_own_parameters_go_along() {
    for (raw, query) in [
        ("", ""),
        ("list-type=2&prefix=a+b%2F&delimiter=/&x-id=ListObjectsV2", "list-type=2&prefix=a%20b%2F&delimiter=%2F"),
        ("uploads", "uploads="),
        ("marker=%zz", "marker=%25zz"),
        (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=k&X-Amz-Security-Token=t&x-amz-acl=private&versionId=1",
            "versionId=1",
        ),
    ] {
        let out = translated(Operation::GetObject, "media", "", raw, &[], &remote(Addressing::Path, "aws")).unwrap();
        assert_eq!(out.query, query, "{raw}");
    }
}

fn sent(out: &Outgoing) -> Vec<String> {
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    let ours = ["user-agent", "accept-encoding"];
    let mut lines: Vec<_> = out.headers.iter().filter(|(name, _)| !ours.contains(&name.as_str())).map(line).collect();
    lines.sort();
    lines
}

#[test]
fn headers_go_along_by_name_and_the_clients_signature_does_not() {
    let lines = [
        ("host", "r2.example.test"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=client"),
        ("x-amz-date", "20261123T000000Z"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", "9"),
        ("x-amz-security-token", "client"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
        ("x-amz-user-agent", "sdk"),
        ("x-amz-te", "append-md5"),
        ("accept-encoding", "gzip"),
        ("user-agent", "sdk"),
        ("connection", "x-amz-meta-a"),
        ("expect", "100-continue"),
        ("content-length", "100"),
        ("transfer-encoding", "chunked"),
        ("cookie", "c"),
        ("origin", "http://example.test"),
        ("cf-ray", "1"),
        ("content-encoding", "aws-chunked,gzip"),
        ("content-type", "text/plain"),
        ("x-amz-meta-a", "käse"),
        ("x-amz-storage-class", "STANDARD"),
    ];
    let out = translated(Operation::PutObject, "media", "k", "", &lines, &remote(Addressing::Path, "aws")).unwrap();
    let expected =
        ["content-encoding: gzip", "content-type: text/plain", "x-amz-meta-a: käse", "x-amz-storage-class: STANDARD"];
    assert_eq!(sent(&out), expected);
}

#[test]
fn hoisted_headers_are_headers() {
    let raw = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=k&x-amz-meta-a=b%20c";
    let out = translated(Operation::PutObject, "media", "k", raw, &[], &remote(Addressing::Path, "aws")).unwrap();
    assert_eq!(
        (sent(&out), out.query.as_str()),
        (["content-type: application/octet-stream", "x-amz-meta-a: b c"].map(str::to_owned).to_vec(), "")
    );
}

#[test]
fn the_source_of_a_copy_has_the_upstreams_name() {
    let remote = remote(Addressing::Path, "aws");
    for (source, expected) in [
        ("media/a b", "acme-prod-media/a%20b"),
        ("/other/ä%2Bc", "other/%C3%A4%2Bc"),
        ("%2Fmedia%2Fa", "acme-prod-media/a"),
    ] {
        let lines = [("x-amz-copy-source", source)];
        let out = translated(Operation::CopyObject, "media", "k", "", &lines, &remote).unwrap();
        assert_eq!(sent(&out), [format!("x-amz-copy-source: {expected}")], "{source}");
    }
    let lines = [("x-amz-copy-source", "acme-prod-media/a")];
    let error = translated(Operation::CopyObject, "media", "k", "", &lines, &remote).unwrap_err();
    assert_eq!(error.code, "NoSuchBucket");
}

#[test]
fn a_bucket_behind_the_map_is_not_there() {
    let remote = remote(Addressing::Path, "aws");
    for operation in [Operation::HeadBucket, Operation::DeleteBucket] {
        let error = translated(operation, "acme-prod-media", "", "", &[], &remote).unwrap_err();
        assert_eq!(error.code, "NoSuchBucket", "{operation}");
    }
}

#[test]
fn what_may_be_sent_twice_and_how_long_its_answer_may_take() {
    use Operation::{CompleteMultipartUpload, CopyObject, DeleteObject, GetObject, PutObject, UploadPartCopy};
    use RequestClass::{IdempotentWrite, OtherWrite, Read};
    let timeouts = Timeouts::default();
    for (operation, condition, class, seconds) in [
        (GetObject, None, Read, 120),
        (GetObject, Some("if-none-match"), Read, 120),
        (PutObject, None, IdempotentWrite, 120),
        (PutObject, Some("if-none-match"), OtherWrite, 120),
        (PutObject, Some("if-match"), OtherWrite, 120),
        (DeleteObject, None, IdempotentWrite, 120),
        (CopyObject, Some("x-amz-copy-source-if-match"), IdempotentWrite, 900),
        (UploadPartCopy, None, IdempotentWrite, 900),
        (CompleteMultipartUpload, None, OtherWrite, 900),
    ] {
        let lines: Vec<_> = condition.map(|name| (name, "*")).into_iter().collect();
        let out = translated(operation, "media", "k", "", &lines, &remote(Addressing::Path, "aws")).unwrap();
        let found = (out.class(), out.answer_time(&timeouts).as_secs());
        assert_eq!(found, (class, seconds), "{operation} {condition:?}");
    }
}

#[test]
fn a_store_that_would_not_hear_a_condition_is_not_asked() {
    let garage = remote(Addressing::Path, "garage");
    let error = translated(Operation::PutObject, "media", "k", "", &[("if-none-match", "*")], &garage).unwrap_err();
    assert_eq!((error.status.as_u16(), error.code.as_ref()), (501, "NotImplemented"));
    assert!(translated(Operation::GetObject, "media", "k", "", &[("if-none-match", "*")], &garage).is_ok());
}

#[test]
fn the_signature_is_the_stores_own() {
    let remote = remote(Addressing::Path, "aws");
    let out = translated(Operation::GetObject, "media", "a//%2Fb", "", &[], &remote).unwrap();
    let (secret, cache) = (Secret::new("upstream secret"), KeyCache::default());
    let identity = SigningIdentity {
        access_key_id: "UPSTREAM",
        secret: &secret,
        session_token: None,
        region: &remote.region,
        cache: &cache,
    };
    let now = Timestamp::parse_amz_date("20261123T000000Z").unwrap();
    let headers = out.signed(&remote.endpoints[0], &identity, &PayloadHash::Unsigned, now).unwrap();
    let head = RequestHead { method: out.method, path: &out.path, query: &out.query, headers: &headers };
    let claim = sigv4::parse(&head).unwrap();
    assert!(sigv4::verify(&claim, &head, &secret, &cache).is_ok());
    let identity = SigningIdentity { session_token: Some("token"), ..identity };
    let headers = out.signed(&remote.endpoints[0], &identity, &PayloadHash::Unsigned, now).unwrap();
    assert_eq!(headers["x-amz-security-token"], "token");
    let authorization = headers[AUTHORIZATION].to_str().unwrap();
    assert!(authorization.contains("Credential=UPSTREAM/20261123/eu-west-1/s3/aws4_request"), "{authorization}");
    assert!(authorization.contains("x-amz-security-token"), "{authorization}");
}
