//! Requests and answers of an audit in front of a store. The store gets requests as it would without r2shim, and the
//! client gets the store's answers. Only the names of buckets change.

use crate::s3::operation::{DocumentSpec, Identity};
use crate::s3::xml::{RewriteRules, Rewriter};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that belong to one connection (RFC 9110 section 7.6.1), and those that r2shim sets in every answer.
const STAYS: &[&str] = &[
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-amz-request-id",
];

/// Headers of a request that belong to the client's connection or to its signature, or that are made anew.
/// Accept-Encoding is among them, because r2shim cannot read a compressed answer.
const NOT_FORWARDED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A bucket's two names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketNames {
    /// The client's; empty for the account.
    pub client: String,
    /// The store's.
    pub upstream: String,
}

impl BucketNames {
    /// Whether both names are the same.
    pub fn are_equal(&self) -> bool {
        self.client == self.upstream
    }

    /// The text, in which each word that is the store's name of the bucket is replaced with the client's name.
    pub fn in_text(&self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let (mut changed, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find(&self.upstream).filter(|_| !self.upstream.is_empty()) {
            let (before, after) = (&rest[..at], &rest[at + self.upstream.len()..]);
            changed.push_str(before);
            let is_word = !changed.ends_with(is_part) && !after.starts_with(is_part);
            changed.push_str(if is_word { &self.client } else { &self.upstream });
            rest = after;
        }
        changed + rest
    }
}

/// Whether a header of a request is forwarded.
pub(super) fn goes_along(name: &str) -> bool {
    !NOT_FORWARDED.contains(&name)
}

/// The headers of an answer, except those of the connection.
pub fn client_headers(answer: &HeaderMap, names: &BucketNames) -> Vec<(HeaderName, HeaderValue)> {
    let passes = answer.iter().filter(|(name, _)| !STAYS.contains(&name.as_str()));
    passes.map(|(name, value)| (name.clone(), client_value(name, value, names))).collect()
}

/// Only addresses contain names of buckets.
fn client_value(name: &HeaderName, value: &HeaderValue, names: &BucketNames) -> HeaderValue {
    let changed = match (name == LOCATION && !names.are_equal(), value.to_str()) {
        (true, Ok(text)) => HeaderValue::from_str(&names.in_text(text)).ok(),
        _ => None,
    };
    changed.unwrap_or_else(|| value.clone())
}

/// The rules that replace the bucket's name in a document, and change nothing else.
pub fn client_document(document: &'static DocumentSpec, names: &BucketNames) -> Rewriter {
    let of_buckets = document.identities.iter().filter(|(_, identity)| matches!(identity, Identity::Bucket));
    Rewriter::new(of_buckets.fold(RewriteRules::none(), |rules, (path, _)| rules.text(path, &names.client)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_renamed_where_its_name_is_a_word() {
        let names = BucketNames { client: "media".into(), upstream: "acme".into() };
        for (text, expected) in [
            (
                "<BucketName>acme</BucketName><Resource>/acme/k</Resource>",
                "<BucketName>media</BucketName><Resource>/media/k</Resource>",
            ),
            ("acme-prod acme_ xacme acme", "acme-prod acme_ xacme media"),
            ("http://acme.s3.test/", "http://media.s3.test/"),
            ("", ""),
        ] {
            assert_eq!(names.in_text(text), expected);
        }
        assert_eq!(BucketNames::default().in_text("acme"), "acme");
    }

    #[test]
    fn an_answer_keeps_all_headers_but_those_of_the_connection() {
        let answer = HeaderMap::from_iter([
            (HeaderName::from_static("server"), HeaderValue::from_static("MinIO")),
            (HeaderName::from_static("x-amz-version-id"), HeaderValue::from_static("1")),
            (HeaderName::from_static("connection"), HeaderValue::from_static("close")),
            (LOCATION, HeaderValue::from_static("/acme")),
        ]);
        let names = BucketNames { client: "media".into(), upstream: "acme".into() };
        let passed = client_headers(&answer, &names);
        let passed: Vec<_> =
            passed.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(passed, ["server: MinIO", "x-amz-version-id: 1", "location: /media"]);
    }
}
