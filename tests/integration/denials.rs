//! Attempts to keep the server from serving others, by clients without a key or with one: connections that are held,
//! heads and bodies that trickle or never end. Each ends within its limit, and others are served meanwhile.

use crate::support::{Connection, Process, Request, TestServer};
use r2shim::filters::Limits;
use r2shim::server::observe::metrics::HEAD_CAUSES;
use r2shim::settings::{PortLimits, RequestLimits};
use std::process::Command;
use std::time::Duration;

/// Soon, where a test waits for it.
const SOON: Duration = Duration::from_millis(300);
/// Later than any test ends.
const NEVER: Duration = Duration::from_secs(600);

fn server(limits: impl Into<Limits>) -> TestServer {
    let server = TestServer::with_limits("r2", limits.into());
    assert_eq!(server.send(Request::put("/media")).status, 200);
    server
}

fn patient() -> PortLimits {
    PortLimits { first_byte_time: NEVER, idle_time: NEVER, head_time: NEVER, ..PortLimits::default() }
}

fn half_head(server: &TestServer) -> Connection {
    let mut connection = server.connect();
    connection.write(b"GET / HTTP/1.1\r\nhost: h\r\n");
    connection
}

fn metric(server: &TestServer, line: &str) -> bool {
    server.admin_page("/metrics").text().lines().any(|given| given == line)
}

#[test]
fn connections_over_the_limit_are_closed() {
    let server = server(PortLimits { connections: 8, ..patient() });
    // A connection has a place if it is answered. The one that made the bucket may still have one for a moment.
    let mut open: Vec<Connection> = Vec::new();
    while open.len() < 8 {
        let mut connection = server.connect();
        let admitted = connection.try_send(&Request::get("/").signed(server.address)).is_ok();
        open.extend(admitted.then_some(connection));
    }
    assert!(server.connect().is_closed(), "the ninth");
    let metrics = server.admin_page("/metrics");
    assert_eq!(metrics.status, 200, "the admin address has places of its own");
    assert!(!metrics.text().contains("r2shim_connections_refused_total{limit=\"all\"} 0"));
    let answer = open[0].send(Request::get("/").signed(server.address));
    assert_eq!(answer.status, 200, "an open connection is kept");
    drop(open);
    // The server needs a moment to see that they have gone.
    while server.connect().try_send(&Request::get("/").signed(server.address)).is_err() {}
}

#[test]
fn clients_without_a_key_do_not_use_up_the_descriptors() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 80; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_r2shim")]);
    let process = Process::run(command, data.path());
    assert_eq!(process.send(Request::put("/media")).status, 200);
    let mut kept = Connection::open(process.address);
    assert_eq!(kept.send(Request::get("/").signed(process.address)).status, 200);
    let held = (0..80).filter_map(|_| {
        let mut connection = Connection::try_open(process.address).ok()?;
        connection.try_write(b"GET / HTTP/1.1\r\n").ok()?;
        Some(connection)
    });
    let held: Vec<_> = held.collect();
    // A connection over the limit has a descriptor until the server has seen it and closed it.
    while held.iter().filter(|connection| !connection.has_been_closed()).count() > 8 {
        std::thread::yield_now();
    }
    let put = Request::put("/media/large").body(vec![b'x'; 1 << 20]);
    assert_eq!(kept.send(put.signed(process.address)).status, 200, "there is a descriptor for the body's file");
}

#[test]
fn a_head_without_end_is_refused_early() {
    let server = server(patient());
    for head in ["GET / HTTP/1.1\r\nhost: h\r\nx-a: ", "GET /", "x"] {
        let mut connection = server.connect();
        // Less than what pingora would wait for, and no end: only a refusal makes the server answer.
        connection.write(format!("{head}{}", "v".repeat(200 << 10)).as_bytes());
        let answer = connection.read(false);
        assert_eq!((answer.status, answer.header("connection")), (400, "close"), "{head}");
        assert!(connection.is_closed(), "{head}");
    }
    assert!(metric(&server, "r2shim_heads_refused_total{cause=\"too_large\"} 3"));
}

