//! Audits over the local store: what it can do is carried out and named, and what it cannot do is refused and named.

use crate::support::{KEY_ID, Request, SECRET, TestServer, rules};
use r2shim::access::AccessKey;
use r2shim::filters::{Limits, Mode, Rules};
use r2shim::sigv4::Secret;

fn server() -> TestServer {
    let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
    let limits = Limits { object_bytes: 4, ..Limits::default() };
    let rules = Rules { mode: Mode::AuditLocal, limits, ..rules("r2-2026", keys.into_iter().collect()) };
    TestServer::with_rules(rules)
}

/// Requests in the order in which they are sent, each with its status and what is named; what depends on time left out.
#[test]
fn refusals_of_r2_are_carried_out_and_named() {
    let server = server();
    let location = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let copy = |target: &str, source: &str| Request::put(target).header("x-amz-copy-source", source);
    let name = "names/InvalidBucketName";
    for (request, status, findings) in [
        (Request::put("/My.Media"), 200, name),
        (Request::put("/My.Media/a").body("x"), 200, name),
        (Request::get("/My.Media/a"), 200, name),
        (Request::get("/My.Media?list-type=2"), 200, name),
        (Request::get("/No.Media/a"), 404, name),
        (Request::put("/media").body(location("eu-central-1")), 200, "region/InvalidRegionName"),
        (Request::put("/other").body(location("<x/>")), 400, "document/MalformedXML"),
        (Request::put("/media/large").body("fiver"), 200, "payload/EntityTooLarge"),
        (copy("/media/copy", "/My.Media/a"), 200, "names/NoSuchBucket"),
        (copy("/media/only", "/media/large?versionId=null"), 200, "names/NotImplemented"),
        // There is one version of an object.
        (copy("/media/old", "/media/large?versionId=7"), 501, "names/NotImplemented"),
        (Request::put("/media/k?tagging").body("<Tagging/>"), 501, "policy/PutObjectTagging"),
        (Request::get("/media?location"), 200, ""),
        (Request::new("POST", "/media/k?own"), 404, "address/RouteNotFound"),
    ] {
        let answer = server.send(request.clone());
        assert_eq!(
            (answer.status, answer.header("x-r2shim-audit")),
            (status, findings),
            "{request:?} {}",
            answer.text()
        );
    }
    let buckets = server.send(Request::get("/")).text();
    assert!(buckets.contains("<Name>My.Media</Name>"), "{buckets}");
    assert_eq!(server.send(Request::new("DELETE", "/My.Media/a")).status, 204);
    assert_eq!(server.send(Request::new("DELETE", "/My.Media")).status, 204);
}
