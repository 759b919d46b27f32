//! Keys with an end, and R2's temporary credentials, over the wire.

use crate::support::{KEY_ID, Request, SECRET, Signing, Temporary, TestServer};
use r2shim::access::{AccessKey, Permission};
use r2shim::s3::{Operation, Timestamp};
use r2shim::sigv4::Secret;
use std::time::SystemTime;

const TOKEN: &str = "x-amz-security-token";

type Answer = (u16, String);

fn answer(status: u16, code: &str) -> Answer {
    (status, code.to_owned())
}

fn send(server: &TestServer, request: Request) -> Answer {
    let answer = server.connect().send(request);
    (answer.status, answer.element("Code"))
}

/// A server with objects in the bucket of the credentials, and in another.
fn server() -> TestServer {
    let server = TestServer::with_object("r2", "media", "a/1", "one");
    for (method, target) in [("PUT", "/media/b"), ("PUT", "/media/ab"), ("PUT", "/other"), ("PUT", "/other/a/1")] {
        assert_eq!(server.send(Request::new(method, target)).status, 200);
    }
    server
}

fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::from(SystemTime::now()).millis().saturating_add_signed(seconds * 1000))
}

#[test]
fn a_key_expires() {
    let key = |id: &str, expires| AccessKey { expires: Some(expires), ..AccessKey::admin(id, Secret::new(SECRET)) };
    let keys = [
        AccessKey::admin(KEY_ID, Secret::new(SECRET)),
        key("over", seconds_from_now(-1)),
        key("good", seconds_from_now(3600)),
    ];
    let server = TestServer::with_keys("r2", keys);
    for (id, secret, expected) in [
        ("good", SECRET, answer(200, "")),
        ("over", SECRET, answer(401, "Unauthorized")),
        ("over", "wrong", answer(401, "Unauthorized")),
        ("good", "wrong", answer(403, "SignatureDoesNotMatch")),
    ] {
        let signing = Signing { id: id.into(), secret: secret.into(), ..Signing::default() };
        let (request, _) = Request::get("/").signed_by(server.address, &signing);
        assert_eq!(send(&server, request), expected, "{id} {secret}");
        let presigned = Request::get("/").presigned_by(server.address, 60, &signing);
        assert_eq!(send(&server, presigned), expected, "presigned, {id} {secret}");
    }
}

#[test]
fn the_token_says_what_may_be_done() {
    let server = server();
    let denied = || answer(403, "AccessDenied");
    let (reads, writes) = (Temporary::new(Permission::ObjectReadOnly), Temporary::new(Permission::ObjectReadWrite));
    let below = Temporary::new(Permission::ObjectReadWrite).below("a/").object("b");
    let gets = Temporary::for_actions(&[Operation::GetObject, Operation::ListObjectsV2]).below("a/");
    let copy = |from: &str| Request::put("/media/a/copy").header("x-amz-copy-source", from);
    let delete = |keys: &str| {
        let entries: String = keys.split(' ').map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
        Request::new("POST", "/media?delete").body(format!("<Delete>{entries}</Delete>"))
    };
    for (what, credentials, request, expected) in [
        ("read", &reads, Request::get("/media/a/1"), answer(200, "")),
        ("list", &reads, Request::get("/media?list-type=2"), answer(200, "")),
        ("read only", &reads, Request::put("/media/new").body("x"), denied()),
        ("one bucket", &reads, Request::get("/other/a/1"), denied()),
        ("no buckets", &reads, Request::get("/"), denied()),
        ("write", &writes, Request::put("/media/new").body("x"), answer(200, "")),
        ("no new bucket", &writes, Request::put("/fresh"), denied()),
        ("no end of the bucket", &writes, Request::new("DELETE", "/media"), denied()),
        ("below", &below, Request::get("/media/a/1"), answer(200, "")),
        ("exactly", &below, Request::get("/media/b"), answer(200, "")),
        ("beside", &below, Request::get("/media/ab"), denied()),
        ("escaped", &below, Request::get("/media/%61%2F1"), answer(200, "")),
        ("not there, and allowed", &below, Request::get("/media/a/none"), answer(404, "NoSuchKey")),
        ("listing all", &below, Request::get("/media?list-type=2"), denied()),
        ("listing below", &below, Request::get("/media?list-type=2&prefix=a/"), answer(200, "")),
        ("listing beside", &below, Request::get("/media?list-type=2&prefix=a"), denied()),
        ("listing twice", &below, Request::get("/media?list-type=2&prefix=a/&prefix="), denied()),
        ("uploads of all", &below, Request::get("/media?uploads"), denied()),
        ("copy within", &below, copy("/media/a/1"), answer(200, "")),
        ("copy from beside", &below, copy("/media/ab"), denied()),
        ("copy from elsewhere", &below, copy("/other/a/1"), denied()),
        ("a read", &gets, Request::get("/media/a/1"), answer(200, "")),
        ("another read", &gets, Request::get("/media/a/1?uploadId=x"), denied()),
        ("the listing", &gets, Request::get("/media?list-type=2&prefix=a/"), answer(200, "")),
        ("the older listing", &gets, Request::get("/media?prefix=a/"), denied()),
        ("a write", &gets, Request::put("/media/a/2").body("x"), denied()),
        ("delete many, one beside", &below, delete("a/1 ab"), denied()),
        ("delete many", &below, delete("a/1 b"), answer(200, "")),
    ] {
        assert_eq!(send(&server, credentials.sign(request.clone(), server.address)), expected, "{what}");
        if request.method == "GET" {
            assert_eq!(send(&server, credentials.presign(request, server.address)), expected, "presigned: {what}");
        }
    }
    assert_eq!(server.keys("media"), ["a/copy", "ab", "new"]);
}

