//! What is sent a second time and what is not, when a kept connection turns out to be dead.
//!
//! A store may close a connection it kept at any time, also while a request is on its way. Whether that request was
//! carried out is not known. So only idempotent requests are retried, and only if their body is still in memory.

use super::{bad_gateway, error, front, get, put, store};
use crate::support::scripted::{Received, Scripted, Step};
use crate::support::{Request, Response};
use std::io;

/// Sends a request down a connection that was used before, on which the store then does as the script says before it
/// closes; a new connection would be answered. Gives what arrived from that request on.
///
/// Both requests come over one connection of the client: each worker has its own connections to the store.
///
/// A connection that is just being put into the pool is passed over there. Then nothing was seen, and it is done anew.
fn over_a_used_connection(request: &Request, script: &[Step]) -> (io::Result<Response>, Vec<Received>) {
    let used = [Step::ReadHead, Step::answer(204)];
    let attempt = |_| {
        let upstream = Scripted::connections([
            [&used, script].concat(),
            vec![Step::ReadHead, Step::ReadBody, store::object("kept").into()],
        ]);
        let server = front(&upstream);
        let mut connection = server.connect();
        assert_eq!(connection.send(delete().signed(server.address)).status, 204);
        let answer = connection.try_send(&request.clone().signed(server.address));
        let requests = upstream.requests().split_off(1);
        (requests[0].connection == 0).then_some((answer, requests))
    };
    (0..20).find_map(attempt).unwrap_or_else(|| panic!("no connection was kept"))
}

fn delete() -> Request {
    Request::new("DELETE", "/media/old")
}

/// The same where there is an answer, of a store that closes after it has read so much of the request.
fn over_a_dead_connection(request: &Request, read: &[Step]) -> (Response, Vec<Received>) {
    let (answer, requests) = over_a_used_connection(request, read);
    (answer.unwrap(), requests)
}

#[test]
fn idempotent_requests_are_retried() {
    for request in
        [get(), Request::new("HEAD", "/media/kept"), Request::new("DELETE", "/media/kept"), put(""), put("new")]
    {
        let (answer, sent) = over_a_dead_connection(&request, &[Step::ReadHead]);
        assert!(answer.status < 300, "{request:?} {}", answer.text());
        assert_eq!(sent.len(), 2, "{request:?}");
        assert_eq!((sent[1].target.as_str(), &sent[1].body), (sent[0].target.as_str(), &request.body));
    }
}

#[test]
fn other_requests_are_not_retried() {
    let completion = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>\
                      </CompleteMultipartUpload>";
    for request in [
        put("new").header("if-none-match", "*"),
        put("new").header("if-match", "\"x\""),
        put("").header("if-none-match", "*"),
        Request::new("POST", "/media/new?uploadId=u").body(completion),
        Request::new("POST", "/media/new?uploads"),
        Request::new("POST", "/media?delete").body("<Delete><Object><Key>kept</Key></Object></Delete>"),
    ] {
        let (answer, sent) = over_a_dead_connection(&request, &[Step::ReadHead]);
        assert_eq!((error(&answer), sent.len()), (bad_gateway(), 1), "{request:?}");
    }
}

/// The body went by and is gone.
#[test]
fn a_body_that_is_gone_is_not_sent_again() {
    let (answer, sent) = over_a_dead_connection(&put(vec![b'x'; 8 << 20]), &[Step::ReadHead, Step::ReadBytes(4 << 20)]);
    assert_eq!((error(&answer), sent.len()), (bad_gateway(), 1));
}

/// The client waits for `100 Continue`, so it still has all of its body.
#[test]
fn a_body_that_was_not_asked_for_is_sent_over_another_connection() {
    let used = [Step::ReadHead, Step::answer(204), Step::ReadHead, Step::Close];
    let upstream = Scripted::connections([
        used.to_vec(),
        vec![Step::ReadHead, Step::Continue100, Step::ReadBody, Step::answer(200)],
    ]);
    let server = front(&upstream);
    let mut connection = server.connect();
    assert_eq!(connection.send(delete().signed(server.address)).status, 204);
    let request = put(vec![b'x'; 1 << 20]).header("expect", "100-continue").signed(server.address);
    connection.write(&request.head_bytes());
    assert_eq!(connection.read_head().status, 100);
    connection.write(&request.body);
    assert_eq!(connection.read(false).status, 200);
    assert_eq!(upstream.requests().iter().map(|sent| sent.connection).collect::<Vec<_>>(), [0, 0, 1]);
}

/// A new connection that is closed was closed because of the request.
#[test]
fn a_new_connection_is_not_tried_again() {
    for request in [get(), put("new")] {
        let upstream = Scripted::always([Step::ReadHead, Step::Close]);
        assert_eq!(error(&front(&upstream).send(request)), bad_gateway());
        assert_eq!(upstream.requests().len(), 1);
    }
}

/// An answer that has begun is the answer.
#[test]
fn nothing_is_sent_again_once_an_answer_has_begun() {
    let begun = Step::send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nkept");
    let (answer, requests) = over_a_used_connection(&get(), &[Step::ReadHead, begun]);
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(requests.len(), 1);
}

/// 500 and 503 are answers: whether to try again is the client's business.
#[test]
fn errors_are_not_tried_again() {
    for status in [500, 502, 503] {
        let upstream = Scripted::answering(move |_| crate::support::scripted::Reply::error(status, "SlowDown"));
        assert!(front(&upstream).send(get()).status >= 500);
        assert_eq!(upstream.requests().len(), 1, "{status}");
    }
}

#[test]
fn connections_are_kept() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for _ in 0..20 {
        assert_eq!(server.send(delete()).status, 204);
    }
    assert!(upstream.connection_count() < 20, "one was used twice");
}
