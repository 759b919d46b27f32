//! The connection under the requests: what keeps it, what ends it, and that no answer is lost on the way.

use crate::support::{Connection, Request, Response, TestServer};
use r2shim::settings::PortLimits;
use std::time::Duration;

/// Larger than what the sockets of both sides buffer, so that its sender has to wait for its reader.
const LARGE: usize = 32 << 20;

fn server() -> TestServer {
    TestServer::with_object("r2", "media", "kept", "kept")
}

fn body(seed: usize) -> Vec<u8> {
    (0..LARGE).map(|n| ((n + seed) % 251) as u8).collect()
}

/// The connection is as good as new.
fn assert_usable(server: &TestServer, connection: &mut Connection, what: &str) {
    let answer = connection.send(Request::get("/media/kept").signed(server.address));
    assert_eq!((answer.status, answer.text().as_str()), (200, "kept"), "{what}");
}

#[test]
fn a_refusal_before_a_small_body_keeps_the_connection() {
    let server = server();
    let put = || Request::put("/media/new").body(vec![b'x'; 100 << 10]);
    let mut connection = server.connect();
    for (what, request, status) in [
        ("no signature", put().unsigned(server.address), 400),
        ("a wrong signature", put().signed(server.address).replaced("Signature=", "Signature=0"), 403),
        ("the policy", put().header("x-amz-acl", "private").signed(server.address), 501),
        ("a bad name", Request { target: "/media/%ff".into(), ..put() }.signed(server.address), 400),
        ("no bucket", Request { target: "/nowhere/new".into(), ..put() }.signed(server.address), 404),
        ("a condition", put().header("if-match", "\"x\"").signed(server.address), 412),
        ("a wrong digest", put().header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").signed(server.address), 400),
        (
            "a body without 100 Continue",
            Request { method: "DELETE".into(), ..put() }.header("content-length", "102400").signed(server.address),
            204,
        ),
    ] {
        let answer = connection.send(request);
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.header("connection"), "keep-alive", "{what}");
        assert_usable(&server, &mut connection, what);
    }
    assert_eq!(server.keys("media"), ["kept"]);
}

/// The client is in the middle of sending when the answer is there. It must find it when it is done.
#[test]
fn a_refusal_in_the_middle_of_a_body_is_not_lost() {
    let server = server();
    let put =
        || Request::put("/media/new").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").body(vec![b'x'; 8 << 20]);
    let refused = put().header("x-amz-acl", "private").signed(server.address);
    let forged = put().signed(server.address).replaced("Signature=", "Signature=0");
    for _ in 0..20 {
        for (request, status) in [(&refused, 501), (&forged, 403)] {
            let mut connection = server.connect();
            connection.begin(request);
            assert_eq!(connection.read(false).status, status);
            assert_usable(&server, &mut connection, "after 8 MiB");
        }
    }
}

/// What is too large to be read for nothing ends the connection, and the answer says so.
#[test]
fn a_refusal_of_a_large_body_ends_the_connection() {
    let server = server();
    for length in [64_u64 << 20, 4 << 30] {
        let put =
            Request::put("/media/new").header("x-amz-acl", "private").header("content-length", &length.to_string());
        let mut connection = server.connect();
        connection.begin(&put.signed(server.address));
        connection.write(&vec![b'x'; 1 << 20]);
        let answer = connection.read(false);
        assert_eq!((answer.status, answer.header("connection")), (501, "close"), "{length}");
        assert!(connection.is_closed());
    }
}

#[test]
fn a_client_that_expects_100_gets_it_when_admitted() {
    let server = server();
    let put = Request::put("/media/new").header("expect", "100-continue").body("new").signed(server.address);
    let mut connection = server.connect();
    connection.write(&put.head_bytes());
    assert_eq!(connection.read_head().status, 100);
    connection.write(&put.body);
    let answer = connection.read(false);
    assert_eq!((answer.status, answer.header("connection")), (200, "keep-alive"));
    assert_usable(&server, &mut connection, "after 100");
    assert_eq!(server.send(Request::get("/media/new")).text(), "new");
}

