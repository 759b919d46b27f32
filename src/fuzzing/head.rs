//! A head as a text: `METHOD target`, then a header a line, `name: value`. What no HTTP library lets through is left out.

use crate::s3::Timestamp;
use crate::s3::request::RequestHead;
use crate::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The key that signs heads, and one that may only read objects.
pub(super) const ADMIN: &str = "0123456789abcdef0123456789abcdef";
pub(super) const READER: &str = "fedcba9876543210fedcba9876543210";
/// The secret of both.
pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A head that was read.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
}

impl Head {
    /// Any bytes are a head; what is missing is filled in.
    pub(super) fn parse(bytes: &[u8]) -> Head {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n');
        let (method, target) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/"));
        // Targets have no spaces and no control characters: httparse has refused them.
        let target: String = target.chars().filter(|c| !c.is_ascii_control() && *c != ' ').collect();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let method = http::Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let mut headers = HeaderMap::new();
        for line in lines.take(300) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let name = HeaderName::from_bytes(name.trim().as_bytes());
            let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        if !headers.contains_key(http::header::HOST) {
            headers.insert(http::header::HOST, HeaderValue::from_static("127.0.0.1:9000"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Head { method: method.to_string(), path, query: query.to_owned(), headers }
    }

    pub(super) fn borrow(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    /// The head without what a signature brings.
    pub(super) fn unsigned(mut self) -> Head {
        for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
            self.headers.remove(name);
        }
        let kept = |pair: &&str| !pair.to_ascii_lowercase().starts_with("x-amz-");
        self.query = self.query.split('&').filter(kept).collect::<Vec<_>>().join("&");
        self
    }

    /// The head with a signature in its headers. A payload hash that is none is replaced.
    pub(super) fn signed(mut self, id: &str) -> Head {
        self.set("x-amz-date", &now().amz_date());
        let given = self.borrow().header("x-amz-content-sha256").and_then(|text| PayloadHash::parse(text).ok());
        let payload = given.unwrap_or(PayloadHash::Unsigned);
        self.set("x-amz-content-sha256", &payload.text());
        let authorization = with_signer(id, |signer| signer.sign(&self.borrow(), &payload, now()).authorization);
        self.set("authorization", &authorization);
        self
    }

    /// The head with a signature in its query.
    pub(super) fn presigned(mut self, id: &str) -> Head {
        self.headers.remove("x-amz-content-sha256");
        self.query = with_signer(id, |signer| signer.presign(&self.borrow(), 60, now()));
        self
    }

    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
}

/// The time of all heads.
pub(super) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_651_200_000)
}

fn with_signer<T>(id: &str, sign: impl FnOnce(Signer<'_>) -> T) -> T {
    let (secret, cache) = (Secret::new(SECRET), KeyCache::default());
    sign(Signer { access_key_id: id, secret: &secret, region: "auto", service: "s3", cache: &cache })
}
