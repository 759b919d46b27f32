//! Stores that stop in the middle: the client hears of it, and the connection is given up.

use super::{error, get, impatient_front, put, too_late};
use crate::support::Request;
use crate::support::scripted::{Scripted, Step};
use Step::{Continue100, ReadBody, ReadBytes, ReadHead, Stall};

#[test]
fn answers_that_do_not_come() {
    let half = Step::send("HTTP/1.1 200 OK\r\ncontent-le");
    let large = || put(vec![b'x'; 16 << 20]);
    for (what, request, script) in [
        ("to a GET", get(), vec![ReadHead, Stall]),
        ("to a listing", Request::get("/media?list-type=2"), vec![ReadHead, Stall]),
        ("but for half a head", get(), vec![ReadHead, half, Stall]),
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
fn head_hears_of_it_without_a_body() {
    let upstream = Scripted::always([ReadHead, Stall]);
    let answer = impatient_front(&upstream).send(Request::new("HEAD", "/media/kept"));
    assert_eq!((answer.status, answer.body.len()), (504, 0));
}

/// The head is on its way already, so the connection is all that is left to tell it by.
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
