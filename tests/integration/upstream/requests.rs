//! What goes to the store and what does not: operation, query and headers of requests as they arrive there.

use super::{UPSTREAM_BUCKET, forwarded, front, remote, store};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{Request, TestServer};
use r2shim::s3::query::Query;
use r2shim::upstream::{Dialect, Remote};

/// Parameters, decoded, in the order of their names.
fn parameters(query: &str) -> Vec<(String, String)> {
    let query = Query::parse(query).unwrap();
    let mut pairs: Vec<_> = query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn operations_are_the_stores_operations() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (method, target, arrived) in [
        ("HEAD", "/media", "/acme-prod-media"),
        ("HEAD", "/media/", "/acme-prod-media"),
        ("DELETE", "/else", "/else"),
        ("GET", "/media?prefix=a%2Fb+c&delimiter=%2F", "/acme-prod-media?delimiter=/&prefix=a/b%20c"),
        ("GET", "/media?list-type=2&max-keys=7&prefix=%25", "/acme-prod-media?list-type=2&max-keys=7&prefix=%25"),
        ("GET", "/media?uploads&prefix=%C3%A9", "/acme-prod-media?prefix=%C3%A9&uploads"),
        ("GET", "/media/kept", "/acme-prod-media/kept"),
        ("GET", "/media/kept?response-expires=x", "/acme-prod-media/kept?response-expires=x"),
        ("GET", "/media/kept?x-id=GetObject", "/acme-prod-media/kept"),
        ("HEAD", "/media/kept", "/acme-prod-media/kept"),
        ("PUT", "/media/new", "/acme-prod-media/new"),
        ("DELETE", "/media/kept", "/acme-prod-media/kept"),
        ("POST", "/media/new?uploads", "/acme-prod-media/new?uploads"),
        ("PUT", "/media/new?partNumber=1&uploadId=u%2B", "/acme-prod-media/new?partNumber=1&uploadId=u%2B"),
        ("DELETE", "/media/new?uploadId=u", "/acme-prod-media/new?uploadId=u"),
    ] {
        let received = forwarded(&server, &upstream, Request::new(method, target));
        let (path, query) = arrived.split_once('?').unwrap_or((arrived, ""));
        assert_eq!((received.method.as_str(), received.path()), (method, path), "{target}");
        assert_eq!(parameters(received.query()), parameters(query), "{target}");
    }
}

/// The names of all headers that arrived, sorted; what every request has is left out.
fn names(received: &Received) -> Vec<&str> {
    let common = ["accept-encoding", "authorization", "host", "user-agent", "x-amz-content-sha256", "x-amz-date"];
    for name in common {
        assert!(received.has(name), "{name}: {:?}", received.headers);
    }
    let mut names: Vec<&str> = received.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| !common.contains(name));
    names.sort_unstable();
    names
}

