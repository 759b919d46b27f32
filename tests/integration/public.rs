//! Public buckets over the wire: reads without a key on a port of their own, from the disk and from a remote store.

use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{Connection, Request, Response, TestServer, public_rules};
use crate::upstream::remote;
use r2shim::access::BucketScope;
use r2shim::cors::{BucketRule, CorsRule, CorsRules, OriginPattern};
use r2shim::filters::Rules;

/// A server with a public bucket `media` and a private one, each with the object `a.txt`.
fn server() -> TestServer {
    let server = TestServer::with_rules(public_rules(&["media"]));
    for bucket in ["media", "private"] {
        assert_eq!(server.send(Request::put(&format!("/{bucket}"))).status, 200);
        let put = Request::put(&format!("/{bucket}/a.txt")).body("0123456789");
        let put = put.header("content-type", "text/plain").header("cache-control", "max-age=60");
        let put = put.header("content-disposition", "inline").header("content-encoding", "identity");
        assert_eq!(server.send(put.header("x-amz-meta-secret", "s")).status, 200);
    }
    server
}

fn read(server: &TestServer, request: Request) -> Response {
    let address = server.public.unwrap();
    Connection::open(address).send(request.unsigned(address))
}

/// The names of the headers, sorted; what every answer has is left out.
fn names(answer: &Response) -> Vec<&str> {
    let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| !["date", "connection", "keep-alive", "x-amz-request-id", "content-length"].contains(name));
    names.sort_unstable();
    names
}

const OF_THE_OBJECT: [&str; 7] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-type",
    "etag",
    "last-modified",
];

#[test]
fn objects_are_read_without_a_key() {
    let server = server();
    let whole = read(&server, Request::get("/media/a.txt"));
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    assert_eq!(names(&whole), OF_THE_OBJECT);
    assert_eq!(whole.header("cache-control"), "max-age=60");
    let (etag, date) = (whole.header("etag").to_owned(), whole.header("last-modified").to_owned());
    let get = || Request::get("/media/a.txt");
    for (request, status, body) in [
        (get().header("host", "media.localhost:9002").replaced("/media", ""), 200, "0123456789"),
        (get().header("host", "media.s3.example.test").replaced("/media", ""), 200, "0123456789"),
        (get().header("range", "bytes=2-4"), 206, "234"),
        (get().header("range", "bytes=-2"), 206, "89"),
        (get().header("range", "bytes=0-1,4-5"), 200, "0123456789"),
        (get().header("range", "pages=1"), 200, "0123456789"),
        (get().header("range", "bytes=2-4").header("if-range", "\"other\""), 200, "0123456789"),
        (get().header("range", "bytes=2-4").header("if-range", &etag), 206, "234"),
        (get().header("if-none-match", &etag), 304, ""),
        (get().header("if-modified-since", &date), 304, ""),
        (get().header("if-match", &etag), 200, "0123456789"),
        (get().header("authorization", "Bearer x").header("cookie", "a=b"), 200, "0123456789"),
        (get().header("x-amz-server-side-encryption-customer-algorithm", "AES256"), 200, "0123456789"),
        (Request::get("/media/a.txt?partNumber=2&versionId=3&response-cache-control=x&acl"), 200, "0123456789"),
        (Request::get("/media/a.txt").presigned(server.address, 1).without("host"), 200, "0123456789"),
        (Request::get("/media/%61.txt"), 200, "0123456789"),
    ] {
        let answer = read(&server, request.clone());
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{request:?}");
        assert!(answer.header("cache-control") == "max-age=60", "{request:?}: {:?}", answer.headers);
    }
    let head = read(&server, Request::new("HEAD", "/media/a.txt"));
    assert_eq!((head.status, head.header("content-length"), names(&head)), (200, "10", OF_THE_OBJECT.to_vec()));
}

#[test]
fn everything_else_is_one_page() {
    let server = server();
    let missing = read(&server, Request::get("/media/missing"));
    assert_eq!((missing.status, missing.header("content-type")), (404, "text/html; charset=utf-8"));
    assert_eq!(names(&missing), ["content-type"]);
    assert!(missing.text().contains("<h1>404 Not Found</h1>"), "{}", missing.text());
    for target in [
        "/",
        "/media",
        "/media/",
        "/media?list-type=2",
        "/private/a.txt",
        "/private/missing",
        "/nowhere/a.txt",
        "/Private/a.txt",
        "/media/../private/a.txt",
        "/media/%2e%2e/private/a.txt",
        "//private/a.txt",
        "/media%2Fa.txt",
        "/media/%ff",
    ] {
        let answer = read(&server, Request::get(target));
        assert_eq!((answer.status, answer.text()), (404, missing.text()), "{target}");
        let head = read(&server, Request::new("HEAD", target));
        assert_eq!((head.status, names(&head)), (404, vec!["content-type"]), "{target}");
    }
    let signed = Request::get("/private/a.txt").signed(server.public.unwrap());
    assert_eq!(read(&server, signed).status, 404, "a signature says nothing here");
}

