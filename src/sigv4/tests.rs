//! Tests of the whole: golden vectors, readings, and the answers to forged, torn and odd requests.
//!
//! Here is what they share: a request written as text.

use super::*;
use crate::s3::request::RequestHead;
use crate::s3::{S3Error, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue};
mod answers;
mod golden;
mod keys;
mod readings;

/// The key of the S3 documentation's examples.
const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A request as text: the method and target in the first line, then `name: value` lines.
struct Request {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
}

impl Request {
    fn new(text: &str) -> Request {
        let mut lines = text.trim().lines().map(str::trim);
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(':').unwrap()) {
            let value = HeaderValue::from_bytes(value.trim().as_bytes()).unwrap();
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        Request { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers }
    }

    fn head(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
    }

    fn verify(&self, secret: &str) -> Result<Verified, AuthError> {
        let claim = parse(&self.head())?;
        verify(&claim, &self.head(), &Secret::new(secret), &KeyCache::new())
    }
}

/// The time in the S3 documentation's examples.
fn now() -> Timestamp {
    Timestamp::parse_amz_date("20130524T000000Z").unwrap()
}

/// A request of ours, signed in its headers; `text` needs neither date nor payload hash.
fn signed(text: &str) -> Request {
    let mut request = Request::new(text);
    request.set("x-amz-date", &now().amz_date());
    request.set("x-amz-content-sha256", EMPTY_SHA256);
    let payload = PayloadHash::parse(EMPTY_SHA256).unwrap();
    let (secret, cache) = (Secret::new(SECRET), KeyCache::new());
    let signer = Signer { access_key_id: ID, secret: &secret, region: "auto", service: "s3", cache: &cache };
    let authorization = signer.sign(&request.head(), &payload, now()).authorization;
    request.set("authorization", &authorization);
    request
}

/// A request of ours, signed in its query for an hour.
fn presigned(text: &str) -> Request {
    let mut request = Request::new(text);
    let (secret, cache) = (Secret::new(SECRET), KeyCache::new());
    let signer = Signer { access_key_id: ID, secret: &secret, region: "auto", service: "s3", cache: &cache };
    request.query = signer.presign(&request.head(), 3600, now());
    request
}

/// What the steps answer, in their order.
fn answer(request: &Request, now: Timestamp) -> Result<Claim, AuthError> {
    let (head, secret) = (request.head(), Secret::new(SECRET));
    let claim = parse(&head)?;
    verify(&claim, &head, &secret, &KeyCache::new())?;
    check_signed_headers(&claim, &head)?;
    check_clock(&claim, now)?;
    Ok(claim)
}
