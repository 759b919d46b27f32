//! The rules in force: a request is decided and carried out by the snapshot that it began with.

use crate::support::{Connection, Request, TestServer, rules};
use r2shim::access::Keyring;
use std::sync::Arc;

#[test]
fn the_next_request_meets_the_new_rules() {
    let server = TestServer::with_bucket("r2", "media");
    let put = || server.send(Request::put("/media/k").header("x-amz-acl", "private")).status;
    assert_eq!(put(), 501, "r2 refuses the header");
    swap(&server, "open");
    assert_eq!(put(), 200, "open accepts it");
}

#[test]
fn a_request_in_flight_keeps_the_rules_it_began_with() {
    let server = TestServer::with_bucket("r2", "media");
    let put = Request::put("/media/k").header("expect", "100-continue").body("bytes").signed(server.address);
    let mut connection: Connection = server.connect();
    connection.write(&put.head_bytes());
    assert_eq!(connection.read_head().status, 100, "the request is admitted");
    server.rules.store(Arc::new(rules("r2", Keyring::default())));
    connection.write(&put.body);
    assert_eq!(connection.read(false).status, 200);
    assert_eq!(server.send(Request::get("/media/k")).error().1, "Unauthorized", "its key is gone for the next one");
}

fn swap(server: &TestServer, policy: &str) {
    let keyring = server.rules.load().keyring.clone();
    server.rules.store(Arc::new(rules(policy, keyring)));
}
