//! What no client should send: heads that are no heads, bodies that are not what they were said to be, names that try
//! to climb, documents that try to grow. Each gets a clear answer or a closed connection, nothing is left behind, and
//! the server lives.

use crate::support::{Request, Response, TestServer};
use std::fmt::Write as _;

fn server() -> TestServer {
    TestServer::with_object("r2", "media", "kept", "kept")
}

/// Nothing came, nothing went, and the next request is answered.
fn assert_unharmed(server: &TestServer, what: &str) {
    assert_eq!(server.contents(), ["media/kept", "media"], "{what}");
    assert_eq!(server.send(Request::get("/media/kept")).text(), "kept", "{what}");
}

/// Status and code; no code where the head could not even be read, and nothing where the connection was closed.
fn outcome(answer: Option<&Response>) -> (u16, String) {
    answer.map_or((0, String::new()), |answer| (answer.status, answer.element("Code")))
}

/// An answer with a document also has the id that the log has of the request.
fn assert_clear(answer: Option<&Response>, what: &str) {
    if let Some(answer) = answer.filter(|answer| !answer.body.is_empty()) {
        assert_eq!(answer.header("content-type"), "application/xml", "{what}");
        assert_eq!(answer.header("x-amz-request-id").len(), 16, "{what}");
    }
}

