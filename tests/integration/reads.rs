//! Reading objects: conditions, ranges, what an answer's headers say and what a request may put in their place.

use crate::support::{Request, Response, TestServer};

const BODY: &str = "0123456789";
const MD5: &str = "\"781e5e245d69b566979b86e28d23f2c7\"";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Fri, 06 Nov 2093 08:49:37 GMT";

fn server(policy: &str) -> TestServer {
    let server = TestServer::with_bucket(policy, "media");
    assert_eq!(server.send(Request::put("/media/ten").body(BODY)).header("etag"), MD5);
    assert_eq!(server.send(Request::put("/media/empty")).status, 200);
    server
}

fn send(server: &TestServer, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
    let request = Request::new(method, target);
    server.send(headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
}

#[test]
fn conditions_on_reads() {
    let server = server("r2");
    for (headers, status) in [
        (&[("if-match", MD5)][..], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-match", "\"x\", \"781e5e245d69b566979b86e28d23f2c7\"")], 200),
        (&[("if-none-match", MD5)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "W/\"781e5e245d69b566979b86e28d23f2c7\"")], 304),
        (&[("if-none-match", "\"x\"")], 200),
        (&[("if-modified-since", BEFORE)], 200),
        (&[("if-modified-since", AFTER)], 304),
        (&[("if-unmodified-since", BEFORE)], 412),
        (&[("if-unmodified-since", AFTER)], 200),
        // RFC 9110 section 13.2.2: tags over dates, what must hold over what saves a transfer.
        (&[("if-match", MD5), ("if-unmodified-since", BEFORE)], 200),
        (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], 200),
        (&[("if-match", "\"x\""), ("if-none-match", MD5)], 412),
        (&[("if-match", MD5), ("if-none-match", MD5)], 304),
        // Conditions come before ranges.
        (&[("if-match", "\"x\""), ("range", "bytes=99-")], 412),
        (&[("if-match", MD5), ("range", "bytes=0-0")], 206),
        // A date that cannot be read.
        (&[("if-modified-since", "yesterday")], 200),
        (&[("if-unmodified-since", "yesterday")], 412),
        (&[("if-match", MD5), ("if-unmodified-since", "yesterday")], 200),
    ] {
        let answer = send(&server, "GET", "/media/ten", headers);
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 412 {
            let message = "At least one of the pre-conditions you specified did not hold.";
            assert_eq!(answer.error(), (412, "PreconditionFailed".into(), message.into()));
        }
        // HEAD decides alike, but for the range it does not read.
        let head = send(&server, "HEAD", "/media/ten", headers);
        assert_eq!(head.status, if status == 206 { 200 } else { status }, "HEAD {headers:?}");
    }
}

#[test]
fn conditions_on_writes() {
    let server = server("r2");
    for (target, headers, status) in [
        ("/media/ten", &[("if-none-match", "*")][..], 412),
        ("/media/ten", &[("if-match", "\"x\"")], 412),
        ("/media/ten", &[("if-unmodified-since", BEFORE)], 412),
        ("/media/ten", &[("if-modified-since", AFTER)], 412),
        ("/media/new", &[("if-match", "*")], 412),
        // A date that cannot be read protects what is there, and the key that is free.
        ("/media/ten", &[("if-unmodified-since", "2000-01-01T00:00:00Z")], 412),
        ("/media/ten", &[("if-modified-since", "2000-01-01T00:00:00Z")], 412),
        ("/media/ten", &[("if-unmodified-since", AFTER), ("if-unmodified-since", AFTER)], 412),
        ("/media/new", &[("if-unmodified-since", "946684800")], 412),
        ("/media/new", &[("if-modified-since", "946684800")], 412),
        ("/media/ten", &[("if-match", MD5)], 200),
        ("/media/new", &[("if-none-match", "*")], 200),
        ("/media/new", &[("if-none-match", "*")], 412),
    ] {
        assert_eq!(send(&server, "PUT", target, headers).status, status, "{target} {headers:?}");
    }
}

