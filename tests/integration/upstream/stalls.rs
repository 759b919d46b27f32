//! Stores that stop in the middle: the client gets an error, and the connection is closed.

use super::{error, get, impatient_front, put, remote, too_late};
use crate::support::scripted::{Scripted, Step};
use crate::support::{Request, TestServer};
use Step::{Continue100, ReadBody, ReadBytes, ReadHead, Stall, Trickle};
use r2shim::upstream::{Endpoint, Remote, Timeouts};
use std::time::Duration;

#[test]
fn answers_that_do_not_come() {
    let half = Step::send("HTTP/1.1 200 OK\r\ncontent-le");
    let large = || put(vec![b'x'; 16 << 20]);
    for (what, request, script) in [
        ("to a GET", get(), vec![ReadHead, Stall]),
        ("to a listing", Request::get("/media?list-type=2"), vec![ReadHead, Stall]),
        ("but for half a head", get(), vec![ReadHead, half, Stall]),
        ("but for a head without end", get(), vec![ReadHead, Trickle]),
        ("but for 100 and a head without end", get(), vec![ReadHead, Continue100, Trickle]),
        ("to a PUT but for a head without end", put("new"), vec![ReadHead, ReadBody, Trickle]),
        ("to a large PUT but for a head without end", put(vec![b'x'; 1 << 20]), vec![ReadHead, ReadBody, Trickle]),
        ("but for 100", get(), vec![ReadHead, Continue100, Stall]),
        ("to a PUT", put("new"), vec![ReadHead, ReadBody, Stall]),
        ("to an empty PUT", put(""), vec![ReadHead, Stall]),
        ("to a body that nobody reads", large(), vec![ReadHead, Stall]),
        ("to a body that is read in part", large(), vec![ReadHead, ReadBytes(1 << 20), Stall]),
        ("before the head is read", get(), vec![Stall]),
    ] {
        let upstream = Scripted::always(script);
        let server = impatient_front(&upstream);
        assert_eq!(error(&server.send(request)), too_late(), "{what}");
        if !what.contains("body") {
            upstream.wait_until_left();
        }
    }
}

#[test]
fn head_gets_the_error_without_a_body() {
    let upstream = Scripted::always([ReadHead, Stall]);
    let answer = impatient_front(&upstream).send(Request::new("HEAD", "/media/kept"));
    assert_eq!((answer.status, answer.body.len()), (504, 0));
}

/// The head was sent already, so only closing the connection can report the failure.
#[test]
fn a_body_that_stops_breaks_the_connection() {
    for start in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nkept",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nkept",
    ] {
        let upstream = Scripted::always([ReadHead, Step::send(start), Stall]);
        let server = impatient_front(&upstream);
        let answer = server.connect().try_send(&get().signed(server.address));
        assert!(answer.is_err(), "{start} {answer:?}");
        upstream.wait_until_left();
    }
}

fn completion() -> Request {
    let part = "<Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>";
    let document = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    Request::new("POST", "/media/new?uploadId=u").body(document)
}

fn copy() -> Request {
    Request::put("/media/new").header("x-amz-copy-source", "/media/kept")
}

fn part_copy() -> Request {
    Request::put("/media/new?partNumber=1&uploadId=u").header("x-amz-copy-source", "/media/kept")
}

/// A store may work for long on what it puts together or copies, so these have a limit of their own; the tests would
/// hang if it were the other one.
#[test]
fn answers_to_what_takes_long_have_a_limit_of_their_own() {
    let soon = Duration::from_millis(150);
    let short_for_assembly = Timeouts { assembly: soon, ..Timeouts::default() };
    let short_for_the_rest = Timeouts { first_byte: soon, ..Timeouts::default() };
    for (timeouts, requests) in [
        (short_for_assembly, vec![completion(), copy(), part_copy()]),
        (short_for_the_rest, vec![put("new"), Request::new("POST", "/media/new?uploads"), get()]),
    ] {
        for (script, request) in requests.iter().flat_map(|request| [(Stall, request), (Trickle, request)]) {
            let upstream = Scripted::always([ReadHead, ReadBody, script]);
            let server = TestServer::in_front_of("r2", Remote { timeouts, ..remote(&upstream.endpoint()) });
            assert_eq!(error(&server.send(request.clone())), too_late(), "{request:?}");
        }
    }
}

/// A write that was not answered in time may still be carried out, so it is not done a second time: it could come after
/// what the client writes next. A read is asked of one more node.
#[test]
fn a_write_that_is_not_answered_goes_to_no_other_node() {
    for (request, sent) in [
        (put("new"), 1),
        (put(""), 1),
        (Request::new("DELETE", "/media/kept"), 1),
        (completion(), 1),
        (copy(), 1),
        (get(), 2),
        (Request::new("HEAD", "/media/kept"), 2),
    ] {
        let nodes: Vec<Scripted> = (0..3).map(|_| Scripted::always([ReadHead, ReadBody, Stall])).collect();
        let endpoints = nodes.iter().map(|node| Endpoint::parse(&node.endpoint()).unwrap()).collect();
        let soon = Duration::from_millis(150);
        let timeouts = Timeouts { first_byte: soon, assembly: soon, ..Timeouts::default() };
        let server = TestServer::in_front_of("r2", Remote { endpoints, timeouts, ..remote(&nodes[0].endpoint()) });
        assert_eq!(server.send(request.clone()).status, 504, "{request:?}");
        let requests: usize = nodes.iter().map(|node| node.requests().len()).sum();
        assert_eq!(requests, sent, "{request:?}");
    }
}