#[test]
fn headers_go_along_by_name_and_nothing_else_does() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let digest = md5_base64(b"new");
    let of_the_object = [
        ("cache-control", "no-cache"),
        ("content-disposition", "inline"),
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("content-md5", digest.as_str()),
        ("content-type", "text/x"),
        ("expires", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-none-match", "*"),
        ("x-amz-meta-name", "v"),
    ];
    let of_the_way = [
        ("accept-encoding", "br"),
        ("connection", "keep-alive, x-hop"),
        ("cookie", "a=b"),
        ("forwarded", "for=192.0.2.1"),
        ("keep-alive", "timeout=5"),
        ("origin", "http://example.test"),
        ("proxy-authorization", "Basic eDp5"),
        ("referer", "http://example.test"),
        ("te", "trailers"),
        ("x-amz-user-agent", "sdk"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-hop", "1"),
        ("x-other", "1"),
    ];
    let put = Request::put("/media/new").body("new");
    let put = of_the_object.iter().chain(&of_the_way).fold(put, |put, (name, value)| put.header(name, value));
    let received = forwarded(&server, &upstream, put);
    let mut wanted: Vec<&str> = of_the_object.iter().map(|(name, _)| *name).chain(["content-length"]).collect();
    wanted.sort_unstable();
    assert_eq!(names(&received), wanted);
    for (name, value) in of_the_object {
        assert_eq!(received.header(name), value, "{name}");
    }
    assert_eq!(received.header("accept-encoding"), "identity");
    assert!(received.header("user-agent").starts_with("r2shim/"), "{}", received.header("user-agent"));
}

/// A trace goes along as it came, and no signature covers it: a proxy between may change it. The client may have signed
/// it.
#[test]
fn a_valid_trace_is_forwarded_and_an_invalid_one_is_not() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (method, target) in [("GET", "/media/kept"), ("PUT", "/media/new"), ("GET", "/media?location")] {
        let request = || Request::new(method, target).header("tracestate", "a=1").header("tracestate", "b=2");
        let received = forwarded(&server, &upstream, request().header("traceparent", PARENT));
        let lines: Vec<_> = received.headers.iter().filter(|(name, _)| name.starts_with("trace")).collect();
        let mut values: Vec<_> = lines.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        values.sort_unstable();
        let whole = [format!("traceparent: {PARENT}"), "tracestate: a=1".to_owned(), "tracestate: b=2".to_owned()];
        assert_eq!(values, whole, "{method} {target}");
        assert!(!received.header("authorization").contains("trace"), "{}", received.header("authorization"));
        let received = forwarded(&server, &upstream, request().header("traceparent", &PARENT[1..]));
        assert!(!received.has("traceparent") && !received.has("tracestate"), "{:?}", received.headers);
    }
}

fn md5_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    use md5::Digest;
    base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(bytes))
}

#[test]
fn reads_are_asked_for_as_they_came() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (name, value) in [
        ("range", "bytes=0-1"),
        ("if-match", "\"x\""),
        ("if-none-match", "W/\"x\", \"y\""),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-unmodified-since", "Sun, 06 Nov 2094 08:49:37 GMT"),
        ("x-amz-checksum-mode", "ENABLED"),
    ] {
        let received = forwarded(&server, &upstream, Request::get("/media/kept").header(name, value));
        assert_eq!((names(&received), received.header(name)), (vec![name], value));
    }
}

/// What the policy gives no effect the store must not give one.
#[test]
fn what_the_policy_ignores_is_not_forwarded() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (request, name) in [
        (Request::new("HEAD", "/media/kept"), ("range", "bytes=0-1")),
        (Request::put("/media/new").body("new"), ("x-amz-storage-class", "STANDARD")),
        (Request::put("/media/new").header("x-amz-copy-source", "/media/kept"), ("x-amz-storage-class", "STANDARD")),
        (Request::get("/media/kept"), ("x-amz-checksum-crc32", "AAAAAA==")),
        (Request::get("/media/kept"), ("x-amz-te", "append-md5")),
        (Request::get("/media/kept"), ("x-amz-api-version", "2006-03-01")),
    ] {
        let received = forwarded(&server, &upstream, request.header(name.0, name.1));
        assert!(!received.has(name.0), "{name:?}: {:?}", received.headers);
    }
}

/// SDKs put headers of a presigned request into its query; to the store they are headers again.
#[test]
fn hoisted_headers_become_headers() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let target = "/media/new?x-amz-meta-a=b%20c&X-Amz-Checksum-Crc32=y%2FQ5Jg%3D%3D&x-id=PutObject";
    let put = Request::put(target).body("123456789").presigned(server.address, 60);
    assert_eq!(server.connect().send(put).status, 200);
    let received = upstream.only_request();
    assert_eq!(received.target, format!("/{UPSTREAM_BUCKET}/new"));
    assert_eq!((received.header("x-amz-meta-a"), received.header("x-amz-checksum-crc32")), ("b c", "y/Q5Jg=="));
}

