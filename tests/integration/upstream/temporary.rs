//! Temporary credentials in front of a store: the token is the client's, and the store never sees it.

use super::{UPSTREAM_KEY_ID, remote, store};
use crate::support::scripted::Scripted;
use crate::support::{KEY_ID, Request, SECRET, Temporary, TestServer, rules};
use r2shim::access::{AccessKey, Permission};
use r2shim::filters::{Mode, Rules};
use r2shim::sigv4::Secret;

fn front(upstream: &Scripted, mode: Mode) -> TestServer {
    let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
    let rules = Rules { mode, ..rules("r2-2026", keys) };
    TestServer::in_front_of_with_rules(rules, remote(&upstream.endpoint()))
}

#[test]
fn the_store_sees_neither_token_nor_what_it_forbids() {
    for mode in [Mode::Enforce, Mode::AuditRemote] {
        let upstream = Scripted::answering(store::usual);
        let server = front(&upstream, mode);
        let below = Temporary::new(Permission::ObjectReadWrite).below("a/");
        let send = |request: Request| server.connect().send(request).status;
        let delete = "<Delete><Object><Key>a/1</Key></Object><Object><Key>b</Key></Object></Delete>";
        let tagging = Request::put("/media?lifecycle").body("<LifecycleConfiguration/>");
        for (request, allowed) in [
            (Request::get("/media/a/1"), true),
            (Request::put("/media/a/2").body("x"), true),
            (Request::get("/media?list-type=2&prefix=a/"), true),
            (Request::get("/media/b"), false),
            // To AWS the key is a text. In an audit it is not known what the store takes it for.
            (Request::get("/media/a/../b"), mode == Mode::Enforce),
            (Request::get("/media?list-type=2"), false),
            (Request::get("/media?versions&prefix=a/"), mode == Mode::AuditRemote),
            (Request::get("/media?versions"), false),
            (Request::get("/media?list-type=2&prefix=a/&own=1"), mode == Mode::AuditRemote),
            (Request::new("POST", "/media?delete").body(delete), false),
            (Request::new("POST", "/media/a/1?own").body("x"), false),
            (tagging, false),
        ] {
            let before = upstream.requests().len();
            let token = below.credentials().session_token;
            let status = send(below.sign(request.clone(), server.address));
            let sent = upstream.requests().len() > before;
            assert_eq!((status < 300, sent), (allowed, allowed), "{mode:?} {request:?}: {status}");
            if sent {
                let received = upstream.request(before);
                assert!(!received.has("x-amz-security-token"), "{mode:?} {request:?}");
                assert!(received.header("authorization").contains(UPSTREAM_KEY_ID));
                assert!(!received.query().contains(&token) && !received.path().contains(&token));
            }
        }
        let presigned = below.presign(Request::get("/media/a/1"), server.address);
        let before = upstream.requests().len();
        assert_eq!(send(presigned), 200);
        let received = upstream.request(before);
        assert!(!received.query().to_ascii_lowercase().contains("security-token"), "{}", received.query());
    }
}
