//! Limits of what takes long in the store behind.

use super::remote;
use super::store::usual;
use crate::support::scripted::{Scripted, Step};
use crate::support::service::eventually;
use crate::support::{KEY_ID, Request, SECRET, Signing, TestServer};
use r2shim::access::{AccessKey, KeyLimits};
use r2shim::sigv4::Secret;

const OTHER: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn copies_are_limited_by_key() {
    let upstream = Scripted::choosing(|request| {
        let held = request.header("x-amz-copy-source").contains("held").then_some(Step::Wait);
        [Step::ReadBody].into_iter().chain(held).chain([Step::Answer(usual(request))]).collect()
    });
    let limits = KeyLimits { copies: Some(1), ..KeyLimits::default() };
    let keys = [KEY_ID, OTHER].map(|id| AccessKey { limits, ..AccessKey::admin(id, Secret::new(SECRET)) });
    let server = TestServer::in_front_of_with_keys("r2", remote(&upstream.endpoint()), keys);
    let signed = |id: &str, source: &str| {
        let signing = Signing { id: id.to_owned(), ..Signing::default() };
        let copy = Request::put("/media/new").header("x-amz-copy-source", source);
        copy.signed_by(server.address, &signing).0
    };
    let copy = |id: &str| server.connect().send(signed(id, "/media/kept"));
    let mut held = server.connect();
    held.begin(&signed(KEY_ID, "/media/held"));
    upstream.wait_until(|requests| requests.iter().any(|one| one.header("x-amz-copy-source").contains("held")));
    let refused = copy(KEY_ID);
    assert_eq!((refused.status, refused.error().1.as_str()), (503, "SlowDown"));
    assert_eq!(copy(OTHER).status, 200);
    assert_eq!(server.send(Request::get("/media/kept")).status, 200, "what copies nothing goes on");
    upstream.go_on();
    assert_eq!(held.read(false).status, 200);
    eventually("the end of the copy", || (copy(KEY_ID).status == 200).then_some(()));
}
