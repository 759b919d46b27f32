//! The head of a request as pingora read it, prepared for the chain.
//!
//! Heads that HTTP forbids are refused here, because only this code sees the bytes as sent. pingora drops the
//! Content-Length of a request that also has a Transfer-Encoding. It accepts a request without Host, two equal lengths,
//! codings under `chunked` that it does not decode, lines that end in a line feed alone, and any word as a target. It
//! drops the rest of a target from a `#` on; for HTTP/2 the h2 crate does so before this code. It escapes blanks and
//! control bytes in a target: they arrive as `%20` and the like.

use crate::s3::request::RequestHead;
use crate::s3::{Code, S3Error};
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use memchr::{memchr, memchr_iter, memchr3};
use pingora::http::RequestHeader;

/// Headers about a connection, which Connection names where they are sent.
const OF_THE_CONNECTION: &[&str] = &["http2-settings", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];

const ONE_HOST: &str = "A request must have one Host header.";

/// An owned copy of a request's head; the session it came from can then be read and written freely.
#[derive(Debug, Clone)]
pub struct OwnedHead {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    version: Version,
}

impl OwnedHead {
    /// Copies the head. `raw` is the header block as sent.
    pub fn from_request(request: &RequestHeader, raw: &[u8]) -> Result<OwnedHead, S3Error> {
        let target = std::str::from_utf8(request.raw_path()).map_err(|_| Code::INVALID_URI)?;
        let (authority, origin_form) = match request.version {
            Version::HTTP_2 => split_http2(request, target)?,
            _ => split_absolute_form(target),
        };
        let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
        check_target(authority.is_some(), origin_form)?;
        check_line_ends(raw)?;
        check_fragment(raw)?;
        let mut headers = request.headers.clone();
        if let Some(authority) = authority {
            check_replaced_host(request)?;
            // RFC 9112 section 3.2.2: the authority of an absolute target replaces what Host says.
            let host = HeaderValue::from_str(authority).map_err(|_| Code::INVALID_URI)?;
            headers.insert(header::HOST, host);
        }
        check_lines(&headers, || has_header_line(raw, b"content-length"))?;
        Ok(OwnedHead {
            method: request.method.as_str().to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            query: query.to_owned(),
            headers,
            version: request.version,
        })
    }

    /// The head as the chain reads it.
    pub fn borrow(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    /// Query and headers, so that secrets can be removed.
    pub fn query_and_headers(&mut self) -> (&mut String, &mut HeaderMap) {
        (&mut self.query, &mut self.headers)
    }

    /// Size in bytes of method, target, and names and values of headers.
    pub fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.method.len() + self.path.len() + self.query.len() + headers.sum::<usize>()
    }

    /// Whether the client waits for `100 Continue` before it sends the body. A client of HTTP/1.0 does not, even if it
    /// has the header (RFC 9110 section 10.1.1).
    pub fn expects_continue(&self) -> bool {
        let expect = self.headers.get(header::EXPECT).filter(|_| self.version > Version::HTTP_10);
        expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.headers.contains_key(header::TRANSFER_ENCODING)
    }

    /// The announced length of the body in bytes; `None` if it is chunked or there is none.
    pub fn content_length(&self) -> Option<u64> {
        self.borrow().header("content-length")?.parse().ok()
    }
}

/// The `:authority` and the target of a request of HTTP/2, which always has origin form. If there is a Host, too, it
/// must be the same (RFC 9113 section 8.3.1).
fn split_http2<'t>(request: &'t RequestHeader, target: &'t str) -> Result<(Option<&'t str>, &'t str), S3Error> {
    if !target.starts_with('/') && target != "*" || target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(Code::INVALID_URI.into());
    }
    let authority = request.uri.authority().map(|authority| authority.as_str());
    let mut hosts = request.headers.get_all(header::HOST).iter();
    if authority.is_some_and(|authority| hosts.any(|host| host.as_bytes() != authority.as_bytes())) {
        return Err(bad_request("Host and :authority must be the same."));
    }
    Ok((authority, target))
}