#[test]
fn nothing_can_be_written_or_listed() {
    let server = server();
    for (method, target) in [
        ("PUT", "/media/new"),
        ("PUT", "/media/a.txt"),
        ("POST", "/media/a.txt?uploads"),
        ("DELETE", "/media/a.txt"),
        ("DELETE", "/media"),
        ("PATCH", "/media/a.txt"),
        ("OPTIONS", "/media/a.txt"),
    ] {
        let request = Request::new(method, target).body("new").signed(server.public.unwrap());
        let answer = read(&server, request.without("content-length").header("content-length", "3"));
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method} {target}");
    }
    let past = read(&server, Request::get("/media/a.txt").header("range", "bytes=10-"));
    assert_eq!((past.status, past.header("content-range")), (416, "bytes */10"));
    let failed = read(&server, Request::get("/media/a.txt").header("if-match", "\"x\""));
    assert_eq!((failed.status, failed.header("content-type")), (412, "text/html; charset=utf-8"));
    let unclear = read(&server, Request::get("/media/a.txt").header("host", "cdn.test"));
    assert!(unclear.status == 400 && unclear.text().contains("&quot;cdn.test&quot;"), "{}", unclear.text());
    assert_eq!(server.contents(), ["media/a.txt", "media", "private/a.txt", "private"]);
    let on_s3 = server.connect().send(Request::get("/media/a.txt").unsigned(server.address));
    assert_eq!(on_s3.status, 400, "public buckets are for their own port");
}

#[test]
fn connections_are_kept_and_requests_are_counted_apart() {
    let server = server();
    let address = server.public.unwrap();
    let mut connection = Connection::open(address);
    for (target, status) in [("/media/a.txt", 200), ("/media/missing", 404), ("/media/a.txt", 200)] {
        assert_eq!(connection.send(Request::get(target).unsigned(address)).status, status, "{target}");
    }
    assert_eq!(connection.send(Request::put("/media/a.txt").body("x").unsigned(address)).status, 405);
    assert_eq!(connection.send(Request::get("/media/a.txt").unsigned(address)).status, 200);
    let metrics = server.admin_page("/metrics").text();
    for line in metrics.lines().filter(|line| line.contains("port=\"public\"")) {
        assert!(line.starts_with("r2shim_requests_total{"), "{line}");
    }
    let ok = metrics.lines().find(|line| {
        ["operation=\"GetObject\"", "port=\"public\"", "status=\"200\""].iter().all(|label| line.contains(label))
    });
    assert!(ok.is_some_and(|line| !line.ends_with(" 0")), "{metrics}");
}

#[test]
fn pages_of_other_origins_read_what_the_rules_allow() {
    let rule = CorsRule::open_to(vec![OriginPattern::parse("http://app.test").unwrap()]);
    let cors = CorsRules::new(vec![BucketRule { buckets: BucketScope::All, rule }]);
    let server = TestServer::with_rules(Rules { cors, ..public_rules(&["media"]) });
    assert_eq!(server.send(Request::put("/media")).status, 200);
    assert_eq!(server.send(Request::put("/media/a.txt").body("0123456789")).status, 200);
    let from = |request: Request, origin| read(&server, request.header("origin", origin));
    for (target, origin, status, allowed) in [
        ("/media/a.txt", "http://app.test", 200, "http://app.test"),
        ("/media/a.txt", "http://other.test", 200, ""),
        ("/media/missing", "http://app.test", 404, ""),
        ("/private/a.txt", "http://app.test", 404, ""),
        ("/nowhere/a.txt", "http://app.test", 404, ""),
    ] {
        let answer = from(Request::get(target), origin);
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (status, allowed),
            "{target} {origin}"
        );
        assert!(answer.header("vary").starts_with("Origin, "), "{target}: it would show which buckets are public");
    }
    for (target, origin, status) in [
        ("/media/a.txt", "http://app.test", 204),
        ("/media/missing", "http://app.test", 204),
        ("/media/a.txt", "http://other.test", 403),
        ("/private/a.txt", "http://app.test", 403),
        ("/nowhere/a.txt", "http://app.test", 403),
    ] {
        let question = Request::new("OPTIONS", target).header("access-control-request-method", "GET");
        let answer = from(question, origin);
        assert_eq!(answer.status, status, "{target} {origin}");
    }
}

