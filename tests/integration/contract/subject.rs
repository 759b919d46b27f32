//! What a case runs against: r2shim over one store, and what every answer of it must be, whatever was asked.

use super::deviations::{DEVIATIONS, Deviation, Row};
use crate::support::stores::{Kind, RealStore, STORE_KEY_ID, STORE_REGION, STORE_SECRET};
use crate::support::{Connection, Request, Response, TestServer};
use r2shim::s3::names::BucketName;
use r2shim::sigv4::Secret;
use r2shim::upstream::{BucketMap, CredentialSource, Dialect, Endpoint, Remote};
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

/// Names there are for the buckets of one topic's cases.
const NAMES: usize = 100;
/// What a bucket is called in a remote store, before its number. No client knows it.
const UPSTREAM_PREFIX: &str = "acme-internal-";
/// The owner of everything in a MinIO.
const MINIO_OWNER: &str = "02d6176db174dc93cb1b899f7c6078f08654445fe8cf1b6ce98d8855f66bdbf4";
/// What a remote store knows and no client may see.
const HIDDEN: &[&str] = &[UPSTREAM_PREFIX, STORE_KEY_ID, STORE_SECRET, STORE_REGION, MINIO_OWNER];

/// r2shim over a store.
pub struct Subject {
    /// The store, as [`DEVIATIONS`] names it.
    pub store: &'static str,
    /// Where r2shim speaks S3.
    pub address: SocketAddr,
    _server: TestServer,
    /// Dropped after the server in front of it.
    _behind: Option<RealStore>,
    buckets: AtomicUsize,
}

impl Subject {
    /// Over the local store.
    pub fn local() -> Subject {
        Subject::over("local", TestServer::start("r2"), None)
    }

    /// Over a MinIO.
    pub fn minio() -> Subject {
        Subject::in_front_of(Kind::Minio)
    }

    /// Over a Versity gateway.
    pub fn versitygw() -> Subject {
        Subject::in_front_of(Kind::Versitygw)
    }

    fn in_front_of(kind: Kind) -> Subject {
        let store = RealStore::start(kind);
        let server = TestServer::in_front_of("r2", remote(kind.program(), store.address));
        Subject::over(kind.program(), server, Some(store))
    }

    fn over(store: &'static str, server: TestServer, behind: Option<RealStore>) -> Subject {
        let (address, buckets) = (server.address, AtomicUsize::new(0));
        Subject { store, address, _server: server, _behind: behind, buckets }
    }

    /// The entry of the table for this store, if it differs from all others.
    pub fn deviation(&self, deviation: Deviation) -> Option<&'static Row> {
        let row = DEVIATIONS.iter().find(|row| row.store == self.store && row.deviation == deviation)?;
        println!("{}: {:?}: {}", row.store, row.deviation, row.why);
        Some(row)
    }

    /// What the table says that comes for this store; `usual` where it says nothing.
    pub fn answer(&self, deviation: Deviation, usual: (u16, &'static str)) -> (u16, &'static str) {
        self.deviation(deviation).map_or(usual, |row| row.answers)
    }

    /// A name no other case has.
    pub fn unused_name(&self) -> String {
        let number = self.buckets.fetch_add(1, Ordering::Relaxed);
        assert!(number < NAMES, "no more names");
        bucket_name(number)
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
        let (lines, text) = (format!("{:?}", answer.headers), answer.text());
        let reported: Vec<_> =
            HIDDEN.iter().filter(|hidden| lines.contains(*hidden) || text.contains(*hidden)).collect();
        assert!(reported.is_empty(), "{reported:?} in {}", what());
        assert!(answer.status < 500 || answer.status == 501, "{}", what());
    }
}

fn bucket_name(number: usize) -> String {
    format!("bucket-{number}")
}

/// A store whose name is also that of its dialect, with other names for all buckets.
fn remote(name: &str, address: SocketAddr) -> Remote {
    let mut buckets = BucketMap::new(true);
    for number in 0..NAMES {
        let name = BucketName::parse(&bucket_name(number)).unwrap();
        buckets.map(name, format!("{UPSTREAM_PREFIX}{number}")).unwrap();
    }
    let credentials =
        CredentialSource::Static { access_key_id: STORE_KEY_ID.to_owned(), secret: Secret::new(STORE_SECRET) };
    Remote {
        region: STORE_REGION.to_owned(),
        dialect: Dialect::from_name(name).unwrap(),
        buckets,
        ..Remote::new(vec![Endpoint::parse(&format!("http://{address}")).unwrap()], credentials)
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

    /// All keys, as a listing shows them.
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