#[test]
fn tokens_that_do_not_hold() {
    let server = server();
    let good = || Temporary::new(Permission::AdminReadWrite);
    let get = || Request::get("/media/a/1");
    let token = good().credentials().session_token;
    let with = |token: &str, signing: &Signing| get().header(TOKEN, token).signed_by(server.address, signing).0;
    let refused = || answer(400, "InvalidArgument");
    let mismatch = || answer(403, "SignatureDoesNotMatch");
    let other_secret = Temporary::new(Permission::AdminReadWrite).of(AccessKey::admin(KEY_ID, Secret::new("other")));
    let other_parent = Temporary::new(Permission::AdminReadWrite).of(AccessKey::admin("other", Secret::new(SECRET)));
    let as_parent = Signing { id: KEY_ID.into(), ..other_parent.signing() };
    for (what, request, expected) in [
        ("as it should be", good().sign(get(), server.address), answer(200, "")),
        ("over", good().moved(-901).sign(get(), server.address), mismatch()),
        ("nearly over", good().moved(-840).sign(get(), server.address), answer(200, "")),
        ("not yet", good().moved(1000).sign(get(), server.address), refused()),
        ("of another service", with("FwoGZXIvYXdzEBYaDH", &Signing::default()), refused()),
        ("by another secret", other_secret.sign(get(), server.address), refused()),
        ("by an unknown parent", other_parent.sign(get(), server.address), refused()),
        ("of another issuer", with(&other_parent.credentials().session_token, &as_parent), refused()),
        ("signed with the parent's secret", with(&token, &Signing::default()), mismatch()),
        ("without its token", get().signed_by(server.address, &good().signing()).0, mismatch()),
        ("twice", good().sign(get(), server.address).header(TOKEN, &token), refused()),
        (
            "not signed",
            get().signed_by(server.address, &good().signing()).0.header(TOKEN, &token),
            answer(403, "AccessDenied"),
        ),
        ("changed", good().sign(get(), server.address).replaced(&token, &token.replacen('I', "J", 1)), refused()),
        ("in the query alone", good().presign(get(), server.address), answer(200, "")),
        (
            "cut out of the query",
            good().presign(get(), server.address).replaced("X-Amz-Security-Token", "x"),
            mismatch(),
        ),
    ] {
        assert_eq!(send(&server, request), expected, "{what}");
    }
}

/// The token is a secret, and what is refused is not said to the client but to the operator.
#[test]
fn the_log_says_why_and_shows_no_token() {
    let server = server();
    let over = Temporary::new(Permission::AdminReadWrite).moved(-901);
    let token = over.credentials().session_token;
    let mut connection = server.connect();
    connection.send(over.sign(Request::get("/media/a/1"), server.address));
    // On one connection a request is over before the next is read.
    connection.send(Request::get("/").unsigned(server.address));
    let list = server.admin_page("/");
    let id = list.text().split("href=\"/requests/").find(|part| part.contains("a/1")).unwrap()[..16].to_owned();
    let page = server.admin_page(&format!("/requests/{id}"));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("the session token expired at "), "{}", page.text());
    assert!(!page.text().contains(&token) && !list.text().contains(&token));
    let metrics = server.admin_page("/metrics").text();
    assert!(metrics.contains("expired-session-token") && !metrics.contains(&token));
}
