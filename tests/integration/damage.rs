//! What a client gets of an object whose bytes have changed on the disk: an error, or an answer that breaks off.

use crate::support::{Connection, Request, TestServer};

const BLOCK: usize = 64 << 10;
const LENGTH: usize = 16 * BLOCK + 5;
/// The block that is damaged.
const BAD: usize = 10;

fn body() -> Vec<u8> {
    (0..LENGTH).map(|i| (i % 251) as u8).collect()
}

/// A server with an object `media/k` whose block [`BAD`] has a flipped bit.
fn damaged() -> TestServer {
    let server = TestServer::with_bucket("r2", "media");
    assert_eq!(server.send(Request::put("/media/k").body(body())).status, 200);
    assert_eq!(server.flip_in_files(LENGTH as u64, (BAD * BLOCK + 77) as u64), 1);
    server
}

/// Status, and the bytes that arrive before the connection is closed.
fn read(server: &TestServer, target: &str, range: &str) -> (u16, Vec<u8>) {
    let request = Request::get(target).header("range", range).header("connection", "close").signed(server.address);
    let mut connection = Connection::open(server.address);
    connection.write(&request.head_bytes());
    let head = connection.read_head();
    (head.status, connection.read_to_end())
}

#[test]
fn a_changed_block_is_never_sent() {
    let server = damaged();
    let bad = BAD * BLOCK;
    for (from, to, status, sent) in [
        (0, LENGTH - 1, 206, 8 * BLOCK),
        (0, 0, 206, 1),
        (bad - 1, bad - 1, 206, 1),
        (bad - 1, bad, 500, 0),
        (bad, bad, 500, 0),
        (bad + BLOCK - 1, LENGTH - 1, 500, 0),
        (bad + BLOCK, LENGTH - 1, 206, LENGTH - bad - BLOCK),
    ] {
        let (found, bytes) = read(&server, "/media/k", &format!("bytes={from}-{to}"));
        assert_eq!(found, status, "{from}-{to}");
        if status == 206 {
            assert!(bytes == body()[from..][..sent], "{from}-{to}: {} bytes", bytes.len());
        }
    }
    assert_eq!(server.send(Request::new("HEAD", "/media/k")).status, 200);
    let metrics = server.admin_page("/metrics").text();
    assert!(metrics.contains("\nr2shim_store_damaged_reads_total 4\n"), "{metrics}");
}

#[test]
fn copies_of_a_changed_block_fail_too() {
    let server = damaged();
    // It shares the bytes and their sums.
    let copy = Request::put("/media/copy").header("x-amz-copy-source", "/media/k");
    assert_eq!(server.send(copy).status, 200);
    let (status, bytes) = read(&server, "/media/copy", "bytes=0-");
    assert!(status == 206 && body().starts_with(&bytes) && bytes.len() < LENGTH);
    let upload = server.send(Request::new("POST", "/media/parts?uploads")).element("UploadId");
    let part = Request::put(&format!("/media/parts?partNumber=1&uploadId={upload}"))
        .header("x-amz-copy-source", "/media/k")
        .header("x-amz-copy-source-range", &format!("bytes={}-{}", 9 * BLOCK, 12 * BLOCK));
    assert_eq!(server.send(part).error().1, "InternalError");
}