/// The authority of a target in absolute form (`http://host/path`) and the rest of it.
fn split_absolute_form(target: &str) -> (Option<&str>, &str) {
    let rest = ["http://", "https://"].iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    });
    let Some(rest) = rest else { return (None, target) };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    (Some(&rest[..end]), &rest[end..])
}

/// Refuses heads that HTTP forbids. `has_length` is whether a Content-Length was sent, because pingora may have dropped
/// it; it is called only if that matters.
///
/// # Errors
/// `InvalidRequest`.
pub fn check_lines(headers: &HeaderMap, has_length: impl FnOnce() -> bool) -> Result<(), S3Error> {
    check_framing(headers, has_length)?;
    check_connection(headers)?;
    check_host(headers)
}

/// A request whose target names the host must still have one Host, although its value is not used: other programs
/// refuse a request without it, or with two (RFC 9112 section 3.2). Clients of HTTP/1.0 need not send it, and those of
/// HTTP/2 seldom do.
fn check_replaced_host(request: &RequestHeader) -> Result<(), S3Error> {
    let least = usize::from(request.version == Version::HTTP_11);
    let hosts = request.headers.get_all(header::HOST).iter().count();
    let is_good = request.version == Version::HTTP_2 || (least..=1).contains(&hosts);
    if is_good { Ok(()) } else { Err(bad_request(ONE_HOST)) }
}

/// A path begins with a slash; after an authority it may be empty. `*` is only for OPTIONS.
fn check_target(has_authority: bool, rest: &str) -> Result<(), S3Error> {
    let is_good = match rest.bytes().next() {
        Some(b'/') => true,
        Some(b'?') | None => has_authority,
        Some(_) => rest == "*" && !has_authority,
    };
    if is_good { Ok(()) } else { Err(bad_request("The target of a request must begin with a slash.")) }
}

/// Refuses a line feed without a carriage return. Some programs end the line there, others read it as a part of the
/// value, so they would see different headers.
fn check_line_ends(raw: &[u8]) -> Result<(), S3Error> {
    let is_good = memchr_iter(b'\n', raw).all(|end| raw[..end].ends_with(b"\r"));
    if is_good { Ok(()) } else { Err(bad_request("A line of the head must end in CR LF.")) }
}

/// Refuses a fragment, which clients never send (RFC 9110 section 4.2.5). pingora drops it, but other programs read it
/// as a part of the key.
fn check_fragment(raw: &[u8]) -> Result<(), S3Error> {
    let line = raw.trim_ascii_start();
    let target = memchr(b' ', line).map_or(&[][..], |method| &line[method + 1..]);
    // The first of these is a part of the target or ends it.
    if memchr3(b'#', b' ', b'\n', target).is_some_and(|at| target[at] == b'#') {
        return Err(bad_request("The target of a request has no #. In a key it is written as %23."));
    }
    Ok(())
}

/// Whether Connection may name this header: it is about the connection, or private and not read here.
fn is_of_the_connection(name: &str) -> bool {
    let is_private = name.starts_with("x-") && !name.starts_with("x-amz-") && !name.starts_with("x-forwarded-");
    is_private || OF_THE_CONNECTION.contains(&name)
}

/// Refuses a Connection that names a header of the request. A proxy removes the headers that Connection names (RFC 9110
/// section 7.6.1), so the servers before and behind it would see different requests.
fn check_connection(headers: &HeaderMap) -> Result<(), S3Error> {
    let lines = headers.get_all(header::CONNECTION).iter();
    let mut names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let is_of_the_request = |name: &[u8]| {
        let Ok(name) = HeaderName::from_bytes(name) else { return false };
        headers.contains_key(&name) && !is_of_the_connection(name.as_str())
    };
    if names.any(is_of_the_request) {
        return Err(bad_request("Connection names a header that is about the request."));
    }
    Ok(())
}

