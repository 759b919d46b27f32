//! Reads of public buckets: what may be carried out for an unsigned request.
//!
//! This is not part of the chain. Only the port for public buckets uses it. It knows two operations and no key. The
//! policy does not apply, because it is about the S3 API.
//!
//! A client learns only whether there is a public object of this name. The answer is the same for a bucket that is not
//! public, a bucket that does not exist, and a key that does not exist.

use crate::cors::{Header, is_preflight};
use crate::filters::cors;
use crate::filters::facts::Subject;
use crate::filters::request::Request;
use crate::filters::rules::Rules;
use crate::routing::{Address, AddressError, RawAddress};
use crate::s3::names::BucketName;
use crate::s3::operation::OperationSpec;
use crate::s3::range::ByteRange;
use crate::s3::request::RequestHead;
use crate::s3::view::RequestView;
use crate::s3::{Code, Operation, S3Error};
use http::header::{HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};
use http::{HeaderName, StatusCode};

/// The methods that the port for public buckets has, as `Allow` names them.
const PUBLIC_METHODS: &str = "GET, HEAD";

/// The headers that have an effect. All others are ignored, for example one that asks for a checksum or has a
/// customer's key.
const EFFECTIVE_HEADERS: [HeaderName; 7] =
    [HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE];

/// A read of an object in a bucket that the settings make public. Only [`PublicRead::find`] makes one.
#[derive(Debug)]
pub(super) struct PublicRead<'a>(PublicReadParts<'a>);

/// What a [`PublicRead`] is of.
#[derive(Debug)]
pub(super) struct PublicReadParts<'a> {
    /// GetObject or HeadObject.
    pub(super) spec: &'static OperationSpec,
    /// Bucket and key.
    pub(super) address: Address,
    /// The key as it was sent, percent-encoded.
    pub(super) raw_key: &'a str,
}

/// The headers of the answer to a browser's preflight; `None` for other requests.
///
/// # Errors
/// No CORS rule of a public bucket allows the request. Buckets that are not public have no rules here, so the answer
/// does not show whether they have any.
pub(super) fn preflight(request: &Request<'_>) -> Result<Option<Vec<Header>>, S3Error> {
    let (head, rules) = (&request.head, request.rules);
    if !is_preflight(head.method, head.headers) {
        return Ok(None);
    }
    let answer = rules.cors.preflight(bucket(rules, head).as_ref(), head.headers);
    answer.map(Some).map_err(|refusal| cors::not_allowed(&refusal, None))
}

/// The CORS headers of the answer to a request at the port for public buckets that is not a preflight.
pub fn public_cors_headers(rules: &Rules, head: &RequestHead<'_>, status: StatusCode) -> Vec<Header> {
    rules.cors.headers(|| bucket(rules, head), head.method, head.headers, status)
}

/// The public bucket that the request names.
fn bucket(rules: &Rules, head: &RequestHead<'_>) -> Option<BucketName> {
    let raw = RawAddress::find(head.header("host").unwrap_or_default(), head.path, &rules.domains).ok()?;
    raw.bucket().ok().flatten().filter(|bucket| rules.public.covers(bucket))
}

impl<'a> PublicRead<'a> {
    /// The read that a request is for.
    ///
    /// # Errors
    /// Those of [`admit_public`](crate::filters::admit_public).
    pub(super) fn find(request: &Request<'a>, subject: &mut Subject) -> Result<PublicRead<'a>, S3Error> {
        let (head, rules) = (&request.head, request.rules);
        let spec = operation(head.method)?.spec();
        subject.operation = Some(spec.operation);
        let host = head.header("host").unwrap_or_default();
        let raw = RawAddress::find(host, head.path, &rules.domains).map_err(not_an_address)?;
        let address = raw.address();
        subject.names(&address);
        let address = address.map_err(|error| not_found(&error.to_string()))?;
        match (&address.bucket, &address.key) {
            (Some(bucket), Some(_)) if rules.public.covers(bucket) => {
                Ok(PublicRead(PublicReadParts { spec, address, raw_key: raw.raw_key() }))
            }
            (Some(_), Some(_)) => Err(not_found("the bucket is not public")),
            _ => Err(not_found("the address names no object, and nothing is listed here")),
        }
    }

    /// The operation to carry out.
    pub(super) fn into_parts(self) -> PublicReadParts<'a> {
        self.0
    }
}

