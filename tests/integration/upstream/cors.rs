//! What a store says of CORS is about the requests that it sees, and those are ours.

use super::{front, get, store};
use crate::cors::{APP, cors};
use crate::support::Request;
use crate::support::scripted::{Received, Reply, Scripted};

fn with_rules_of_its_own(request: &Received) -> Reply {
    let answer = store::usual(request).header("access-control-allow-origin", "*").header("vary", "Accept-Encoding");
    answer.header("access-control-allow-credentials", "true").header("access-control-expose-headers", "x-minio")
}

#[test]
fn the_rules_here_replace_those_of_the_store() {
    let upstream = Scripted::answering(with_rules_of_its_own);
    let server = front(&upstream);
    server.set_cors(cors());
    for (origin, expected) in [(APP, APP), ("https://b.example", "")] {
        let answer = server.send(get().header("origin", origin));
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, expected), "{origin}");
        let vary: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value).collect();
        assert!(vary.len() == 1 && vary[0].starts_with("Origin, "), "{vary:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert!(!answer.header("access-control-expose-headers").contains("x-minio"));
    }
}

#[test]
fn a_preflight_never_reaches_the_store() {
    let upstream = Scripted::answering(with_rules_of_its_own);
    let server = front(&upstream);
    server.set_cors(cors());
    for (target, status) in [("/media/new", 204), ("/unknown/new", 403)] {
        let question =
            Request::new("OPTIONS", target).header("origin", APP).header("access-control-request-method", "PUT");
        let answer = server.connect().send(question.unsigned(server.address));
        assert_eq!(answer.status, status, "{target}");
    }
    assert!(upstream.requests().is_empty());
}
