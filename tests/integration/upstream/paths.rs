//! Keys reach the store as they were sent, byte for byte: what looks alike here may be two objects there.

use super::{UPSTREAM_BUCKET, forwarded, front, remote, store};
use crate::support::scripted::Scripted;
use crate::support::{Request, TestServer};
use r2shim::upstream::{Addressing, Remote};

/// Keys as in a request's target.
const KEYS: &[&str] = &[
    "a",
    "a/b",
    "a//b",
    "/a",
    "//",
    "a/",
    "./a",
    "../a",
    "a/../../b",
    "a%2Fb",
    "a%2fb",
    "%2E%2E/a",
    "a+b",
    "a%2Bb",
    "a%20b",
    "a%",
    "a%zz",
    "a%2",
    "%25",
    "%61",
    "~a",
    "%7Ea",
    "a%C3%A9",
    "a%c3%a9",
    "a\u{e9}",
    "a:b@c$d&e=f;g,h!i'j(k)l*m",
    "a%3Fb%23c",
    "a[b]|c",
];

#[test]
fn keys_go_along_as_they_are_written() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for key in KEYS {
        for method in ["GET", "PUT", "DELETE"] {
            let received = forwarded(&server, &upstream, Request::new(method, &format!("/media/{key}")));
            assert_eq!(received.target, format!("/{UPSTREAM_BUCKET}/{key}"), "{method}");
            assert_eq!(received.method, method);
        }
    }
}

/// The key `/a` of a bucket that is a host is `//a`.
#[test]
fn a_bucket_may_be_a_host_on_either_side() {
    let upstream = Scripted::answering(store::usual);
    let addressing = Addressing::Virtual;
    let server = TestServer::in_front_of("r2", Remote { addressing, ..remote(&upstream.endpoint()) });
    let host = format!("{UPSTREAM_BUCKET}.{}", upstream.address);
    for key in KEYS {
        let received = forwarded(&server, &upstream, Request::get(&format!("/media/{key}")));
        assert_eq!((received.target.as_str(), received.header("host")), (&*format!("/{key}"), &*host));
        let in_host = Request::get(&format!("/{key}")).header("host", "media.s3.example.test");
        let received = forwarded(&server, &upstream, in_host);
        assert_eq!((received.target.as_str(), received.header("host")), (&*format!("/{key}"), &*host));
    }
    let listing = forwarded(&server, &upstream, Request::get("/media?list-type=2"));
    assert_eq!((listing.path(), listing.header("host")), ("/", &*host));
}

#[test]
fn the_host_is_the_stores() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for host in ["s3.example.test", "media.s3.example.test", "localhost:1"] {
        let target = if host.starts_with("media") { "/kept" } else { "/media/kept" };
        let received = forwarded(&server, &upstream, Request::get(target).header("host", host));
        assert_eq!(received.target, format!("/{UPSTREAM_BUCKET}/kept"), "{host}");
        assert_eq!(received.headers.iter().filter(|(name, _)| name == "host").count(), 1);
        assert_eq!(received.header("host"), upstream.address.to_string(), "{host}");
    }
}

/// A client may write the name of one object in several ways; the store gets it in one.
#[test]
fn the_source_of_a_copy_is_the_stores_too() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (sent, arrived) in [
        ("media/kept", "acme-prod-media/kept"),
        ("/media/kept", "acme-prod-media/kept"),
        ("/media/a%20b", "acme-prod-media/a%20b"),
        ("/media/a b", "acme-prod-media/a%20b"),
        ("/media/a+b", "acme-prod-media/a%2Bb"),
        ("media%2Fa%2Fb", "acme-prod-media/a/b"),
        ("/media//a/../b", "acme-prod-media//a/../b"),
        ("/media/%C3%A9%25", "acme-prod-media/%C3%A9%25"),
        ("/else/acme-prod-media/x", "else/acme-prod-media/x"),
    ] {
        for target in ["/media/new", "/else/new", "/media/new?partNumber=1&uploadId=u"] {
            let received = forwarded(&server, &upstream, Request::put(target).header("x-amz-copy-source", sent));
            assert_eq!(received.header("x-amz-copy-source"), arrived, "{target}");
        }
    }
}
