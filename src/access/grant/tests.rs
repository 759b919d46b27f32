//! What tokens let through.

use super::*;
use crate::access::permission::Permission;
use crate::access::scope::{BucketPattern, BucketScope};
use crate::access::token::tests::{claims, parent, scope_of};
use crate::s3::operation::Operation;

/// What a token of `parent` with that change of the claims lets through, of a list of requests.
fn allowed(parent: &AccessKey, from: &str, to: &str) -> Vec<&'static str> {
    let grant = Grant::of_token(parent, scope_of(&claims(from, to)));
    let requests: [(&str, Operation, &str, Option<&str>, &str); 18] = [
        ("get a/1", Operation::GetObject, "media", Some("a/1"), ""),
        ("get b", Operation::GetObject, "media", Some("b"), ""),
        ("get ab", Operation::GetObject, "media", Some("ab"), ""),
        ("put a/1", Operation::PutObject, "media", Some("a/1"), ""),
        ("get other", Operation::GetObject, "other", Some("a/1"), ""),
        ("tag a/1", Operation::PutObjectTagging, "media", Some("a/1"), ""),
        ("list", Operation::ListObjectsV2, "media", None, ""),
        ("list a/", Operation::ListObjectsV2, "media", None, "a/"),
        ("list a/1", Operation::ListObjects, "media", None, "a/1"),
        ("list uploads", Operation::ListMultipartUploads, "media", None, ""),
        ("versions", Operation::ListObjectVersions, "media", None, "a/"),
        ("head bucket", Operation::HeadBucket, "media", None, ""),
        ("location", Operation::GetBucketLocation, "media", None, ""),
        ("delete many", Operation::DeleteObjects, "media", None, ""),
        ("get cors", Operation::GetBucketCors, "media", None, ""),
        ("put lifecycle", Operation::PutBucketLifecycleConfiguration, "media", None, ""),
        ("delete bucket", Operation::DeleteBucket, "media", None, ""),
        ("list buckets", Operation::ListBuckets, "", None, ""),
    ];
    let permits = |(_, operation, bucket, key, prefix): &(&str, Operation, &str, Option<&str>, &str)| {
        let (spec, bucket) = (operation.spec(), BucketName::parse(bucket).ok());
        assert_eq!(spec.target == Target::Object, key.is_some());
        let (bucket, prefix) = (bucket.as_ref(), Some(*prefix));
        grant.permits(&Wanted { spec, bucket, key: *key, prefix })
    };
    requests.iter().filter(|request| permits(request)).map(|request| request.0).collect()
}

#[test]
fn a_token_leaves_what_both_it_and_its_parent_allow() {
    let reader = AccessKey { permission: Permission::ObjectReadOnly, ..parent() };
    let elsewhere = BucketScope::Matching(vec![BucketPattern::parse("other").unwrap()]);
    let elsewhere = AccessKey { buckets: elsewhere, ..parent() };
    let scope = r#""scope":"object-read-only""#;
    let reads = [
        "get a/1",
        "get b",
        "get ab",
        "list",
        "list a/",
        "list a/1",
        "list uploads",
        "versions",
        "head bucket",
        "location",
    ];
    assert_eq!(allowed(&parent(), "media", "media"), reads);
    assert_eq!(allowed(&reader, "object-read-only", "admin-read-write"), reads);
    assert!(allowed(&elsewhere, "media", "media").is_empty());
    assert_eq!(allowed(&parent(), scope, r#""actions":["GetObject"]"#), ["get a/1", "get b", "get ab"]);
    assert!(allowed(&parent(), scope, r#""actions":[]"#).is_empty());
    assert!(allowed(&parent(), scope, r#""scope":"object-read-only","actions":["PutObject"]"#).is_empty());
    assert_eq!(allowed(&reader, scope, r#""actions":["PutObject","ListObjectsV1"]"#), ["list a/1"]);
    let admin = allowed(&parent(), "object-read-only", "admin-read-write");
    assert!(admin.contains(&"put lifecycle") && admin.contains(&"get cors"), "{admin:?}");
    assert!(!admin.contains(&"delete bucket") && !admin.contains(&"list buckets"), "{admin:?}");
}

#[test]
fn paths_hold_a_token_to_keys() {
    let paths = |paths: &str| format!(r#""scope":"admin-read-write","paths":{paths}"#);
    let scope = r#""scope":"object-read-only""#;
    let of = |text: &str| allowed(&parent(), scope, &paths(text));
    let whole = ["head bucket", "location", "delete many"];
    let below = [&["get a/1", "put a/1", "tag a/1", "list a/", "list a/1", "versions"][..], &whole].concat();
    assert_eq!(of(r#"{"prefixPaths":["a/"],"objectPaths":[]}"#), below);
    assert_eq!(of(r#"{"objectPaths":["b"]}"#), [&["get b"][..], &whole].concat());
    let text = ["get a/1", "get ab", "put a/1", "tag a/1", "list a/", "list a/1", "versions"];
    let text = [&text[..], &whole].concat();
    assert_eq!(of(r#"{"prefixPaths":["a"]}"#), text);
    assert_eq!(of(r#"{"prefixPaths":[],"objectPaths":[]}"#), whole);
    let parent = parent();
    let grant = Grant::of_token(&parent, scope_of(&claims(scope, &paths(r#"{"objectPaths":["b"]}"#))));
    assert!(grant.covers_key("b") && !grant.covers_key("a"));
    let (media, other) = (BucketName::parse("media").unwrap(), BucketName::parse("other").unwrap());
    assert!(grant.may_copy_from(&media, "b") && !grant.may_copy_from(&media, "a") && !grant.may_copy_from(&other, "b"));
}
