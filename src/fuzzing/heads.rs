//! The bytes of a connection of HTTP/1: which requests the server takes them for.

use super::chain::RULES;
use super::head::now;
use super::input::{Input, pieces};
use super::wire::{self, Body, Request};
use crate::server::fuzzing::{Conversation, Reading, Received, Server};
use percent_encoding::percent_decode;

thread_local! {
    static SERVER: Server = Server::new(RULES[0].clone(), now());
}

/// Whatever the server takes has one reading, and it is the server's: what a strict reader finds on the same connection.
/// Cutting changes nothing.
pub fn heads(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let reading = input.one_of(&[Reading::All, Reading::Nothing, Reading::FirstPiece]);
    let cuts = input.cuts();
    let sent = input.rest();
    let expected = wire::requests(sent);
    SERVER.with(|server| {
        let whole = server.converse([sent], reading);
        check(&whole, &expected, reading);
        let regular = expected.iter().position(|request| request.has_blanks).unwrap_or(usize::MAX);
        let same = |other: Conversation, how: &str| {
            check(&other, &expected, reading);
            let taken = |conversation: &Conversation| conversation.received.len().min(regular);
            assert_eq!(taken(&other), taken(&whole), "{how}: {other:?}, and in one piece {whole:?}");
        };
        same(server.converse(pieces(sent, cuts), reading), "in three pieces");
        if sent.len() < 400 {
            same(server.converse(sent.chunks(1), reading), "byte by byte");
        }
    });
}

fn check(found: &Conversation, expected: &[Request], reading: Reading) {
    let Conversation { received, answers } = found;
    assert!(received.len() <= expected.len(), "no request is {:?}", received.get(expected.len()));
    for (received, expected) in received.iter().zip(expected) {
        assert!(is_same(received, expected), "{received:?} is {expected:?}");
        let is_whole = matches!(expected.body, Body::Announced(Some(_)));
        assert!(received.body.is_some() || !is_whole || reading != Reading::All, "the body is there: {received:?}");
    }
    let answers = String::from_utf8_lossy(answers);
    let statuses: Vec<_> = answers.split("\r\n\r\n").filter_map(|answer| answer.split(' ').nth(1)).collect();
    let (last, taken) = (statuses.last(), statuses.iter().filter(|status| **status == "200").count());
    let refused = statuses.iter().filter(|status| !["100", "200"].contains(status)).count();
    assert_eq!(taken, received.len(), "each request has one answer: {statuses:?}");
    assert!(refused == 0 || refused == 1 && last != Some(&"200"), "nothing is read after a refusal: {statuses:?}");
}

fn is_same(received: &Received, expected: &Request) -> bool {
    let target = |path: &str, query: &str| match expected.has_blanks {
        true => percent_decode(format!("{path}?{query}").as_bytes()).collect(),
        false => [path, "?", query].concat().into_bytes(),
    };
    let body = match (&received.body, &expected.body) {
        // The server reads some chunks that are none, and then reads no more requests.
        (None, _) | (Some(_), Body::Chunked(None)) => true,
        (Some(received), Body::Announced(body) | Body::Chunked(body)) => Some(received) == body.as_ref(),
    };
    body && received.method == expected.method
        && received.headers == expected.headers
        && target(&received.path, &received.query) == target(&expected.path, &expected.query)
}
