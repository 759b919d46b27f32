//! Removes the secrets of a head before it is kept: signatures, tokens, and keys that objects are encrypted with. The
//! key id is kept, and so is the form of a signature, so that the head can be explained.

use crate::s3::secrecy::{HIDDEN, Secrecy, query_without, text_without};
use crate::server::connection::head::OwnedHead;
use http::header::{AUTHORIZATION, REFERER};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The text that replaces a signature. It has the length of a signature, but is not a valid one.
pub(super) const NO_SIGNATURE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The scheme of the signatures that are explained.
const SCHEME: &str = "AWS4-HMAC-SHA256";

/// Removes the secrets from a head.
pub(super) fn cut(head: &mut OwnedHead) {
    let (query, headers) = head.query_and_headers();
    cut_headers(headers);
    if query.contains('=') {
        *query = without_secrets(query);
    }
}

fn cut_headers(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        cut_value(name, value);
        cut_address(value);
    }
}

/// Removes values that are secret by the name of their header.
fn cut_value(name: &HeaderName, value: &mut HeaderValue) {
    match *name {
        AUTHORIZATION => *value = changed(value, without_signature),
        // A page at a presigned address sends the address.
        REFERER => *value = changed(value, |value| value.split('?').next().unwrap_or_default().to_owned()),
        _ if in_place_of(Secrecy::of(name.as_str())).is_some() => *value = HeaderValue::from_static(HIDDEN),
        _ => {}
    }
}

/// Removes the secrets from an address. Proxies repeat the target of a request in headers of many names.
fn cut_address(value: &mut HeaderValue) {
    if !value.as_bytes().contains(&b'?') {
        return;
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    let kept = text_without(&text, |secrecy| in_place_of(Some(secrecy)));
    if kept != text {
        let kept = HeaderValue::try_from(kept.into_owned());
        *value = kept.unwrap_or(HeaderValue::from_static(HIDDEN));
    }
}

fn changed(value: &HeaderValue, change: impl Fn(&str) -> String) -> HeaderValue {
    let text = value.to_str().map(change);
    text.ok().and_then(|text| HeaderValue::try_from(text).ok()).unwrap_or(HeaderValue::from_static(HIDDEN))
}

/// An Authorization with the claimed key, without the signature. Other schemes are not known, so nothing of them is
/// kept.
fn without_signature(value: &str) -> String {
    let Some((SCHEME, rest)) = value.split_once(' ') else { return HIDDEN.to_owned() };
    let part = |part: &str| match part.trim().split_once('=') {
        Some((name @ ("Credential" | "SignedHeaders"), value)) => format!("{name}={value}"),
        Some(("Signature", _)) => format!("Signature={NO_SIGNATURE}"),
        _ => HIDDEN.to_owned(),
    };
    format!("{SCHEME} {}", rest.split(',').map(part).collect::<Vec<_>>().join(", "))
}

fn without_secrets(query: &str) -> String {
    query_without(query, |secrecy| in_place_of(Some(secrecy)))
}

/// The replacement of a value; `None` if the value is kept. The id of a key is kept, because it is in the log, too.
fn in_place_of(secrecy: Option<Secrecy>) -> Option<&'static str> {
    match secrecy? {
        Secrecy::Signature => Some(NO_SIGNATURE),
        Secrecy::Secret => Some(HIDDEN),
        Secrecy::KeyName => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_authorization_the_signer_is_kept() {
        for (value, kept) in [
            (
                "AWS4-HMAC-SHA256 Credential=id/20260612/auto/s3/aws4_request,SignedHeaders=host;x-amz-date, Signature=beef",
                "AWS4-HMAC-SHA256 Credential=id/20260612/auto/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
            ),
            ("AWS4-HMAC-SHA256 Signature=beef=beef", "AWS4-HMAC-SHA256 Signature=0"),
            ("AWS4-HMAC-SHA256 beef", "AWS4-HMAC-SHA256 [hidden]"),
            ("AWS4-HMAC-SHA256 signature=beef", "AWS4-HMAC-SHA256 [hidden]"),
            ("AWS id:beef", "[hidden]"),
            ("Bearer beef", "[hidden]"),
            ("beef", "[hidden]"),
            ("", "[hidden]"),
        ] {
            assert_eq!(without_signature(value).replace(NO_SIGNATURE, "0"), kept, "{value}");
        }
    }

    #[test]
    fn of_a_query_nothing_secret_is_kept() {
        for (query, kept) in [
            ("list-type=2&prefix=a%2Fb", "list-type=2&prefix=a%2Fb"),
            ("uploads", "uploads"),
            ("X-Amz-Credential=id%2F2026&X-Amz-Signature=beef", "X-Amz-Credential=id%2F2026&X-Amz-Signature=0"),
            ("x-amz-signature=beef&X%2DAmz-Signature=beef", "x-amz-signature=0&X%2DAmz-Signature=0"),
            ("AWSAccessKeyId=id&Signature=beef&Expires=1", "AWSAccessKeyId=id&Signature=[hidden]&Expires=1"),
            ("X-Amz-Security-Token=beef", "X-Amz-Security-Token=[hidden]"),
            ("x-amz-server-side-encryption-customer-key=beef", "x-amz-server-side-encryption-customer-key=[hidden]"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(query).replace(NO_SIGNATURE, "0"), kept, "{query}");
        }
    }

    #[test]
    fn of_headers_nothing_secret_is_kept() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer beef"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=id, Signature=beef"),
            ("cookie", "session=beef"),
            ("proxy-authorization", "Basic beef"),
            ("x-amz-security-token", "beef"),
            ("x-amz-server-side-encryption-customer-key", "beef"),
            ("x-amz-copy-source-server-side-encryption-customer-key", "beef"),
            ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
            ("referer", "http://localhost:3000/page?X-Amz-Signature=beef"),
            ("x-amz-meta-a", "b"),
            ("x-original-uri", "/b/k?X-Amz-Date=1&X-Amz-Signature=beef"),
            ("x-amz-meta-q", "who? a=b"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(b"AWS4-HMAC-SHA256 \xffbeef").unwrap());
        cut_headers(&mut headers);
        let all: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert!(!all.join("\n").contains("beef"), "{all:#?}");
        assert_eq!((headers.len(), headers.get_all(AUTHORIZATION).iter().count()), (13, 3));
        let original = format!("/b/k?X-Amz-Date=1&X-Amz-Signature={NO_SIGNATURE}");
        for (name, kept) in [
            ("x-amz-meta-a", "b"),
            ("x-amz-meta-q", "who? a=b"),
            ("x-original-uri", &original),
            ("referer", "http://localhost:3000/page"),
        ] {
            assert_eq!(headers[name], kept);
        }
    }
}
