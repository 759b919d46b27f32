//! The head of a request as it came over the wire: nothing decoded, nothing trusted.

use http::HeaderMap;

/// Method, target and headers of a request, borrowed from the connection that read them.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method's name, in upper case as HTTP has it.
    pub method: &'a str,
    /// The path before any `?`, still percent-encoded, byte for byte as sent; starts with `/`.
    pub path: &'a str,
    /// What follows the first `?`, still percent-encoded; empty if there is none.
    pub query: &'a str,
    /// All headers, `host` among them (on HTTP/2 put there from `:authority`).
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// The first value of a header as text; `None` if it is missing or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }
}
