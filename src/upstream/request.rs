//! What a request looks like on the upstream's side: host, path, query and headers, made from what the chain admitted
//! and from nothing else, and signed last.
//!
//! Nothing of the client's own signature goes along: the transport's headers and parameters stay behind. Nor does a
//! header that nobody asked about: what goes upstream is a list, not what is left of another one.

use crate::s3::checksum::Algorithm;
use crate::s3::copy_source::{COPY_SOURCE, CopySource};
use crate::s3::headers::{METADATA_PREFIX, is_transport_header};
use crate::s3::metadata::object_codings;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::operation::{Method, Operation, Row};
use crate::s3::request::RequestHead;
use crate::s3::view::View;
use crate::s3::{Code, S3Error, Timestamp};
use crate::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use crate::upstream::{Addressing, Dialect, Endpoint, Remote};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// HTTP's own headers that mean something to a store. Of the others, some belong to one connection, some to the client's
/// signature, and the rest are nobody's business.
const HTTP_HEADERS: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// `x-amz-*` headers that do not go along: the source of a copy is written anew, and the SDK's own note on a checksum
/// is only true of the body as the SDK framed it.
const WRITTEN_ANEW: &[&str] = &[COPY_SOURCE, "x-amz-sdk-checksum-algorithm"];

/// Conditions under which a write may not take place.
const WRITE_CONDITIONS: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
const QUERY: &AsciiSet = &PATH.add(b'/');

/// A request as the chain admitted it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The operation's row.
    pub row: &'static Row,
    /// Headers and query.
    pub view: &'a View<'a>,
    /// The client's name of the bucket; `None` for the account.
    pub bucket: Option<&'a BucketName>,
    /// The key; `None` for the bucket itself.
    pub key: Option<&'a ObjectKey>,
    /// The key as it was sent, percent-encoded; empty for the bucket itself.
    pub raw_key: &'a str,
}

/// A request as the upstream is to get it, but for what depends on the node, the time and the body.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method's name.
    pub method: &'static str,
    /// The upstream's name of the bucket; `None` for the account.
    pub bucket: Option<String>,
    /// The path, byte for byte as the client sent it but for the bucket's name.
    pub path: String,
    /// The query; empty for none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    addressing: Addressing,
    names_a_key: bool,
    conditional: bool,
}

/// The key a request is signed with.
#[derive(Debug, Clone, Copy)]
pub struct SigningIdentity<'a> {
    /// Its id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a Secret,
    /// The token that goes with a temporary key.
    pub session_token: Option<&'a str>,
    /// The region of the store.
    pub region: &'a str,
    /// Where derived keys are kept.
    pub cache: &'a KeyCache,
}

impl Outgoing {
    /// Translates a request.
    ///
    /// # Errors
    /// `NoSuchBucket` for a bucket that cannot be reached under its name, `AccessDenied` for making one, `NotImplemented`
    /// for what the store would not hear, and those of [`CopySource::of_request`].
    pub fn of(incoming: &Incoming<'_>, remote: &Remote) -> Result<Outgoing, S3Error> {
        let bucket = incoming.bucket.map(|bucket| upstream_name(bucket, remote)).transpose();
        let bucket = bucket.map_err(|error| unreachable(error, incoming.row.operation))?;
        let conditional = is_conditional_write(incoming);
        if conditional && !remote.dialect.hears_conditions(incoming.row.operation) {
            return Err(unheard_condition(incoming));
        }
        if incoming.key.is_some_and(|key| remote.dialect.mistakes(key)) {
            return Err(mistaken_key());
        }
        let mut headers = headers(incoming.view, remote.dialect);
        if let Some(source) = CopySource::of_request(incoming.view)? {
            if remote.dialect.mistakes(&source.key) {
                return Err(mistaken_key());
            }
            let value = format!("{}/{}", upstream_name(&source.bucket, remote)?, encode(source.key.as_str(), PATH));
            headers.insert(HeaderName::from_static(COPY_SOURCE), text(&value)?);
        }
        Ok(Outgoing {
            method: method(incoming.row.method),
            path: path(bucket.as_deref(), incoming.raw_key, remote.addressing),
            query: query(incoming.view),
            headers,
            bucket,
            addressing: remote.addressing,
            names_a_key: incoming.key.is_some(),
            conditional,
        })
    }

