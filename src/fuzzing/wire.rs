//! A strict reader of HTTP/1 (RFC 9112), written apart from the server's. It reads what has one reading, and stops
//! where anything else begins.

/// A request that has one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// In the order of their names, which are in lower case; those of one name in the order they were sent in.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Body,
    /// Whether there are blanks or control characters in the target, which no target has. The server escapes them where
    /// the head comes in one piece, and refuses them where it does not.
    pub(super) has_blanks: bool,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// Of an announced length; `None` if the connection ends before.
    Announced(Option<Vec<u8>>),
    /// In chunks; `None` if they do not have one reading. It is the last that is read: no request may come after it.
    Chunked(Option<Vec<u8>>),
}

/// The requests on a connection, in their order.
pub(super) fn requests(mut bytes: &[u8]) -> Vec<Request> {
    let mut found = Vec::new();
    while let Some((request, rest)) = request(bytes) {
        let ends = matches!(request.body, Body::Chunked(_) | Body::Announced(None));
        found.push(request);
        if ends {
            break;
        }
        bytes = rest;
    }
    found
}

fn request(mut bytes: &[u8]) -> Option<(Request, &[u8])> {
    // RFC 9112 section 2.2: empty lines before a request are no part of it.
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    let (start, bytes) = line(bytes)?;
    let (method, target, minor) = start_line(start)?;
    let (mut headers, bytes) = headers(bytes)?;
    let values = |name: &str| headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
    let hosts = values("host");
    if hosts.len() > 1 || hosts.is_empty() && minor == b'1' {
        return None;
    }
    let (body, rest) = match (&values("transfer-encoding")[..], &values("content-length")[..]) {
        ([], []) => (Body::Announced(Some(Vec::new())), bytes),
        ([], [length]) => announced(bytes, length)?,
        ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") && minor == b'1' => {
            (Body::Chunked(chunks(bytes)), bytes)
        }
        _ => return None,
    };
    let has_blanks = target.iter().any(|byte| *byte <= b' ' || *byte == 0x7f);
    let target = String::from_utf8(target.to_owned()).ok().filter(|target| !target.contains('#'))?;
    let (authority, path, query) = parts(&target)?;
    if let Some(authority) = authority {
        headers.retain(|(name, _)| name != "host");
        headers.push(("host".to_owned(), authority.as_bytes().to_owned()));
    }
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (path, query) = (path.to_owned(), query.to_owned());
    Some((Request { method, path, query, headers, body, has_blanks }, rest))
}

/// Everything before the next CR LF, and everything behind it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let line = &bytes[..end];
    (!line.contains(&b'\n')).then_some((line, &bytes[end + 2..]))
}

/// Method, target, and the minor version.
fn start_line(line: &[u8]) -> Option<(String, &[u8], u8)> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (method, rest) = (&line[..space], &line[space + 1..]);
    let (target, version) = rest.split_at(rest.iter().rposition(|byte| *byte == b' ')?);
    let minor = *version.strip_prefix(b" HTTP/1.")?.first()?;
    let is_good = version.len() == " HTTP/1.1".len() && [b'0', b'1'].contains(&minor) && is_token(method);
    is_good.then(|| (String::from_utf8_lossy(method).into_owned(), target, minor))
}

/// Authority, path and query of a target in one of the forms that are not CONNECT's.
fn parts(target: &str) -> Option<(Option<&str>, &str, &str)> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if target == "*" || path.starts_with('/') {
        return Some((None, path, query));
    }
    let (scheme, rest) = path.split_once("://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_good = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !authority.is_empty();
    is_good.then_some((Some(authority), if path.is_empty() { "/" } else { path }, query))
}

type Headers = Vec<(String, Vec<u8>)>;

/// The header lines up to the empty one.
fn headers(mut bytes: &[u8]) -> Option<(Headers, &[u8])> {
    let mut found = Vec::new();
    loop {
        let (header, rest) = line(bytes)?;
        bytes = rest;
        if header.is_empty() {
            return Some((found, bytes));
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&header[..colon], &header[colon + 1..]);
        let is_text = value.iter().all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f);
        if !is_token(name) || !is_text {
            return None;
        }
        found.push((String::from_utf8_lossy(name).to_ascii_lowercase(), trimmed(value).to_owned()));
    }
}

fn announced<'b>(bytes: &'b [u8], length: &[u8]) -> Option<(Body, &'b [u8])> {
    let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
    let length: usize = std::str::from_utf8(length).ok().filter(|_| is_number)?.parse().ok()?;
    let whole = bytes.split_at_checked(length);
    Some((Body::Announced(whole.map(|(body, _)| body.to_owned())), whole.map_or(&[], |(_, rest)| rest)))
}

/// The body in these chunks. Extensions are left out.
fn chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (start, rest) = line(bytes)?;
        let size = start.split(|byte| *byte == b';').next().unwrap_or_default();
        let is_number = (1..16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit);
        let size = usize::from_str_radix(std::str::from_utf8(size).ok().filter(|_| is_number)?, 16).ok()?;
        if size == 0 {
            return headers(rest).map(|_| body);
        }
        let (data, rest) = rest.split_at_checked(size)?;
        body.extend_from_slice(data);
        bytes = rest.strip_prefix(b"\r\n")?;
    }
}

fn trimmed(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

fn is_token(bytes: &[u8]) -> bool {
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_heads_are_not_read() {
        let host = "host: h\r\n";
        for (sent, expected) in [
            (format!("GET / HTTP/1.1\r\n{host}\r\n"), 1),
            (format!("\r\nPUT / HTTP/1.1\r\n{host}content-length: 2\r\n\r\nabGET / HTTP/1.1\r\n{host}\r\n"), 2),
            (format!("PUT / HTTP/1.1\r\n{host}content-length: 3\r\n\r\nab"), 1),
            (format!("PUT / HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n"), 1),
            (format!("GET / HTTP/1.1\n{host}\r\n"), 0),
            (format!("GET / HTTP/1.1\r\n{host}a: b\nc: d\r\n\r\n"), 0),
            (format!("GET / HTTP/1.1\r\n{host}a: b\r\n c\r\n\r\n"), 0),
            (format!("GET / HTTP/1.1\r\n{host}a : b\r\n\r\n"), 0),
            (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 0),
            (format!("GET /#a HTTP/1.1\r\n{host}\r\n"), 0),
            (format!("GET / HTTP/1.2\r\n{host}\r\n"), 0),
            (format!("PUT / HTTP/1.1\r\n{host}content-length: 1\r\ncontent-length: 1\r\n\r\na"), 0),
            (format!("PUT / HTTP/1.1\r\n{host}content-length: +1\r\n\r\na"), 0),
            (format!("PUT / HTTP/1.1\r\n{host}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 0),
            (format!("PUT / HTTP/1.1\r\n{host}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 0),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 0),
            ("PUT / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), 0),
        ] {
            assert_eq!(requests(sent.as_bytes()).len(), expected, "{sent:?}");
        }
    }
}
