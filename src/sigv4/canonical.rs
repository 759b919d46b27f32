//! The canonical request: the text that both sides make of a request, and whose digest is signed.
//!
//! It is made from the bytes as sent, never from a path or query that was parsed and rebuilt. Paths are not normalised:
//! `//`, `.` and `..` are parts of keys (S3 API reference, "Canonical URI").

use crate::s3::uri;
use crate::sigv4::ALGORITHM;
use crate::sigv4::digits;
use http::HeaderMap;
use percent_encoding::{percent_decode_str, percent_encode_byte, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The query parameter that carries the signature, which cannot cover itself.
const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// The parts of a canonical request.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method's name.
    pub method: &'a str,
    /// The canonical path, [`path`] as a rule.
    pub path: &'a str,
    /// The canonical query: [`query`].
    pub query: &'a str,
    /// All headers of the request.
    pub headers: &'a HeaderMap,
    /// Which of them are signed: lower-case names joined by `;`.
    pub signed_headers: &'a str,
    /// The value of `x-amz-content-sha256`.
    pub payload: &'a str,
}

/// A canonical request. It is bytes, because header values need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalRequest(Vec<u8>);

impl CanonicalRequest {
    /// Puts the parts together.
    pub fn new(parts: &RequestParts<'_>) -> CanonicalRequest {
        let mut text = Vec::with_capacity(512);
        for line in [parts.method, parts.path, parts.query] {
            push_line(&mut text, line);
        }
        for name in parts.signed_headers.split(';') {
            push_header(&mut text, name, parts.headers);
        }
        text.push(b'\n');
        push_line(&mut text, parts.signed_headers);
        text.extend_from_slice(parts.payload.as_bytes());
        CanonicalRequest(text)
    }

    /// The bytes that are hashed.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The string to sign for this request: `amz_date` as in `x-amz-date`, `scope` as [`Scope::text`] writes it.
    ///
    /// [`Scope::text`]: crate::sigv4::Scope::text
    pub fn string_to_sign(&self, amz_date: &str, scope: &str) -> String {
        let digest = digits::of(&Sha256::digest(&self.0).into());
        [ALGORITHM, amz_date, scope, &digest].join("\n")
    }
}

/// The canonical form of a raw path: each byte decoded once, then encoded unless it is unreserved or `/`. A `%` that
/// starts no escape stands for itself.
pub fn path(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    if raw.bytes().all(|byte| byte == b'/' || uri::is_unreserved(byte)) {
        text.push_str(raw);
    } else {
        push_recoded(&mut text, raw, |byte| byte == b'/' || uri::is_unreserved(byte));
    }
    text
}

/// The canonical form of a raw query: names and values decoded and encoded again, sorted by name, then by value. A `+`
/// is a space, as [`crate::s3::query::Query`] reads it. Repeated and empty names stay; `X-Amz-Signature` is left out if
/// `presigned`.
pub fn query(raw: &str, presigned: bool) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = raw
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .filter(|(name, _)| !(presigned && name == SIGNATURE_PARAMETER))
        .collect();
    pairs.sort_unstable();
    let mut text = String::with_capacity(raw.len() + pairs.len());
    for (name, value) in &pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// One name or value of a query, encoded.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, uri::IN_QUERY).to_string()
}

/// Most names and values are their own canonical form.
fn recode(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(uri::is_unreserved) {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    for (index, piece) in raw.split('+').enumerate() {
        if index > 0 {
            text.push_str("%20");
        }
        push_recoded(&mut text, piece, uri::is_unreserved);
    }
    Cow::Owned(text)
}

/// Appends the text, each byte decoded once, and encoded again unless it stays.
fn push_recoded(text: &mut String, raw: &str, stays: impl Fn(u8) -> bool) {
    for byte in percent_decode_str(raw) {
        if stays(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(percent_encode_byte(byte));
        }
    }
}

fn push_line(text: &mut Vec<u8>, line: &str) {
    text.extend_from_slice(line.as_bytes());
    text.push(b'\n');
}

/// One line per name: its values in the order sent, joined by commas. A header that is not there has an empty value.
fn push_header(text: &mut Vec<u8>, name: &str, headers: &HeaderMap) {
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        push_collapsed(text, value.as_bytes().trim_ascii());
    }
    text.push(b'\n');
}