fn check_framing(headers: &HeaderMap, has_length: impl FnOnce() -> bool) -> Result<(), S3Error> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = codings.next();
    if coding.is_some() && has_length() {
        return Err(bad_request("Content-Length and Transfer-Encoding exclude each other."));
    }
    if codings.next().is_some() || coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(bad_request("Transfer-Encoding can only be chunked."));
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() || length.is_some_and(|value| !is_number(value)) {
        return Err(bad_request("Content-Length must be given once, as a number."));
    }
    Ok(())
}

fn is_number(value: &HeaderValue) -> bool {
    let digits = value.as_bytes();
    // Nineteen digits are enough for any length and never overflow 64 bits.
    (1..=19).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Whether a header block has a line with this name, in any case.
fn has_header_line(raw: &[u8], name: &[u8]) -> bool {
    raw.split(|byte| *byte == b'\n').any(|line| {
        let start = line.get(..name.len()).unwrap_or_default();
        let rest = line.get(name.len()..).unwrap_or_default().trim_ascii_start();
        start.eq_ignore_ascii_case(name) && rest.starts_with(b":")
    })
}

fn check_host(headers: &HeaderMap) -> Result<(), S3Error> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(bad_request(ONE_HOST));
    };
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte);
    if host.is_empty() || !host.as_bytes().iter().all(good) {
        return Err(bad_request("The Host header is not a host name or address."));
    }
    Ok(())
}

