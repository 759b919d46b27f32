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

/// `/report`, and `?format=` for programs: each form with its media type, and in all the same figures.
#[test]
fn the_report_of_what_came_has_the_same_figures_in_every_form() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    for (count, request) in [
        (7, Request::get("/media/k").header("user-agent", "Boto3/1.43")),
        (3, Request::put("/media/k?tagging").header("user-agent", "Boto3/1.43").body("<Tagging/>")),
        (2, Request::get("/media/k").header("user-agent", "<script>alert(1)</script>")),
    ] {
        (0..count).for_each(|_| assert_eq!(server.send(request.clone()).status, 200));
    }
    let json: serde_json::Value = serde_json::from_slice(&server.admin_page("/report?format=json").body).unwrap();
    for (figure, expected) in
        [("clients_total", 2), ("clients_ready", 1), ("requests", 12), ("refused", 3), ("findings_not_kept", 0)]
    {
        assert_eq!(json[figure], expected, "{figure} of {json:#}");
    }
    let change = &json["clients"][0]["changes"][0];
    let found = &change["found"][0];
    assert_eq!((&change["rule"], &change["count"]), (&"policy/PutObjectTagging".into(), &3.into()));
    assert_eq!((&found["status"], &found["code"]), (&501.into(), &"NotImplemented".into()));
    assert_eq!(found["message"], "PutObjectTagging not implemented");
    assert_eq!(found["example"], "PUT /media/k?tagging");
    let summary = "Policy r2-2026 judged 12 requests, and R2 would refuse 3 of them.";
    for (path, content_type, figures) in [
        ("/report", "text/html; charset=utf-8", &["1 of 2 clients is ready", summary, "3 times"][..]),
        ("/report?format=html", "text/html; charset=utf-8", &["1 of 2 clients is ready", summary, "3 times"]),
        ("/report?format=markdown", "text/markdown; charset=utf-8", &["# 1 of 2 clients is ready", "3 times"]),
        ("/report?format=text", "text/plain; charset=utf-8", &["1 of 2 clients is ready", summary, "3 times"]),
        (
            "/report?format=prometheus",
            "text/plain; version=0.0.4",
            &[
                "r2shim_report_clients 2\n",
                "r2shim_report_clients_ready 1\n",
                "r2shim_report_requests 12\n",
                "r2shim_report_refused_requests 3\n",
                "r2shim_report_findings{rule=\"policy/PutObjectTagging\",key=\"",
            ],
        ),
        ("/report?format=pdf", "text/html; charset=utf-8", &["html, json, markdown, prometheus, text"]),
    ] {
        let page = server.admin_page(path);
        let expected = if path.ends_with("pdf") { 400 } else { 200 };
        assert_eq!((page.status, page.header("content-type")), (expected, content_type), "{path}");
        for figure in figures {
            assert!(page.text().contains(figure), "{path}: {figure} is not in\n{}", page.text());
        }
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; "), "{path}");
        assert!(path.contains("format=") || !page.text().contains("<script"), "{path}: {}", page.text());
    }
    let inspector = server.admin_page("/").text();
    assert!(
        inspector.contains("policy <strong>r2-2026</strong>, <strong class=\"audits\">audited</strong>"),
        "{inspector}"
    );
}
