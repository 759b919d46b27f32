//! Where one request ends and the next begins: heads and bodies that another reader could take for more or fewer
//! requests, over the local store and in front of another one. Where that is in doubt the connection ends, and what
//! came behind is never read.

use super::{front, store};
use crate::support::scripted::Scripted;
use crate::support::{Connection, Request, TestServer};
use std::net::SocketAddr;

/// What is expected of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// The next request on it is answered.
    Stays,
    /// The next request on it is not read.
    Ends,
}

use After::{Ends, Stays};

/// Sends bytes and, right behind them, a good request. Returns the status of the first answer and what became of the
/// connection.
fn exchange(address: SocketAddr, bytes: &[u8], what: &str) -> (u16, After) {
    let next = Request::get("/media/kept").signed(address).head_bytes();
    let mut connection = Connection::open(address);
    connection.write(&[bytes, next.as_slice()].concat());
    let answer = connection.read(false);
    assert_eq!(answer.header("upgrade"), "", "{what}");
    let Some(second) = connection.read_unless_closed(false) else {
        assert_eq!(answer.header("connection"), "close", "{what}: the answer announces it");
        return (answer.status, Ends);
    };
    assert_eq!((second.status, second.text().as_str()), (200, "kept"), "{what}: it is the next request's answer");
    connection.finish_sending();
    assert!(connection.is_closed(), "{what}: there is no third answer");
    (answer.status, Stays)
}

