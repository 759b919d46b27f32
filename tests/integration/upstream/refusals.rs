//! What is refused is refused here: the store does not even get a connection.

use super::{error, front, get, put, remote, store};
use crate::rows;
use crate::support::scripted::Scripted;
use crate::support::{KEY_ID, Request, Signing, TestServer};
use r2shim::upstream::{Dialect, Remote};

#[test]
fn features_that_r2_lacks_never_go_upstream() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let refused = rows::refused();
    for row in &refused {
        let answer = match row.is_signed {
            true => server.send(row.request.clone()),
            false => server.connect().send(row.request.clone().unsigned(server.address)),
        };
        rows::assert_refused(&answer, &row.request, &row.what);
        assert!(upstream.nothing_arrived(), "{}", row.what);
    }
    assert!(refused.len() > 200, "{}", refused.len());
}

#[test]
fn unauthenticated_requests_never_go_upstream() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let address = server.address;
    let signed = || put("new").signed(address);
    let in_region = |region: &str| Signing { region: region.to_owned(), ..Signing::default() };
    for (what, request, status) in [
        ("nobody", put("new").unsigned(address), 400),
        ("another signature", signed().replaced("Signature=", "Signature=0"), 403),
        ("another path", signed().replaced("/media/new", "/media/old"), 403),
        ("an unknown key", signed().replaced(KEY_ID, &"f".repeat(32)), 401),
        ("the upstream's key", signed().replaced(KEY_ID, super::UPSTREAM_KEY_ID), 400),
        ("an unsigned header", signed().header("x-amz-copy-source", "/media/kept"), 403),
        ("late", put("new").signed_by(address, &Signing::default().ago(1000)).0, 403),
        ("a foreign region", put("new").signed_by(address, &in_region("eu-north-1")).0, 400),
        ("the upstream's region", put("new").signed_by(address, &in_region(super::UPSTREAM_REGION)).0, 400),
        ("presigned, expired", get().presigned_by(address, 60, &Signing::default().ago(61)), 403),
        ("a bucket that cannot be", Request::get("/No/kept").signed(address), 400),
        ("a session token", put("new").header("x-amz-security-token", "t").signed(address), 400),
    ] {
        assert_eq!(server.connect().send(request).status, status, "{what}");
        assert!(upstream.nothing_arrived(), "{what}");
    }
}

/// The store's own name of a mapped bucket is none that a client could use.
#[test]
fn buckets_that_are_hidden_never_go_upstream() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let hidden = format!("/{}/kept", super::UPSTREAM_BUCKET);
    for request in [
        Request::get(&hidden),
        Request::put(&hidden).body("new"),
        Request::new("DELETE", &hidden),
        put("").header("x-amz-copy-source", &hidden),
    ] {
        let answer = server.send(request.clone());
        assert_eq!(super::error(&answer), (404, "NoSuchBucket".to_owned()), "{request:?}");
        assert!(upstream.nothing_arrived(), "{request:?}");
    }
}

/// A path that a store has its own interfaces at is no bucket: signed with r2shim's key, requests could administer it.
#[test]
fn a_stores_own_interfaces_are_not_buckets() {
    for (dialect, bucket) in [("minio", "minio"), ("ceph", "admin")] {
        let upstream = Scripted::answering(store::usual);
        let dialect = Dialect::from_name(dialect).unwrap();
        let server = TestServer::in_front_of("open", Remote { dialect, ..remote(&upstream.endpoint()) });
        let hidden = format!("/{bucket}/admin/v3/export-iam");
        for (request, status) in [
            (Request::get(&hidden), 404),
            (Request::put(&hidden).body("new"), 404),
            (Request::get(&format!("/{bucket}?list-type=2")), 404),
            (Request::put(&format!("/{bucket}")), 403),
            (put("").header("x-amz-copy-source", &hidden), 404),
        ] {
            assert_eq!(server.send(request.clone()).status, status, "{request:?}");
            assert!(upstream.nothing_arrived(), "{request:?}");
        }
    }
}

/// Stores ignore a condition whose date they cannot read.
#[test]
fn a_condition_that_cannot_be_read_never_goes_upstream() {
    let upstream = Scripted::answering(store::usual);
    let server = TestServer::in_front_of("r2", remote(&upstream.endpoint()));
    let copy = |condition: &str| put("").header("x-amz-copy-source", "/media/kept").header(condition, "2000-01-01");
    for request in [
        Request::get("/media/kept").header("if-unmodified-since", "2000-01-01T00:00:00Z"),
        Request::new("HEAD", "/media/kept").header("if-unmodified-since", "2000-01-01T00:00:00Z"),
        copy("x-amz-copy-source-if-unmodified-since"),
        copy("x-amz-copy-source-if-modified-since"),
    ] {
        assert_eq!(server.send(request.clone()).status, 412, "{request:?}");
        assert!(upstream.nothing_arrived(), "{request:?}");
    }
}

/// To carry these out without what they say would overwrite, delete or unpack something.
#[test]
fn headers_that_a_store_would_ignore_never_go_upstream() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let delete = |entry: &str| {
        let document = format!("<Delete><Object><Key>kept</Key>{entry}</Object></Delete>");
        Request::new("POST", "/media?delete").body(document)
    };
    let upstream = Scripted::answering(store::usual);
    let dialect = Dialect::from_name("minio").unwrap();
    let server = TestServer::in_front_of("r2", Remote { dialect, ..remote(&upstream.endpoint()) });
    for request in [
        put("new").header("if-unmodified-since", date),
        put("new").header("if-modified-since", date),
        put("new").header("if-unmodified-since", "2000-01-01T00:00:00Z"),
        put("new").header("if-modified-since", ""),
        put("new").header("if-none-match", "\"a\", \"b\""),
        put("new").header("x-amz-meta-snowball-auto-extract", "true"),
        Request::new("DELETE", "/media/kept").header("if-none-match", "*"),
        delete("<ETag>\"x\"</ETag>"),
        delete("<Size>4</Size>"),
    ] {
        let answer = server.send(request.clone());
        assert_eq!((answer.status, answer.element("Code").as_str()), (501, "NotImplemented"), "{request:?}");
        assert!(upstream.nothing_arrived(), "{request:?}");
    }
}

/// What R2 adds to a copy and no other store has: the store would copy as if it were not there.
#[test]
fn extensions_of_r2_for_copies_never_go_upstream() {
    let upstream = Scripted::answering(store::usual);
    let server = TestServer::in_front_of("r2-2026", remote(&upstream.endpoint()));
    for (name, value, refused) in [
        ("x-amz-metadata-directive", "MERGE", "x-amz-metadata-directive: MERGE"),
        ("cf-copy-destination-if-match", "*", "cf-copy-destination-if-match"),
        ("cf-copy-destination-if-none-match", "*", "cf-copy-destination-if-none-match"),
    ] {
        let copy = Request::put("/media/new").header("x-amz-copy-source", "/media/kept").header(name, value);
        let answer = server.send(copy);
        let message = format!("{refused} on CopyObject not implemented by the upstream");
        assert_eq!(
            (error(&answer), answer.element("Message")),
            ((501, "NotImplemented".to_owned()), message),
            "{name}"
        );
    }
    assert!(upstream.nothing_arrived());
    let kept = Request::put("/media/new").header("x-amz-copy-source", "/media/kept");
    assert_eq!(server.send(kept.header("x-amz-metadata-directive", "COPY")).status, 200);
}
