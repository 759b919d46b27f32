//! An HTTP/1.1 client that adds nothing of its own: what a test writes is what goes over the wire.

use super::server::{KEY_ID, SECRET};
use http::{HeaderMap, HeaderName, HeaderValue};
use r2shim::s3::Timestamp;
use r2shim::s3::request::RequestHead;
use r2shim::sigv4::{ChunkChain, KeyCache, PayloadHash, Secret, Signer};
use rustls::{ClientConnection, StreamOwned};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

/// No server under test takes this long; a read that does has hung.
const HANG: Duration = Duration::from_secs(120);

/// Nor does one take this long if the machine stands still for a while.
const LONG_HANG: Duration = Duration::from_secs(3600);

/// The key, the scope and the time of a signature.
pub struct Signing {
    pub id: String,
    pub secret: String,
    pub region: String,
    pub time: Timestamp,
}

impl Default for Signing {
    fn default() -> Signing {
        let time = Timestamp::from(SystemTime::now());
        Signing { id: KEY_ID.into(), secret: SECRET.into(), region: "auto".into(), time }
    }
}

impl Signing {
    /// The same as it was this many seconds ago; a negative number is in the future.
    pub fn ago(self, seconds: i64) -> Signing {
        let millis = i64::try_from(self.time.millis()).unwrap() - seconds * 1000;
        Signing { time: Timestamp::from_millis(u64::try_from(millis).unwrap()), ..self }
    }

    fn with_signer<T>(&self, sign: impl FnOnce(&Signer<'_>) -> T) -> T {
        let (secret, cache) = (Secret::new(self.secret.as_str()), KeyCache::default());
        let (access_key_id, region) = (self.id.as_str(), self.region.as_str());
        sign(&Signer { access_key_id, secret: &secret, region, service: "s3", cache: &cache })
    }
}

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

    /// The same request with one more query parameter; an empty value is left out with its sign.
    pub fn parameter(mut self, name: &str, value: &str) -> Request {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(name);
        if !value.is_empty() {
            self.target.push_str(&format!("={value}"));
        }
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// The same request, each `old` in a header's value or in the target replaced by `new`: what a signature did not
    /// cover, or covered otherwise.
    pub fn replaced(mut self, old: &str, new: &str) -> Request {
        self.target = self.target.replace(old, new);
        self.headers.iter_mut().for_each(|(_, value)| *value = value.replace(old, new));
        self
    }

    /// The same request without a header.
    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    /// The request with `host`, `x-amz-date`, `x-amz-content-sha256`, `content-length` and a signature over all
    /// `x-amz-*` headers.
    pub fn signed(self, address: SocketAddr) -> Request {
        self.signed_by(address, &Signing::default()).0
    }

    /// The same by someone else, or at another time; and where signatures of chunks continue from.
    pub fn signed_by(mut self, address: SocketAddr, signing: &Signing) -> (Request, ChunkChain) {
        let digest: [u8; 32] = Sha256::digest(&self.body).into();
        self.default_header("host", &address.to_string());
        self.default_header("x-amz-date", &signing.time.amz_date());
        self.default_header("x-amz-content-sha256", &PayloadHash::Digest(digest).text());
        if self.method == "PUT" || self.method == "POST" {
            self.default_length();
        }
        let headers = self.header_map();
        let payload = PayloadHash::parse(headers["x-amz-content-sha256"].to_str().unwrap()).unwrap();
        let signed = signing.with_signer(|signer| signer.sign(&self.head(&headers), &payload, signing.time));
        (self.header("authorization", &signed.authorization), signed.chain)
    }

    /// The request presigned for `expires` seconds, its signature in the query.
    pub fn presigned(self, address: SocketAddr, expires: u64) -> Request {
        self.presigned_by(address, expires, &Signing::default())
    }

    /// The same by someone else, or at another time.
    pub fn presigned_by(mut self, address: SocketAddr, expires: u64, signing: &Signing) -> Request {
        self.default_header("host", &address.to_string());
        let headers = self.header_map();
        let query = signing.with_signer(|signer| signer.presign(&self.head(&headers), expires, signing.time));
        let path = self.target.split('?').next().unwrap_or_default();
        self.target = format!("{path}?{query}");
        if self.method == "PUT" || self.method == "POST" {
            self.default_length();
        }
        self
    }

    /// The request with nothing but what HTTP asks for: no signature.
    pub fn unsigned(mut self, address: SocketAddr) -> Request {
        self.default_header("host", &address.to_string());
        if self.method == "PUT" || self.method == "POST" {
            self.default_length();
        }
        self
    }

    fn head<'a>(&'a self, headers: &'a HeaderMap) -> RequestHead<'a> {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        RequestHead { method: &self.method, path, query, headers }
    }

    /// A chunked body has no length, and a test may announce another than the body's.
    fn default_length(&mut self) {
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
            let length = self.body.len().to_string();
            self.default_header("content-length", &length);
        }
    }

