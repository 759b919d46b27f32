//! Audits in front of a store: what R2 would refuse reaches the store as it was sent, the answer comes back whole, and the
//! answer says what R2 would have said.

use super::{UPSTREAM_BUCKET, remote, store};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{KEY_ID, Request, SECRET, Signing, TestServer, frame_signed, rules};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Keyring};
use r2shim::filters::{Mode, Rules};
use r2shim::sigv4::Secret;

const HEADER: &str = "x-r2shim-audit";

fn audit(upstream: &Scripted) -> TestServer {
    let keys: Keyring = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
    let rules = Rules { mode: Mode::AuditRemote, ..rules("r2-2026", keys) };
    TestServer::in_front_of_with_rules(rules, remote(&upstream.endpoint()))
}

/// What clients of today's stores send, and what R2 has against it; nothing where it would be carried out.
#[test]
fn what_r2_would_refuse_reaches_the_store_and_is_named() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    for (request, findings) in [
        (Request::get("/media/k"), ""),
        (Request::put("/media/k1").body("x"), ""),
        (Request::put("/media/k?tagging").body("<Tagging/>"), "policy/PutObjectTagging"),
        (Request::put("/media?versioning").body("<V/>"), "policy/PutBucketVersioning"),
        (Request::put("/media?acl").body("<A/>"), "policy/PutBucketAcl"),
        (Request::get("/media?logging"), "policy/GetBucketLogging"),
        (Request::put("/media/k2").header("x-amz-tagging", "a=b").body("x"), "policy/x-amz-tagging"),
        (Request::get("/media/k?versionId=1"), "policy/versionId"),
    ] {
        let before = upstream.requests().len();
        let answer = server.send(request.clone());
        assert!(answer.status < 300, "{request:?}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header(HEADER), findings, "{request:?}");
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let received = upstream.request(before);
        assert_eq!(received.path(), path.replace("media", UPSTREAM_BUCKET), "{request:?}");
        assert_eq!(received.query().trim_end_matches('='), query, "{request:?}");
        assert_eq!(received.text(), String::from_utf8_lossy(&request.body), "{request:?}");
        for (name, value) in &request.headers {
            assert_eq!(received.header(name), value, "{request:?}");
        }
    }
}

#[test]
fn an_answer_comes_back_whole_with_the_clients_name_of_the_bucket() {
    let upstream = Scripted::answering(|request: &Received| match request.query() {
        "tagging=" => {
            Reply::xml(404, "<Error><Code>NoSuchTagSet</Code><BucketName>acme-prod-media</BucketName></Error>")
        }
        "" => store::object("kept").header("x-amz-version-id", "7").header("server", "MinIO").header("x-own", "1"),
        _ => store::usual(request),
    });
    let server = audit(&upstream);
    let object = server.send(Request::get("/media/k"));
    assert_eq!(
        (object.header("x-amz-version-id"), object.header("server"), object.header("x-own")),
        ("7", "MinIO", "1")
    );
    assert_eq!(object.text(), "kept");
    let error = server.send(Request::get("/media?tagging"));
    assert_eq!(
        (error.status, error.element("Code"), error.element("BucketName")),
        (404, "NoSuchTagSet".into(), "media".into())
    );
    let listing = server.send(Request::get("/media?list-type=2"));
    assert_eq!((listing.element("Name"), listing.element("DisplayName")), ("media".into(), "upstream-owner".into()));
}

#[test]
fn a_signature_for_another_region_and_one_chunk_by_chunk_are_carried_out() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    let signing = Signing { region: "eu-west-3".into(), ..Signing::default() };
    let (request, _) = Request::get("/media/k").signed_by(server.address, &signing);
    let answer = server.connect().send(request);
    assert_eq!((answer.status, answer.header(HEADER)), (200, "region/InvalidRegionName"));
    let streaming = Request::put("/media/streamed")
        .header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        .header("x-amz-decoded-content-length", "5")
        .header("content-length", "0");
    let (head, mut chain) = streaming.signed_by(server.address, &Signing::default());
    let body = frame_signed(&mut chain, &["hello"], None);
    let head = head.without("content-length").header("content-length", &body.len().to_string());
    let answer = server.connect().send(head.body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header(HEADER).contains("streaming"), "{}", answer.header(HEADER));
    assert_eq!(upstream.request(1).text(), "hello");
}

#[test]
fn what_cannot_be_signed_anew_or_would_reach_other_things_stays_refused_and_is_named() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    let anonymous = server.connect().send(Request::get("/media/k").unsigned(server.address));
    assert_eq!((anonymous.status, anonymous.header(HEADER)), (400, "authenticate/unsigned"));
    for (request, status, findings) in [
        (Request::new("POST", "/"), 404, "address/RouteNotFound"),
        (Request::get("/media?session"), 501, "policy/CreateSession"),
    ] {
        let answer = server.send(request.clone());
        assert_eq!((answer.status, answer.header(HEADER)), (status, findings), "{request:?}");
    }
    assert!(upstream.nothing_arrived());
}

/// MinIO's own: it gives what no row is for to whoever may do everything, and to nobody else.
#[test]
fn an_operation_that_no_row_is_for_is_passed_on_for_keys_that_may_do_everything() {
    let upstream = Scripted::answering(store::usual);
    let everything = audit(&upstream);
    let unknown = || Request::new("POST", "/media/k?own").body("x");
    let answer = everything.send(unknown());
    assert_eq!((answer.status, answer.header(HEADER)), (200, "address/RouteNotFound"));
    let received = upstream.request(0);
    assert_eq!((received.path(), received.query(), received.text().as_str()), ("/acme-prod-media/k", "own=", "x"));
    let limited = AccessKey {
        buckets: BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]),
        ..AccessKey::admin(KEY_ID, Secret::new(SECRET))
    };
    let rules = Rules { mode: Mode::AuditRemote, ..rules("r2-2026", [limited].into_iter().collect()) };
    let limited = TestServer::in_front_of_with_rules(rules, remote(&upstream.endpoint()));
    assert_eq!(limited.send(unknown()).status, 404);
    assert_eq!(limited.send(Request::get("/media?own")).status, 403);
    assert_eq!(limited.send(Request::get("/media/k?v=1")).status, 200);
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn requests_that_are_too_much_together_are_named() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    let part = |number: u16, bytes: usize| {
        server.send(Request::put(&format!("/media/new?partNumber={number}&uploadId=u")).body("x".repeat(bytes)))
    };
    for (number, bytes) in [(1, 2), (2, 3), (3, 1)] {
        assert_eq!(part(number, bytes).header(HEADER), "");
    }
    let named: String = (1..4).map(|n| format!("<Part><PartNumber>{n}</PartNumber><ETag>e</ETag></Part>")).collect();
    let document = format!("<CompleteMultipartUpload>{named}</CompleteMultipartUpload>");
    let completed = server.send(Request::new("POST", "/media/new?uploadId=u").body(document));
    assert_eq!((completed.status, completed.header(HEADER)), (200, "parts/unequal"));
    let keys: String = (0..701).map(|n| format!("<Object><Key>{n}</Key></Object>")).collect();
    let deleted = server.send(Request::new("POST", "/media?delete").body(format!("<Delete>{keys}</Delete>")));
    assert_eq!((deleted.status, deleted.header(HEADER)), (200, "delete/over-700-keys"));
}
