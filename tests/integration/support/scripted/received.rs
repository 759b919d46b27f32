//! Requests as they arrived.

use std::fmt;

/// How far a request's body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyEnd {
    /// The script has not read it to its end, or not yet.
    Unread,
    /// All of it arrived; a request without a body is always whole.
    Whole,
    /// The connection ended in the middle.
    BrokenOff,
}

/// A request that arrived.
#[derive(Clone)]
pub struct Received {
    /// The number of its connection, from 0.
    pub connection: usize,
    /// The head as it came over the wire, its empty line included.
    pub head: Vec<u8>,
    pub method: String,
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// What the script read of the body.
    pub body: Vec<u8>,
    pub end: BodyEnd,
}

impl fmt::Debug for Received {
    /// Of the body only what came of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = String::from_utf8_lossy(&self.head);
        write!(f, "on connection {}: {head:#?} and {} bytes, {:?}", self.connection, self.body.len(), self.end)
    }
}

impl Received {
    /// Reads a head, all of it.
    pub(super) fn parse(connection: usize, head: Vec<u8>) -> Received {
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut lines = text.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let mut request =
            Received { connection, head, method, target, headers, body: Vec::new(), end: BodyEnd::Unread };
        request.end = if request.length() == 0 { BodyEnd::Whole } else { BodyEnd::Unread };
        request
    }

    /// The first value of a header, its name in lower case; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(given, _)| given == name)
    }

    /// What its Content-Length announces; 0 where it has none.
    pub fn length(&self) -> usize {
        self.header("content-length").parse().unwrap_or(0)
    }

    /// The target before its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The target's query, without the sign; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether a store could take it for a request.
    pub fn is_whole(&self) -> bool {
        self.end == BodyEnd::Whole
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