/// A head of the largest size that the chain accepts is read to its end, and answered by the chain.
#[test]
fn a_large_head_is_still_a_head() {
    let server = server(patient());
    let lines: String = (0..200).map(|n| format!("x-{n}: {}\r\n", "v".repeat(300))).collect();
    let mut connection = server.connect();
    connection.write(format!("GET /{} HTTP/1.1\r\nhost: h\r\n{lines}\r\n", "k".repeat(32 << 10)).as_bytes());
    assert_eq!(connection.read(false).element("Code"), "InvalidURI");
}

#[test]
fn heads_have_time_limits() {
    for (limits, sent) in [
        (PortLimits { first_byte_time: SOON, ..patient() }, ""),
        (PortLimits { head_time: SOON, ..patient() }, "GET / HTTP/1.1\r\nhost: h\r\n"),
    ] {
        let server = server(limits);
        let mut connection = server.connect();
        connection.write(sent.as_bytes());
        assert!(connection.is_closed(), "{sent:?}");
        assert!(metric(&server, "r2shim_heads_refused_total{cause=\"slow\"} 1"), "{sent:?}");
    }
}

/// An idle connection that has been used waits longer than a new one, and closing it is not a refusal.
#[test]
fn used_connections_may_be_idle() {
    let server = server(PortLimits { first_byte_time: SOON, head_time: SOON, ..patient() });
    let mut used = server.connect();
    assert_eq!(used.send(Request::get("/").signed(server.address)).status, 200);
    assert!(server.connect().is_closed());
    assert!(half_head(&server).is_closed());
    assert_eq!(used.send(Request::get("/").signed(server.address)).status, 200);

    let server = self::server(PortLimits { idle_time: SOON, ..patient() });
    let mut used = server.connect();
    assert_eq!(used.send(Request::get("/").signed(server.address)).status, 200);
    assert!(used.is_closed());
    for cause in HEAD_CAUSES {
        assert!(metric(&server, &format!("r2shim_heads_refused_total{{cause=\"{cause}\"}} 0")), "{cause}");
    }
}

/// The wait for each byte is short, and there is no end of them: only the rate ends it.
#[test]
fn a_body_that_trickles_is_refused() {
    let server =
        server(RequestLimits { body_idle: NEVER, body_window: SOON, body_bytes: 1 << 10, ..RequestLimits::default() });
    let put = Request::put("/media/new").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    for put in [put.clone().header("content-length", "1000000"), put.header("content-length", "100")] {
        let mut connection = server.connect();
        connection.write(&put.signed(server.address).head_bytes());
        connection.write(b"x");
        let answer = connection.read(false);
        assert_eq!((answer.status, answer.element("Code").as_str()), (400, "RequestTimeout"));
        assert_eq!(answer.header("connection"), "close");
        assert!(connection.is_closed());
    }
    assert_eq!(server.contents(), ["media"]);
    assert_eq!(server.send(Request::put("/media/new").body("new")).status, 200);
}

/// pingora reads an empty chunk size as the last chunk, so what follows a refused body could be part of it.
#[test]
fn nothing_is_read_behind_a_refused_chunked_body() {
    let server = server(patient());
    let smuggled = Request::put("/media/smuggled").signed(server.address).head_bytes();
    let chunked = |status: u16, put: Request| {
        let mut connection = server.connect();
        connection.write(&put.header("transfer-encoding", "chunked").signed(server.address).head_bytes());
        connection.write(&[b"\r\n\r\n", smuggled.as_slice()].concat());
        let answer = connection.read(false);
        assert_eq!((answer.status, answer.header("connection")), (status, "close"));
        assert!(connection.is_closed());
    };
    let put = || Request::put("/media/new");
    let streaming = put()
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-decoded-content-length", "3");
    chunked(400, streaming);
    chunked(501, put().header("x-amz-acl", "private"));
    assert_eq!(server.contents(), ["media"]);
}