#[test]
fn malformed_heads() {
    let server = server();
    let fields = |count: usize| (0..count).fold(String::new(), |text, n| text + &format!("x-{n}: v\r\n"));
    let long = |bytes: usize| "v".repeat(bytes);
    let pairs = |count: usize| (0..count).fold(String::new(), |text, n| text + &format!("p{n}&"));
    let hoisted = |count: usize| (0..count).fold(String::new(), |text, n| text + &format!("x-amz-{n}&"));
    for (what, head, status, code) in [
        ("no HTTP", "hello\r\n\r\n".to_owned(), 400, ""),
        ("no version", "GET /\r\nhost: h\r\n\r\n".into(), 400, ""),
        ("HTTP/3", "GET / HTTP/3.0\r\nhost: h\r\n\r\n".into(), 400, ""),
        ("an empty method", " / HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, ""),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n".into(), 400, ""),
        ("no host", "GET / HTTP/1.1\r\n\r\n".into(), 400, "InvalidRequest"),
        ("no host, HTTP/1.0", "GET / HTTP/1.0\r\n\r\n".into(), 400, "InvalidRequest"),
        ("an empty host", "GET / HTTP/1.1\r\nhost:\r\n\r\n".into(), 400, "InvalidRequest"),
        ("a host with a space", "GET / HTTP/1.1\r\nhost: a b\r\n\r\n".into(), 400, "InvalidRequest"),
        ("two hosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".into(), 400, ""),
        ("a folded line", "GET / HTTP/1.1\r\nhost: h\r\nx-a: 1\r\n 2\r\n\r\n".into(), 400, ""),
        ("NUL in a value", "GET / HTTP/1.1\r\nhost: h\r\nx-a: 1\u{0}2\r\n\r\n".into(), 400, ""),
        ("no name", "GET / HTTP/1.1\r\nhost: h\r\n: v\r\n\r\n".into(), 400, ""),
        ("a space in a name", "GET / HTTP/1.1\r\nhost: h\r\nx a: v\r\n\r\n".into(), 400, ""),
        ("a space behind a name", "GET / HTTP/1.1\r\nhost: h\r\nx-a : v\r\n\r\n".into(), 400, ""),
        ("a carriage return in a value", "GET / HTTP/1.1\r\nhost: h\r\nx-a: 1\r2\r\n\r\n".into(), 400, ""),
        ("too many lines", format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", fields(300)), 400, ""),
        (
            "a long line",
            format!("GET / HTTP/1.1\r\nhost: h\r\nx-a: {}\r\n\r\n", long(70 << 10)),
            400,
            "RequestHeaderSectionTooLarge",
        ),
        ("a line without end", format!("GET / HTTP/1.1\r\nhost: h\r\nx-a: {}", long(3 << 20)), 400, ""),
        ("a long target", format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", long(33 << 10)), 400, "InvalidURI"),
        ("a head that ends early", "GET / HTTP/1.1\r\nhost: h\r\n".into(), 0, ""),
        ("nothing", String::new(), 0, ""),
        ("too many parameters", format!("GET /media?{} HTTP/1.1\r\nhost: h\r\n\r\n", pairs(1001)), 400, "InvalidURI"),
        (
            "too many hoisted headers",
            format!("GET /?{}X-Amz-Algorithm HTTP/1.1\r\nhost: h\r\n\r\n", hoisted(3200)),
            400,
            "InvalidURI",
        ),
        // These are not signed, and the answer says no more than that.
        ("many parameters", format!("GET /media?{} HTTP/1.1\r\nhost: h\r\n\r\n", pairs(1000)), 400, "InvalidArgument"),
        (
            "many hoisted headers",
            format!("GET /?{}X-Amz-Algorithm HTTP/1.1\r\nhost: h\r\n\r\n", hoisted(900)),
            400,
            "InvalidArgument",
        ),
        ("line feeds alone", "GET / HTTP/1.1\nhost: h\n\n".into(), 400, "InvalidRequest"),
        ("NUL in the target", "GET /a\u{0}b HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidArgument"),
        ("OPTIONS *", "OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidRequest"),
        ("TRACE", "TRACE / HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidArgument"),
        ("a method of our own", "BREW /media HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidArgument"),
        ("a lower-case method", "get / HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidArgument"),
        ("an absolute target", "GET http://h/ HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, "InvalidArgument"),
        ("an absolute target elsewhere", "GET http://elsewhere.test/ HTTP/1.1\r\nhost: h\r\n\r\n".into(), 400, ""),
        ("CONNECT", "CONNECT elsewhere.test:443 HTTP/1.1\r\nhost: elsewhere.test:443\r\n\r\n".into(), 405, ""),
    ] {
        let answer = server.send_raw(head.as_bytes());
        assert_eq!(outcome(answer.as_ref()), (status, code.to_owned()), "{what}");
        assert_clear(answer.as_ref(), what);
    }
    assert_unharmed(&server, "after all heads");
}

/// Where a body ends must not be in doubt: what comes behind it would be read as another request.
#[test]
fn bodies_whose_end_is_in_doubt() {
    let server = server();
    let put = Request::put("/media/new").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").signed(server.address);
    let put = put.without("content-length");
    let smuggled = "GET /media/kept HTTP/1.1\r\nhost: h\r\n\r\n";
    for (what, fields, body, status, code) in [
        ("both", "content-length: 3\r\ntransfer-encoding: chunked", "3\r\nnew\r\n0\r\n\r\n", 400, "InvalidRequest"),
        ("both, the other way", "transfer-encoding: chunked\r\ncontent-length: 3", "0\r\n\r\n", 400, "InvalidRequest"),
        ("equal lengths", "content-length: 3\r\ncontent-length: 3", "new", 400, "InvalidRequest"),
        ("two lengths", "content-length: 3\r\ncontent-length: 4", "new", 400, ""),
        ("a list of lengths", "content-length: 3, 3", "new", 400, "InvalidRequest"),
        ("a negative length", "content-length: -1", "", 400, ""),
        ("a length with a sign", "content-length: +3", "new", 400, ""),
        ("a length in hexadecimal", "content-length: 0x3", "new", 400, ""),
        ("a length over 64 bits", "content-length: 99999999999999999999", "new", 400, ""),
        ("an empty length", "content-length:", "", 400, ""),
        ("chunked twice", "transfer-encoding: chunked, chunked", "0\r\n\r\n", 400, "InvalidRequest"),
        (
            "chunked in two lines",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            "0\r\n\r\n",
            400,
            "InvalidRequest",
        ),
        ("chunked behind another", "transfer-encoding: gzip, chunked", "0\r\n\r\n", 400, "InvalidRequest"),
        ("chunked in disguise", "transfer-encoding: \u{b}chunked", "0\r\n\r\n", 400, ""),
        ("no coding", "transfer-encoding:", "0\r\n\r\n", 400, ""),
        ("identity", "transfer-encoding: identity", "new", 400, ""),
        ("an unknown coding", "transfer-encoding: gzip", "new", 400, ""),
        ("chunked is not last", "transfer-encoding: chunked, gzip", "0\r\n\r\n", 400, ""),
    ] {
        let head = String::from_utf8(put.head_bytes()).unwrap();
        let head = head.strip_suffix("\r\n").unwrap();
        let mut connection = server.connect();
        connection.write(format!("{head}{fields}\r\n\r\n{body}{smuggled}").as_bytes());
        let answer = connection.read(false);
        assert_eq!(outcome(Some(&answer)), (status, code.to_owned()), "{what}");
        assert_clear(Some(&answer), what);
        assert_eq!(answer.header("connection"), "close", "{what}");
        assert!(connection.is_closed(), "{what}: what follows is not read as a request");
    }
    assert_unharmed(&server, "after all bodies");
}

/// Broken chunks of an admitted request, their lengths known from `x-amz-decoded-content-length`.
#[test]
fn malformed_chunks() {
    let server = server();
    let smuggled = "DELETE /media/kept HTTP/1.1\r\nhost: h\r\n\r\n";
    for body in ["zz\r\nnew\r\n", "-3\r\nnew\r\n", "3\r\nnewer\r\n", "ffffffffffffffffff\r\nnew", "3;\u{0}\r\nnew\r\n"]
    {
        let put = Request::put("/media/new")
            .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .header("x-amz-decoded-content-length", "3")
            .header("transfer-encoding", "chunked")
            .signed(server.address);
        let mut connection = server.connect();
        connection.begin(&put.body(format!("{body}{smuggled}")));
        let answer = connection.read(false);
        assert_eq!(outcome(Some(&answer)), (400, "IncompleteBody".to_owned()), "{body:?}");
        assert_eq!(answer.header("connection"), "close", "{body:?}");
        assert!(connection.is_closed(), "{body:?}: what follows is not read as a request");
    }
    assert_unharmed(&server, "after all chunks");
}

/// Methods that S3 does not have, from a key that may do everything.
#[test]
fn methods_that_mean_nothing() {
    let server = server();
    for (method, target) in
        [("PATCH", "/media/kept"), ("TRACE", "/media/kept"), ("delete", "/media/kept"), ("POST", "/")]
    {
        let answer = server.send(Request::new(method, target));
        let message = "No route matches this url.".to_owned();
        assert_eq!(answer.error(), (404, "RouteNotFound".to_owned(), message), "{method} {target}");
    }
    assert_unharmed(&server, "after all methods");
}

/// Keys are bytes, and nothing in a path climbs: what looks like a way up is a key or no name at all.
#[test]
fn paths_that_try_to_climb() {
    let server = server();
    for (target, key) in [
        ("/media/../kept", "../kept"),
        ("/media/%2e%2e/%2e%2e/etc/passwd", "../../etc/passwd"),
        ("/media/%252e%252e/a", "%2e%2e/a"),
        ("/media/..%2f..%2fa", "../../a"),
        ("/media/..%5c..%5ca", "..\\..\\a"),
        ("/media/./a//b/", "./a//b/"),
        ("/media//etc/passwd", "/etc/passwd"),
        ("/media/con/aux.txt", "con/aux.txt"),
    ] {
        assert_eq!(server.send(Request::put(target).body(key)).status, 200, "{target}");
        assert_eq!(server.send(Request::get(target)).text(), key, "{target}");
        assert!(server.keys("media").contains(&key.to_owned()), "{target}");
        assert_eq!(server.send(Request::new("DELETE", target)).status, 204, "{target}");
    }
    let long = format!("/media/{}", "k".repeat(1025));
    let encoded = format!("/media/{}", "%C3%A9".repeat(513));
    for (target, code) in [
        ("/../media/kept", "InvalidBucketName"),
        ("/%2e%2e/media/kept", "InvalidBucketName"),
        ("/..%2fmedia/kept", "InvalidBucketName"),
        ("/media%2fkept", "InvalidBucketName"),
        ("/media%00/kept", "InvalidBucketName"),
        ("/%ff%fe/kept", "InvalidBucketName"),
        ("//kept", "InvalidBucketName"),
        ("/media/%c0%ae%c0%ae/a", "InvalidObjectName"),
        ("/media/%ff", "InvalidObjectName"),
        ("/media/%ed%a0%80", "InvalidObjectName"),
        (long.as_str(), "InvalidObjectName"),
        (encoded.as_str(), "InvalidObjectName"),
    ] {
        for method in ["PUT", "GET", "DELETE"] {
            let answer = server.send(Request::new(method, target));
            assert_eq!(outcome(Some(&answer)), (400, code.to_owned()), "{method} {target:.60}");
        }
    }
    assert_unharmed(&server, "after all paths");
}

#[test]
fn documents_that_try_to_grow() {
    let server = server();
    let object = "<Object><Key>kept</Key></Object>";
    let nested = (0..1000).fold(object.to_owned(), |inner, _| format!("<a>{inner}</a>"));
    let entities = (1..10).fold(String::from("<!ENTITY e0 \"kept\">"), |mut text, n| {
        let one = format!("&e{};", n - 1);
        write!(text, "<!ENTITY e{n} \"{}\">", one.repeat(10)).unwrap();
        text
    });
    let delete = |inner: &str| format!("<Delete>{inner}</Delete>");
    let bomb = format!("<!DOCTYPE d [{entities}]><Delete><Object><Key>&e9;</Key></Object></Delete>");
    let file =
        "<!DOCTYPE d [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&f;</Key></Object></Delete>";
    for (what, document, code) in [
        ("nothing", String::new(), "MalformedXML"),
        ("no XML", "kept".into(), "MalformedXML"),
        ("JSON", "{\"Objects\": [{\"Key\": \"kept\"}]}".into(), "MalformedXML"),
        ("another root", format!("<Remove>{object}</Remove>"), "MalformedXML"),
        ("no end", format!("<Delete>{object}"), "MalformedXML"),
        ("too much", format!("<Delete>{object}</Delete><Delete/>"), "MalformedXML"),
        ("no keys", delete(""), "MalformedXML"),
        ("an empty key", delete("<Object><Key/></Object>"), "MalformedXML"),
        ("1,001 keys", delete(&object.repeat(1001)), "MalformedXML"),
        ("deep", delete(&nested), "MalformedXML"),
        ("entities of entities", bomb, "MalformedXML"),
        ("a file", file.into(), "MalformedXML"),
        ("a document type", format!("<!DOCTYPE d>{}", delete(object)), "MalformedXML"),
        ("many elements", delete(&"<a/>".repeat(200_000)), "MalformedXML"),
        ("5 MiB", delete(&" ".repeat(5 << 20)), "MaxMessageLengthExceeded"),
    ] {
        let answer = server.send(Request::new("POST", "/media?delete").body(document));
        assert_eq!(outcome(Some(&answer)), (400, code.to_owned()), "{what}");
        assert_clear(Some(&answer), what);
    }
    let fake = delete("<Object><Key>kept</Key><Key>kept</Key></Object>");
    for document in [
        fake.as_str(),
        "<CreateBucketConfiguration>",
        "<a/>",
        "\u{0}",
        "<CreateBucketConfiguration><X/></CreateBucketConfiguration>",
    ] {
        let answer = server.send(Request::put("/fresh").body(document));
        assert_eq!(outcome(Some(&answer)), (400, "MalformedXML".to_owned()), "{document}");
    }
    let huge = " ".repeat(5 << 20);
    assert_eq!(server.send(Request::put("/fresh").body(huge)).error().1, "MaxMessageLengthExceeded");
    assert_unharmed(&server, "after all documents");
}

#[test]
fn digests_that_are_wrong() {
    let server = server();
    let md5_of_new = "IuBnqj3S1+2kWxZXmeknOA==";
    for (name, value, code) in [
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ("content-md5", "AAAA", "InvalidDigest"),
        ("content-md5", "no base64", "InvalidDigest"),
        ("content-md5", "", "InvalidDigest"),
        ("content-md5", "22e067aa3dd2d7eda45b165799e92738", "InvalidDigest"),
        ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
        ("x-amz-checksum-crc32c", "AAAAAA==", "BadDigest"),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", "BadDigest"),
        ("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "BadDigest"),
        ("x-amz-checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "BadDigest"),
        ("x-amz-checksum-crc32", "AAAA", "InvalidRequest"),
        ("x-amz-checksum-sha256", md5_of_new, "InvalidRequest"),
        ("x-amz-checksum-crc32", "!", "InvalidRequest"),
        ("x-amz-sdk-checksum-algorithm", "MD4", "InvalidRequest"),
    ] {
        let answer = server.send(Request::put("/media/new").body("new").header(name, value));
        assert_eq!(outcome(Some(&answer)), (400, code.to_owned()), "{name}: {value}");
        assert_clear(Some(&answer), name);
        assert_unharmed(&server, name);
    }
    let delete = "<Delete><Object><Key>kept</Key></Object></Delete>";
    for (name, value, code) in
        [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"), ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest")]
    {
        let answer = server.send(Request::new("POST", "/media?delete").body(delete).header(name, value));
        assert_eq!(outcome(Some(&answer)), (400, code.to_owned()), "{name}: {value}");
        assert_unharmed(&server, name);
    }
}

/// A client that says it has sent all of it, and has not.
#[test]
fn bodies_shorter_than_announced() {
    let server = server();
    for (announced, sent) in [(4_u64, 3), (4, 0), (1 << 20, 1 << 19), (6 << 30, 1)] {
        let put = Request::put("/media/new").header("content-length", &format!("{announced}"));
        let put = put.body(vec![b'x'; sent]).signed(server.address);
        let mut connection = server.connect();
        connection.begin(&put);
        connection.finish_sending();
        let answer = connection.read(false);
        let code = if announced > 5 << 30 { "EntityTooLarge" } else { "IncompleteBody" };
        assert_eq!(outcome(Some(&answer)), (400, code.to_owned()), "{sent} of {announced}");
        assert_eq!(answer.header("connection"), "close");
        assert!(connection.is_closed());
        assert_unharmed(&server, "short");
    }
}

/// What is over the length is not the body's: it begins another request, and is no request.
#[test]
fn bodies_longer_than_announced() {
    let server = server();
    let put = Request::put("/media/kept").header("content-length", "4").body("kept").signed(server.address);
    let mut connection = server.connect();
    connection.begin(&put);
    connection.write(b" and more of it\r\n\r\n");
    assert_eq!(connection.read(false).status, 200);
    let next = connection.read_unless_closed(false);
    assert!(next.is_none_or(|next| next.status == 400));
    assert_unharmed(&server, "long");
}

/// Clients that go away: in the head, before the body, in the middle of it, before the answer.
#[test]
fn clients_that_disappear() {
    let server = server();
    let put = Request::put("/media/new").body(vec![b'x'; 1 << 20]).signed(server.address);
    let whole = [put.head_bytes(), put.body.clone()].concat();
    let head = put.head_bytes().len();
    for sent in [1, head - 1, head, head + 1, head + (1 << 19), whole.len() - 1] {
        drop({
            let mut connection = server.connect();
            connection.write(&whole[..sent]);
            connection
        });
        assert_unharmed(&server, "gone");
    }
}