/// The body was never asked for, so whatever comes next on the connection must not be taken for a request.
#[test]
fn a_refused_client_that_expects_100_keeps_the_body() {
    let server = server();
    let put = || Request::put("/media/new").header("expect", "100-continue").body("new");
    for (what, request, status) in [
        ("no signature", put().unsigned(server.address), 400),
        ("the policy", put().header("x-amz-acl", "private").signed(server.address), 501),
        ("no bucket", Request { target: "/nowhere/new".into(), ..put() }.signed(server.address), 404),
        ("a condition", put().header("if-match", "\"x\"").signed(server.address), 412),
    ] {
        let mut connection = server.connect();
        connection.write(&request.head_bytes());
        let answer = connection.read(false);
        assert_eq!((answer.status, answer.header("connection")), (status, "close"), "{what}");
        assert!(connection.is_closed(), "{what}");
    }
    assert_eq!(server.keys("media"), ["kept"]);
}

/// RFC 9110 section 10.1.1: a client that speaks HTTP/1.0 does not know what 100 is.
#[test]
fn an_old_client_is_not_invited() {
    let server = server();
    let put = Request::put("/media/new").header("expect", "100-continue").body("new").signed(server.address);
    let head = String::from_utf8(put.head_bytes()).unwrap().replace("HTTP/1.1", "HTTP/1.0");
    let mut connection = server.connect();
    connection.write(head.as_bytes());
    connection.write(&put.body);
    assert_eq!(connection.read(false).status, 200);
}

/// Nothing to wait for: no body, or no expectation that HTTP knows.
#[test]
fn an_expectation_without_a_body_changes_nothing() {
    let server = server();
    let mut connection = server.connect();
    let get = Request::get("/media/kept").header("expect", "100-continue");
    assert_eq!(connection.send(get.signed(server.address)).text(), "kept");
    assert_usable(&server, &mut connection, "after a GET that expects");
    let put = Request::put("/media/kept").header("expect", "a miracle").body("kept");
    assert_eq!(connection.send(put.signed(server.address)).status, 200);
    assert_usable(&server, &mut connection, "after a miracle");
}