/// Runs of spaces count as one, inside quotes too. The value has none at its ends.
fn push_collapsed(text: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::sequences::sequences;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn paths_are_decoded_once_and_never_normalised() {
        for (raw, canonical) in [
            ("/", "/"),
            ("/bucket//a/./../b/", "/bucket//a/./../b/"),
            ("/b/a%20b", "/b/a%20b"),
            ("/b/a+b", "/b/a%2Bb"),
            ("/b/a%2bb", "/b/a%2Bb"),
            ("/b/a%2Fb", "/b/a/b"),
            ("/b/a%252Fb", "/b/a%252Fb"),
            ("/b/~'(*)!$&,:;=@", "/b/~%27%28%2A%29%21%24%26%2C%3A%3B%3D%40"),
            ("/b/%7Euser", "/b/~user"),
            ("/b/ü%C3%BC", "/b/%C3%BC%C3%BC"),
            ("/b/%ff", "/b/%FF"),
            ("/b/100%", "/b/100%25"),
            ("/b/%zz%4", "/b/%25zz%254"),
        ] {
            assert_eq!(path(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn queries_are_sorted_after_encoding() {
        for (raw, canonical) in [
            ("", ""),
            ("lifecycle", "lifecycle="),
            ("lifecycle=", "lifecycle="),
            ("prefix=J&max-keys=2", "max-keys=2&prefix=J"),
            ("b=2&a=2&a=1&a", "a=&a=1&a=2&b=2"),
            ("a=1&a=1", "a=1&a=1"),
            ("&&a=b=c&=x&", "=x&a=b%3Dc"),
            ("p=a+b%2Bc%20d", "p=a%20b%2Bc%20d"),
            ("p=%7e%2f%zz", "p=~%2F%25zz"),
            ("p=ü&A=1&a=1", "A=1&a=1&p=%C3%BC"),
            ("p=%ff", "p=%FF"),
            ("a-b=1&a=2&a%20=3", "a=2&a%20=3&a-b=1"),
        ] {
            assert_eq!(query(raw, false), canonical, "{raw}");
        }
    }

    #[test]
    fn a_signature_covers_all_but_itself() {
        let raw = "X-Amz-Signature=00&x-amz-signature=11&X-Amz-Date=d";
        assert_eq!(query(raw, true), "X-Amz-Date=d&x-amz-signature=11");
        assert_eq!(query(raw, false), "X-Amz-Date=d&X-Amz-Signature=00&x-amz-signature=11");
    }

    #[test]
    fn headers_are_trimmed_folded_and_in_the_order_listed() {
        let headers: HeaderMap = [
            ("host", &b"h:9000"[..]),
            ("x-amz-meta-b", b"  two   words  "),
            ("x-amz-meta-a", b"1"),
            ("x-amz-meta-a", b" 2 "),
            ("x-amz-meta-c", b"caf\xe9\t x"),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap()))
        .collect();
        let signed_headers = "x-amz-meta-b;host;gone;x-amz-meta-a;x-amz-meta-c";
        let parts =
            RequestParts { method: "GET", path: "/", query: "", headers: &headers, signed_headers, payload: "P" };
        let expected = b"GET\n/\n\nx-amz-meta-b:two words\nhost:h:9000\ngone:\nx-amz-meta-a:1,2\n\
            x-amz-meta-c:caf\xe9\t x\n\nx-amz-meta-b;host;gone;x-amz-meta-a;x-amz-meta-c\nP";
        assert_eq!(CanonicalRequest::new(&parts).into_bytes(), expected);
    }

    /// Canonical queries and paths are their own canonical form, and the order of parameters does not matter.
    #[test]
    fn canonical_forms_are_canonical() {
        for raw in sequences(&["a", "=", "&", "+", "%20", "%2b", "%", "é", "/", "X-Amz-Signature"], 4) {
            let (canonical, canonical_path) = (query(&raw, false), path(&raw));
            assert_eq!(query(&canonical, false), canonical, "{raw}");
            assert_eq!(path(&canonical_path), canonical_path, "{raw}");
            let reversed: Vec<_> = raw.split('&').rev().collect();
            assert_eq!(query(&reversed.join("&"), false), canonical, "{raw}");
            assert!(!query(&raw, true).split('&').any(|pair| pair.starts_with("X-Amz-Signature=")), "{raw}");
        }
    }
}