fn bad_request(message: &'static str) -> S3Error {
    S3Error::new(Code::INVALID_REQUEST).message(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, headers: &[(&'static str, &str)]) -> Result<OwnedHead, String> {
        let mut request = RequestHeader::build("PUT", target.as_bytes(), None).unwrap();
        let mut raw = format!("PUT {target} HTTP/1.1\r\n");
        for (name, value) in headers {
            request.append_header(*name, *value).unwrap();
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        OwnedHead::from_request(&request, raw.as_bytes()).map_err(|error| error.message.into_owned())
    }

    #[test]
    fn targets_are_kept_byte_for_byte() {
        for (target, path, query) in [
            ("/b/k", "/b/k", ""),
            ("/b//k%2F+?versions=&x", "/b//k%2F+", "versions=&x"),
            ("/b/../k?", "/b/../k", ""),
            ("http://h:9000/b/k?acl", "/b/k", "acl"),
            ("HTTP://h", "/", ""),
        ] {
            let head = head(target, &[("host", "h")]).unwrap();
            assert_eq!((head.borrow().path, head.borrow().query), (path, query), "{target}");
        }
    }

    #[test]
    fn an_absolute_target_names_the_host() {
        let head = head("http://bucket.example.test:1/k", &[("host", "other")]).unwrap();
        assert_eq!(head.borrow().header("host"), Some("bucket.example.test:1"));
    }

    #[test]
    fn a_target_that_names_the_host_does_not_replace_the_header() {
        let other = ("host", "other");
        for (version, headers, good) in [
            (Version::HTTP_11, &[other][..], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &[other, other], false),
            (Version::HTTP_10, &[other], true),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_10, &[other, other], false),
        ] {
            let mut request = RequestHeader::build("GET", b"http://h/k", None).unwrap();
            request.set_version(version);
            headers.iter().for_each(|(name, value)| {
                request.append_header(*name, *value).unwrap();
            });
            assert_eq!(OwnedHead::from_request(&request, b"").is_ok(), good, "{version:?} {headers:?}");
        }
    }

    #[test]
    fn ambiguous_lengths_are_refused() {
        let once = "Content-Length must be given once, as a number.";
        for (headers, message) in [
            (&[("content-length", "3"), ("content-length", "3")][..], once),
            (&[("content-length", "3"), ("content-length", "4")], once),
            (&[("content-length", "+3")], once),
            (&[("content-length", "")], once),
            (&[("content-length", "99999999999999999999")], once),
            (
                &[("Content-Length ", "3"), ("transfer-encoding", "chunked")],
                "Content-Length and Transfer-Encoding exclude each other.",
            ),
            (&[("transfer-encoding", "gzip, chunked")], "Transfer-Encoding can only be chunked."),
            (
                &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
                "Transfer-Encoding can only be chunked.",
            ),
        ] {
            // A name with a space cannot be built as a header, only sent: put it in the raw block alone.
            let sendable: Vec<_> = headers.iter().filter(|(name, _)| !name.ends_with(' ')).copied().collect();
            let mut request = RequestHeader::build("PUT", b"/b/k", None).unwrap();
            request.append_header("host", "h").unwrap();
            sendable.iter().for_each(|(name, value)| {
                request.append_header(*name, *value).unwrap();
            });
            let raw: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let error = OwnedHead::from_request(&request, raw.as_bytes()).unwrap_err();
            assert_eq!(error.message, message, "{headers:?}");
        }
    }

    #[test]
    fn a_target_is_a_path() {
        for target in
            ["b/k", "h:443", "ftp://h/b", "http:/h", "b?/", "*?x", "http://h*", "http://", "/b/k#x", "/?a#b", "/#"]
        {
            assert!(head(target, &[("host", "h")]).is_err(), "{target}");
        }
        for target in ["/", "//", "/?b", "*", "http://h?x", "https://h/"] {
            assert!(head(target, &[("host", "h")]).is_ok(), "{target}");
        }
    }

    #[test]
    fn lines_end_in_two_bytes() {
        for (raw, good) in [
            ("", true),
            ("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true),
            ("\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", true),
            ("\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", false),
            ("GET / HTTP/1.1\nhost: h\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: h\nx: y\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: h\r\n\n", false),
        ] {
            assert_eq!(check_line_ends(raw.as_bytes()).is_ok(), good, "{raw:?}");
        }
    }

    #[test]
    fn a_header_of_the_request_is_not_named_by_connection() {
        for (values, good) in [
            (&["keep-alive"][..], true),
            (&["close"], true),
            (&["Upgrade, HTTP2-Settings"], true),
            (&["te, x-absent", ""], true),
            (&["x-hop"], true),
            (&["X-Forwarded-For"], false),
            (&["x-amz-date"], false),
            (&["close,\tX-Amz-Date"], false),
            (&["close", "host"], false),
            (&["connection"], false),
        ] {
            let mut headers = vec![("host", "h"), ("x-amz-date", "d"), ("upgrade", "h2c"), ("te", "trailers")];
            headers.extend([("x-hop", "1"), ("x-forwarded-for", "192.0.2.1")]);
            headers.extend(values.iter().map(|value| ("connection", *value)));
            assert_eq!(head("/b/k", &headers).is_ok(), good, "{values:?}");
        }
    }

    #[test]
    fn only_clients_of_http_1_1_can_wait_for_100() {
        for (version, expect, expected) in [
            (Version::HTTP_11, "100-continue", true),
            (Version::HTTP_11, "100-Continue", true),
            (Version::HTTP_11, "a miracle", false),
            (Version::HTTP_10, "100-continue", false),
        ] {
            let mut request = RequestHeader::build("PUT", b"/b/k", None).unwrap();
            request.set_version(version);
            request.append_header("host", "h").unwrap();
            request.append_header("expect", expect).unwrap();
            assert_eq!(
                OwnedHead::from_request(&request, b"").unwrap().expects_continue(),
                expected,
                "{version:?} {expect}"
            );
        }
    }

    #[test]
    fn a_request_has_one_host() {
        for headers in
            [&[][..], &[("host", "")], &[("host", "a b")], &[("host", "a"), ("host", "b")], &[("host", "a/b")]]
        {
            assert!(head("/", headers).is_err(), "{headers:?}");
        }
        for host in ["h", "127.0.0.1:9000", "[::1]:9000", "a-b.example.test"] {
            assert!(head("/", &[("host", host)]).is_ok(), "{host}");
        }
    }
}
