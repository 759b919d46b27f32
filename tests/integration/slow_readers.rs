//! Clients that read their answers slowly. A client that reads almost nothing is cut off; one that is slow, or slowed
//! down by its limit, is not.

use crate::support::secure::{Authority, Sent};
use crate::support::service::eventually;
use crate::support::{KEY_ID, Request, SECRET, TestServer, rules};
use r2shim::access::{AccessKey, KeyLimits, Keyring};
use r2shim::filters::{Limits, Rules};
use r2shim::settings::RequestLimits;
use r2shim::sigv4::Secret;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// More than the buffers of both sides hold.
const LARGE: usize = 32 << 20;
const RECEIVE_BUFFER: usize = 64 << 10;

fn rules_with(limits: Limits, of_key: KeyLimits) -> Rules {
    let key = AccessKey { limits: of_key, ..AccessKey::admin(KEY_ID, Secret::new(SECRET)) };
    Rules { limits, ..rules("r2", [key].into_iter().collect::<Keyring>()) }
}

/// A server whose clients have to take so many bytes in each window.
fn limits(answer_bytes: u64, millis: u64) -> Limits {
    RequestLimits { answer_bytes, body_window: Duration::from_millis(millis), ..RequestLimits::default() }.into()
}

fn with_object(server: &TestServer, bytes: usize) {
    assert_eq!(server.send(Request::put("/media")).status, 200);
    let put = Request::put("/media/k").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").body(vec![7; bytes]);
    assert_eq!(server.send(put).status, 200);
}

/// A GET that is sent, and whose answer is not read yet.
fn begun(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    set_socket_recv_buffer_size(&stream, RECEIVE_BUFFER).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let get = Request::get("/media/k").header("connection", "close").signed(server.address);
    stream.write_all(&get.head_bytes()).unwrap();
    stream
}

/// What is read to the end of the connection, in pieces with pauses. A reset is an end, too.
fn read_all(mut stream: TcpStream, pause: Duration) -> usize {
    let (mut piece, mut total) = (vec![0; 512 << 10], 0);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        total += count;
        sleep(pause);
    }
    total
}

fn cut_off(server: &TestServer) -> bool {
    let line = format!("r2shim_limited_requests_total{{key_id=\"{KEY_ID}\",limit=\"answer_bytes\"}} 1");
    server.admin_page("/metrics").text().lines().any(|found| found == line)
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let server = TestServer::with_rules(rules_with(limits(64 << 10, 300), KeyLimits::default()));
    with_object(&server, LARGE);
    let stream = begun(&server);
    eventually("the end of the answer", || cut_off(&server).then_some(()));
    assert!(read_all(stream, Duration::ZERO) < LARGE);
    assert_eq!(server.send(Request::get("/media/k").header("range", "bytes=0-0")).status, 206);
}

/// The pauses are the client's. Together they are longer than a window, which is long enough that no busy machine makes
/// one pause of it.
#[test]
fn a_client_above_the_minimum_rate_gets_the_whole_answer() {
    let server = TestServer::with_rules(rules_with(limits(1, 3_000), KeyLimits::default()));
    with_object(&server, LARGE);
    let began = Instant::now();
    assert!(read_all(begun(&server), Duration::from_millis(20)) > LARGE);
    assert!(began.elapsed() > Duration::from_secs(4), "the server had no window to wait for: {:?}", began.elapsed());
    assert!(!cut_off(&server));
}

/// The minimum is ten times what the key may have.
#[test]
fn a_client_slowed_down_by_its_key_gets_the_whole_answer() {
    let of_key = KeyLimits { bytes_out: Some(1 << 20), ..KeyLimits::default() };
    let server = TestServer::with_rules(rules_with(limits(1 << 20, 100), of_key));
    with_object(&server, 5 << 19);
    assert!(read_all(begun(&server), Duration::ZERO) > 5 << 19);
    assert!(!cut_off(&server));
}

#[test]
fn a_slow_stream_of_http2_is_reset_and_the_connection_is_kept() {
    let authority = Authority::new();
    let rules = rules_with(limits(64 << 10, 300), KeyLimits::default());
    let server = authority.server_with(rules, &authority.issue("server"), "none");
    let mut connection = authority.connect_http2(server.address, None);
    assert_eq!(connection.send(&Request::put("/media").signed(server.address)).status, 200);
    let put = Request::put("/media/k").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").body(vec![7; 4 << 20]);
    assert_eq!(connection.send(&put.signed(server.address)).status, 200);
    let Sent { response, .. } = connection.begin(&Request::get("/media/k").signed(server.address), true).unwrap();
    let mut body = connection.block_on(response).unwrap().into_body();
    eventually("the end of the answer", || cut_off(&server).then_some(()));
    let ended = connection.block_on(async {
        // What came is kept and not made room for.
        while let Some(piece) = body.data().await {
            if let Err(error) = piece {
                return Some(error);
            }
        }
        None
    });
    assert!(ended.is_some_and(|error| error.is_reset()), "it broke off");
    drop(body);
    let range = Request::get("/media/k").header("range", "bytes=0-0").signed(server.address);
    assert_eq!(connection.send(&range).status, 206);
}
