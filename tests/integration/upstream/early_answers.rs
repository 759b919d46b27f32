//! Stores that answer before they have the body, and clients that ask before they send it.

use super::{bad_gateway, error, front, impatient_front, put, store};
use crate::support::Request;
use crate::support::scripted::{Reply, Scripted, Step};

const LARGE: usize = 8 << 20;

fn denied() -> Step {
    Reply::error(403, "AccessDenied").into()
}

fn full() -> Step {
    Reply::error(507, "InsufficientStorage").into()
}

/// The client is in the middle of sending when the answer is there. It must find it when it is done.
#[test]
fn an_answer_in_the_middle_of_a_body_is_not_lost() {
    for (what, script) in [
        ("before the body", [Step::ReadHead, denied(), Step::Close]),
        ("in the middle", [Step::ReadBytes(1 << 20), denied(), Step::Close]),
        ("and a stall", [Step::ReadHead, denied(), Step::Stall]),
    ] {
        let script =
            if what == "in the middle" { [vec![Step::ReadHead], script.to_vec()].concat() } else { script.to_vec() };
        let upstream = Scripted::always(script);
        // A store that stalls is given up once it takes no more bytes: then its answer is looked for.
        let server = if what == "and a stall" { impatient_front(&upstream) } else { front(&upstream) };
        let mut connection = server.connect();
        connection.begin(&put(vec![b'x'; LARGE]).signed(server.address));
        assert_eq!(error(&connection.read(false)), (403, "AccessDenied".to_owned()), "{what}");
    }
}

/// A store that says it has what it cannot have yet: the rest of the body may be anything, a wrong digest too.
#[test]
fn a_success_before_the_end_of_the_body_is_none() {
    for body in [vec![b'x'; LARGE], vec![b'x'; 100_000]] {
        let upstream = Scripted::choosing(|_| vec![Step::ReadBytes(1000), store::object("").into(), Step::Stall]);
        let server = front(&upstream);
        let request = put(body).signed(server.address);
        let mut connection = server.connect();
        connection.write(&request.head_bytes());
        connection.write(&request.body[..90_000]);
        assert_eq!(error(&connection.read(false)), bad_gateway());
    }
}

/// What the store has not read is not the start of the next request.
#[test]
fn a_connection_with_half_a_body_is_not_used_again() {
    let upstream = Scripted::choosing(|request| match request.connection {
        0 => vec![Step::ReadBytes(1000), full(), Step::Close],
        _ => vec![Step::ReadBody, Step::Answer(store::usual(request))],
    });
    let server = front(&upstream);
    assert!(server.send(put(vec![b'x'; LARGE])).status >= 500);
    assert_eq!(server.send(put("new")).status, 200);
    let last = upstream.requests().pop().unwrap();
    assert_eq!((last.connection, last.text().as_str()), (1, "new"));
}

#[test]
fn a_client_gets_no_100_if_the_store_refuses() {
    let upstream = Scripted::choosing(|_| vec![denied(), Step::Close]);
    let server = front(&upstream);
    let request = put(vec![b'x'; LARGE]).header("expect", "100-continue").signed(server.address);
    let mut connection = server.connect();
    connection.write(&request.head_bytes());
    assert_eq!(error(&connection.read(false)), (403, "AccessDenied".to_owned()));
}

#[test]
fn a_client_that_expects_100_gets_it() {
    for (what, script) in [
        ("by a store that invites", vec![Step::ReadHead, Step::Continue100, Step::ReadBody, Step::answer(200)]),
        ("by a store that does not know 100", vec![Step::ReadHead, Step::ReadBody, Step::answer(200)]),
    ] {
        for body in [b"new".to_vec(), vec![b'x'; LARGE]] {
            let upstream = Scripted::always(script.clone());
            let server = front(&upstream);
            let request = put(body).header("expect", "100-continue").signed(server.address);
            let mut connection = server.connect();
            connection.write(&request.head_bytes());
            assert_eq!(connection.read_head().status, 100, "{what}");
            connection.write(&request.body);
            assert_eq!(connection.read(false).status, 200, "{what}");
            assert!(upstream.only_request().body == request.body, "{what}");
        }
    }
}

/// RFC 9110 section 10.1.1: only clients that expect 100 get it.
#[test]
fn a_client_that_does_not_expect_100_does_not_get_it() {
    let upstream = Scripted::always([Step::ReadHead, Step::Continue100, Step::ReadBody, Step::answer(200)]);
    let server = front(&upstream);
    let mut connection = server.connect();
    connection.begin(&put("new").signed(server.address));
    assert_eq!(connection.read_head().status, 200);
}

/// A document is held, and the store's answer is read even if the store does not read all of the document.
#[test]
fn an_answer_in_the_middle_of_a_document_is_not_lost() {
    let entry = format!("<Object><Key>{}</Key></Object>", "x".repeat(1000));
    let document = format!("<Delete>{}</Delete>", entry.repeat(1000));
    let upstream = Scripted::always([Step::ReadHead, denied(), Step::Close]);
    let answer = front(&upstream).send(Request::new("POST", "/media?delete").body(document));
    assert_eq!(error(&answer), (403, "AccessDenied".to_owned()));
}