#[test]
fn malformed_and_hostile_requests_are_refused() {
    let server = server();
    let address = server.public.unwrap();
    let get = "GET /media/a.txt HTTP/1.1\r\nhost: localhost\r\n";
    let long = "v".repeat(70 << 10);
    for (what, bytes, status) in [
        ("no host", "GET /media/a.txt HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("no HTTP", "hello\r\n\r\n".to_owned(), 400),
        ("two lengths", format!("{get}content-length: 1\r\ncontent-length: 2\r\n\r\n"), 400),
        ("a length and chunks", format!("{get}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"), 400),
        ("a large head", format!("{get}x-a: {long}\r\n\r\n"), 400),
        ("a long path", format!("GET /media/{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(2000)), 404),
        ("a tunnel", "CONNECT private:443 HTTP/1.1\r\nhost: private:443\r\n\r\n".to_owned(), 405),
        ("a body", format!("{get}content-length: 4\r\n\r\nbody"), 200),
        (
            "another host in the target",
            "GET http://private.localhost/a.txt HTTP/1.1\r\nhost: media\r\n\r\n".to_owned(),
            400,
        ),
        ("markup in the host", "GET /a HTTP/1.1\r\nhost: <b>.test\r\n\r\n".to_owned(), 400),
        ("HTTP/1.0", "GET /media/a.txt HTTP/1.0\r\nhost: localhost\r\n\r\n".to_owned(), 200),
    ] {
        let mut connection = Connection::open(address);
        connection.write(bytes.as_bytes());
        let answer = connection.read(false);
        assert_eq!(answer.status, status, "{what}");
        assert!(!answer.text().contains("<b>"), "{what}: {}", answer.text());
        assert_eq!(read(&server, Request::get("/media/a.txt")).status, 200, "after {what}");
    }
}

/// A store that is asked for one object, and refuses the others each in its way.
fn store(request: &Received) -> Reply {
    match request.path() {
        "/acme-prod-media/a.txt" => Reply::new(200)
            .header("etag", "\"e\"")
            .header("content-type", "text/plain")
            .header("cache-control", "max-age=60")
            .header("x-amz-meta-secret", "s")
            .header("x-amz-version-id", "v")
            .header("server", "MinIO")
            .body("remote"),
        "/acme-prod-media/denied" => Reply::error(403, "AccessDenied"),
        "/acme-prod-media/broken" => Reply::error(500, "InternalError"),
        _ => Reply::error(404, "NoSuchKey"),
    }
}

#[test]
fn a_remote_store_is_read_with_its_own_key_and_names() {
    let upstream = Scripted::answering(store);
    let server = TestServer::in_front_of_with_rules(public_rules(&["media"]), remote(&upstream.endpoint()));
    let get = Request::get("/media/a.txt?versionId=v&response-expires=x").header("x-amz-checksum-mode", "enabled");
    let answer = read(&server, get.header("authorization", "Bearer x").header("range", "bytes=0-1,3-4"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "remote"));
    assert_eq!(names(&answer), ["cache-control", "content-type", "etag"]);
    let received = upstream.only_request();
    assert_eq!((received.path(), received.query()), ("/acme-prod-media/a.txt", ""));
    assert!(received.header("authorization").contains("AKIDUPSTREAM/"), "{received:?}");
    for name in ["range", "x-amz-checksum-mode", "cookie"] {
        assert!(!received.has(name), "{name}: {received:?}");
    }
    for (target, status) in
        [("/media/missing", 404), ("/media/denied", 404), ("/media/broken", 500), ("/acme-prod-media/a.txt", 404)]
    {
        let answer = read(&server, Request::get(target));
        assert_eq!((answer.status, answer.header("content-type")), (status, "text/html; charset=utf-8"), "{target}");
        assert!(!answer.text().contains("own words") && !answer.text().contains("acme"), "{}", answer.text());
    }
    assert!(upstream.requests().iter().all(|request| request.path() != "/acme-prod-media"), "nothing is listed");
}
