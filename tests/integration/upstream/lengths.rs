//! Answers whose length is not what they say: bytes behind the end are never taken for the next answer.

use super::{front, get, store};
use crate::support::Request;
use crate::support::scripted::{Scripted, Step};

/// Whatever follows an answer on its connection is thrown away with the connection.
#[test]
fn bytes_after_an_answer_are_not_the_next_one() {
    let forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    for (what, request, answer, status, body) in [
        ("a body longer than announced", get(), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkept", 200, "kept"),
        ("no body announced", get(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, ""),
        ("204", Request::new("DELETE", "/media/kept"), "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (
            "204 with a length",
            Request::new("DELETE", "/media/kept"),
            "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nkept",
            204,
            "",
        ),
        (
            "304 with a body",
            get().header("if-none-match", "\"x\""),
            "HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\nkept",
            304,
            "",
        ),
        (
            "HEAD with a body",
            Request::new("HEAD", "/media/kept"),
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkept",
            200,
            "",
        ),
    ] {
        let upstream = Scripted::connections([
            vec![Step::ReadHead, Step::send([answer, forged].concat()), Step::Stall],
            vec![Step::ReadHead, store::object("kept").into()],
        ]);
        let server = front(&upstream);
        let first = server.send(request);
        assert_eq!((first.status, first.text().as_str()), (status, body), "{what}");
        assert_eq!(server.send(get()).text(), "kept", "{what}");
        assert_eq!(upstream.request(1).connection, 1, "{what}");
    }
}

/// An old store, or one that says it will close, is believed.
#[test]
fn a_connection_that_is_to_end_is_not_used_again() {
    for answer in [
        "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nkept",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nkept",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nkept\r\n0\r\n\r\n",
    ] {
        let upstream = Scripted::always([Step::ReadHead, Step::send(answer), Step::ReadHead]);
        let server = front(&upstream);
        for number in 0..3 {
            assert_eq!(server.send(get()).text(), "kept", "{answer}");
            assert_eq!(upstream.request(number).connection, number, "{answer}");
        }
    }
}

/// An answer to HEAD has a length and no body; the connection can be used again.
#[test]
fn the_length_of_a_head_is_passed_on() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for _ in 0..3 {
        let head = server.send(Request::new("HEAD", "/media/kept"));
        assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "4", 0));
        assert_eq!(server.send(get()).text(), "kept");
    }
}

#[test]
fn a_range_keeps_its_place() {
    let upstream = Scripted::answering(|_| {
        let part = crate::support::scripted::Reply::new(206).header("content-range", "bytes 1-2/4");
        part.header("etag", store::ETAG).body("ep")
    });
    let server = front(&upstream);
    let answer = server.send(get().header("range", "bytes=1-2"));
    assert_eq!((answer.status, answer.header("content-range"), answer.text().as_str()), (206, "bytes 1-2/4", "ep"));
    assert_eq!(answer.header("content-length"), "2");
}

/// An object without a length is not an empty one.
#[test]
fn a_head_without_a_length_gets_none() {
    let upstream = Scripted::always([Step::ReadHead, Step::send("HTTP/1.1 200 OK\r\netag: \"x\"\r\n\r\n")]);
    let head = front(&upstream).send(Request::new("HEAD", "/media/kept"));
    assert_eq!((head.status, head.header("etag"), head.header("content-length")), (200, "\"x\"", ""));
}
