//! What a bucket remembers under `r2-2026`: CORS and lifecycle rules, its encryption, its place. What a document may
//! say is tested in `src/s3/xml/`, what a rule means in `src/cors/` and `src/s3/lifecycle.rs`, and how it is kept in
//! `src/store/`.

use crate::support::{Connection, Process, Request, Response, TestServer, public_rules, rules};
use r2shim::filters::Rules;
use std::net::SocketAddr;
use std::sync::Arc;

const APP: &str = "https://app.example";

const CORS: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example</AllowedOrigin><AllowedMethod>GET\
                    </AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>content-type</AllowedHeader>\
                    <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>";

/// Everything below `logs/` has expired since 2024, and uploads are aborted after a day.
const LIFECYCLE: &str = "<LifecycleConfiguration><Rule><ID>logs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled\
                         </Status><Expiration><Date>2024-01-01T00:00:00.000Z</Date></Expiration></Rule><Rule><ID>uploads\
                         </ID><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1\
                         </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";

const ENCRYPTION: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256\
                          </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

fn delete(target: &str) -> Request {
    Request::new("DELETE", target)
}

/// A browser's question whether a page may send a PUT with a Content-Type.
fn preflight(address: SocketAddr, target: &str) -> Response {
    let question = Request::new("OPTIONS", target)
        .header("origin", APP)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type");
    Connection::open(address).send(question.unsigned(address))
}

fn is_let_in(address: SocketAddr, target: &str) -> bool {
    let answer = preflight(address, target);
    assert!(matches!(answer.status, 204 | 403), "{}", answer.status);
    answer.status == 204
}

/// The same requests under each policy, in one bucket after the other. `-` stands for an empty body.
const ANSWERS: &[(&str, &str, &str, u16, &str)] = &[
    ("GET", "?cors", "", 404, "NoSuchCORSConfiguration"),
    ("DELETE", "?cors", "", 204, "-"),
    ("PUT", "?cors", CORS, 200, "-"),
    ("GET", "?cors", "", 200, "<AllowedOrigin>https://app.example</AllowedOrigin>"),
    ("PUT", "?cors", "<CORSConfiguration/>", 400, "MalformedXML"),
    ("PUT", "?cors", "", 400, "MalformedXML"),
    ("GET", "?cors", "", 200, "<MaxAgeSeconds>60</MaxAgeSeconds>"),
    ("DELETE", "?cors", "", 204, "-"),
    ("GET", "?cors", "", 404, "The CORS configuration does not exist"),
    ("GET", "?lifecycle", "", 200, "<ID>Default Multipart Abort Rule</ID>"),
    ("GET", "?lifecycle", "", 200, "<DaysAfterInitiation>7</DaysAfterInitiation>"),
    ("PUT", "?lifecycle", LIFECYCLE, 200, "-"),
    ("GET", "?lifecycle", "", 200, "<ID>logs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status>"),
    ("PUT", "?lifecycle", "<LifecycleConfiguration><Rule/></LifecycleConfiguration>", 400, "InvalidRequest"),
    ("DELETE", "?lifecycle", "", 204, "-"),
    ("GET", "?lifecycle", "", 404, "NoSuchLifecycleConfiguration"),
    ("GET", "?encryption", "", 200, "<SSEAlgorithm>AES256</SSEAlgorithm>"),
    ("PUT", "?encryption", ENCRYPTION, 200, "-"),
    ("PUT", "?encryption", "<ServerSideEncryptionConfiguration/>", 400, "MalformedXML"),
    ("DELETE", "?encryption", "", 204, "-"),
    ("GET", "?acl", "", 200, "<Permission>FULL_CONTROL</Permission>"),
];

#[test]
fn a_bucket_remembers_what_is_configured() {
    let server = TestServer::start("r2-2026");
    for policy in ["r2-2026", "open"] {
        server.rules.rcu(|current| Rules { policy: rules(policy, Default::default()).policy, ..Rules::clone(current) });
        let bucket = format!("/of-{policy}");
        assert_eq!(server.send(Request::put(&bucket)).status, 200);
        for (method, query, body, status, said) in ANSWERS {
            let answer = server.send(Request::new(method, &format!("{bucket}{query}")).body(*body));
            let text = answer.text();
            assert_eq!(answer.status, *status, "{policy} {method} {query} {text}");
            assert!(
                if *said == "-" { text.is_empty() } else { text.contains(said) },
                "{policy} {method} {query} {text}"
            );
            let elsewhere = server.send(Request::new(method, &format!("/nowhere{query}")).body(*body));
            assert!(*status == 400 || elsewhere.error().1 == "NoSuchBucket", "{method} {query}");
        }
    }
}

