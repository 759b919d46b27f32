//! What is kept of a request for the inspector: whatever it is and however it is spelled, no secret.

use super::chain::RULES;
use super::head::{ADMIN, Head, READER, now};
use super::input::Input;
use crate::server::fuzzing::{Reading, Server};
use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

thread_local! {
    static SERVER: Server = Server::new(RULES[0].clone(), now());
}

/// What is in the place of every secret of a request.
const PLANTED: &str = "hush5hush5hush5hush5hush5hush5hush5hush5hush5hush5hush5hush5hush";

/// Headers, and parameters of presigned requests, that are secrets.
const SECRETS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "signature",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
];

/// Secrets are planted where a request has them: in headers, in its query, and in addresses that its headers have. The
/// server answers it, and keeps none of them.
pub fn secrets(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (signature, id, form) = (input.byte() % 3, input.one_of(&[ADMIN, READER]), input.byte());
    let head = Head::parse(input.rest());
    let mut head = match signature {
        0 => head.unsigned().signed(id),
        1 => head.unsigned().presigned(id),
        _ => head,
    };
    plant(&mut head, form);
    let kept = SERVER.with(|server| {
        server.converse([raw(&head).as_slice()], Reading::All);
        server.kept()
    });
    assert!(!has_secret(&kept), "of {head:?} is kept {kept}");
}

fn has_secret(kept: &str) -> bool {
    let decoded = percent_decode_str(kept).decode_utf8_lossy();
    [kept, &decoded].iter().any(|text| text.contains(PLANTED))
}

fn plant(head: &mut Head, form: u8) {
    head.query = planted_query(&head.query);
    for (name, value) in head.headers.iter_mut() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let planted = if is_secret(name) { planted_value(&text, form) } else { planted_address(&text) };
        *value = HeaderValue::from_str(&planted).unwrap_or(HeaderValue::from_static(PLANTED));
    }
}

fn is_secret(name: &HeaderName) -> bool {
    SECRETS.contains(&name.as_str())
}

/// The value of a header as the schemes write it: a scheme and what proves it, or a list of named values.
fn planted_value(text: &str, form: u8) -> String {
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    match form % 3 {
        0 => PLANTED.to_owned(),
        1 => format!("{scheme} {PLANTED}"),
        _ => {
            let pair = |pair: &str| match pair.split_once('=') {
                Some((name, value))
                    if ["credential", "signedheaders"].contains(&name.trim().to_lowercase().as_str()) =>
                {
                    format!("{name}={value}")
                }
                Some((name, _)) => format!("{name}={PLANTED}"),
                None => PLANTED.to_owned(),
            };
            format!("{scheme} {}", rest.split(',').map(pair).collect::<Vec<_>>().join(","))
        }
    }
}

/// A value that may be an address.
fn planted_address(text: &str) -> String {
    match text.split_once('?') {
        Some((path, query)) => format!("{path}?{}", planted_query(query)),
        None => text.to_owned(),
    }
}

fn planted_query(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret_parameter(name) => format!("{name}={PLANTED}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// Names are read as forms write them, where a plus is a blank.
fn is_secret_parameter(name: &str) -> bool {
    let name = name.replace('+', " ");
    let name = percent_decode_str(&name).decode_utf8_lossy().to_lowercase();
    SECRETS.contains(&name.trim())
}

fn raw(head: &Head) -> Vec<u8> {
    let mut out = format!("{} {}", head.method, head.path).into_bytes();
    if !head.query.is_empty() {
        out.extend_from_slice(format!("?{}", head.query).as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &head.headers {
        out.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    [&out[..], b"\r\n"].concat()
}
