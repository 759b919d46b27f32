//! Buckets that are made in the store if they are missing: those that settings name, before the first request, and that
//! of a write that asks for it.

use super::{UPSTREAM_BUCKET, UPSTREAM_REGION, remote};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{KEY_ID, Request, SECRET, TestServer};
use r2shim::access::{AccessKey, Permission};
use r2shim::s3::names::BucketName;
use r2shim::server::remote::RemoteStore;
use r2shim::sigv4::Secret;
use tokio::runtime::Runtime;

/// What becomes of a bucket, and the requests that the store got.
fn ensured(client: &str, head: u16, put: (u16, &'static str)) -> (Result<bool, String>, Vec<String>) {
    let upstream = Scripted::answering(move |request| match (request.method.as_str(), put) {
        ("HEAD", _) => Reply::new(head),
        (_, (status, "")) => Reply::new(status),
        (_, (status, code)) => Reply::xml(status, &format!("<Error><Code>{code}</Code></Error>")),
    });
    let store = RemoteStore::new(remote(&upstream.endpoint())).unwrap();
    let outcome = Runtime::new().unwrap().block_on(async {
        store.resolve().await;
        store.ensure_bucket(&BucketName::parse(client).unwrap()).await
    });
    let line = |request: Received| {
        let constraint = String::from_utf8(request.body).unwrap().contains(UPSTREAM_REGION);
        format!("{} {}{}", request.method, request.target, if constraint { " with the region" } else { "" })
    };
    (outcome, upstream.requests().into_iter().map(line).collect())
}

#[test]
fn a_bucket_is_made_only_if_the_store_says_that_it_is_missing() {
    let made = format!("PUT /{UPSTREAM_BUCKET} with the region");
    for (head, put, expected, asked) in [
        (200, (200, ""), Ok(false), None),
        (404, (200, ""), Ok(true), Some(&made)),
        (404, (409, "BucketAlreadyOwnedByYou"), Ok(false), Some(&made)),
        (404, (409, "BucketAlreadyExists"), Err("BucketAlreadyExists"), Some(&made)),
        (404, (403, "AccessDenied"), Err("AccessDenied"), Some(&made)),
        (403, (200, ""), Err("the key may not use it"), None),
        (301, (200, ""), Err("look at region and endpoints"), None),
    ] {
        let (outcome, requests) = ensured("media", head, put);
        let expected_requests: Vec<_> =
            [&format!("HEAD /{UPSTREAM_BUCKET}")].into_iter().chain(asked).cloned().collect();
        assert_eq!(requests, expected_requests, "{head} {put:?}");
        match (&outcome, expected) {
            (Ok(made), Ok(expected)) => assert_eq!(*made, expected, "{head} {put:?}"),
            (Err(cause), Err(expected)) => assert!(cause.contains(expected), "{head} {put:?}: {cause}"),
            _ => panic!("{head} {put:?}: {outcome:?}"),
        }
    }
}

#[test]
fn a_bucket_that_the_map_hides_is_never_asked_for() {
    let (outcome, requests) = ensured(UPSTREAM_BUCKET, 404, (200, ""));
    assert_eq!((outcome, requests.len()), (Err("[upstream.buckets] hides it".to_owned()), 0));
}

/// The answer to a write that asks for its bucket, and the requests that it caused. `head` and `create` are the store's
/// answers to HeadBucket and CreateBucket.
fn written(
    permission: Permission,
    request: Request,
    head: u16,
    create: (u16, &'static str),
) -> (u16, String, Vec<String>) {
    let upstream = Scripted::answering(move |request| match (request.method.as_str(), request.path()) {
        ("HEAD", _) => Reply::new(head),
        ("PUT", "/acme-prod-media") if create.1.is_empty() => Reply::new(create.0),
        ("PUT", "/acme-prod-media") => Reply::xml(create.0, &format!("<Error><Code>{}</Code></Error>", create.1)),
        _ => super::store::usual(request),
    });
    let key = AccessKey { permission, ..AccessKey::admin(KEY_ID, Secret::new(SECRET)) };
    let server = TestServer::in_front_of_with_keys("r2-2026", remote(&upstream.endpoint()), [key]);
    let answer = server.send(request.header("cf-create-bucket-if-missing", "true"));
    let lines = upstream.requests().into_iter().map(|request| {
        assert!(!request.has("cf-create-bucket-if-missing") || request.path().ends_with("/new"));
        format!("{} {}", request.method, request.path().replace(UPSTREAM_BUCKET, "B"))
    });
    let code = if answer.status < 300 { String::new() } else { answer.element("Code") };
    (answer.status, code, lines.collect())
}

#[test]
fn a_write_that_asks_for_its_bucket_gets_it() {
    const MADE: (u16, &str) = (200, "");
    let (admin, writer) = (Permission::AdminReadWrite, Permission::ObjectReadWrite);
    let put = || Request::put("/media/new").body("x");
    let upload = || Request::new("POST", "/media/new?uploads");
    for (permission, request, head, create, expected, sent) in [
        (admin, put(), 200, MADE, (200, ""), &["HEAD /B", "PUT /B/new"][..]),
        (admin, put(), 404, MADE, (200, ""), &["HEAD /B", "PUT /B", "PUT /B/new"]),
        (admin, upload(), 404, MADE, (200, ""), &["HEAD /B", "PUT /B", "POST /B/new"]),
        (writer, put(), 200, MADE, (200, ""), &["HEAD /B", "PUT /B/new"]),
        (writer, put(), 404, MADE, (403, "AccessDenied"), &["HEAD /B"]),
        (admin, put(), 404, (409, "BucketAlreadyOwnedByYou"), (200, ""), &["HEAD /B", "PUT /B", "PUT /B/new"]),
        (admin, put(), 404, (409, "BucketAlreadyExists"), (409, "BucketAlreadyExists"), &["HEAD /B", "PUT /B"]),
        (admin, put(), 403, MADE, (403, "AccessDenied"), &["HEAD /B"]),
    ] {
        let (status, code, lines) = written(permission, request.clone(), head, create);
        assert_eq!((status, code.as_str()), expected, "{request:?} {head} {create:?}");
        assert_eq!(lines, sent, "{request:?} {head} {create:?}");
    }
}
