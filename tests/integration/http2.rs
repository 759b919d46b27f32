//! HTTP/2: what its clients may do, and that none can do more.

use crate::support::secure::{Authority, Sent, read, read_body, write};
use crate::support::{KEY_ID, Request, SECRET, TestServer, rules};
use bytes::Bytes;
use h2::Reason;
use r2shim::access::{AccessKey, Keyring};
use r2shim::filters::{Limits, Rules};
use r2shim::settings::{PortLimits, RequestLimits};
use r2shim::sigv4::Secret;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// No server under test takes this long.
const HANG: Duration = Duration::from_secs(30);

/// Larger than what the windows and the sockets of both sides hold.
const LARGE: usize = 32 << 20;

fn server(authority: &Authority, limits: Limits) -> TestServer {
    let keys: Keyring = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
    let rules = Rules { limits, ..rules("r2", keys) };
    let server = authority.server_with(rules, &authority.issue("server"), "none");
    let mut connection = authority.connect_http2(server.address, None);
    for request in [Request::put("/media"), Request::put("/media/kept").body("kept")] {
        assert_eq!(connection.send(&request.signed(server.address)).status, 200);
    }
    server
}

/// The client is in the middle of sending when the answer is there, and goes on with the connection.
#[test]
fn a_refused_upload_is_answered_and_the_connection_is_kept() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let put = || Request::put("/media/new").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").body(vec![0; 8 << 20]);
    let mut connection = authority.connect_http2(server.address, None);
    for _ in 0..5 {
        for (request, status) in [
            (put().header("x-amz-acl", "private").signed(server.address), 501),
            (put().signed(server.address).replaced("Signature=", "Signature=0"), 403),
            (Request { target: "/nowhere/new".into(), ..put() }.signed(server.address), 404),
            (
                Request { method: "DELETE".into(), ..put() }.header("content-length", "8388608").signed(server.address),
                204,
            ),
        ] {
            assert_eq!(connection.send(&request).status, status);
            assert_eq!(connection.send(&Request::get("/media/kept").signed(server.address)).text(), "kept");
        }
    }
}

/// SDKs wait a second for it where it does not come.
#[test]
fn a_client_that_expects_100_gets_it_when_admitted() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let mut connection = authority.connect_http2(server.address, None);
    let put = Request::put("/media/new").header("expect", "100-continue").body("new");
    let Sent { mut response, body } = connection.begin(&put.clone().signed(server.address), false).unwrap();
    let answer = connection.block_on(async {
        let invitation = std::future::poll_fn(|cx| response.poll_informational(cx)).await.unwrap().unwrap();
        assert_eq!(invitation.status(), 100);
        write(body, Bytes::from_static(b"new")).await;
        read(response).await.unwrap()
    });
    assert_eq!(answer.status, 200);
    let refused = put.header("x-amz-acl", "private").signed(server.address);
    let Sent { mut response, body: _body } = connection.begin(&refused, false).unwrap();
    let answer = connection.block_on(async {
        assert!(std::future::poll_fn(|cx| response.poll_informational(cx)).await.is_none(), "no 100 is sent");
        read(response).await.unwrap()
    });
    assert_eq!(answer.status, 501);
}

/// The object's file is cut short while it is sent: no client may take what came for all of it.
#[test]
fn an_answer_that_breaks_off_is_reset() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let mut connection = authority.connect_http2(server.address, None);
    let large = vec![7; LARGE];
    assert_eq!(connection.send(&Request::put("/media/large").body(large).signed(server.address)).status, 200);
    let Sent { response, .. } = connection.begin(&Request::get("/media/large").signed(server.address), true).unwrap();
    let answer = connection.block_on(response).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.truncate_files(LARGE as u64, LARGE as u64 / 2), 1);
    let broken = connection.block_on(read_body(answer.into_body())).unwrap_err();
    assert_eq!(broken.reason(), Some(Reason::INTERNAL_ERROR));
    assert_eq!(connection.send(&Request::get("/media/kept").signed(server.address)).text(), "kept");
}

#[test]
fn a_body_that_stalls_or_trickles_ends() {
    let authority = Authority::new();
    let millis = Duration::from_millis;
    for limits in [
        RequestLimits { body_idle: millis(200), ..RequestLimits::default() },
        RequestLimits { body_window: millis(200), ..RequestLimits::default() },
    ] {
        let server = server(&authority, limits.into());
        let mut connection = authority.connect_http2(server.address, None);
        let put = Request::put("/media/new").body(vec![1; 100]).signed(server.address);
        let Sent { response, mut body } = connection.begin(&put, false).unwrap();
        body.send_data(Bytes::from_static(b"a"), false).unwrap();
        let answer = connection.block_on(read(response)).unwrap();
        assert_eq!(answer.error().0, 400, "{}", answer.text());
        assert_eq!(answer.element("Code"), "RequestTimeout");
    }
}

