//! The operator's limits of requests: a client over a limit gets SlowDown, and other clients are not affected.

use crate::support::service::eventually;
use crate::support::{Connection, KEY_ID, Request, Response, SECRET, Signing, TestServer, public_rules, rules};
use r2shim::access::{AccessKey, KeyLimits};
use r2shim::filters::{Limits, Mode, Rules};
use r2shim::settings::RequestLimits;
use r2shim::sigv4::Secret;
use r2shim::store::{Durability, Options};
use std::time::{Duration, Instant};

/// The id of a second key.
const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// A server with a bucket, where each key has these limits.
fn limited(limits: KeyLimits) -> TestServer {
    limited_over(limits, Options { durability: Durability::None, ..Options::default() })
}

/// The same over a store that is opened in another way.
fn limited_over(limits: KeyLimits, options: Options) -> TestServer {
    let keys = [KEY_ID, OTHER].map(|id| AccessKey { limits, ..AccessKey::admin(id, Secret::new(SECRET)) });
    let server = TestServer::with_rules_and_store(rules("r2", keys.into_iter().collect()), options);
    assert_eq!(send_as(&server, OTHER, Request::put("/media")).status, 200);
    server
}

fn send_as(server: &TestServer, id: &str, request: Request) -> Response {
    let signing = Signing { id: id.to_owned(), ..Signing::default() };
    server.connect().send(request.signed_by(server.address, &signing).0)
}

/// A PUT that has been admitted and goes on when its body is sent.
struct Held {
    connection: Connection,
    body: Vec<u8>,
}

impl Held {
    fn begin(server: &TestServer) -> Held {
        let put = Request::put("/media/held").header("expect", "100-continue").body("bytes").signed(server.address);
        let mut connection = server.connect();
        connection.write(&put.head_bytes());
        assert_eq!(connection.read_head().status, 100);
        Held { connection, body: put.body }
    }

    fn end(mut self) {
        self.connection.write(&self.body);
        assert_eq!(self.connection.read(false).status, 200);
    }
}

/// Asserts that the answer asks to slow down, and says when to come back.
fn assert_slowed(answer: &Response, what: &str) {
    let (status, code, _) = answer.error();
    assert_eq!((status, code.as_str()), (503, "SlowDown"), "{what}");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{what}: {seconds}");
}

