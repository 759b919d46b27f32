//! An HTTP/1.1 client that adds nothing of its own: what a test writes is what goes over the wire.

use super::server::{KEY_ID, SECRET};
use http::{HeaderMap, HeaderName, HeaderValue};
use r2shim::s3::Timestamp;
use r2shim::s3::request::RequestHead;
use r2shim::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

/// No server under test takes this long; a read that does has hung.
const HANG: Duration = Duration::from_secs(20);

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Request {
        Request { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    pub fn put(target: &str) -> Request {
        Request::new("PUT", target)
    }

    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// The request with `host`, `x-amz-date`, `x-amz-content-sha256`, `content-length` and a signature over all
    /// `x-amz-*` headers.
    pub fn signed(self, address: SocketAddr) -> Request {
        self.signed_for(address, KEY_ID, SECRET, "auto")
    }

    /// The same with another key or region.
    pub fn signed_for(mut self, address: SocketAddr, id: &str, secret: &str, region: &str) -> Request {
        let now = Timestamp::from(SystemTime::now());
        let digest: [u8; 32] = Sha256::digest(&self.body).into();
        self.default_header("host", &address.to_string());
        self.default_header("x-amz-date", &now.amz_date());
        self.default_header("x-amz-content-sha256", &PayloadHash::Digest(digest).text());
        if self.method == "PUT" || self.method == "POST" {
            self.default_header("content-length", &self.body.len().to_string());
        }
        let headers = self.header_map();
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let head = RequestHead { method: &self.method, path, query, headers: &headers };
        let payload = headers["x-amz-content-sha256"].to_str().unwrap();
        let payload = PayloadHash::parse(payload).unwrap();
        let (secret, cache) = (Secret::new(secret), KeyCache::default());
        let signer = Signer { access_key_id: id, secret: &secret, region, service: "s3", cache: &cache };
        let authorization = signer.sign(&head, &payload, now).authorization;
        self.header("authorization", &authorization)
    }

    /// The request presigned for `expires` seconds, its signature in the query.
    pub fn presigned(mut self, address: SocketAddr, expires: u64) -> Request {
        self.default_header("host", &address.to_string());
        let headers = self.header_map();
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let head = RequestHead { method: &self.method, path, query, headers: &headers };
        let (secret, cache) = (Secret::new(SECRET), KeyCache::default());
        let signer = Signer { access_key_id: KEY_ID, secret: &secret, region: "auto", service: "s3", cache: &cache };
        let query = signer.presign(&head, expires, Timestamp::from(SystemTime::now()));
        self.target = format!("{path}?{query}");
        if !self.body.is_empty() {
            let length = self.body.len().to_string();
            self.default_header("content-length", &length);
        }
        self
    }

    fn default_header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            self.headers.push((name.into(), value.into()));
        }
    }

    fn header_map(&self) -> HeaderMap {
        let pair = |(name, value): &(String, String)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    /// The head as it goes over the wire.
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header, its name in lower case; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of the first XML element of this name; `&apos;`, `&quot;`, `&lt;`, `&gt;` and `&amp;` read.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split(&format!("<{name}>")).nth(1).unwrap_or_default();
        let raw = rest.split(&format!("</{name}>")).next().unwrap_or_default();
        [("&apos;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
            .iter()
            .fold(raw.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
    }

    /// Status, code and message of an error.
    pub fn error(&self) -> (u16, String, String) {
        (self.status, self.element("Code"), self.element("Message"))
    }
}

/// A connection to a server.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.set_write_timeout(Some(HANG)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream: BufReader::new(stream) }
    }

    /// Sends a request whole and reads its answer.
    pub fn send(&mut self, request: Request) -> Response {
        self.write(&request.head_bytes());
        self.write(&request.body);
        self.read(request.method == "HEAD")
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends bytes as they are, and says whether the server took them.
    pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Ends this side's sending.
    pub fn finish_sending(&mut self) {
        self.stream.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Reads one answer.
    pub fn read(&mut self, head_only: bool) -> Response {
        let mut response = self.read_head();
        let bodiless = head_only || matches!(response.status, 100..=199 | 204 | 304);
        let length: usize = if bodiless { 0 } else { response.header("content-length").parse().unwrap_or(0) };
        response.body = vec![0; length];
        self.stream.read_exact(&mut response.body).unwrap();
        response
    }

    /// Reads the head of an answer.
    pub fn read_head(&mut self) -> Response {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line but {status_line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => return Response { status, headers, body: Vec::new() },
            }
        }
    }

    /// Whether the server has closed its side: the next read gives nothing.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
