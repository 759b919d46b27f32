//! Stores that are not there, break off or answer with what is no answer.

use super::{bad_gateway, error, front, get, put, remote, store};
use crate::support::scripted::{Refusing, Reply, Scripted, Step};
use crate::support::{Request, Response, TestServer};
use std::io;

/// What comes of a GET whose head the store reads before it plays the rest of the script.
fn get_from(script: &[Step]) -> io::Result<Response> {
    let upstream = Scripted::always([&[Step::ReadHead], script].concat());
    let server = front(&upstream);
    server.connect().try_send(&get().signed(server.address))
}

#[test]
fn nobody_is_there() {
    let refusing = Refusing::new();
    let server = TestServer::in_front_of("r2", remote(&refusing.endpoint()));
    for request in [get(), put("new"), put(vec![b'x'; 1 << 20]), Request::get("/media?list-type=2"), Request::get("/")]
    {
        let answer = server.send(request.clone());
        assert!([bad_gateway(), super::no_store()].contains(&error(&answer)), "{request:?} {}", answer.text());
        assert!(!answer.text().contains(&refusing.address.port().to_string()), "{}", answer.text());
    }
    let head = server.send(Request::new("HEAD", "/media/kept"));
    assert!([502, 503].contains(&head.status) && head.body.is_empty());
}

#[test]
fn connections_that_end_before_an_answer() {
    for (what, script) in [
        ("at once", &[Step::Close][..]),
        ("at once, hard", &[Step::Reset]),
        ("before the answer", &[Step::ReadHead, Step::Close]),
        ("before the answer, hard", &[Step::ReadHead, Step::Reset]),
        ("after the body", &[Step::ReadHead, Step::ReadBody, Step::Close]),
        ("after 100", &[Step::ReadHead, Step::Continue100, Step::ReadBody, Step::Close]),
    ] {
        let upstream = Scripted::always(script);
        for request in [get(), put("new"), put(vec![b'x'; 1 << 20]), Request::get("/media?list-type=2")] {
            assert_eq!(error(&front(&upstream).send(request)), bad_gateway(), "{what}");
        }
        assert_eq!(front(&upstream).send(Request::new("HEAD", "/media/kept")).status, 502, "{what}");
    }
}