#[test]
fn ranges() {
    let server = server("r2");
    for (range, bytes, content_range) in [
        ("bytes=0-9", BODY, "bytes 0-9/10"),
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=0-", BODY, "bytes 0-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", BODY, "bytes 0-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
        ("bytes=5-99999999999999999999", "56789", "bytes 5-9/10"),
    ] {
        let answer = send(&server, "GET", "/media/ten", &[("range", range)]);
        assert_eq!((answer.status, answer.text().as_str()), (206, bytes), "{range}");
        assert_eq!((answer.header("content-range"), answer.header("etag")), (content_range, MD5), "{range}");
    }
    let malformed = "range must be in format 'bytes=start-end', 'bytes=start-' or 'bytes=-suffix'.'";
    for (target, range, status, message) in [
        ("/media/ten", "bytes=10-", 416, "The requested range is not satisfiable"),
        ("/media/ten", "bytes=-0", 416, "The requested range is not satisfiable"),
        ("/media/empty", "bytes=0-", 416, "The requested range is not satisfiable"),
        ("/media/empty", "bytes=-1", 416, "The requested range is not satisfiable"),
        ("/media/ten", "bytes=5-3", 400, "range must be positive."),
        ("/media/ten", "bytes=0-1,3-4", 400, malformed),
        ("/media/ten", "items=0-1", 400, malformed),
        ("/media/ten", "BYTES=1-1", 400, malformed),
        ("/media/ten", "bytes=a-b", 400, malformed),
        ("/media/ten", "", 400, malformed),
    ] {
        let answer = send(&server, "GET", target, &[("range", range)]);
        assert_eq!((answer.status, answer.element("Message").as_str()), (status, message), "{range}");
        let size = if target == "/media/ten" { "bytes */10" } else { "bytes */0" };
        assert_eq!(answer.header("content-range"), if status == 416 { size } else { "" }, "{range}");
    }
}

/// The page: "Range (has no effect in HeadObject)".
#[test]
fn ranges_of_heads() {
    let r2 = server("r2");
    for range in ["bytes=0-0", "bytes=99-", "nonsense"] {
        let head = send(&r2, "HEAD", "/media/ten", &[("range", range)]);
        assert_eq!((head.status, head.header("content-length")), (200, "10"), "{range}");
        assert_eq!(head.header("content-range"), "", "{range}");
    }
    let open = server("open");
    for (range, status, length, content_range) in
        [("bytes=2-4", 206, "3", "bytes 2-4/10"), ("bytes=99-", 416, "", "bytes */10"), ("nonsense", 400, "", "")]
    {
        let head = send(&open, "HEAD", "/media/ten", &[("range", range)]);
        assert_eq!((head.status, head.header("content-range")), (status, content_range), "{range}");
        assert!(status != 206 || head.header("content-length") == length, "{range}");
    }
}

#[test]
fn an_object_written_at_once_has_one_part() {
    let server = server("r2");
    for (target, headers, status) in [
        ("/media/ten?partNumber=1", &[][..], 206),
        ("/media/ten?partNumber=2", &[], 416),
        ("/media/ten?partNumber=0", &[], 400),
        ("/media/ten?partNumber=x", &[], 400),
        ("/media/ten?partNumber=1", &[("range", "bytes=0-0")], 400),
    ] {
        assert_eq!(send(&server, "GET", target, headers).status, status, "{target}");
    }
}

#[test]
fn a_request_may_name_other_headers() {
    let server = server("r2");
    for (parameter, header, value) in [
        ("response-content-type=text%2Fhtml", "content-type", "text/html"),
        ("response-cache-control=no-store", "cache-control", "no-store"),
        ("response-content-disposition=attachment%3B%20filename%3D%22a+b%22", "content-disposition", {
            "attachment; filename=\"a b\""
        }),
        ("response-content-encoding=gzip", "content-encoding", "gzip"),
        ("response-content-language=tr", "content-language", "tr"),
        ("response-expires=soon", "expires", "soon"),
    ] {
        let answer = server.send(Request::get(&format!("/media/ten?{parameter}")));
        assert_eq!((answer.status, answer.header(header)), (200, value), "{parameter}");
        assert_eq!(answer.text(), BODY);
    }
    // No header of one's own can be smuggled into the answer.
    let answer = server.send(Request::get("/media/ten?response-content-type=a%0d%0aset-cookie:b"));
    assert_eq!((answer.status, answer.header("set-cookie")), (400, ""));
    let answer = server.send(Request::new("HEAD", "/media/ten?response-content-type=text%2Fhtml"));
    assert_eq!(answer.status, 501, "R2 has them on GET only");
}