/// After the handshake, a client that says nothing has the time of a first byte; later, that of an idle connection.
#[test]
fn connections_without_requests_end() {
    let authority = Authority::new();
    let short = Duration::from_millis(300);
    let server = server(&authority, PortLimits { first_byte_time: short, ..PortLimits::default() }.into());
    let (runtime, mut stream) = authority.silent_http2(server.address);
    let mut rest = Vec::new();
    runtime.block_on(async { drop(stream.read_to_end(&mut rest).await) });
    // The preface alone is no request.
    let connection = authority.connect_http2(server.address, None);
    connection.end();
    drop(server);
    let server = self::server(&authority, PortLimits { idle_time: short, ..PortLimits::default() }.into());
    let mut connection = authority.connect_http2(server.address, None);
    assert_eq!(connection.send(&Request::get("/media/kept").signed(server.address)).text(), "kept");
    assert_eq!(connection.end(), None, "the end is announced, and no error");
}

#[test]
fn requests_at_once_are_limited() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let mut connection = authority.connect_http2(server.address, None);
    connection.send(&Request::get("/media/kept").signed(server.address));
    assert_eq!(connection.max_streams(), 100);
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame: its kind, its flags, its stream, and what is in it.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A frame that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// The frames in what was read; a last one that is not whole is left out.
fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut found = Vec::new();
    while let [a, b, c, kind, _, stream @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((stream, rest)) = stream.split_first_chunk().filter(|(_, rest)| rest.len() >= length) else { break };
        let (payload, rest) = rest.split_at(length);
        found.push(Frame { kind: *kind, stream: u32::from_be_bytes(*stream), payload: payload.to_vec() });
        bytes = rest;
    }
    found
}

/// The last stream and the code in each GOAWAY among these frames.
fn goodbyes(bytes: &[u8]) -> Vec<(u32, u32)> {
    let number = |payload: &[u8]| u32::from_be_bytes(payload[..4].try_into().unwrap());
    let goodbyes = frames(bytes).into_iter().filter(|frame| frame.kind == 7);
    goodbyes.map(|frame| (number(&frame.payload), number(&frame.payload[4..]))).collect()
}

/// An unsigned GET of `/`: HPACK has GET, https and / in its table.
const HEAD: &[u8] = b"\x82\x87\x84\x41\x01h";

/// What comes in one piece ends the connection, and leaves others alone.
#[test]
fn floods_end_the_connection() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let streams = || (0..1000_u32).map(|n| 2 * n + 1);
    let resets = streams().flat_map(|n| [frame(1, 4, n, HEAD), frame(3, 0, n, &8_u32.to_be_bytes())].concat());
    let continuations = (0..1000).flat_map(|_| frame(9, 0, 1, &[0; 64]));
    for (what, flood, code) in [
        ("requests that are taken back", resets.collect::<Vec<_>>(), 11),
        ("a head without end", [frame(1, 0, 1, HEAD), continuations.collect()].concat(), 11),
        ("what is no frame of a client", frame(5, 4, 1, &[0; 8]), 1),
    ] {
        let (runtime, mut stream) = authority.silent_http2(server.address);
        let answer = runtime.block_on(async {
            // The server may close before all is written.
            let _ = stream.write_all(&[PREFACE, &frame(4, 0, 0, b""), &flood].concat()).await;
            let mut answer = Vec::new();
            let _ = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await.unwrap();
            answer
        });
        let last = goodbyes(&answer).last().map(|(_, code)| *code);
        assert_eq!(last, Some(code), "{what}: {answer:?}");
    }
    let mut other = authority.connect_http2(server.address, None);
    assert_eq!(other.send(&Request::get("/media/kept").signed(server.address)).text(), "kept");
}

#[test]
fn heads_are_limited_and_checked() {
    let authority = Authority::new();
    let server = server(&authority, Limits::default());
    let address = server.address;
    let get = || Request::get("/media/kept").signed(address);
    let many = (0..600).fold(get(), |request, n| request.header(&format!("x-{n}"), &"v".repeat(100)));
    let mut connection = authority.connect_http2(address, None);
    for (what, request, status) in [
        ("more bytes than HTTP/2 takes", get().header("x-long", &"v".repeat(70_000)), 431),
        ("more lines than the chain takes", many, 431),
        ("two lengths", get().header("content-length", "0").header("content-length", "0"), 400),
        ("no host that could be one", Request::get("/").header("host", "a_b,c").unsigned(address), 400),
        ("no such method", Request::new("BREW", "/media/kept").unsigned(address), 400),
    ] {
        let answer = connection.try_send(&request).map(|answer| answer.status);
        assert_eq!(answer.ok(), Some(status), "{what}");
    }
    assert_eq!(connection.send(&get()).text(), "kept");
}