/// What one SDK writes into presigned addresses and S3 passes over: it does not get to the store.
#[test]
fn other_headers_are_not_forwarded() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let put = Request::put("/media/new?Content-Type=text%2Fx&Cache-Control=no-store").header("content-type", "text/y");
    assert_eq!(server.connect().send(put.body("new").presigned(server.address, 60)).status, 200);
    let received = upstream.only_request();
    assert_eq!(received.target, format!("/{UPSTREAM_BUCKET}/new"));
    assert_eq!((received.header("content-type"), received.has("cache-control")), ("text/y", false));
    for (parameter, status) in [("Content-MD5=1B2M2Y8AsgTpgAmY7PhCfg%3D%3D", 501), ("content-type=text%2Fx", 501)] {
        let put = Request::put(&format!("/media/new?{parameter}")).body("new").presigned(server.address, 60);
        assert_eq!(server.connect().send(put).status, status, "{parameter}");
    }
}

/// Clients see the region `auto`; the store gets the one its dialect expects.
#[test]
fn buckets_are_made_where_the_store_wants_them() {
    let asked = "<CreateBucketConfiguration><LocationConstraint>auto</LocationConstraint></CreateBucketConfiguration>";
    for (dialect, region, named) in [
        ("aws", "eu-west-1", Some("eu-west-1")),
        ("aws", "us-east-1", None),
        ("minio", "eu-west-1", None),
        ("ceph", "default", None),
        ("garage", "garage", None),
    ] {
        for body in ["", asked] {
            let upstream = Scripted::answering(store::usual);
            let (dialect, region) = (Dialect::from_name(dialect).unwrap(), region.to_owned());
            let server = TestServer::in_front_of("r2", Remote { dialect, region, ..remote(&upstream.endpoint()) });
            assert_eq!(server.send(Request::put("/fresh").body(body)).status, 200);
            let received = upstream.requests().pop().unwrap();
            assert_eq!((received.method.as_str(), received.path()), ("PUT", "/fresh"));
            let constraint = received.text().split("<LocationConstraint>").nth(1).map(str::to_owned);
            let constraint = constraint.and_then(|rest| rest.split("</").next().map(str::to_owned));
            assert_eq!(constraint.as_deref(), named, "{} {body}", dialect.name);
            assert_eq!(received.text().is_empty(), named.is_none(), "{}", dialect.name);
        }
    }
}

/// To make a bucket anew may reset what was set for it, so where the store would do it, r2shim looks first.
#[test]
fn buckets_that_are_there_are_not_made_again() {
    let (owned, exists) = ((409, "BucketAlreadyOwnedByYou"), (409, "BucketAlreadyExists"));
    for (dialect, head, expected, made) in [
        ("aws", 200, owned, false),
        ("aws", 403, exists, true),
        ("aws", 301, exists, true),
        ("aws", 500, (502, "BadGateway"), false),
        ("ceph", 200, owned, false),
        ("garage", 200, owned, false),
        ("minio", 200, exists, true),
        ("versitygw", 200, exists, true),
    ] {
        let upstream = Scripted::answering(move |request| match request.method.as_str() {
            "HEAD" => Reply::new(head),
            _ => Reply::error(409, "BucketAlreadyExists"),
        });
        let dialect = Dialect::from_name(dialect).unwrap();
        let server = TestServer::in_front_of("r2", Remote { dialect, ..remote(&upstream.endpoint()) });
        let answer = server.send(Request::put("/fresh"));
        assert_eq!((answer.status, answer.element("Code").as_str()), expected, "{} {head}", dialect.name);
        let puts = upstream.requests().iter().filter(|request| request.method == "PUT").count();
        assert_eq!(puts, usize::from(made), "{} {head}", dialect.name);
    }
}

/// Some stores pass If-Range over, and would give the end of another object than the client has the start of.
#[test]
fn a_range_under_a_condition_is_asked_for_as_the_whole() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let range = Request::get("/media/kept").header("range", "bytes=1-");
    let plain = forwarded(&server, &upstream, range.clone());
    assert_eq!(plain.header("range"), "bytes=1-");
    let conditional = forwarded(&server, &upstream, range.header("if-range", "\"old\""));
    assert!(!conditional.has("range") && !conditional.has("if-range"));
}
