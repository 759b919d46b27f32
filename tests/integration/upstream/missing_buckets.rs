//! Buckets that settings name are made in the store before the first request, if they are missing.

use super::{UPSTREAM_BUCKET, UPSTREAM_REGION, remote};
use crate::support::scripted::{Received, Reply, Scripted};
use r2shim::s3::names::BucketName;
use r2shim::server::remote::RemoteStore;
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
