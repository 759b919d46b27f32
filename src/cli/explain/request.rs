//! A request to be explained: method, URL, headers and, if it is available, the body.

use crate::diagnostics::{Diagnostic, Location};
use crate::s3::request::RequestHead;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The host of a URL that is only a path.
const DEFAULT_HOST: &str = "127.0.0.1:9000";

/// Characters that clients always encode. Everything else stays as typed, because signatures cover it.
const NEVER_RAW: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// A request to be explained.
#[derive(Debug)]
pub struct Request {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Request {
    /// A request as it is sent: `target` is path and query. `body` is `None` if it is not available.
    pub fn new(method: &str, target: &str, headers: HeaderMap, body: Option<Vec<u8>>) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers, body }
    }

    /// The request that a person describes, or every fault in it.
    pub(super) fn parse(method: &str, url: &str, headers: &[String]) -> Result<Request, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let method = parse_method(method).map_err(|fault| faults.push(fault)).unwrap_or_default();
        let (host, target) = split(url).map_err(|fault| faults.push(fault)).unwrap_or_default();
        let host = HeaderValue::from_str(host).map_err(|_| faults.push(bad_url(url))).ok();
        let mut map: HeaderMap = host.map(|host| (HOST, host)).into_iter().collect();
        for text in headers {
            match parse_header(text) {
                Ok((HOST, value)) => drop(map.insert(HOST, value)),
                Ok((name, value)) => drop(map.append(name, value)),
                Err(fault) => faults.push(fault),
            }
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if path.is_empty() { "/" } else { path };
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Request { method, path: encode(path), query: encode(query), headers: map, body: None })
    }

    /// The same request with this body, whose length is in the head unless it is empty.
    pub(super) fn with_body(mut self, body: Vec<u8>) -> Request {
        if !body.is_empty() && !self.headers.contains_key(CONTENT_LENGTH) {
            self.set(CONTENT_LENGTH, &body.len().to_string());
        }
        self.body = Some(body);
        self
    }

    /// Gives the request a method, in the case of its letters: HTTP's are in upper case.
    pub(super) fn set_method(&mut self, method: &str) {
        self.method = method.to_owned();
    }

    /// Gives the request a header that it does not have yet.
    pub(super) fn set_default(&mut self, name: &HeaderName, value: &str) {
        if !self.headers.contains_key(name) {
            self.set(name.clone(), value);
        }
    }

    /// Gives the request a header; a value that no header can have is left out.
    fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// The request as the chain reads it.
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    /// The body, if it is available.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }
}

fn parse_method(text: &str) -> Result<String, Diagnostic> {
    let method = http::Method::from_bytes(text.to_ascii_uppercase().as_bytes());
    method.map(|method| method.to_string()).map_err(|_| {
        Diagnostic::new(
            Location::from_name("METHOD"),
            format!("{text:?} is no HTTP method"),
            "write GET, HEAD, PUT, POST or DELETE; or a curl command line in quotes",
        )
    })
}

/// Host and target of a URL, or of a path alone. A fragment never leaves a client.
fn split(url: &str) -> Result<(&str, &str), Diagnostic> {
    let whole = url.split('#').next().unwrap_or_default();
    match whole.split_once("://") {
        Some(("http" | "https", rest)) => {
            let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            if host.contains('@') { Err(has_user()) } else { Ok((host, target)) }
        }
        _ if whole.is_empty() || whole.starts_with('/') => Ok((DEFAULT_HOST, whole)),
        _ => Err(bad_url(url)),
    }
}

/// The message repeats nothing of the URL, because a password is in it.
fn has_user() -> Diagnostic {
    let message = "the URL has a user and perhaps a password before the host, which S3 does not know";
    Diagnostic::new(Location::from_name("URL"), message, "leave out what is before the '@': keys sign requests")
}

fn bad_url(url: &str) -> Diagnostic {
    Diagnostic::new(
        Location::from_name("URL"),
        format!("{:?} is neither a URL nor a path", url.split('?').next().unwrap_or_default()),
        "write http://HOST:PORT/BUCKET/KEY, or /BUCKET/KEY",
    )
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), Diagnostic> {
    let bad = || Diagnostic::new(Location::from_name("-H"), format!("{text:?} is no header"), "write -H 'Name: value'");
    let (name, value) = text.split_once(':').ok_or_else(bad)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| bad())?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| bad())?;
    Ok((name, value))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NEVER_RAW).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_as_typed() {
        for (url, host, path, query) in [
            ("http://127.0.0.1:9000/b/k", "127.0.0.1:9000", "/b/k", ""),
            ("https://b.s3.test/k?acl", "b.s3.test", "/k", "acl"),
            ("http://h", "h", "/", ""),
            ("http://h?x=1", "h", "/", "x=1"),
            ("/b?lifecycle", DEFAULT_HOST, "/b", "lifecycle"),
            ("", DEFAULT_HOST, "/", ""),
            ("/b/a//b/../c", DEFAULT_HOST, "/b/a//b/../c", ""),
            ("/b/a%2Fb+c", DEFAULT_HOST, "/b/a%2Fb+c", ""),
            ("/b/a b/é", DEFAULT_HOST, "/b/a%20b/%C3%A9", ""),
            ("/b/k?a=b?c#top", DEFAULT_HOST, "/b/k", "a=b?c"),
            ("/b/http://x", DEFAULT_HOST, "/b/http://x", ""),
        ] {
            let request = Request::parse("get", url, &[]).unwrap();
            let head = request.head();
            assert_eq!((head.header("host"), head.path, head.query), (Some(host), path, query), "{url}");
            assert_eq!(head.method, "GET");
        }
    }

    #[test]
    fn a_user_in_a_url_is_a_fault_that_says_nothing_of_the_password() {
        for url in ["http://u:hush@h/b/k", "https://hush@h", "http://@h/"] {
            let faults = Request::parse("GET", url, &[]).unwrap_err();
            assert!(faults[0].message.contains("a user") && !format!("{faults:?}").contains("hush"), "{url}");
        }
        assert!(Request::parse("GET", "http://h/b/a@b?c@d", &[]).is_ok());
    }

    #[test]
    fn headers_are_name_and_value() {
        let headers = ["X-Amz-Acl: private", "x-amz-meta-a:1", "x-empty:", "Host: b.s3.test"].map(str::to_owned);
        let request = Request::parse("PUT", "/b/k", &headers).unwrap();
        for (name, value) in [("x-amz-acl", "private"), ("x-amz-meta-a", "1"), ("x-empty", ""), ("host", "b.s3.test")] {
            assert_eq!(request.head().header(name), Some(value), "{name}");
        }
        assert_eq!(request.head().headers.get_all("host").iter().count(), 1);
    }

    #[test]
    fn every_fault_is_reported() {
        let headers = ["no colon", "bad name: x", "x: a\nb"].map(str::to_owned);
        for url in ["http://a\nb/", "media/k", "ftp://h/b/k", "*"] {
            let faults = Request::parse("G T", url, &headers).unwrap_err();
            let places: Vec<_> = faults.iter().map(|fault| &*fault.location.file).collect();
            assert_eq!(places, ["METHOD", "URL", "-H", "-H", "-H"], "{url}");
        }
    }
}