fn operation(method: &str) -> Result<Operation, S3Error> {
    match method {
        "GET" => Ok(Operation::GetObject),
        "HEAD" => Ok(Operation::HeadObject),
        _ => Err(S3Error::new(Code::METHOD_NOT_ALLOWED).header("allow", PUBLIC_METHODS)),
    }
}

fn not_an_address(error: AddressError) -> S3Error {
    match error {
        AddressError::Host(unknown) => S3Error::new(Code::INVALID_REQUEST)
            .message(format!(
                "The host {:?} is not a domain of this server, so it is unclear which bucket is meant. Ask for \
                 /BUCKET/KEY at the server's address, or add the domain to `domains` in the settings of r2shim.",
                unknown.host
            ))
            .cause("the host is neither a domain nor below one"),
        AddressError::Path => not_found("the target is no path"),
    }
}

fn not_found(cause: &str) -> S3Error {
    S3Error::new(Code::NO_SUCH_KEY).cause(cause)
}

/// The view of a public read. A malformed range is ignored, and so is the range of a HEAD, as HTTP requires (RFC 9110
/// section 14.2). S3 answers both differently, but its answers are not for browsers.
pub(super) fn view(head: &RequestHead<'_>) -> RequestView<'static> {
    let mut view = RequestView::of_headers(head.headers, &EFFECTIVE_HEADERS);
    let is_range = view.header(RANGE.as_str()).is_some_and(|range| ByteRange::parse(range).is_ok());
    if !is_range || head.method != "GET" {
        view.ignore(vec![RANGE.as_str().to_owned()], Vec::new());
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{BucketPattern, BucketScope, Keyring};
    use crate::cors::CorsRules;
    use crate::filters::{Accepted, Limits, Mode, admit_public};
    use crate::policy::Policy;
    use crate::s3::Timestamp;
    use http::{HeaderMap, HeaderValue};
    use std::sync::Arc;

    fn rules() -> Rules {
        let patterns = ["media", "site-*"].map(|text| BucketPattern::parse(text).unwrap());
        Rules {
            limits: Limits::default(),
            domains: vec!["cdn.example.test".to_owned()],
            cors: CorsRules::default(),
            keyring: Keyring::default(),
            signing_keys: Arc::default(),
            policy: Arc::new(Policy::builtin("r2").unwrap().unwrap()),
            public: BucketScope::Matching(patterns.into()),
            trusted_proxies: Default::default(),
            mode: Mode::Enforce,
        }
    }

    /// The line `METHOD HOST PATH?QUERY`, and what comes of it: `OPERATION bucket/key`, or status and code.
    fn outcome(line: &str, lines: &[(&'static str, &'static str)]) -> String {
        let [method, host, target] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let rules = rules();
        let head = RequestHead { method, path, query, headers: &headers };
        match admit_public(&rules, head, Timestamp::default(), &mut Subject::default()) {
            Ok(Accepted::Preflight(_)) => "204".to_owned(),
            Ok(Accepted::Request(admitted)) => {
                let names = (admitted.bucket().unwrap(), admitted.object_key().unwrap());
                let heard: Vec<_> = admitted.view.headers().map(|(name, _)| name).filter(|n| *n != "host").collect();
                assert_eq!(admitted.view.parameters().count(), 0);
                assert!(admitted.signer().is_err() && admitted.fixed.is_none());
                format!("{} {}/{} {}", admitted.spec.operation, names.0, names.1, heard.join(",")).trim().to_owned()
            }
            Err(error) => format!("{} {}", error.status.as_u16(), error.code),
        }
    }

    #[test]
    fn reads_of_public_objects_are_admitted_and_nothing_else() {
        for (line, expected) in [
            ("GET 127.0.0.1:9002 /media/a/b.txt", "GetObject media/a/b.txt"),
            ("HEAD 127.0.0.1:9002 /media/a", "HeadObject media/a"),
            ("GET localhost:9002 /site-eu/a", "GetObject site-eu/a"),
            ("GET media.localhost:9002 /a/b", "GetObject media/a/b"),
            ("GET media.cdn.example.test /a", "GetObject media/a"),
            ("GET cdn.example.test /media/a", "GetObject media/a"),
            ("GET localhost /media/a?acl", "GetObject media/a"),
            ("GET localhost /media/a?uploadId=u&partNumber=1&response-content-type=text/html", "GetObject media/a"),
            ("GET localhost /media/a?X-Amz-Signature=0&X-Amz-Algorithm=x&x-amz-acl=a&x-amz-acl=b", "GetObject media/a"),
            ("GET localhost /media/a?%ff", "GetObject media/a"),
            ("GET localhost /media/../private/a", "GetObject media/../private/a"),
            ("GET localhost /media//a", "GetObject media//a"),
            ("GET localhost /media/%2e%2e/a%20b", "GetObject media/../a b"),
            ("GET localhost /private/a", "404 NoSuchKey"),
            ("GET private.localhost /media/a", "404 NoSuchKey"),
            ("GET localhost /private/../media/a", "404 NoSuchKey"),
            ("GET localhost /media%2Fa/b", "404 NoSuchKey"),
            ("GET localhost /Media/a", "404 NoSuchKey"),
            ("GET localhost /media/%ff", "404 NoSuchKey"),
            ("GET localhost /site/a", "404 NoSuchKey"),
            ("GET localhost /", "404 NoSuchKey"),
            ("GET localhost /media", "404 NoSuchKey"),
            ("GET localhost /media/", "404 NoSuchKey"),
            ("GET media.localhost /", "404 NoSuchKey"),
            ("GET localhost /media?list-type=2", "404 NoSuchKey"),
            ("GET localhost *", "404 NoSuchKey"),
            ("GET media.example.test /a", "400 InvalidRequest"),
            ("PUT localhost /media/a", "405 MethodNotAllowed"),
            ("DELETE localhost /media/a", "405 MethodNotAllowed"),
            ("POST localhost /media/a?uploads", "405 MethodNotAllowed"),
            ("PUT localhost /private/a", "405 MethodNotAllowed"),
            ("OPTIONS localhost /media/a", "405 MethodNotAllowed"),
            ("get localhost /media/a", "405 MethodNotAllowed"),
        ] {
            assert_eq!(outcome(line, &[]), expected, "{line}");
        }
    }

    #[test]
    fn headers_that_do_not_count_are_not_in_the_view() {
        for (method, headers, heard) in [
            ("GET", &[("authorization", "AWS4-HMAC-SHA256 x"), ("x-amz-checksum-mode", "enabled")][..], ""),
            ("GET", &[("x-amz-server-side-encryption-customer-key", "k"), ("x-amz-copy-source", "/private/a")], ""),
            ("GET", &[("range", "bytes=0-1"), ("if-range", "\"a\"")], "if-range,range"),
            ("GET", &[("range", "bytes=0-1,3-4")], ""),
            ("GET", &[("range", "lines=0-1")], ""),
            ("HEAD", &[("range", "bytes=0-1")], ""),
            ("GET", &[("if-none-match", "*"), ("cookie", "a=b"), ("content-type", "x")], "if-none-match"),
        ] {
            let operation = if method == "GET" { "GetObject" } else { "HeadObject" };
            let expected = format!("{operation} media/a {heard}").trim().to_owned();
            assert_eq!(outcome(&format!("{method} localhost /media/a"), headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_private_object_looks_like_a_missing_one() {
        let rules = rules();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        let answer = |path| {
            let head = RequestHead { method: "GET", path, query: "", headers: &headers };
            let error = admit_public(&rules, head, Timestamp::default(), &mut Subject::default()).unwrap_err();
            (error.status, error.code, error.message, error.details, error.headers)
        };
        let refused = answer("/private/a");
        for path in ["/", "/media/", "/NO/a", "/p/a", "/private/%ff", "//media/a"] {
            assert_eq!(answer(path), refused, "{path}");
        }
    }
}