/// How many requests a limit has refused or slowed down.
fn counted(server: &TestServer, limit: &str, key: &str) -> u64 {
    let page = server.admin_page("/metrics").text();
    let line = format!("r2shim_limited_requests_total{{key_id=\"{key}\",limit=\"{limit}\"}} ");
    page.lines().find_map(|found| found.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
}

/// A request is counted when its answer is sent, which its client may notice a little earlier.
fn assert_counted(server: &TestServer, limit: &str, key: &str, times: u64) {
    eventually("the count", || (counted(server, limit, key) == times).then_some(()));
}

#[test]
fn a_key_that_asks_too_often_is_slowed_down_and_another_is_not() {
    let server = limited(KeyLimits { request_rate: Some(1), ..KeyLimits::default() });
    let head = || send_as(&server, KEY_ID, Request::get("/media?location"));
    let refused = eventually("a refusal", || Some(head()).filter(|answer| answer.status != 200));
    assert_slowed(&refused, "rate");
    eventually("its count", || (counted(&server, "request_rate", KEY_ID) >= 1).then_some(()));
    // The other key has asked once, some time ago.
    eventually("the other key", || {
        (send_as(&server, OTHER, Request::get("/media?location")).status == 200).then_some(())
    });
    eventually("a second has passed", || (head().status == 200).then_some(()));
}

#[test]
fn requests_in_flight_are_limited_by_key() {
    let server = limited(KeyLimits { requests: Some(1), ..KeyLimits::default() });
    let held = Held::begin(&server);
    let get = |id| send_as(&server, id, Request::get("/media?list-type=2"));
    assert_slowed(&get(KEY_ID), "in flight");
    assert_eq!(get(OTHER).status, 200);
    assert_counted(&server, "key_requests", KEY_ID, 1);
    held.end();
    // It counts until its answer is sent, which its client may notice a little earlier.
    eventually("the end of the request", || (get(KEY_ID).status == 200).then_some(()));
    // Nor does one count whose client goes away.
    drop(Held::begin(&server));
    eventually("the end of the connection", || (get(KEY_ID).status == 200).then_some(()));
}

#[test]
fn requests_in_flight_still_count_after_a_reload() {
    let server = limited(KeyLimits::default());
    let held = Held::begin(&server);
    let get = || send_as(&server, KEY_ID, Request::get("/media?list-type=2"));
    assert_eq!(get().status, 200);
    let per_key = KeyLimits { requests: Some(1), ..KeyLimits::DEFAULT };
    let limits = Limits::from(RequestLimits { per_key, ..RequestLimits::default() });
    server.rules.rcu(|rules| Rules { limits: limits.clone(), ..Rules::clone(rules) });
    assert_slowed(&get(), "under the new rules");
    held.end();
    eventually("the end of the request", || (get().status == 200).then_some(()));
}

/// Refusals are about this server and not about R2, so an audit has them, too. The admin address has no such limit.
#[test]
fn there_are_so_many_requests_in_flight_in_all() {
    for mode in [Mode::Enforce, Mode::AuditLocal] {
        let limits = Limits::from(RequestLimits { requests: 1, ..RequestLimits::default() });
        let server = TestServer::with_rules(Rules { limits, mode, ..public_rules(&["media"]) });
        let send = |request: Request| server.send(request);
        assert_eq!(send(Request::put("/media")).status, 200);
        eventually("a place", || (send(Request::put("/media/k").body("x")).status == 200).then_some(()));
        let public = server.public.unwrap();
        let read = || Connection::open(public).send(Request::get("/media/k").unsigned(public));
        eventually("a place", || (read().status == 200).then_some(()));
        let held = eventually("a place", || {
            let idle = send(Request::get("/media?list-type=2")).status == 200;
            idle.then(|| begin_when_free(&server))
        });
        assert_slowed(&send(Request::get("/media/k")), "signed");
        assert_eq!(read().status, 503, "public");
        assert_eq!(server.admin_page("/healthz").status, 200);
        // An unknown key gets no hint of the limit.
        assert_eq!(server.connect().send(Request::get("/media/k").unsigned(server.address)).status, 400);
        eventually("its count", || (counted(&server, "requests", KEY_ID) >= 1).then_some(()));
        held.end();
        eventually("the end of the request", || (send(Request::get("/media/k")).status == 200).then_some(()));
    }
}

/// The request before may still count for a moment after its client has its answer.
fn begin_when_free(server: &TestServer) -> Held {
    eventually("a place", || {
        let put = Request::put("/media/held").header("expect", "100-continue").body("bytes").signed(server.address);
        let mut connection = server.connect();
        connection.write(&put.head_bytes());
        (connection.read_head().status == 100).then_some(Held { connection, body: put.body })
    })
}

/// Bytes beyond those of the first second and of the last pieces, which the next request pays for, cannot have come
/// faster than the rate, however fast the machine is; a slow machine only takes longer.
#[test]
fn bodies_move_at_the_rate_of_their_key() {
    const RATE: u64 = 1 << 20;
    const LAST_PIECES: u64 = 512 << 10;
    let body = vec![7; 2_000 << 10];
    let least = Duration::from_secs_f64((body.len() as f64 - (RATE + LAST_PIECES) as f64) / RATE as f64);
    for (limit, limits) in [
        ("bytes_in", KeyLimits { bytes_in: Some(RATE), ..KeyLimits::default() }),
        ("bytes_out", KeyLimits { bytes_out: Some(RATE), ..KeyLimits::default() }),
    ] {
        let server = limited(limits);
        let began = Instant::now();
        let put = send_as(&server, KEY_ID, Request::put("/media/k").body(body.clone()));
        let got = send_as(&server, KEY_ID, Request::get("/media/k"));
        let took = began.elapsed();
        assert_eq!((put.status, got.body.len()), (200, body.len()), "{limit}");
        assert!(took >= least, "{limit}: {took:?}, and not {least:?}");
        eventually("it is counted", || (counted(&server, limit, KEY_ID) == 1).then_some(()));
    }
}

#[test]
fn open_uploads_are_limited_by_key() {
    let server = limited(KeyLimits { uploads: Some(2), ..KeyLimits::default() });
    let create = |id| send_as(&server, id, Request::new("POST", "/media/k?uploads"));
    let at = |upload: &Response| format!("/media/k?uploadId={}", upload.element("UploadId"));
    let (first, second) = (create(KEY_ID), create(KEY_ID));
    assert_eq!((first.status, second.status), (200, 200));
    assert_slowed(&create(KEY_ID), "two are open");
    assert_eq!(create(OTHER).status, 200);
    assert_counted(&server, "uploads", KEY_ID, 1);
    // Whichever key ends it.
    assert_eq!(send_as(&server, OTHER, Request::new("DELETE", &at(&first))).status, 204);
    assert_eq!(create(KEY_ID).status, 200);
    assert_slowed(&create(KEY_ID), "two are open again");
    let part = send_as(&server, KEY_ID, Request::put(&format!("{}&partNumber=1", at(&second))).body("x"));
    let document = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag")
    );
    let done = send_as(&server, KEY_ID, Request::new("POST", &at(&second)).body(document));
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(create(KEY_ID).status, 200);
}