#[test]
fn stored_cors_rules_let_pages_in_at_once_and_until_they_are_removed() {
    let server = TestServer::start("r2-2026");
    for bucket in ["/media", "/other"] {
        assert_eq!(server.send(Request::put(bucket)).status, 200);
    }
    assert!(!is_let_in(server.address, "/media/k"));
    assert_eq!(server.send(Request::put("/media?cors").body(CORS)).status, 200);
    let allowed = preflight(server.address, "/media/k");
    assert_eq!((allowed.status, allowed.header("access-control-max-age")), (204, "60"));
    assert!(!is_let_in(server.address, "/other/k"), "they are the bucket's own");
    let put = server.send(Request::put("/media/k").body("x").header("origin", APP));
    assert_eq!(put.header("access-control-allow-origin"), APP);
    assert_eq!(put.header("access-control-expose-headers"), "etag");
    let missing = server.send(Request::get("/media/none").header("origin", APP));
    assert_eq!(missing.header("access-control-allow-origin"), "", "no page reads errors, as on R2");
    assert_eq!(server.send(delete("/media?cors")).status, 204);
    assert!(!is_let_in(server.address, "/media/k"));
}

/// Of changes that race, browsers are answered by the one that the store has.
#[test]
fn the_rules_in_force_are_those_that_are_stored() {
    let server = TestServer::with_bucket("r2-2026", "media");
    std::thread::scope(|scope| {
        for client in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for round in 0..8 {
                    let put = Request::put("/media?cors")
                        .body(CORS.replace("app.example", &format!("{client}-{round}.example")));
                    let request = if round == 5 { delete("/media?cors") } else { put };
                    assert!(server.send(request).status < 300);
                }
            });
        }
    });
    let stored = server.send(Request::get("/media?cors")).element("AllowedOrigin");
    assert!(server.send(Request::put("/media/k").body("x")).status == 200);
    for origin in (0..4).map(|client| format!("https://{client}-7.example")) {
        let answer = server.send(Request::get("/media/k").header("origin", &origin));
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, if origin == stored { origin.as_str() } else { "" });
    }
}

#[test]
fn stored_cors_rules_go_with_their_bucket() {
    let server = TestServer::with_bucket("r2-2026", "media");
    assert_eq!(server.send(Request::put("/media?cors").body(CORS)).status, 200);
    assert!(is_let_in(server.address, "/media/k"));
    assert_eq!(server.send(delete("/media")).status, 204);
    assert!(!is_let_in(server.address, "/media/k"));
    assert_eq!(server.send(Request::put("/media")).status, 200);
    assert!(!is_let_in(server.address, "/media/k"));
}

#[test]
fn stored_cors_rules_are_for_the_port_of_public_buckets_too() {
    let server = TestServer::with_rules(Rules { policy: policy("r2-2026"), ..public_rules(&["media"]) });
    for bucket in ["/media", "/private"] {
        assert_eq!(server.send(Request::put(bucket)).status, 200);
        assert_eq!(server.send(Request::put(&format!("{bucket}?cors")).body(CORS)).status, 200);
        assert_eq!(server.send(Request::put(&format!("{bucket}/k")).body("x")).status, 200);
    }
    let public = server.public.unwrap();
    assert!(is_let_in(public, "/media/k"));
    assert!(!is_let_in(public, "/private/k"), "and say nothing of other buckets");
    let page = Connection::open(public).send(Request::get("/media/k").header("origin", APP).unsigned(public));
    assert_eq!((page.status, page.header("access-control-allow-origin")), (200, APP));
}

fn policy(name: &str) -> Arc<r2shim::policy::Policy> {
    rules(name, Default::default()).policy
}

#[test]
fn a_location_hint_is_kept_with_the_bucket() {
    let server = TestServer::start("r2-2026");
    let made_in = |name: &str, hint: &str| {
        let hint = format!("<LocationConstraint>{hint}</LocationConstraint>");
        let document = format!("<CreateBucketConfiguration>{hint}</CreateBucketConfiguration>");
        assert_eq!(server.send(Request::put(&format!("/{name}")).body(document)).status, 200);
    };
    for (name, hint, location) in [("first", "weur", "WEUR"), ("second", "ENAM", "ENAM"), ("third", "auto", "auto")] {
        made_in(name, hint);
        let answer = server.send(Request::get(&format!("/{name}?location"))).text();
        assert!(answer.ends_with(&format!(">{location}</LocationConstraint>")), "{answer}");
    }
    let elsewhere =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(server.send(Request::put("/fourth").body(elsewhere)).error().1, "InvalidRegionName");
}