#[test]
fn answers_without_a_body_keep_the_connection() {
    let server = server();
    let etag = server.send(Request::get("/media/kept")).header("etag").to_owned();
    let mut connection = server.connect();
    for (method, target, headers, status) in [
        ("HEAD", "/media/kept", &[][..], 200),
        ("HEAD", "/media/none", &[], 404),
        ("HEAD", "/media/kept?tagging", &[], 501),
        ("HEAD", "/media", &[], 200),
        ("HEAD", "/nowhere", &[], 404),
        ("GET", "/media/kept", &[("if-none-match", etag.as_str())], 304),
        ("HEAD", "/media/kept", &[("if-none-match", etag.as_str())], 304),
        ("DELETE", "/media/none", &[], 204),
        ("PUT", "/media/empty", &[], 200),
        ("GET", "/media/empty", &[], 200),
        ("DELETE", "/media/empty", &[], 204),
    ] {
        let request = Request::new(method, target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = connection.send(request.signed(server.address));
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{method} {target}");
        assert_usable(&server, &mut connection, target);
    }
}

#[test]
fn every_answer_can_be_found_in_the_log() {
    let server = server();
    let mut connection = server.connect();
    let mut ids = Vec::new();
    for (method, target, status) in [
        ("GET", "/media/kept", 200),
        ("HEAD", "/media/kept", 200),
        ("GET", "/media/none", 404),
        ("HEAD", "/media/none", 404),
        ("DELETE", "/media/none", 204),
        ("GET", "/media?policy", 501),
        ("PATCH", "/media", 404),
        ("GET", "/", 200),
    ] {
        let answer = connection.send(Request::new(method, target).signed(server.address));
        assert_eq!(answer.status, status, "{method} {target}");
        assert!(answer.header("date").ends_with(" GMT"), "{method} {target}");
        assert_eq!(answer.header("x-amz-request-id").len(), 16, "{method} {target}");
        // R2's errors name it nowhere else.
        assert_eq!(answer.element("RequestId"), "", "{method} {target}");
        ids.push(answer.header("x-amz-request-id").to_owned());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no two are the same");
}

#[test]
fn a_304_carries_the_validators() {
    let server = server();
    let read = server.send(Request::get("/media/kept"));
    let etag = read.header("etag");
    let answer = server.send(Request::get("/media/kept").header("if-none-match", etag));
    assert_eq!((answer.status, answer.header("etag")), (304, etag));
    assert_eq!(answer.header("last-modified"), read.header("last-modified"));
    assert_eq!((answer.header("content-type"), answer.header("content-length")), ("", ""));
}

/// Sent together, answered in order.
#[test]
fn requests_sent_together_are_answered_in_order() {
    let server = server();
    let signed = |request: Request| request.signed(server.address);
    let requests = [
        (signed(Request::put("/media/new").body("new")), 200, ""),
        (signed(Request::get("/media/new")), 200, "new"),
        (signed(Request::put("/media/new").body("newer").header("x-amz-acl", "private")), 501, "<?xml"),
        (signed(Request::new("HEAD", "/media/new")), 200, ""),
        (signed(Request::new("DELETE", "/media/new")), 204, ""),
        (signed(Request::get("/media/new")), 404, "<?xml"),
        (signed(Request::get("/media/kept")), 200, "kept"),
    ];
    let bytes: Vec<u8> =
        requests.iter().flat_map(|(request, ..)| [request.head_bytes(), request.body.clone()].concat()).collect();
    let mut connection = server.connect();
    connection.write(&bytes);
    for (request, status, start) in requests {
        let answer = connection.read(request.method == "HEAD");
        assert_eq!(answer.status, status, "{} {}", request.method, request.target);
        assert!(answer.text().starts_with(start), "{} {}", request.method, request.target);
    }
}

#[test]
fn clients_that_want_to_close_are_let_go() {
    let server = server();
    let mut connection = server.connect();
    let answer = connection.send(Request::get("/media/kept").header("connection", "close").signed(server.address));
    assert_eq!((answer.text().as_str(), answer.header("connection")), ("kept", "close"));
    assert!(connection.is_closed());
    let old = String::from_utf8(Request::get("/media/kept").signed(server.address).head_bytes()).unwrap();
    let answer = server.send_raw(old.replace("HTTP/1.1", "HTTP/1.0").as_bytes()).unwrap();
    assert_eq!((answer.text().as_str(), answer.header("connection")), ("kept", "close"));
    assert_eq!(answer.header("transfer-encoding"), "");
}

/// A client that sent all it has to say may end its side and still be answered.
#[test]
fn a_half_closed_connection_is_answered() {
    let server = server();
    for request in [Request::get("/media/kept"), Request::put("/media/kept").body("kept")] {
        let request = request.signed(server.address);
        let mut connection = server.connect();
        connection.begin(&request);
        connection.finish_sending();
        assert_eq!(connection.read(false).status, 200, "{}", request.method);
        assert!(connection.is_closed());
    }
}

/// However it is spread over the time, a head must be there in time. What is behind it is not cut off.
#[test]
fn heads_have_a_deadline() {
    let second = Duration::from_secs(1);
    let ports = PortLimits { first_byte_time: second, idle_time: second, head_time: second, ..PortLimits::default() };
    let server = TestServer::with_limits("r2", ports.into());
    assert_eq!(server.send(Request::put("/media")).status, 200);
    assert_eq!(server.send(Request::put("/media/large").body(body(0))).status, 200);
    let (mut reading, _, start) = begin_reading(&server, "/media/large");
    let (put, get) = (Request::put("/media/new").body("new"), Request::get("/"));
    let (put, get) = (put.signed(server.address), get.signed(server.address));
    let mut writing = server.connect();
    writing.write(&put.head_bytes());
    let mut late = [&b""[..], b"GET", b"GET / HTTP/1.1\r\nhost: h\r\n"].map(|start| {
        let mut connection = server.connect();
        connection.write(start);
        connection
    });
    let mut admin = Connection::open(server.admin);
    admin.write(b"GET /healthz");
    let mut reused = server.connect();
    assert_eq!(reused.send(get).status, 200);
    reused.write(b"GET /");
    assert!(late.iter_mut().all(Connection::is_closed));
    assert!(reused.is_closed() && admin.is_closed());
    assert!([start, reading.read_bytes(LARGE - 1000)].concat() == body(0));
    writing.write(&put.body);
    assert_eq!(writing.read(false).status, 200);
}

/// Starts a GET and takes its head and first bytes, so that the rest is still to be sent.
fn begin_reading(server: &TestServer, target: &str) -> (Connection, Response, Vec<u8>) {
    let mut connection = server.connect();
    connection.begin(&Request::get(target).signed(server.address));
    let head = connection.read_head();
    let start = connection.read_bytes(1000);
    (connection, head, start)
}

#[test]
fn a_read_in_progress_survives_overwrite_and_delete() {
    let server = server();
    let (old, new) = (body(0), body(1));
    assert_eq!(server.send(Request::put("/media/large").body(old.clone())).status, 200);
    let (mut first, head, first_bytes) = begin_reading(&server, "/media/large");
    assert_eq!(head.header("content-length"), LARGE.to_string());
    assert_eq!(server.send(Request::put("/media/large").body(new.clone())).status, 200);
    let (mut second, _, second_bytes) = begin_reading(&server, "/media/large");
    assert_eq!(server.send(Request::new("DELETE", "/media/large")).status, 204);
    assert_eq!(server.send(Request::get("/media/large")).status, 404);
    assert!([first_bytes, first.read_bytes(LARGE - 1000)].concat() == old);
    assert!([second_bytes, second.read_bytes(LARGE - 1000)].concat() == new);
    assert_usable(&server, &mut first, "after a read of what is gone");
}

/// A short body must never look complete. Here a file loses its second half behind the server's back.
#[test]
fn an_answer_that_breaks_off_ends_the_connection() {
    let server = server();
    assert_eq!(server.send(Request::put("/media/large").body(body(0))).status, 200);
    let (mut connection, head, first_bytes) = begin_reading(&server, "/media/large");
    assert_eq!(head.header("content-length"), LARGE.to_string());
    assert_eq!(server.truncate_files(LARGE as u64, LARGE as u64 / 2), 1);
    assert!(first_bytes.len() + connection.read_to_end().len() < LARGE);
    assert_usable(&server, &mut server.connect(), "after an answer that broke off");
    // A new request is refused before any of its body is read.
    let answer = server.send(Request::get("/media/large"));
    assert_eq!((answer.status, answer.element("Code").as_str()), (500, "InternalError"));
}

#[test]
fn a_stopping_server_ends_what_it_began() {
    let mut server = server();
    let large = body(0);
    assert_eq!(server.send(Request::put("/media/large").body(large.clone())).status, 200);
    let address = server.address;
    let (mut reading, _, start) = begin_reading(&server, "/media/large");
    let reader = std::thread::spawn(move || [start, reading.read_bytes(LARGE - 1000)].concat());
    assert_eq!(server.stop(Duration::from_secs(20)), 0);
    assert!(reader.join().unwrap() == large);
    assert!(std::net::TcpStream::connect(address).is_err(), "the listener is closed");
}

#[test]
fn a_stopping_server_does_not_wait_for_ever() {
    let mut server = server();
    assert_eq!(server.send(Request::put("/media/large").body(body(0))).status, 200);
    let _never_read = begin_reading(&server, "/media/large");
    assert_eq!(server.stop(Duration::ZERO), 1);
}