/// Bodies that are announced, sent in part and held there keep room reserved: their key is refused more, and others are
/// not.
#[test]
fn reserved_space_is_limited_by_key() {
    const MIB: usize = 1 << 20;
    let folder = std::env::temp_dir();
    let disk = rustix::fs::statvfs(&folder).unwrap();
    // Nobody knows how much others write meanwhile, so there is room for that.
    let room = 4096 * MIB as u64;
    let reserve = (disk.f_bavail * disk.f_frsize).saturating_sub(room);
    let options = Options { durability: Durability::None, reserve, ..Options::default() };
    let server = limited_over(KeyLimits { space: Some(1), ..KeyLimits::default() }, options);
    let put = |id| send_as(&server, id, Request::put("/media/k").body(vec![7; MIB]));
    assert_eq!(put(KEY_ID).status, 200);
    let mut held = Vec::new();
    eventually("a refusal", || {
        let head = Request::put("/media/held").header("content-length", &(64 * MIB).to_string());
        let head = head.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").signed(server.address);
        let mut connection = server.connect();
        connection.write(&head.head_bytes());
        // As much again is reserved ahead. The server may refuse it before all is sent.
        let _ = connection.try_write(&vec![7; 9 * MIB]);
        held.push(connection);
        (counted(&server, "space", KEY_ID) > 0).then_some(())
    });
    assert_eq!(put(OTHER).status, 200);
    let refused = held.iter_mut().find(|connection| connection.has_bytes()).unwrap();
    assert_slowed(&refused.read(false), "room");
    drop(held);
    eventually("room again", || (put(KEY_ID).status == 200).then_some(()));
}

#[test]
fn a_document_over_the_limit_is_refused() {
    let limits = Limits::from(RequestLimits { document_bytes: 100, ..RequestLimits::default() });
    let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
    let server = TestServer::with_rules(Rules { limits, ..rules("r2", keys.into_iter().collect()) });
    assert_eq!(server.send(Request::put("/media")).status, 200);
    let delete = |keys: usize| {
        let document = format!("<Delete>{}</Delete>", "<Object><Key>k</Key></Object>".repeat(keys));
        server.send(Request::new("POST", "/media?delete").body(document)).status
    };
    assert_eq!((delete(1), delete(4)), (200, 400));
    eventually("it is counted", || (counted(&server, "document_bytes", KEY_ID) == 1).then_some(()));
}