    fn default_header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            self.headers.push((name.into(), value.into()));
        }
    }

    pub fn header_map(&self) -> HeaderMap {
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

    /// The text of the first XML element of this name; empty where there is none.
    pub fn element(&self, name: &str) -> String {
        self.elements(name).into_iter().next().unwrap_or_default()
    }

    /// The texts of all XML elements of this name; their escapes read.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let (text, start, end) = (self.text(), format!("<{name}>"), format!("</{name}>"));
        let rests = text.split(&start).skip(1);
        rests.map(|rest| unescape(rest.split(&end).next().unwrap_or_default())).collect()
    }

    /// Status, code and message of an error.
    pub fn error(&self) -> (u16, String, String) {
        (self.status, self.element("Code"), self.element("Message"))
    }
}

/// The named escapes, and those that Go's encoder writes for quotes and white space; others stay as they are.
const ESCAPES: &[(&str, &str)] = &[
    ("&apos;", "'"),
    ("&#39;", "'"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#x9;", "\t"),
    ("&#xA;", "\n"),
    ("&#xD;", "\r"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
];

fn unescape(text: &str) -> String {
    ESCAPES.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

/// A connection to a server.
pub struct Connection<S = TcpStream> {
    stream: BufReader<S>,
}

/// A socket on which nothing waits for ever.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    connect_for(address, HANG)
}

/// A socket on which nothing waits longer than this.
fn connect_for(address: SocketAddr, hang: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(hang))?;
    stream.set_write_timeout(Some(hang))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        Connection::try_open(address).unwrap()
    }

    /// For a server that may be killed meanwhile.
    pub fn try_open(address: SocketAddr) -> io::Result<Connection> {
        connect(address).map(Connection::over)
    }

    /// The same for long tests, on a machine that may do something else for minutes.
    pub fn try_open_patiently(address: SocketAddr) -> io::Result<Connection> {
        connect_for(address, LONG_HANG).map(Connection::over)
    }

    /// Ends this side's sending.
    pub fn finish_sending(&mut self) {
        self.stream.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Whether the server has closed the connection by now. It does not wait.
    pub fn has_been_closed(&self) -> bool {
        has_been_closed(self.stream.get_ref())
    }

    /// Whether the server has said something by now. It does not wait.
    pub fn has_bytes(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        peeked.is_ok_and(|bytes| bytes > 0)
    }
}

/// Whether the other side has closed the connection by now.
fn has_been_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    match peeked {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

impl Connection<StreamOwned<ClientConnection, TcpStream>> {
    /// Whether the server has ended the connection by now: between two answers it says nothing else. It does not wait.
    pub fn has_been_closed(&mut self) -> bool {
        let StreamOwned { conn, sock } = self.stream.get_mut();
        sock.set_nonblocking(true).unwrap();
        let read = loop {
            match conn.read_tls(sock) {
                Ok(0) => break true,
                Ok(_) => match conn.process_new_packets() {
                    Ok(state) if !state.peer_has_closed() => {}
                    _ => break true,
                },
                Err(error) => break error.kind() != io::ErrorKind::WouldBlock,
            }
        };
        sock.set_nonblocking(false).unwrap();
        read
    }
}

impl<S: Read + Write> Connection<S> {
    /// A connection of these bytes.
    pub fn over(stream: S) -> Connection<S> {
        Connection { stream: BufReader::new(stream) }
    }

    /// Sends a request whole and reads its answer.
    pub fn send(&mut self, request: Request) -> Response {
        self.write(&request.head_bytes());
        self.write(&request.body);
        self.read(request.method == "HEAD")
    }

    /// Sends a request whole and reads its answer, whole as well, from a server that may be killed meanwhile.
    pub fn try_send(&mut self, request: &Request) -> io::Result<Response> {
        self.try_write(&request.head_bytes())?;
        self.try_write(&request.body)?;
        self.try_read(request.method == "HEAD")
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends bytes as they are, and says whether the server took them.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request's head and body without waiting for the answer.
    pub fn begin(&mut self, request: &Request) {
        self.write(&request.head_bytes());
        self.write(&request.body);
    }

    /// Reads one answer, or nothing where the server closes the connection before it begins one.
    pub fn read_unless_closed(&mut self, head_only: bool) -> Option<Response> {
        self.is_open().then(|| self.read(head_only))
    }

    /// Reads one answer.
    pub fn read(&mut self, head_only: bool) -> Response {
        self.try_read(head_only).unwrap()
    }

    /// Reads this many bytes of a body.
    pub fn read_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Reads until the server closes the connection, in whatever way.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.is_open() {
            bytes.extend_from_slice(self.stream.buffer());
            self.stream.consume(self.stream.buffer().len());
        }
        bytes
    }

    /// Reads the head of an answer.
    pub fn read_head(&mut self) -> Response {
        self.try_read_head().unwrap()
    }

    fn try_read(&mut self, head_only: bool) -> io::Result<Response> {
        let mut response = self.try_read_head()?;
        let bodiless = head_only || matches!(response.status, 100..=199 | 204 | 304);
        if !bodiless && response.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
            response.body = self.try_read_chunks()?;
            return Ok(response);
        }
        let length: usize = if bodiless { 0 } else { response.header("content-length").parse().unwrap_or(0) };
        response.body = vec![0; length];
        self.stream.read_exact(&mut response.body)?;
        Ok(response)
    }

    /// A body in HTTP's chunks, up to the last of them and the end of its trailer.
    fn try_read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let chunk = self.try_read_chunk()?;
            if chunk.is_empty() {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }

    fn try_read_chunk(&mut self) -> io::Result<Vec<u8>> {
        let size = self.line()?;
        let size = usize::from_str_radix(&size, 16).unwrap_or_else(|_| panic!("no chunk's size but {size:?}"));
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk)?;
        let end = self.line()?;
        assert!(end.is_empty(), "{end:?} ends a chunk");
        Ok(chunk)
    }

    /// Reads one chunk of a body that goes on; empty at its end.
    pub fn read_chunk(&mut self) -> Vec<u8> {
        self.try_read_chunk().unwrap()
    }

    fn try_read_head(&mut self) -> io::Result<Response> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line but {status_line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => return Ok(Response { status, headers, body: Vec::new() }),
            }
        }
    }

    /// Whether the server has closed its side: there are no more bytes. Waits for either.
    pub fn is_closed(&mut self) -> bool {
        !self.is_open()
    }

    fn is_open(&mut self) -> bool {
        match self.stream.fill_buf() {
            Ok(bytes) => !bytes.is_empty(),
            Err(error) => {
                let hung = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
                assert!(!hung, "the server neither answers nor closes the connection");
                false
            }
        }
    }

    /// A line that was ended: what breaks off before is no line.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(line) => Ok(line.trim_end().to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