    /// A request of our own: no headers but those every request has.
    pub fn own(method: &'static str, bucket: Option<&str>, query: &str, addressing: Addressing) -> Outgoing {
        let path = path(bucket, "", addressing);
        let (bucket, query) = (bucket.map(str::to_owned), query.to_owned());
        Outgoing { method, bucket, path, query, headers: common(), addressing, names_a_key: false, conditional: false }
    }

    /// Whether doing it twice comes to the same as doing it once, so that it may be sent again where nobody knows
    /// whether it arrived. A conditional write is not repeatable: it would be refused for its own success.
    pub fn is_repeatable(&self) -> bool {
        self.method != "POST" && !self.conditional
    }

    /// Whether it is about an object and not about a bucket or the account.
    pub fn names_a_key(&self) -> bool {
        self.names_a_key
    }

    /// The host it is for: the node's, with the bucket before it where the store wants that.
    pub fn host(&self, endpoint: &Endpoint) -> String {
        match (&self.bucket, self.addressing) {
            (Some(bucket), Addressing::Virtual) => format!("{bucket}.{}", endpoint.authority()),
            _ => endpoint.authority(),
        }
    }

    /// Adds a header of our own.
    ///
    /// # Errors
    /// `InternalError` for a value no header can hold.
    pub fn set(&mut self, name: HeaderName, value: &str) -> Result<(), S3Error> {
        self.headers.insert(name, text(value)?);
        Ok(())
    }

    /// All headers for a node, the signature among them. To be called again for every attempt.
    ///
    /// # Errors
    /// `InternalError` where the credentials have characters no header can hold.
    pub fn signed(
        &self,
        endpoint: &Endpoint,
        identity: &SigningIdentity<'_>,
        payload: &PayloadHash,
        now: Timestamp,
    ) -> Result<HeaderMap, S3Error> {
        let mut headers = self.headers.clone();
        headers.insert(HOST, text(&self.host(endpoint))?);
        headers.insert(HeaderName::from_static("x-amz-date"), text(&now.amz_date())?);
        headers.insert(HeaderName::from_static("x-amz-content-sha256"), text(&payload.text())?);
        if let Some(token) = identity.session_token {
            headers.insert(HeaderName::from_static("x-amz-security-token"), text(token)?);
        }
        let signer = Signer {
            access_key_id: identity.access_key_id,
            secret: identity.secret,
            region: identity.region,
            service: "s3",
            cache: identity.cache,
        };
        let head = RequestHead { method: self.method, path: &self.path, query: &self.query, headers: &headers };
        let authorization = text(&signer.sign(&head, payload, now).authorization)?;
        headers.insert(AUTHORIZATION, authorization);
        Ok(headers)
    }
}

fn upstream_name(bucket: &BucketName, remote: &Remote) -> Result<String, S3Error> {
    remote.buckets.upstream(bucket).map(str::to_owned).ok_or_else(|| Code::NO_SUCH_BUCKET.into())
}

/// A bucket that cannot be reached is as good as not there, until somebody wants to make it.
fn unreachable(error: S3Error, operation: Operation) -> S3Error {
    if operation == Operation::CreateBucket { Code::ACCESS_DENIED.into() } else { error }
}

fn is_conditional_write(incoming: &Incoming<'_>) -> bool {
    let writes = !matches!(incoming.row.method, Method::Get | Method::Head);
    writes && WRITE_CONDITIONS.iter().any(|name| incoming.view.header_bytes(name).is_some())
}

fn unheard_condition(incoming: &Incoming<'_>) -> S3Error {
    let name = WRITE_CONDITIONS.iter().find(|name| incoming.view.header_bytes(name).is_some()).copied();
    let message = format!("{} on {} not implemented by the upstream", name.unwrap_or_default(), incoming.row.operation);
    S3Error::new(Code::NOT_IMPLEMENTED).message(message)
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Put => "PUT",
        Method::Post => "POST",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
    }
}

fn path(bucket: Option<&str>, raw_key: &str, addressing: Addressing) -> String {
    match (bucket, addressing) {
        (Some(bucket), Addressing::Path) if raw_key.is_empty() => format!("/{bucket}"),
        (Some(bucket), Addressing::Path) => format!("/{bucket}/{raw_key}"),
        (Some(_), Addressing::Virtual) => format!("/{raw_key}"),
        (None, _) => "/".to_owned(),
    }
}