/// Without TLS, and where the client has agreed on HTTP/1.1, the preface is no head, and no Upgrade is followed.
#[test]
fn nothing_leads_to_http2_but_the_handshake() {
    let authority = Authority::new();
    let (plain, secure) =
        (TestServer::with_object("r2", "media", "kept", "kept"), server(&authority, Limits::default()));
    let upgrade = |address| {
        let get = Request::get("/media/kept").header("connection", "Upgrade, HTTP2-Settings");
        get.header("upgrade", "h2c").header("http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA").signed(address)
    };
    let mut connection = plain.connect();
    assert_eq!(connection.send(upgrade(plain.address)).text(), "kept");
    let mut connection = authority.connect(secure.address, None);
    assert_eq!(connection.send(upgrade(secure.address)).text(), "kept");

    let mut connection = plain.connect();
    connection.write(&[PREFACE, &frame(4, 0, 0, b"")].concat());
    let answer = connection.read_to_end();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
    let mut connection = authority.connect(secure.address, None);
    connection.write(&[PREFACE, &frame(4, 0, 0, b"")].concat());
    let answer = connection.read_to_end();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
}

/// A server stops in time although one client is idle, one has agreed on HTTP/2 and sends nothing, and one has not
/// completed its handshake.
#[test]
fn a_stopping_server_announces_it_and_closes_idle_connections() {
    let authority = Authority::new();
    let mut server = server(&authority, Limits::default());
    let mut idle = authority.connect_http2(server.address, None);
    assert_eq!(idle.send(&Request::get("/media/kept").signed(server.address)).text(), "kept");
    let _silent = authority.silent_http2(server.address);
    let _half = server.connect();
    let (limit, began) = (Duration::from_secs(30), Instant::now());
    assert_eq!(server.stop(limit), 0);
    assert!(began.elapsed() < limit, "the server does not wait for idle clients");
    assert_eq!(idle.end(), None, "the end is announced, and no error");
    assert!(std::net::TcpStream::connect(server.address).is_err());
}

/// A client whose frames a test writes.
struct Frames {
    runtime: Runtime,
    stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

impl Frames {
    fn new(authority: &Authority, address: SocketAddr) -> Frames {
        let (runtime, stream) = authority.silent_http2(address);
        let mut client = Frames { runtime, stream, read: Vec::new() };
        client.write(&[PREFACE, &frame(4, 0, 0, b"")].concat());
        // The server's settings: it has read the preface.
        client.wait_for("settings", |frame| frame.kind == 4);
        client
    }

    fn write(&mut self, bytes: &[u8]) {
        self.runtime.block_on(self.stream.write_all(bytes)).unwrap();
    }

    /// Waits for a frame.
    fn wait_for(&mut self, what: &str, is_it: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            if let Some(found) = frames(&self.read).into_iter().find(|frame| is_it(frame)) {
                return found;
            }
            let read = async { timeout(HANG, self.stream.read_buf(&mut self.read)).await };
            let read = self.runtime.block_on(read).unwrap_or_else(|_| panic!("{what}: {:?}", frames(&self.read)));
            assert!(read.is_ok_and(|bytes| bytes > 0), "{what}: {:?}", frames(&self.read));
        }
    }

    fn wait_for_answer(&mut self, stream: u32) {
        self.wait_for("an answer", |frame| frame.kind == 1 && frame.stream == stream);
    }

    /// Waits until the server closes the connection, and returns what its GOAWAYs said.
    fn end(mut self) -> Vec<(u32, u32)> {
        let read = async { timeout(HANG, self.stream.read_to_end(&mut self.read)).await.unwrap() };
        // A connection need not be closed by TLS once all is said.
        let _ = self.runtime.block_on(read);
        goodbyes(&self.read)
    }
}

/// A request that is on its way when the server says that it stops is answered: which was the last is said later, once
/// the client has known for a while (RFC 9113 section 6.8).
#[test]
fn a_server_that_stops_answers_what_was_sent_before_its_client_knew() {
    const ANY: u32 = (1 << 31) - 1;
    let authority = Authority::new();
    let mut server = server(&authority, Limits::default());
    let mut client = Frames::new(&authority, server.address);
    client.write(&frame(1, 5, 1, HEAD));
    client.wait_for_answer(1);
    // It has said nothing yet but that it speaks HTTP/2.
    let mut idle = Frames::new(&authority, server.address);
    let idle = thread::spawn(move || {
        idle.wait_for("a first GOAWAY", |frame| frame.kind == 7);
        idle.end()
    });
    let stopping = thread::spawn(move || server.stop(HANG));
    client.wait_for("a first GOAWAY", |frame| frame.kind == 7);
    client.write(&frame(1, 5, 3, HEAD));
    client.wait_for_answer(3);
    let ping = client.wait_for("a ping", |frame| frame.kind == 6);
    client.write(&frame(6, 1, 0, &ping.payload));
    assert_eq!(client.end(), [(ANY, 0), (ANY, 0), (3, 0)]);
    assert_eq!(idle.join().unwrap().first(), Some(&(ANY, 0)));
    assert_eq!(stopping.join().unwrap(), 0);
}
