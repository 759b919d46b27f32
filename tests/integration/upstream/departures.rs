//! Clients that leave in the middle: the connection to the store is closed too, and is not used again.

use super::bodies::bytes;
use super::{front, get, put, store};
use crate::support::Connection;
use crate::support::scripted::{BodyEnd, Scripted, Step};

/// More than all buffers on the way hold, so that its sender has to wait for its reader.
const LARGE: usize = 64 << 20;

/// Starts a GET and takes its head and first bytes, so that the rest is still to be sent.
fn begin_reading(server: &crate::support::TestServer) -> Connection {
    let mut connection = server.connect();
    connection.begin(&get().signed(server.address));
    assert_eq!(connection.read_head().status, 200);
    assert_eq!(connection.read_bytes(1000), bytes(1000));
    connection
}

#[test]
fn a_download_that_is_left_ends_at_the_store() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n");
    let upstream = Scripted::connections([
        vec![Step::ReadHead, Step::send(head), Step::Send(bytes(LARGE))],
        vec![Step::ReadHead, store::object("kept").into()],
    ]);
    let server = front(&upstream);
    drop(begin_reading(&server));
    upstream.wait_until_left();
    assert_eq!(server.send(get()).text(), "kept");
    assert_eq!(upstream.request(1).connection, 1);
}

#[test]
fn an_upload_that_is_left_is_never_whole() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    for (number, sent) in [1 << 20, (2 << 20) - 1].into_iter().enumerate() {
        let request = put(bytes(2 << 20)).signed(server.address);
        let mut connection = server.connect();
        connection.write(&request.head_bytes());
        connection.write(&request.body[..sent]);
        upstream.wait_until(|requests| requests.len() > number);
        drop(connection);
        assert_eq!(upstream.request(number).end, BodyEnd::BrokenOff, "{sent}");
    }
    assert_eq!(server.send(put("new")).status, 200);
    let last = upstream.requests().pop().unwrap();
    assert_eq!((last.connection, last.text().as_str()), (2, "new"), "on a connection that was not broken off");
}

#[test]
fn a_large_object_arrives_whole() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n");
    let upstream = Scripted::always([Step::ReadHead, Step::send(head), Step::Send(bytes(LARGE))]);
    let server = front(&upstream);
    let mut connection = begin_reading(&server);
    assert!(connection.read_bytes(LARGE - 1000) == bytes(LARGE)[1000..]);
}