/// Each row goes to a local store and to a scripted one, which gets no more requests than were answered well.
fn everywhere(rows: impl Fn(SocketAddr) -> Vec<(&'static str, Vec<u8>, u16, After)>) {
    let local = TestServer::with_object("r2", "media", "kept", "kept");
    let upstream = Scripted::answering(store::usual);
    let remote = front(&upstream);
    for server in [&local, &remote] {
        for (what, bytes, status, after) in rows(server.address) {
            let before = upstream.requests().len();
            assert_eq!(exchange(server.address, &bytes, what), (status, after), "{what}");
            let arrived = upstream.requests().len() - before;
            let answered = usize::from(status == 200) + usize::from(after == Stays);
            let expected = if server.address == remote.address { answered } else { 0 };
            assert_eq!(arrived, expected, "{what}: what reached the store");
        }
    }
    for received in upstream.requests() {
        assert!(received.is_whole() && !received.has("transfer-encoding"), "{:?}", received.headers);
    }
}

#[test]
fn heads_that_others_could_read_otherwise() {
    everywhere(|address| {
        let good = String::from_utf8(Request::get("/media/kept").signed(address).head_bytes()).unwrap();
        let host = format!("host: {address}\r\n");
        let with = |line: &str| good.replace(&host, &format!("{host}{line}\r\n")).into_bytes();
        let target = |target: &str| good.replace(" /media/kept ", &format!(" {target} ")).into_bytes();
        let instead = |old: &str, new: &str| good.replacen(old, new, 1).into_bytes();
        let absolute = format!("http://{address}/media/kept");
        vec![
            ("a good one", good.clone().into_bytes(), 200, Stays),
            ("an empty line in front", format!("\r\n{good}").into_bytes(), 200, Stays),
            ("a line feed in front", format!("\n{good}").into_bytes(), 400, Ends),
            ("a line feed behind the request line", instead("\r\n", "\n"), 400, Ends),
            ("a line feed behind a header", instead(&host, &host.replace('\r', "")), 400, Ends),
            ("a line feed in a value", with("x-a: 1\nx-b: 2"), 400, Ends),
            ("a line feed that hides a length", with("x-a: 1\ncontent-length: 99"), 400, Ends),
            ("line feeds at the end", instead("\r\n\r\n", "\n\n"), 400, Ends),
            ("a line feed at the end", instead("\r\n\r\n", "\r\n\n"), 400, Ends),
            ("a carriage return in a value", with("x-a: 1\rx-b: 2"), 400, Ends),
            ("a folded line", with("x-a: 1\r\n content-length: 99"), 400, Ends),
            ("a first line that is folded", instead(&host, &format!(" x: y\r\n{host}")), 400, Ends),
            ("a blank before the colon", with("content-length : 99"), 400, Ends),
            ("a tab before the colon", with("transfer-encoding\t: chunked"), 400, Ends),
            ("NUL in a value", with("x-a: 1\u{0}2"), 400, Ends),
            ("NUL in a name", with("x\u{0}a: 1"), 400, Ends),
            ("no name", with(": 1"), 400, Ends),
            ("no colon", with("x-a"), 400, Ends),
            ("two Hosts", with("host: elsewhere.test"), 400, Ends),
            ("the same Host twice", with(host.trim_end()), 400, Ends),
            ("no Host", instead(&host, ""), 400, Ends),
            ("a Host with a blank", instead(&host, "host: a b\r\n"), 400, Ends),
            ("a Host with a user", instead(&host, "host: a@b\r\n"), 400, Ends),
            ("an absolute target", target(&absolute), 200, Stays),
            ("an absolute target at another host", target("http://elsewhere.test/media/kept"), 400, Ends),
            ("an absolute target with a user", target(&format!("http://u@{address}/media/kept")), 400, Ends),
            ("another scheme", target("ftp://elsewhere.test/media/kept"), 400, Ends),
            ("a target without a slash", target("media/kept"), 400, Ends),
            ("a host as the target", target("elsewhere.test:443"), 400, Ends),
            ("CONNECT", instead("GET /media/kept", "CONNECT elsewhere.test:443"), 400, Ends),
            ("CONNECT here", instead("GET /media/kept", &format!("CONNECT {address}")), 405, Ends),
            (
                "Upgrade to h2c",
                with("connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk"),
                200,
                Stays,
            ),
            ("Upgrade to WebSocket", with("connection: upgrade\r\nupgrade: websocket"), 200, Stays),
            ("Connection names the date", with("connection: x-amz-date"), 400, Ends),
            ("Connection names the signature", with("connection: keep-alive, Authorization"), 400, Ends),
            ("Connection names the host", with("connection: close, host"), 400, Ends),
            ("Connection names what is not there", with("connection: x-absent"), 200, Stays),
            ("Connection: close", with("connection: close"), 200, Ends),
            ("HTTP/1.0", instead("HTTP/1.1", "HTTP/1.0"), 200, Ends),
            ("HTTP/1.0 with chunks", instead("HTTP/1.1\r\n", "HTTP/1.0\r\ntransfer-encoding: chunked\r\n"), 400, Ends),
            ("HTTP/1.2", instead("HTTP/1.1", "HTTP/1.2"), 400, Ends),
            ("no version", instead(" HTTP/1.1", ""), 400, Ends),
            ("a length and no body", with("content-length: 0"), 200, Stays),
            ("a length with a sign", with("content-length: +0"), 400, Ends),
            ("a length in two values", with("content-length: 0, 0"), 400, Ends),
            ("a length twice", with("content-length: 0\r\ncontent-length: 0"), 400, Ends),
            ("a length beside chunks", with("content-length: 0\r\ntransfer-encoding: chunked"), 400, Ends),
            ("chunks in another coding", with("transfer-encoding: gzip, chunked"), 400, Ends),
            ("another coding behind chunks", with("transfer-encoding: chunked, identity"), 400, Ends),
        ]
    });
}

/// A body in chunks ends its connection even where it is accepted: readers differ in what they take for a chunk.
#[test]
fn chunks_that_others_could_read_otherwise() {
    everywhere(|address| {
        let put = Request::put("/media/new")
            .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .header("x-amz-decoded-content-length", "3")
            .header("transfer-encoding", "chunked");
        let head = put.signed(address).head_bytes();
        // aws-chunked, 13 bytes, within HTTP's own chunks.
        let body = "3\r\nnew\r\n0\r\n\r\n";
        let send = |chunks: String| [head.clone(), chunks.into_bytes()].concat();
        let sized = |size: &str| send(format!("{size}\r\n{body}\r\n0\r\n\r\n"));
        let ended = |end: &str| send(format!("d\r\n{body}\r\n{end}"));
        vec![
            ("as they should be", sized("d"), 200, Ends),
            ("an upper-case size", sized("D"), 200, Ends),
            ("zeros in front", sized("000d"), 200, Ends),
            ("an extension", sized("d;a=b"), 200, Ends),
            ("a blank behind the size", sized("d "), 200, Ends),
            // The three that pingora takes and others read otherwise.
            ("a line feed in an extension", sized("d;a\nb"), 200, Ends),
            ("no size for the last", ended("\r\n\r\n"), 200, Ends),
            ("an extension for the last", ended(";\r\n\r\n"), 200, Ends),
            ("a trailer", ended("0\r\nx-amz-meta-a: b\r\n\r\n"), 200, Ends),
            ("a trailer with a length", ended("0\r\ncontent-length: 99\r\n\r\n"), 200, Ends),
            ("a line feed behind the size", send(format!("d\n{body}\r\n0\r\n\r\n")), 400, Ends),
            ("a line feed behind the chunk", send(format!("d\r\n{body}\n0\r\n\r\n")), 400, Ends),
            ("line feeds at the end", ended("0\n\n"), 400, Ends),
            ("a line feed behind a trailer", ended("0\r\na: b\n\r\n"), 400, Ends),
            ("a sign", sized("+d"), 400, Ends),
            ("a prefix", sized("0xd"), 400, Ends),
            ("a blank before the size", sized(" d"), 400, Ends),
            ("a size of 17 digits", sized("0000000000000000d"), 400, Ends),
            ("a size over 64 bits", sized("fffffffffffffffff"), 400, Ends),
            ("a chunk that is longer", sized("c"), 400, Ends),
            ("no chunks at all", send(body.to_owned()), 400, Ends),
        ]
    });
}

/// A request that is refused or has no use for a body: its chunks end the connection too.
#[test]
fn chunks_of_requests_that_want_none() {
    everywhere(|address| {
        let chunked = |request: Request, status: u16| {
            let request = request.header("transfer-encoding", "chunked");
            let head = request.signed(address).head_bytes();
            move |chunks: &str| ([head.as_slice(), chunks.as_bytes()].concat(), status)
        };
        let get = chunked(Request::get("/media/kept"), 200);
        let refused = chunked(Request::put("/media/new").header("x-amz-acl", "private"), 501);
        let mut rows = Vec::new();
        for chunks in ["0\r\n\r\n", "\r\n\r\n", "4\r\nkept\r\n0\r\n\r\n", "1;\n\r\nx\r\n0\r\n\r\n"] {
            for (bytes, status) in [get(chunks), refused(chunks)] {
                rows.push(("chunks for an operation without a body", bytes, status, Ends));
            }
        }
        rows
    });
}