#[test]
fn malformed_answers() {
    let many: String = (0..1000).map(|n| format!("x-{n}: v\r\n")).collect();
    let large = format!("x-large: {}\r\n", "v".repeat(2 << 20));
    let with = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\nkept");
    for (what, answer) in [
        ("nothing", String::new()),
        ("half a status line", "HTTP/1.1 2".into()),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-le".into()),
        ("no end of the head", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n".into()),
        ("garbage", "garbage\r\n\r\n".into()),
        ("HTTP/0.9", "<html>kept</html>".into()),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n".into()),
        ("TLS", "\x15\x03\x01\0\x02\x02\x46".into()),
        ("no status", "HTTP/1.1 OK\r\n\r\n".into()),
        ("only 100", "HTTP/1.1 100 Continue\r\n\r\n".into()),
        ("another protocol from here on", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".into()),
        ("two lengths", with("content-length: 4\r\ncontent-length: 5\r\n")),
        ("two lengths in one", with("content-length: 4, 5\r\n")),
        (
            "another protocol, and then an object",
            format!("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n{}", with("content-length: 4\r\n")),
        ),
        ("a negative length", with("content-length: -4\r\n")),
        ("a length that is none", with("content-length: four\r\n")),
        ("another framing", with("transfer-encoding: gzip\r\n")),
        ("1,000 headers", with(&format!("{many}content-length: 4\r\n"))),
        ("2 MiB of a header", with(&format!("{large}content-length: 4\r\n"))),
        ("a header without a name", with(": v\r\ncontent-length: 4\r\n")),
        ("a header with a NUL", with("x: a\0b\r\ncontent-length: 4\r\n")),
    ] {
        let answer = get_from(&[Step::send(answer)]).unwrap();
        assert_eq!(error(&answer), bad_gateway(), "{what}: {}", answer.text());
    }
}

/// A short body never looks like a whole one.
#[test]
fn bodies_that_break_off() {
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\netag: \"x\"\r\n{headers}\r\n");
    for (what, answer) in [
        ("before the first byte", head("content-length: 9\r\n")),
        ("in the middle", head("content-length: 9\r\n") + "kept"),
        ("before the last byte", head("content-length: 5\r\n") + "kept"),
        ("by a length beside chunks", head("content-length: 4\r\ntransfer-encoding: chunked\r\n") + "kept"),
        ("before the first chunk", head("transfer-encoding: chunked\r\n")),
        ("in a chunk", head("transfer-encoding: chunked\r\n") + "9\r\nkept"),
        ("after a chunk", head("transfer-encoding: chunked\r\n") + "4\r\nkept\r\n"),
        ("in the size of a chunk", head("transfer-encoding: chunked\r\n") + "4\r\nkept\r\n1"),
        ("by a chunk that is none", head("transfer-encoding: chunked\r\n") + "zz\r\nkept\r\n0\r\n\r\n"),
        ("before the end of the chunks", head("transfer-encoding: chunked\r\n") + "4\r\nkept\r\n0\r\n"),
    ] {
        for end in [Step::Close, Step::Reset] {
            let answer = get_from(&[Step::send(answer.clone()), end.clone()]);
            assert!(
                answer.as_ref().map_or(true, |answer| error(answer) == bad_gateway()),
                "{what} {end:?}: {answer:?}"
            );
        }
    }
}

/// Without a length, a body that ends may be complete or cut off.
#[test]
fn a_body_without_a_length_is_not_taken_for_whole() {
    let answer = get_from(&[Step::send("HTTP/1.1 200 OK\r\netag: \"x\"\r\n\r\nkept")]);
    assert!(answer.as_ref().map_or(true, |answer| error(answer) == bad_gateway()), "{answer:?}");
}

/// There the end of the connection is the end of the body, whatever the reason.
#[test]
fn a_client_of_http_1_0_gets_a_length_or_an_error() {
    let chunked = "HTTP/1.1 200 OK\r\netag: \"x\"\r\ntransfer-encoding: chunked\r\n\r\n4\r\nkept\r\n";
    for (rest, expected) in [("0\r\n\r\n", (200, "")), ("", (502, "BadGateway")), ("9\r\nmo", (502, "BadGateway"))] {
        let upstream = Scripted::always([Step::ReadHead, Step::send(format!("{chunked}{rest}"))]);
        let server = front(&upstream);
        let head = String::from_utf8(get().signed(server.address).head_bytes()).unwrap();
        let answer = server.send_raw(head.replace("HTTP/1.1", "HTTP/1.0").as_bytes()).unwrap();
        assert_eq!((answer.status, answer.element("Code").as_str()), expected, "{rest:?}");
        assert_eq!(answer.header("transfer-encoding"), "");
        assert!(answer.status != 200 || answer.text() == "kept", "{}", answer.text());
    }
}

#[test]
fn informational_answers_are_passed_over() {
    let hints = Step::send("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
    let processing = Step::send("HTTP/1.1 102 Processing\r\n\r\n");
    let answer = get_from(&[Step::Continue100, hints, processing, store::object("kept").into()]).unwrap();
    assert_eq!((answer.status, answer.text().as_str(), answer.header("link")), (200, "kept", ""));
}

/// One node that misbehaves once is no reason to give up on it.
#[test]
fn after_a_bad_answer_comes_a_good_one() {
    let upstream = Scripted::connections([
        vec![Step::ReadHead, Step::send("garbage\r\n\r\n")],
        vec![Step::ReadHead, Reply::new(200).header("etag", store::ETAG).body("kept").into()],
    ]);
    let server = front(&upstream);
    assert_eq!(error(&server.send(get())), bad_gateway());
    assert_eq!(server.send(get()).text(), "kept");
}
