//! Durable small PUTs per second, with one connection and with many. Not part of the tests: figures depend on the disk.
//!
//! `cargo bench --bench puts` serves a temporary folder with the optimised binary. Requests are signed before the clock
//! starts, so that what is measured is the server.

#![allow(missing_docs, reason = "nothing here is for others")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run says so by ending")]

use http::HeaderMap;
use r2shim::s3::Timestamp;
use r2shim::s3::request::RequestHead;
use r2shim::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const KEY_ID: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Bytes of a body.
const SIZES: [usize; 3] = [1 << 10, 16 << 10, 64 << 10];
const CONNECTIONS: [usize; 2] = [1, 32];
/// PUTs in a run, over all connections.
const PUTS: usize = 6_400;

fn main() {
    for durability in ["fsync", "none"] {
        for size in SIZES {
            for connections in CONNECTIONS {
                let mut times = measure(durability, size, connections);
                times.sort();
                let all = times.pop().unwrap();
                let (half, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
                let rate = times.len() as f64 / all.as_secs_f64();
                print!("{durability:>5}  {size:>6} bytes  {connections:>2} connections  ");
                println!("{rate:>6.0} PUTs/s  median {half:.1?}  p99 {p99:.1?}");
            }
        }
    }
}

/// The time of each PUT, and of the whole run, which is the longest.
fn measure(durability: &str, size: usize, connections: usize) -> Vec<Duration> {
    let data = tempfile::tempdir().unwrap();
    let (mut server, address) = serve(data.path().to_str().unwrap(), durability);
    Connection::open(&address).put(&signed(&address, "/bench", 0));
    let requests = |connection| {
        let count = PUTS / connections;
        (0..count).map(|put| signed(&address, &format!("/bench/{connection}/{put}"), size)).collect::<Vec<_>>()
    };
    let work: Vec<_> = (0..connections).map(|number| (Connection::open(&address), requests(number))).collect();
    let began = Instant::now();
    let runs: Vec<_> =
        work.into_iter().map(|(connection, requests)| thread::spawn(|| run(connection, requests))).collect();
    let mut times: Vec<_> = runs.into_iter().flat_map(|run| run.join().unwrap()).collect();
    times.push(began.elapsed());
    server.kill().unwrap();
    server.wait().unwrap();
    times
}

fn run(mut connection: Connection, requests: Vec<Vec<u8>>) -> Vec<Duration> {
    let timed = |request: Vec<u8>| {
        let began = Instant::now();
        connection.put(&request);
        began.elapsed()
    };
    requests.into_iter().map(timed).collect()
}

/// A server of the binary in `R2SHIM_BENCH_BINARY`, or of the one that was built with this.
fn serve(data: &str, durability: &str) -> (Child, String) {
    let binary = std::env::var("R2SHIM_BENCH_BINARY").unwrap_or(env!("CARGO_BIN_EXE_r2shim").to_owned());
    let words = ["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--durability", durability, "--data", data];
    let mut command = Command::new(binary);
    command.args(words).env("R2SHIM_ACCESS_KEY_ID", KEY_ID).env("R2SHIM_SECRET_ACCESS_KEY", SECRET);
    let mut child = command.env("R2SHIM_LOG", "error").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map(Result::unwrap).find_map(|line| Some(line.split_once("http://")?.1.trim().to_owned()));
    (child, address.unwrap())
}

/// A whole request, as it goes over the wire.
fn signed(address: &str, path: &str, size: usize) -> Vec<u8> {
    let now = Timestamp::from(SystemTime::now());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", address),
        ("x-amz-date", &now.amz_date()),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("content-length", &size.to_string()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let (secret, cache) = (Secret::new(SECRET), KeyCache::default());
    let signer = Signer { access_key_id: KEY_ID, secret: &secret, region: "auto", service: "s3", cache: &cache };
    let head = RequestHead { method: "PUT", path, query: "", headers: &headers };
    let authorization = signer.sign(&head, &PayloadHash::parse("UNSIGNED-PAYLOAD").unwrap(), now).authorization;
    headers.insert("authorization", authorization.parse().unwrap());
    let lines = headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
    let head = format!("PUT {path} HTTP/1.1\r\n{}\r\n", lines.collect::<String>());
    [head.into_bytes(), vec![7; size]].concat()
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection(BufReader::new(stream))
    }

    /// Sends a request and waits for its answer, which has no body.
    fn put(&mut self, request: &[u8]) {
        self.0.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.contains(" 200 "), "{line}");
        while line.trim_end() != "" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
        }
    }
}
