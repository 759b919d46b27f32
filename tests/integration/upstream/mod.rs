//! In front of a remote store that does what a test says: what goes to it, what never does, and what its clients see
//! when it misbehaves. Real stores have tests of their own.

mod audit;
mod bad_bodies;
mod bodies;
mod breaks;
mod cors;
mod departures;
mod early_answers;
mod errors;
mod every_operation;
mod framings;
mod hostile;
mod leaks;
mod limits;
mod listings;
mod lengths;
mod missing_buckets;
mod nodes;
mod part_sizes;
mod paths;
mod refusals;
mod requests;
mod retries;
mod signatures;
mod stalls;
mod store;
mod temporary;
mod uploads;

use crate::support::scripted::{HEALTH, Received, Scripted};
use crate::support::{Request, Response, TestServer};
use r2shim::s3::names::BucketName;
use r2shim::sigv4::Secret;
use r2shim::upstream::{BucketMap, CredentialSource, Dialect, Endpoint, HealthCheck, Remote, Timeouts};
use std::time::Duration;

/// The pair that requests to the store are signed with; nothing of it is for clients.
const UPSTREAM_KEY_ID: &str = "AKIDUPSTREAM";
const UPSTREAM_SECRET: &str = "the upstream's secret";
const UPSTREAM_REGION: &str = "eu-west-1";

/// What the store calls the bucket that clients call `media`. Clients must not see it anywhere.
const UPSTREAM_BUCKET: &str = "acme-prod-media";

/// A store at this endpoint, with one bucket of another name. No test waits for its timeouts.
pub fn remote(endpoint: &str) -> Remote {
    let mut buckets = BucketMap::new(false);
    buckets.map(BucketName::parse("media").unwrap(), UPSTREAM_BUCKET.to_owned()).unwrap();
    let credentials =
        CredentialSource::Static { access_key_id: UPSTREAM_KEY_ID.to_owned(), secret: Secret::new(UPSTREAM_SECRET) };
    Remote {
        region: UPSTREAM_REGION.to_owned(),
        dialect: Dialect::from_name("aws").unwrap(),
        buckets,
        health: HealthCheck::Path(HEALTH.to_owned()),
        ..Remote::new(vec![Endpoint::parse(endpoint).unwrap()], credentials)
    }
}

/// A server with the strictest policy in front of a scripted store.
fn front(upstream: &Scripted) -> TestServer {
    TestServer::in_front_of("r2", remote(&upstream.endpoint()))
}

/// The same with little patience, for stores that stall: tests wait for the time to pass, nothing depends on how much.
fn impatient_front(upstream: &Scripted) -> TestServer {
    let soon = Duration::from_millis(150);
    let timeouts = Timeouts { connect: soon, first_byte: soon, assembly: soon, idle: soon };
    TestServer::in_front_of("r2", Remote { timeouts, ..remote(&upstream.endpoint()) })
}

/// Sends a request that is answered well, and gives the one request that came of it.
fn forwarded(server: &TestServer, upstream: &Scripted, request: Request) -> Received {
    let before = upstream.requests().len();
    let answer = server.send(request.clone());
    assert!(answer.status < 300, "{request:?}: {} {}", answer.status, answer.text());
    let received = upstream.request(before);
    assert_eq!(upstream.requests().len(), before + 1, "{request:?}");
    received
}

/// Status and code of an error.
fn error(answer: &Response) -> (u16, String) {
    (answer.status, answer.element("Code"))
}

fn no_store() -> (u16, String) {
    (503, "ServiceUnavailable".to_owned())
}

fn too_late() -> (u16, String) {
    (504, "GatewayTimeout".to_owned())
}

fn bad_gateway() -> (u16, String) {
    (502, "BadGateway".to_owned())
}

fn get() -> Request {
    Request::get("/media/kept")
}

fn put(body: impl Into<Vec<u8>>) -> Request {
    Request::put("/media/new").body(body)
}
