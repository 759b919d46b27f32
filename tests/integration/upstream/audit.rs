//! Audits in front of a store: what R2 would refuse reaches the store as it was sent, the answer comes back whole, and
//! the answer says what R2 would have said.

use super::{UPSTREAM_BUCKET, remote, store};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{KEY_ID, Request, SECRET, Signing, TestServer, frame_signed, rules};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Keyring};
use r2shim::filters::{Limits, Mode, Rules};
use r2shim::sigv4::Secret;
use r2shim::upstream::{Dialect, Remote};

const HEADER: &str = "x-r2shim-audit";

fn audit(upstream: &Scripted) -> TestServer {
    audit_with(upstream, Limits::default())
}

fn audit_with(upstream: &Scripted, limits: Limits) -> TestServer {
    let keys: Keyring = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
    let rules = Rules { mode: Mode::AuditRemote, limits, ..rules("r2-2026", keys) };
    TestServer::in_front_of_with_rules(rules, remote(&upstream.endpoint()))
}

/// What clients of today's stores send, and what R2 has against it; nothing where it would be carried out.
#[test]
fn refusals_of_r2_reach_the_store_and_are_named() {
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
fn unsigned_and_unknown_requests_are_refused_and_named() {
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

/// MinIO's own operations: only keys that may do everything can use them.
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

/// The store's own interfaces, and keys that it takes for others.
#[test]
fn requests_that_are_not_passed_on_are_named() {
    let upstream = Scripted::answering(store::usual);
    let keys: Keyring = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
    let rules = Rules { mode: Mode::AuditRemote, ..rules("r2-2026", keys) };
    let dialect = Dialect::from_name("minio").unwrap();
    let server = TestServer::in_front_of_with_rules(rules, Remote { dialect, ..remote(&upstream.endpoint()) });
    let copy = |source: &str| Request::put("/media/copy").header("x-amz-copy-source", source);
    let not_passed_on = "store/not-passed-on";
    for (request, status, findings) in [
        (Request::get("/minio/health"), 404, not_passed_on.to_owned()),
        (Request::new("POST", "/minio/admin"), 404, format!("address/RouteNotFound, {not_passed_on}")),
        (Request::get("/media/a/../b"), 400, not_passed_on.to_owned()),
        (copy("/minio/a"), 404, not_passed_on.to_owned()),
        (copy("/media/a/../b"), 400, not_passed_on.to_owned()),
        (Request::get(&format!("/{UPSTREAM_BUCKET}/k")), 404, String::new()),
    ] {
        let answer = server.send(request.clone());
        assert_eq!((answer.status, answer.header(HEADER)), (status, findings.as_str()), "{request:?}");
    }
    assert!(upstream.nothing_arrived());
}

#[test]
fn objects_too_large_for_r2_reach_the_store() {
    let upstream = Scripted::answering(store::usual);
    let server = audit_with(&upstream, Limits { object_bytes: 4, ..Limits::default() });
    for (target, body, findings) in [
        ("/media/k", "four", ""),
        ("/media/large", "fiver", "payload/EntityTooLarge"),
        ("/media/new?partNumber=1&uploadId=u", "fiver", "payload/EntityTooLarge"),
    ] {
        let before = upstream.requests().len();
        let answer = server.send(Request::put(target).body(body));
        assert_eq!((answer.status, answer.header(HEADER)), (200, findings), "{target}");
        assert_eq!(upstream.request(before).text(), body, "{target}");
    }
}

/// The source is written anew, so that what was authorised is what the store reads.
#[test]
fn a_copy_from_what_r2_could_not_have_reaches_the_store() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    for (source, expected, findings) in [
        ("/media/a", "acme-prod-media/a", ""),
        ("media/a%20b?versionId=a/b", "acme-prod-media/a%20b?versionId=a%2Fb", "names/NotImplemented"),
        ("/My.Media/a", "My.Media/a", "names/NoSuchBucket"),
    ] {
        for target in ["/media/copy", "/media/new?partNumber=1&uploadId=u"] {
            let before = upstream.requests().len();
            let answer = server.send(Request::put(target).header("x-amz-copy-source", source));
            let named: Vec<_> = answer.header(HEADER).split(", ").filter(|rule| !rule.starts_with("rate/")).collect();
            assert_eq!((answer.status, named), (200, vec![findings]), "{source}");
            assert_eq!(upstream.request(before).header("x-amz-copy-source"), expected, "{source}");
        }
    }
    let nowhere = server.send(Request::put("/media/copy").header("x-amz-copy-source", "/../a"));
    assert_eq!((nowhere.status, nowhere.header(HEADER)), (404, "names/NoSuchBucket"));
}

#[test]
fn findings_in_documents_are_named() {
    let upstream = Scripted::answering(store::usual);
    let server = audit(&upstream);
    let location = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let put = |target: &str, document: &str| Request::put(target).body(document);
    let delete = |entry: &str| {
        Request::new("POST", "/media?delete").body(format!("<Delete><Object><Key>a</Key>{entry}</Object></Delete>"))
    };
    for (request, findings) in [
        (put("/fresh", &location("weur")), ""),
        (put("/fresh", &location("eu-central-1")), "region/InvalidRegionName"),
        (delete(""), ""),
        (delete("<VersionId>null</VersionId>"), ""),
        (delete("<VersionId>7</VersionId>"), "document/VersionId"),
        (put("/media?cors", "<CORSConfiguration/>"), "document/MalformedXML"),
        (put("/media?tagging", "<none/>"), "policy/PutBucketTagging"),
    ] {
        let before = upstream.requests().len();
        let answer = server.send(request.clone());
        assert_eq!((answer.status < 300, answer.header(HEADER)), (true, findings), "{request:?} {}", answer.text());
        assert_eq!(upstream.request(before).text(), String::from_utf8_lossy(&request.body), "{request:?}");
    }
}

#[test]
fn buckets_of_names_that_r2_lacks_are_listed() {
    let upstream = Scripted::answering(|_| {
        let bucket =
            |name| format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket>");
        let list: String = [UPSTREAM_BUCKET, "My.Media"].map(bucket).concat();
        Reply::xml(200, &format!("<ListAllMyBucketsResult><Buckets>{list}</Buckets></ListAllMyBucketsResult>"))
    });
    let listed = |server: &TestServer| server.send(Request::get("/")).text().contains("<Name>My.Media</Name>");
    assert!(listed(&audit(&upstream)));
    assert!(!listed(&TestServer::in_front_of("r2-2026", remote(&upstream.endpoint()))));
}

/// Clients that hear from their store what R2 would say lose nothing.
#[test]
fn what_the_store_says_too_is_no_finding() {
    let upstream = Scripted::answering(|request: &Received| match request.query() {
        "object-lock=" => Reply::xml(404, "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>"),
        "tagging=" => Reply::xml(501, "<Error><Code>NotImplemented</Code></Error>"),
        "acl=" => Reply::xml(501, "<Error><Code>NotToday</Code></Error>"),
        _ => store::usual(request),
    });
    let server = audit(&upstream);
    for (target, status, findings) in [
        ("/media?object-lock", 404, ""),
        ("/media/k?tagging", 501, ""),
        ("/media/k?acl", 501, "policy/GetObjectAcl"),
        ("/media/k?versionId=1", 200, "policy/versionId"),
    ] {
        let answer = server.send(Request::get(target));
        assert_eq!((answer.status, answer.header(HEADER)), (status, findings), "{target}");
    }
}
