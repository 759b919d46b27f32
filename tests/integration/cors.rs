//! CORS over the wire: preflights without a signature, and what pages may read of answers. The rules themselves are
//! tested in `src/cors/`.

use crate::support::{Request, Response, TestServer};
use r2shim::access::{BucketPattern, BucketScope};
use r2shim::cors::{BucketRule, CorsRule, CorsRules, OriginPattern};

/// The origin of pages that the rules let in.
pub const APP: &str = "https://app.example";

/// Pages of one origin may use `media` and `absent`, and read errors of `logs`; any page may read `shop`.
pub fn cors() -> CorsRules {
    let rule = |bucket: &str, origin: &str, on_errors| BucketRule {
        buckets: BucketScope::Matching(vec![BucketPattern::parse(bucket).unwrap()]),
        rule: CorsRule { on_errors, ..CorsRule::open_to(vec![OriginPattern::parse(origin).unwrap()]) },
    };
    let general = [("media", APP, false), ("absent", APP, false), ("logs", APP, true), ("shop", "*", false)];
    CorsRules::new(general.map(|(bucket, origin, on_errors)| rule(bucket, origin, on_errors)).to_vec())
}

/// A server with an object `kept` in each of three buckets.
fn server() -> TestServer {
    let server = TestServer::start("r2");
    for bucket in ["media", "logs", "shop"] {
        assert_eq!(server.send(Request::put(&format!("/{bucket}"))).status, 200);
        assert_eq!(server.send(Request::put(&format!("/{bucket}/kept")).body("bytes")).status, 200);
    }
    server.set_cors(cors());
    server
}

/// The answer to a browser's question whether a page may send this request.
fn preflight(server: &TestServer, request: &Request, origin: &str, headers: &str) -> Response {
    let question = Request::new("OPTIONS", &request.target)
        .header("origin", origin)
        .header("access-control-request-method", &request.method)
        .header("access-control-request-headers", headers);
    server.connect().send(question.unsigned(server.address))
}

#[test]
fn a_page_uploads_by_presigned_addresses() {
    let server = server();
    let upload = Request::put("/media/new").body("from a page").presigned(server.address, 60);
    let question = preflight(&server, &upload, APP, "content-type");
    assert_eq!((question.status, question.header("access-control-allow-origin")), (204, APP));
    assert_eq!(question.header("access-control-allow-methods"), "GET, HEAD, PUT, POST, DELETE");
    assert_eq!(question.header("access-control-allow-headers"), "content-type");
    assert_eq!(question.header("access-control-max-age"), "600");
    assert_eq!(question.header("x-amz-request-id").len(), 16);
    let answer = server.connect().send(upload.header("origin", APP).header("content-type", "text/plain"));
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, APP));
    assert!(answer.header("access-control-expose-headers").starts_with("etag, "));
    assert_eq!(answer.header("access-control-allow-credentials"), "", "cookies mean nothing here");
}

#[test]
fn answers_are_readable_where_a_rule_allows_it() {
    let server = server();
    let etag = server.send(Request::get("/media/kept")).header("etag").to_owned();
    for (request, origin, status, readable) in [
        (Request::get("/media/kept"), APP, 200, APP),
        (Request::get("/media/kept").header("range", "bytes=0-1"), APP, 206, APP),
        (Request::get("/media/kept").header("if-none-match", &etag), APP, 304, APP),
        (Request::new("HEAD", "/media/kept"), APP, 200, APP),
        (Request::get("/media?list-type=2"), APP, 200, APP),
        (Request::get("/media/none"), APP, 404, ""),
        (Request::get("/media/kept").header("if-match", "\"other\""), APP, 412, ""),
        (Request::put("/media/k").header("x-amz-acl", "private"), APP, 501, ""),
        (Request::get("/media/kept"), "https://b.example", 200, ""),
        (Request::get("/logs/none"), APP, 404, APP),
        (Request::put("/logs/k").header("x-amz-acl", "private"), APP, 501, APP),
        (Request::get("/shop/kept"), "https://b.example", 200, "*"),
        (Request::get("/shop/none"), "https://b.example", 404, ""),
    ] {
        let what = format!("{} {} of {origin}", request.method, request.target);
        let answer = server.send(request.header("origin", origin));
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, readable), "{what}");
        assert!(answer.header("vary").starts_with("Origin, "), "{what}");
    }
    let by_no_page = server.send(Request::get("/media/kept"));
    assert_eq!(by_no_page.header("access-control-allow-origin"), "");
    assert!(by_no_page.header("vary").starts_with("Origin, "), "a cache must not keep it for a page");
    let of_account = server.send(Request::get("/").header("origin", APP));
    assert_eq!(of_account.header("access-control-allow-origin"), "", "the account has no rules");
    // A signature that does not hold is an error as any other.
    for (target, readable) in [("/media/kept", ""), ("/logs/kept", APP)] {
        let forged = Request::get(target).header("origin", APP).presigned(server.address, 60);
        let answer = server.connect().send(forged.replaced("X-Amz-Signature=", "X-Amz-Signature=0"));
        assert_eq!((answer.status / 100, answer.header("access-control-allow-origin")), (4, readable), "{target}");
    }
}

/// Rules are of names: the answer is the same whether or not there is such a bucket.
#[test]
fn a_refused_preflight_reveals_nothing() {
    let server = server();
    let seen = |target: &str, origin: &str| {
        let answer = preflight(&server, &Request::put(target), origin, "");
        let headers = answer.headers.iter().filter(|(name, _)| name.starts_with("access-control") || name == "vary");
        (answer.error(), headers.cloned().collect::<Vec<_>>())
    };
    let refused = (403, "Unauthorized".to_owned(), "CORS not configured for this bucket".to_owned());
    for target in ["/media/kept", "/media/none", "/absent/k", "/unnamed/k", "/", "/UPPER/k"] {
        assert_eq!(seen(target, "https://b.example").0, refused, "{target}");
    }
    assert_eq!(seen("/media/kept", APP), seen("/absent/k", APP));
    for target in ["/absent/k", "/unnamed/k", "/"] {
        assert_eq!(seen("/media/kept", "https://b.example"), seen(target, "https://b.example"), "{target}");
    }
    let no_question = server.connect().send(Request::new("OPTIONS", "/media/kept").unsigned(server.address));
    assert_eq!((no_question.status, no_question.element("Code")), (400, "InvalidRequest".to_owned()));
    let counted = server.admin_page("/metrics").text();
    assert!(counted.contains("cors-origin") && counted.contains("no-cors-rule"), "{counted}");
    assert_eq!(server.keys("media"), ["kept"]);
}
