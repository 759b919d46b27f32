//! Signing, which a client does, and the proxy when it sends a request to a remote store.

use crate::s3::Timestamp;
use crate::s3::request::RequestHead;
use crate::sigv4::ALGORITHM;
use crate::sigv4::canonical::{self, CanonicalRequest, RequestParts};
use crate::sigv4::chunk::ChunkChain;
use crate::sigv4::key::{KeyCache, Secret, SigningKey};
use crate::sigv4::payload::PayloadHash;
use crate::sigv4::scope::Scope;
use http::HeaderMap;

/// Headers signed besides `x-amz-*` and `cf-*` ones: those that have an effect and that no intermediary rewrites.
const SIGNED: [&str; 3] = ["content-md5", "content-type", "host"];

/// A key that signs requests to one region of one service.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The key's id.
    pub access_key_id: &'a str,
    /// The key's secret.
    pub secret: &'a Secret,
    /// The region as the server knows it.
    pub region: &'a str,
    /// `s3`.
    pub service: &'a str,
    /// The cache of signing keys.
    pub cache: &'a KeyCache,
}

/// A request's signature.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The value of the `Authorization` header.
    pub authorization: String,
    /// The chain that signs the chunks of an aws-chunked body.
    pub chain: ChunkChain,
}

impl Signer<'_> {
    /// Signs a request whose headers are complete: `host`, `x-amz-date` (that is, `now`) and `x-amz-content-sha256`
    /// (that is, `payload`) are among them.
    pub fn sign(&self, head: &RequestHead<'_>, payload: &PayloadHash, now: Timestamp) -> Signed {
        let amz_date = now.amz_date();
        let scope = self.scope(&amz_date);
        let (id, signed_headers) = (self.access_key_id, signed_headers(head.headers));
        let (key, scope) = (self.signing_key(&scope), scope.text());
        let request = CanonicalRequest::new(&RequestParts {
            method: head.method,
            path: &canonical::path(head.path),
            query: &canonical::query(head.query, false),
            headers: head.headers,
            signed_headers: &signed_headers,
            payload: &payload.text(),
        });
        let string_to_sign = request.string_to_sign(&amz_date, &scope);
        let signature = key.sign(&string_to_sign);
        let (names, hex) = (signed_headers.as_str(), signature.hex());
        let authorization =
            [ALGORITHM, " Credential=", id, "/", &scope, ", SignedHeaders=", names, ", Signature=", &hex].concat();
        Signed { authorization, chain: ChunkChain::new(key, string_to_sign, signature) }
    }

    /// The query of a presigned request that is valid for `expires` seconds: the head's query and the signature. The
    /// head's headers are those that the sender will send. The signature does not cover the body.
    pub fn presign(&self, head: &RequestHead<'_>, expires: u64, now: Timestamp) -> String {
        let amz_date = now.amz_date();
        let scope = self.scope(&amz_date);
        let signed_headers = signed_headers(head.headers);
        let credential = canonical::encode(&format!("{}/{scope}", self.access_key_id));
        let query = format!(
            "{}{}X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={amz_date}\
             &X-Amz-Expires={expires}&X-Amz-SignedHeaders={}",
            head.query,
            if head.query.is_empty() { "" } else { "&" },
            canonical::encode(&signed_headers),
        );
        let request = CanonicalRequest::new(&RequestParts {
            method: head.method,
            path: &canonical::path(head.path),
            query: &canonical::query(&query, true),
            headers: head.headers,
            signed_headers: &signed_headers,
            payload: &PayloadHash::Unsigned.text(),
        });
        let signature = self.signing_key(&scope).sign(&request.string_to_sign(&amz_date, &scope.text()));
        format!("{query}&X-Amz-Signature={}", signature.hex())
    }

    /// The scope of a request of this date: its day, as `x-amz-date` begins.
    fn scope(&self, amz_date: &str) -> Scope {
        let day = amz_date.get(..8).unwrap_or_default();
        Scope { date: day.to_owned(), region: self.region.to_owned(), service: self.service.to_owned() }
    }

    fn signing_key(&self, scope: &Scope) -> SigningKey {
        self.cache.get(self.secret, scope).unwrap_or_else(|| {
            let key = self.secret.signing_key(scope);
            self.cache.keep(self.secret, scope, &key);
            key
        })
    }
}

/// The list of headers to sign, sorted.
fn signed_headers(headers: &HeaderMap) -> String {
    let mut names: Vec<&str> = headers.keys().map(|name| name.as_str()).filter(|name| is_signed(name)).collect();
    names.sort_unstable();
    names.join(";")
}

fn is_signed(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("cf-") || SIGNED.contains(&name)
}