#[test]
fn checksums_are_verified_kept_and_given_back_when_asked_for() {
    let server = server("r2");
    // The sums of the text that catalogues of CRCs use.
    for (name, value) in [
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("x-amz-checksum-crc32c", "4waSgw=="),
        ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
        ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ] {
        let written = server.send(Request::put("/media/sum").body("123456789").header(name, value));
        assert_eq!((written.header(name), written.header("x-amz-checksum-type")), (value, "FULL_OBJECT"), "{name}");
        let asked = send(&server, "GET", "/media/sum", &[("x-amz-checksum-mode", "ENABLED")]);
        assert_eq!(asked.header(name), value, "{name}");
        let head = send(&server, "HEAD", "/media/sum", &[("x-amz-checksum-mode", "ENABLED")]);
        assert_eq!(head.header(name), value, "{name}");
        assert_eq!(send(&server, "GET", "/media/sum", &[]).header(name), "", "{name}: not asked for");
        let part = send(&server, "GET", "/media/sum", &[("x-amz-checksum-mode", "ENABLED"), ("range", "bytes=0-1")]);
        assert_eq!((part.status, part.header(name)), (206, ""), "{name}: a part has another sum");
    }
    let two = Request::put("/media/sum").body(BODY);
    let two = two.header("x-amz-checksum-crc32", "AAAAAA==").header("x-amz-checksum-sha1", "AAAA");
    let message = "You can only specify one non-default checksum at a time.";
    assert_eq!(server.send(two).error(), (400, "InvalidRequest".into(), message.into()));
}

#[test]
fn system_headers_come_back_as_they_were_written() {
    let server = server("r2");
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "max-age=3600, public"),
        ("content-disposition", "attachment; filename=\"a.txt\""),
        ("content-encoding", "gzip"),
        ("content-language", "tr, en"),
        ("expires", "Thu, 01 Dec 2094 16:00:00 GMT"),
    ];
    assert_eq!(send(&server, "PUT", "/media/a", &headers).status, 200);
    for method in ["GET", "HEAD"] {
        let answer = send(&server, method, "/media/a", &[]);
        for (name, value) in headers {
            assert_eq!(answer.header(name), value, "{method} {name}");
        }
    }
    // Those of the object before are gone with it.
    assert_eq!(send(&server, "PUT", "/media/a", &[]).status, 200);
    let answer = send(&server, "GET", "/media/a", &[]);
    assert_eq!((answer.header("cache-control"), answer.header("expires")), ("", ""));
    assert_eq!(answer.header("content-type"), "application/octet-stream");
}

#[test]
fn metadata_comes_back_in_ascii() {
    let server = server("r2");
    for (name, written, read) in [
        ("x-amz-meta-plain", "plain text", "plain text"),
        ("X-Amz-Meta-UPPER", "Kept", "Kept"),
        ("x-amz-meta-empty", "", ""),
        ("x-amz-meta-utf8", "Gruß", "=?UTF-8?B?R3J1w58=?="),
        ("x-amz-meta-encoded", "=?UTF-8?B?R3J1w58=?=", "=?UTF-8?B?R3J1w58=?="),
        ("x-amz-meta-quoted", "=?utf-8?q?Gru=C3=9F?=", "=?UTF-8?B?R3J1w58=?="),
        ("x-amz-meta-latin", "=?iso-8859-1?q?Gru=DF?=", "=?UTF-8?B?R3J1w58=?="),
    ] {
        assert_eq!(send(&server, "PUT", "/media/a", &[(name, written)]).status, 200, "{name}");
        let answer = send(&server, "GET", "/media/a", &[]);
        let name = name.to_ascii_lowercase();
        assert!(answer.headers.contains(&(name.clone(), read.to_owned())), "{name}: {:?}", answer.headers);
    }
}

/// The limit counts names without their prefix and values as they are kept.
#[test]
fn metadata_has_8192_bytes() {
    let server = server("r2");
    let put = |bytes: usize| send(&server, "PUT", "/media/a", &[("x-amz-meta-abcd", "v".repeat(bytes).as_str())]);
    assert_eq!(put(8188).status, 200);
    assert_eq!(server.send(Request::get("/media/a")).header("x-amz-meta-abcd").len(), 8188);
    let message = "Your metadata headers exceed the maximum allowed metadata size.";
    assert_eq!(put(8189).error(), (400, "MetadataTooLarge".into(), message.into()));
    assert_eq!(server.send(Request::get("/media/a")).header("x-amz-meta-abcd").len(), 8188, "still the old one");
}
