//! What a case runs against: r2shim over one store, and what every answer of it must be, whatever was asked.

use super::lacks::{LACKS, Lack, Row};
use crate::support::{Connection, Request, Response, TestServer};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Headers an answer may have; those of a user's metadata and of checksums besides.
const HEADERS: &[&str] = &[
    "accept-ranges",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "transfer-encoding",
    "x-amz-bucket-region",
    "x-amz-missing-meta",
    "x-amz-mp-parts-count",
    "x-amz-request-id",
];

/// r2shim over a store.
pub struct Subject {
    /// The store, as [`LACKS`] names it.
    pub store: &'static str,
    /// Where r2shim speaks S3.
    pub address: SocketAddr,
    _server: TestServer,
    buckets: AtomicUsize,
}

impl Subject {
    /// Over the local store.
    pub fn local() -> Subject {
        let server = TestServer::start("r2");
        Subject { store: "local", address: server.address, _server: server, buckets: AtomicUsize::new(0) }
    }

    /// What stands in the table for this store instead of what all others do, if anything does.
    pub fn lacks(&self, lack: Lack) -> Option<&'static Row> {
        let row = LACKS.iter().find(|row| row.store == self.store && row.lack == lack)?;
        println!("{}: {:?}: {}", row.store, row.lack, row.why);
        Some(row)
    }

    /// A name no other case has.
    pub fn unused_name(&self) -> String {
        format!("bucket-{}", self.buckets.fetch_add(1, Ordering::Relaxed))
    }

    /// A new bucket.
    pub fn bucket(&self) -> Bucket<'_> {
        let bucket = Bucket { subject: self, name: self.unused_name() };
        assert_answer(&bucket.send(Request::put(&bucket.at(""))), 200, "");
        bucket
    }

    /// Signs a request, sends it, and reads the answer, which shows nothing of the store.
    pub fn send(&self, request: Request) -> Response {
        self.exchange(&request.signed(self.address))
    }

    /// The same with a request that is signed already, or never.
    pub fn exchange(&self, request: &Request) -> Response {
        let answer = Connection::open(self.address).send(request.clone());
        self.assert_scrubbed(request, &answer);
        answer
    }

    fn assert_scrubbed(&self, request: &Request, answer: &Response) {
        let what = || {
            format!("{} {}: {} {:?}\n{}", request.method, request.target, answer.status, answer.headers, answer.text())
        };
        let known = |name: &str| {
            HEADERS.contains(&name) || name.starts_with("x-amz-meta-") || name.starts_with("x-amz-checksum-")
        };
        let stray: Vec<_> = answer.headers.iter().filter(|(name, _)| !known(name)).collect();
        assert!(stray.is_empty(), "{stray:?} in {}", what());
        assert_eq!(answer.header("x-amz-request-id").len(), 16, "{}", what());
        assert!(answer.status < 500 || answer.status == 501, "{}", what());
    }
}

/// A bucket of one case.
pub struct Bucket<'a> {
    pub subject: &'a Subject,
    pub name: String,
}

impl Bucket<'_> {
    /// The target of a key, which is percent-encoded, with a query behind it; of the bucket where that begins with `?`.
    pub fn at(&self, key: &str) -> String {
        if key.is_empty() || key.starts_with('?') {
            format!("/{}{key}", self.name)
        } else {
            format!("/{}/{key}", self.name)
        }
    }

    pub fn send(&self, request: Request) -> Response {
        self.subject.send(request)
    }

    /// A request to a key, or to the bucket.
    pub fn request(&self, method: &str, key: &str, headers: &[(&str, &str)]) -> Request {
        let request = Request::new(method, &self.at(key));
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub fn get(&self, key: &str) -> Response {
        self.get_with(key, &[])
    }

    pub fn get_with(&self, key: &str, headers: &[(&str, &str)]) -> Response {
        self.send(self.request("GET", key, headers))
    }

    pub fn head_with(&self, key: &str, headers: &[(&str, &str)]) -> Response {
        self.send(self.request("HEAD", key, headers))
    }

    pub fn delete(&self, key: &str) -> Response {
        self.send(self.request("DELETE", key, &[]))
    }

    pub fn post(&self, key: &str, headers: &[(&str, &str)], document: &str) -> Response {
        self.send(self.request("POST", key, headers).body(document))
    }

    pub fn put_with(&self, key: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Response {
        self.send(self.request("PUT", key, headers).body(body))
    }

    /// Writes an object, which succeeds, and returns its ETag.
    pub fn put(&self, key: &str, body: impl Into<Vec<u8>>) -> String {
        let written = self.put_with(key, &[], body);
        assert_answer(&written, 200, "");
        written.header("etag").to_owned()
    }

    /// All keys, as a listing tells them.
    pub fn keys(&self) -> Vec<String> {
        self.get("?list-type=2").elements("Key")
    }
}

/// Asserts an answer's status and, where it is an error, its code and that it is written as R2 writes errors.
#[track_caller]
pub fn assert_answer(answer: &Response, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.element("Code").as_str()),
        (status, code),
        "{:?}\n{}",
        answer.headers,
        answer.text()
    );
    if !code.is_empty() {
        let start = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>");
        assert!(answer.text().starts_with(&start), "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/xml");
        let foreign = ["RequestId", "HostId", "Resource", "BucketName", "Region"];
        assert_eq!(foreign.map(|name| answer.elements(name)), foreign.map(|_| Vec::<String>::new()));
    }
}
