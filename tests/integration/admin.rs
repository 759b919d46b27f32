//! The admin address: metrics that name operations and what the subset lacks, and whether the server lives.

use crate::support::log::logged;
use crate::support::{Connection, KEY_ID, Request, Signing, TestServer};
use r2shim::server::observe::build::COMMIT;
use r2shim::store::Options;

#[test]
fn requests_are_counted_by_operation_and_status() {
    let server = TestServer::start("r2");
    // On one connection a request is counted before the next is read.
    let mut connection = server.connect();
    for (request, status) in [
        (Request::put("/media"), 200),
        (Request::put("/media/a").body("four"), 200),
        (Request::put("/media/a").body("five!"), 200),
        (Request::put("/media/a").header("x-amz-acl", "private"), 501),
        (Request::put("/media/a").header("x-amz-new-in-2030", "1"), 501),
        (Request::get("/media/a"), 200),
        (Request::get("/media/secret-name"), 404),
        (Request::new("HEAD", "/media/a?tagging"), 501),
        (Request::get("/media?policy"), 501),
        (Request::new("PATCH", "/media"), 404),
        (Request::get("/"), 200),
    ] {
        assert_eq!(connection.send(request.signed(server.address)).status, status);
    }
    let stranger = connection.send(Request::get("/media/a").unsigned(server.address));
    assert_eq!(stranger.status, 400);
    let claimed = Signing { id: "f".repeat(32), ..Signing::default() };
    let unknown = connection.send(Request::get("/media/a").signed_by(server.address, &claimed).0);
    assert_eq!(unknown.status, 401);
    assert_eq!(connection.send(Request::get("/").signed(server.address)).status, 200);

    let answer = server.admin_page("/metrics");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4"));
    let metrics = answer.text();
    for line in [
        "r2shim_requests_total{error=\"-\",key_id=\"KEY\",operation=\"CreateBucket\",port=\"s3\",status=\"200\"} 1",
        "r2shim_requests_total{error=\"-\",key_id=\"KEY\",operation=\"PutObject\",port=\"s3\",status=\"200\"} 2",
        "r2shim_requests_total{error=\"NotImplemented\",key_id=\"KEY\",operation=\"PutObject\",port=\"s3\",status=\"501\"} 2",
        "r2shim_requests_total{error=\"-\",key_id=\"KEY\",operation=\"GetObject\",port=\"s3\",status=\"200\"} 1",
        "r2shim_requests_total{error=\"NoSuchKey\",key_id=\"KEY\",operation=\"GetObject\",port=\"s3\",status=\"404\"} 1",
        "r2shim_requests_total{error=\"InvalidArgument\",key_id=\"-\",operation=\"GetObject\",port=\"s3\",status=\"400\"} 1",
        "r2shim_requests_total{error=\"NotImplemented\",key_id=\"KEY\",operation=\"GetBucketPolicy\",port=\"s3\",status=\"501\"} 1",
        "r2shim_requests_total{error=\"RouteNotFound\",key_id=\"KEY\",operation=\"-\",port=\"s3\",status=\"404\"} 1",
        "r2shim_requests_total{error=\"Unauthorized\",key_id=\"-\",operation=\"GetObject\",port=\"s3\",status=\"401\"} 1",
        "r2shim_refusals_total{error=\"NotImplemented\",feature=\"x-amz-acl\",filter=\"policy\",operation=\"PutObject\"} 1",
        "r2shim_refusals_total{error=\"NotImplemented\",feature=\"unlisted-header\",filter=\"policy\",operation=\"PutObject\"} 1",
        "r2shim_refusals_total{error=\"NotImplemented\",feature=\"tagging\",filter=\"policy\",operation=\"HeadObject\"} 1",
        "r2shim_refusals_total{error=\"NotImplemented\",feature=\"GetBucketPolicy\",filter=\"policy\",operation=\"GetBucketPolicy\"} 1",
        "r2shim_refusals_total{error=\"InvalidArgument\",feature=\"unsigned\",filter=\"authenticate\",operation=\"GetObject\"} 1",
        "r2shim_body_bytes_total{direction=\"in\",operation=\"PutObject\"} 9",
        "r2shim_body_bytes_total{direction=\"out\",operation=\"GetObject\"}",
        "r2shim_request_duration_seconds_count{operation=\"CreateBucket\"} 1",
        "r2shim_heads_refused_total{cause=\"slow\"} 0",
        "r2shim_connections_refused_total{limit=\"all\"} 0",
        "r2shim_store_objects 1",
        "r2shim_store_read_only 0",
        concat!("r2shim_build_info{commit=\"COMMIT\",policy=\"r2\",version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        let line = line.replace("KEY", KEY_ID).replace("COMMIT", COMMIT);
        assert!(metrics.lines().any(|given| given.starts_with(&line)), "{line} is not in\n{metrics}");
    }
    // What clients choose is no label: they could fill the memory with it.
    for name in ["secret-name", "media", "2030", claimed.id.as_str()] {
        assert!(!metrics.contains(name), "{name} in\n{metrics}");
    }
}

#[test]
fn the_server_says_that_it_lives() {
    let server = TestServer::start("r2");
    let mut connection = Connection::open(server.admin);
    for (method, path, status, text) in [
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/readyz", 200, "ready\n"),
        ("GET", "/readyz/read", 200, "ready\n"),
        ("GET", "/healthz?x=1", 200, "ok\n"),
        ("HEAD", "/healthz", 200, ""),
        ("POST", "/healthz", 405, "only GET\n"),
        ("DELETE", "/metrics", 405, "only GET\n"),
    ] {
        let answer = connection.send(Request::new(method, path).unsigned(server.admin));
        assert_eq!((answer.status, answer.text().as_str()), (status, text), "{method} {path}");
    }
}

/// The log at the start, `/readyz`, the metrics and the answers to clients agree.
#[test]
fn a_full_store_is_not_ready_and_says_why() {
    let start = || TestServer::with_store("r2", Options { reserve: u64::MAX, ..Options::default() });
    let (log, server) = logged(false, start);
    assert!(log.contains("WARN") && log.contains("the disk is full up to the reserve: writes are refused"), "{log}");
    let refused = server.send(Request::put("/media"));
    let full = (503, "ServiceUnavailable".to_owned(), "There is no space left to store this.".to_owned());
    assert_eq!(refused.error(), full);
    assert_eq!(server.send(Request::get("/")).status, 200);
    let page = |path| {
        let answer = server.admin_page(path);
        (answer.status, answer.text())
    };
    let why = "not ready: the disk is full up to the reserve: writes are refused\n";
    assert_eq!(page("/readyz"), (503, why.to_owned()));
    assert_eq!(page("/readyz/read"), (200, "ready\n".to_owned()));
    let metrics = page("/metrics").1;
    let counted = format!(
        "{{error=\"ServiceUnavailable\",key_id=\"{KEY_ID}\",operation=\"CreateBucket\",port=\"s3\",status=\"503\"}} 1\n"
    );
    for line in ["r2shim_store_read_only 1\n", &format!("r2shim_requests_total{counted}")] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

/// There, these are names of buckets.
#[test]
fn the_s3_port_has_no_admin_pages() {
    let server = TestServer::start("r2");
    for path in ["/metrics", "/healthz", "/readyz"] {
        let stranger = server.connect().send(Request::get(path).unsigned(server.address));
        assert_eq!(stranger.error().1, "InvalidArgument", "{path}");
        assert_eq!(server.send(Request::get(path)).error().1, "NoSuchBucket", "{path}");
    }
}