/// The rules are carried out by a task of the server soon after they are stored: the object is asked for until it is
/// gone.
#[test]
fn only_expired_objects_are_deleted() {
    let server = TestServer::with_bucket("r2-2026", "media");
    for key in ["logs/a", "kept"] {
        assert_eq!(server.send(Request::put(&format!("/media/{key}")).body("x")).status, 200);
    }
    let upload = server.send(Request::new("POST", "/media/logs/u?uploads")).element("UploadId");
    assert_eq!(server.send(Request::put("/media?lifecycle").body(LIFECYCLE)).status, 200);
    while server.send(Request::new("HEAD", "/media/logs/a")).status == 200 {
        std::thread::yield_now();
    }
    assert_eq!(server.send(Request::get("/media?list-type=2")).elements("Key"), ["kept"]);
    let parts = server.send(Request::get(&format!("/media/logs/u?uploadId={upload}")));
    assert_eq!(parts.status, 200, "the upload is not a day old");
}

#[test]
fn due_objects_move_to_infrequent_access() {
    let server = TestServer::with_object("r2-2026", "media", "logs/a", "x");
    let transition =
        "<Transition><Date>2024-01-01T00:00:00.000Z</Date><StorageClass>STANDARD_IA</StorageClass></Transition>";
    let expiration = "<Expiration><Date>2024-01-01T00:00:00.000Z</Date></Expiration>";
    assert_eq!(
        server.send(Request::put("/media?lifecycle").body(LIFECYCLE.replace(expiration, transition))).status,
        200
    );
    let class = || server.send(Request::new("HEAD", "/media/logs/a")).header("x-amz-storage-class").to_owned();
    while class().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(class(), "STANDARD_IA");
    assert_eq!(server.send(Request::get("/media/logs/a")).text(), "x");
}

/// The headers about lifecycle rules, in a policy that has them.
#[test]
fn answers_say_when_an_object_expires_and_when_an_upload_is_aborted() {
    let server = TestServer::with_bucket("r2-2026", "media");
    let rules = LIFECYCLE
        .replace("<Date>2024-01-01T00:00:00.000Z</Date>", "<Date>2199-01-01T00:00:00.000Z</Date>")
        .replace("<ID>uploads</ID>", "<ID>a \"b\"</ID>");
    let begin = |key: &str| server.send(Request::new("POST", &format!("/media/{key}?uploads")));
    let fresh = begin("new");
    assert_eq!(fresh.header("x-amz-abort-rule-id"), "Default%20Multipart%20Abort%20Rule");
    assert!(fresh.header("x-amz-abort-date").ends_with(" GMT"));
    assert_eq!(server.send(Request::put("/media?lifecycle").body(rules)).status, 200);
    assert_eq!(begin("new").header("x-amz-abort-rule-id"), "a%20%22b%22");
    let expected = "expiry-date=\"Tue, 01 Jan 2199 00:00:00 GMT\", rule-id=\"logs\"";
    for (request, expiration) in [
        (Request::put("/media/logs/a").body("x"), expected),
        (Request::get("/media/logs/a"), expected),
        (Request::new("HEAD", "/media/logs/a"), expected),
        (Request::put("/media/logs/b").header("x-amz-copy-source", "/media/logs/a"), expected),
        (Request::put("/media/kept").body("x"), ""),
        (Request::get("/media/kept"), ""),
    ] {
        let answer = server.send(request);
        assert_eq!((answer.status, answer.header("x-amz-expiration")), (200, expiration));
    }
    server.rules.rcu(|current| Rules { policy: policy("r2"), ..Rules::clone(current) });
    assert_eq!(server.send(Request::get("/media/logs/a")).header("x-amz-expiration"), "", "r2 has no lifecycle");
    assert_eq!(begin("new").header("x-amz-abort-date"), "");
}

/// `kill -9` right after the answer.
#[test]
fn configurations_survive_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::serve_with(data.path(), &["--policy", "r2-2026"]);
    let bucket = "<CreateBucketConfiguration><LocationConstraint>apac</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(server.send(Request::put("/media").body(bucket)).status, 200);
    for (query, document) in [("cors", CORS), ("lifecycle", LIFECYCLE)] {
        assert_eq!(server.send(Request::put(&format!("/media?{query}")).body(document)).status, 200);
    }
    let seen = |server: &Process| {
        ["cors", "lifecycle", "location"].map(|query| server.send(Request::get(&format!("/media?{query}"))).text())
    };
    let before = seen(&server);
    server.kill();
    let server = Process::serve_with(data.path(), &["--policy", "r2-2026"]);
    assert_eq!(seen(&server), before);
    assert!(before[2].contains("APAC"));
    assert!(is_let_in(server.address, "/media/k"), "and the rules are in force");
}