/// The parameters, encoded anew: what a `+` or a lone `%` means differs from store to store, and the signature is held
/// against the decoded text.
fn query(view: &View<'_>) -> String {
    let pair = |(name, value): (&str, &str)| format!("{}={}", encode(name, QUERY), encode(value, QUERY));
    view.parameters().map(pair).collect::<Vec<_>>().join("&")
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// A key that this store takes for another: to write it would overwrite or delete that other.
pub fn mistaken_key() -> S3Error {
    S3Error::new(Code::INVALID_OBJECT_NAME).cause("the store takes keys for paths, and this one for another key")
}

fn headers(view: &View<'_>, dialect: &Dialect) -> HeaderMap {
    let mut headers = common();
    for (name, value) in view.headers().filter(|(name, value)| goes_along(name) && is_taken(name, value, dialect)) {
        // They came as headers, so they are headers.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    leave_framing_out(&mut headers);
    headers
}

/// Whether the store knows the checksum that a header has or asks for. Another was verified here and ends here.
fn is_taken(name: &str, value: &[u8], dialect: &Dialect) -> bool {
    let asked_for = match name {
        "x-amz-checksum-algorithm" => std::str::from_utf8(value).ok().and_then(Algorithm::parse),
        _ => Algorithm::of_header(name),
    };
    asked_for.is_none_or(|algorithm| dialect.takes(algorithm))
}

fn goes_along(name: &str) -> bool {
    let amz = name.starts_with("x-amz-") && !is_transport_header(name) && !WRITTEN_ANEW.contains(&name);
    amz || HTTP_HEADERS.contains(&name) || name.starts_with(METADATA_PREFIX)
}

/// What every request upstream has. A store that compressed its answers would give other bytes than the object's.
fn common() -> HeaderMap {
    let agent = HeaderValue::from_static(concat!("r2shim/", env!("CARGO_PKG_VERSION")));
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity")), (USER_AGENT, agent)])
}

/// `aws-chunked` names the client's framing of the body, which ends here.
fn leave_framing_out(headers: &mut HeaderMap) {
    if !headers.contains_key(CONTENT_ENCODING) {
        return;
    }
    let lines: Vec<_> = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes).collect();
    let codings = String::from_utf8_lossy(&lines.join(&b", "[..])).into_owned();
    headers.remove(CONTENT_ENCODING);
    if let Some(value) = object_codings(codings).and_then(|kept| HeaderValue::from_bytes(kept.as_bytes()).ok()) {
        headers.insert(CONTENT_ENCODING, value);
    }
}

fn text(value: &str) -> Result<HeaderValue, S3Error> {
    let no_header =
        |_| S3Error::new(Code::INTERNAL_ERROR).cause("a header towards the upstream has control characters");
    HeaderValue::from_bytes(value.as_bytes()).map_err(no_header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use crate::sigv4;
    use crate::upstream::{BucketMap, CredentialSource, Dialect, HealthCheck, Timeouts};

    fn remote(addressing: Addressing, dialect: &str) -> Remote {
        let mut buckets = BucketMap::default();
        buckets.map(BucketName::parse("media").unwrap(), "acme-prod-media".to_owned()).unwrap();
        Remote {
            endpoints: vec![Endpoint::parse("http://store.example.test:9100").unwrap()],
            region: "eu-west-1".to_owned(),
            addressing,
            dialect: Dialect::named(dialect).unwrap(),
            credentials: CredentialSource::AwsChain,
            buckets,
            ca_file: None,
            timeouts: Timeouts::default(),
            pool: 1,
            health: HealthCheck::Any,
        }
    }

    fn header_map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        lines.iter().map(pair).collect()
    }

    fn translated(
        operation: Operation,
        bucket: &str,
        raw_key: &str,
        raw_query: &str,
        lines: &[(&'static str, &str)],
        remote: &Remote,
    ) -> Result<Outgoing, S3Error> {
        let (headers, bucket) = (header_map(lines), BucketName::parse(bucket).ok());
        let query = Query::parse(raw_query).unwrap();
        let view = match sigv4::is_presigned(&query) {
            true => View::of_presigned(&headers, query).unwrap(),
            false => View::of_signed_headers(&headers, query),
        };
        let key = ObjectKey::parse(raw_key).ok();
        let row = operation.row();
        Outgoing::of(&Incoming { row, view: &view, bucket: bucket.as_ref(), key: key.as_ref(), raw_key }, remote)
    }

    #[test]
    fn the_path_is_the_clients_but_for_the_bucket() {
        use Addressing::{Path, Virtual};
        for (addressing, bucket, raw_key, path, host) in [
            (Path, "media", "a/b", "/acme-prod-media/a/b", "store.example.test:9100"),
            (Path, "other", "a%2Fb//../c+d%20e~%zz%", "/other/a%2Fb//../c+d%20e~%zz%", "store.example.test:9100"),
            (Path, "media", "", "/acme-prod-media", "store.example.test:9100"),
            (Path, "", "", "/", "store.example.test:9100"),
            (Virtual, "media", "/a/", "//a/", "acme-prod-media.store.example.test:9100"),
            (Virtual, "media", "", "/", "acme-prod-media.store.example.test:9100"),
            (Virtual, "", "", "/", "store.example.test:9100"),
        ] {
            let remote = remote(addressing, "aws");
            let out = translated(Operation::GetObject, bucket, raw_key, "", &[], &remote).unwrap();
            assert_eq!(
                (out.path.as_str(), out.host(&remote.endpoints[0]).as_str()),
                (path, host),
                "{bucket} {raw_key}"
            );
        }
    }

    #[test]
    fn only_the_operations_own_parameters_go_along() {
        for (raw, query) in [
            ("", ""),
            ("list-type=2&prefix=a+b%2F&delimiter=/&x-id=ListObjectsV2", "list-type=2&prefix=a%20b%2F&delimiter=%2F"),
            ("uploads", "uploads="),
            ("marker=%zz", "marker=%25zz"),
            (
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=k&X-Amz-Security-Token=t&x-amz-acl=private&versionId=1",
                "versionId=1",
            ),
        ] {
            let out =
                translated(Operation::GetObject, "media", "", raw, &[], &remote(Addressing::Path, "aws")).unwrap();
            assert_eq!(out.query, query, "{raw}");
        }
    }

    fn sent(out: &Outgoing) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let ours = ["user-agent", "accept-encoding"];
        let mut lines: Vec<_> =
            out.headers.iter().filter(|(name, _)| !ours.contains(&name.as_str())).map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn headers_go_along_by_name_and_the_clients_signature_does_not() {
        let lines = [
            ("host", "r2.example.test"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=client"),
            ("x-amz-date", "20261123T000000Z"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            ("x-amz-decoded-content-length", "9"),
            ("x-amz-security-token", "client"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("x-amz-user-agent", "sdk"),
            ("x-amz-te", "append-md5"),
            ("accept-encoding", "gzip"),
            ("user-agent", "sdk"),
            ("connection", "x-amz-meta-a"),
            ("expect", "100-continue"),
            ("content-length", "100"),
            ("transfer-encoding", "chunked"),
            ("cookie", "c"),
            ("origin", "http://example.test"),
            ("cf-ray", "1"),
            ("content-encoding", "aws-chunked,gzip"),
            ("content-type", "text/plain"),
            ("x-amz-meta-a", "käse"),
            ("x-amz-storage-class", "STANDARD"),
        ];
        let out = translated(Operation::PutObject, "media", "k", "", &lines, &remote(Addressing::Path, "aws")).unwrap();
        let expected = [
            "content-encoding: gzip",
            "content-type: text/plain",
            "x-amz-meta-a: käse",
            "x-amz-storage-class: STANDARD",
        ];
        assert_eq!(sent(&out), expected);
    }

    #[test]
    fn hoisted_headers_are_headers() {
        let raw = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=k&x-amz-meta-a=b%20c";
        let out = translated(Operation::PutObject, "media", "k", raw, &[], &remote(Addressing::Path, "aws")).unwrap();
        assert_eq!((sent(&out), out.query.as_str()), (vec!["x-amz-meta-a: b c".to_owned()], ""));
    }

    #[test]
    fn the_source_of_a_copy_has_the_upstreams_name() {
        let remote = remote(Addressing::Path, "aws");
        for (source, expected) in [
            ("media/a b", "acme-prod-media/a%20b"),
            ("/other/ä%2Bc", "other/%C3%A4%2Bc"),
            ("%2Fmedia%2Fa", "acme-prod-media/a"),
        ] {
            let lines = [("x-amz-copy-source", source)];
            let out = translated(Operation::CopyObject, "media", "k", "", &lines, &remote).unwrap();
            assert_eq!(sent(&out), [format!("x-amz-copy-source: {expected}")], "{source}");
        }
        let lines = [("x-amz-copy-source", "acme-prod-media/a")];
        let error = translated(Operation::CopyObject, "media", "k", "", &lines, &remote).unwrap_err();
        assert_eq!(error.code, "NoSuchBucket");
    }

    #[test]
    fn a_bucket_behind_the_map_is_not_there() {
        let remote = remote(Addressing::Path, "aws");
        for (operation, code) in [
            (Operation::HeadBucket, "NoSuchBucket"),
            (Operation::DeleteBucket, "NoSuchBucket"),
            (Operation::CreateBucket, "AccessDenied"),
        ] {
            let error = translated(operation, "acme-prod-media", "", "", &[], &remote).unwrap_err();
            assert_eq!(error.code, code, "{operation}");
        }
    }

    #[test]
    fn what_may_be_sent_twice() {
        use Operation::{CompleteMultipartUpload, CopyObject, DeleteObject, GetObject, PutObject};
        for (operation, condition, repeatable) in [
            (GetObject, None, true),
            (GetObject, Some("if-none-match"), true),
            (PutObject, None, true),
            (PutObject, Some("if-none-match"), false),
            (PutObject, Some("if-match"), false),
            (DeleteObject, None, true),
            (CopyObject, Some("x-amz-copy-source-if-match"), true),
            (CompleteMultipartUpload, None, false),
        ] {
            let lines: Vec<_> = condition.map(|name| (name, "*")).into_iter().collect();
            let out = translated(operation, "media", "k", "", &lines, &remote(Addressing::Path, "aws")).unwrap();
            assert_eq!(out.is_repeatable(), repeatable, "{operation} {condition:?}");
        }
    }

    #[test]
    fn a_store_that_would_not_hear_a_condition_is_not_asked() {
        let garage = remote(Addressing::Path, "garage");
        let error = translated(Operation::PutObject, "media", "k", "", &[("if-none-match", "*")], &garage).unwrap_err();
        assert_eq!((error.status.as_u16(), error.code.as_ref()), (501, "NotImplemented"));
        assert!(translated(Operation::GetObject, "media", "k", "", &[("if-none-match", "*")], &garage).is_ok());
    }

    #[test]
    fn the_signature_is_the_stores_own() {
        let remote = remote(Addressing::Path, "aws");
        let out = translated(Operation::GetObject, "media", "a//%2Fb", "", &[], &remote).unwrap();
        let (secret, cache) = (Secret::new("upstream secret"), KeyCache::default());
        let identity = SigningIdentity {
            access_key_id: "UPSTREAM",
            secret: &secret,
            session_token: None,
            region: &remote.region,
            cache: &cache,
        };
        let now = Timestamp::parse_amz_date("20261123T000000Z").unwrap();
        let headers = out.signed(&remote.endpoints[0], &identity, &PayloadHash::Unsigned, now).unwrap();
        let head = RequestHead { method: out.method, path: &out.path, query: &out.query, headers: &headers };
        let claim = sigv4::parse(&head).unwrap();
        assert!(sigv4::verify(&claim, &head, &secret, &cache).is_ok());
        let identity = SigningIdentity { session_token: Some("token"), ..identity };
        let headers = out.signed(&remote.endpoints[0], &identity, &PayloadHash::Unsigned, now).unwrap();
        assert_eq!(headers["x-amz-security-token"], "token");
        let authorization = headers[AUTHORIZATION].to_str().unwrap();
        assert!(authorization.contains("Credential=UPSTREAM/20261123/eu-west-1/s3/aws4_request"), "{authorization}");
        assert!(authorization.contains("x-amz-security-token"), "{authorization}");
    }
}
