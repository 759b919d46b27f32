//! The request to the upstream: host, path, query and headers, made only from the request that the chain admitted, and
//! signed last.
//!
//! The client's signature is not forwarded, and neither are headers and parameters of the transport. There is an
//! allow-list: a header that is not known here is not sent.

use crate::s3::checksum::Algorithm;
use crate::s3::copy_source::{COPY_SOURCE, CopySource};
use crate::s3::headers::{CONDITIONS, METADATA_PREFIX, OBJECT_HEADERS, is_transport_header};
use crate::s3::metadata::{DEFAULT_CONTENT_TYPE, object_codings};
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::operation::{Describes, OperationSpec};
use crate::s3::request::RequestHead;
use crate::s3::trace::{TRACE_HEADERS, TRACEPARENT, trace_id};
use crate::s3::uri;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, Timestamp};
use crate::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use crate::upstream::retry::RequestClass;
use crate::upstream::{Addressing, Dialect, Endpoint, Remote, Timeouts, unsupported, whole};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use std::borrow::Cow;
use std::time::Duration;

/// HTTP's own headers that a store reads, besides those that describe an object and the conditions. The others belong
/// to one connection or to the client's signature, or have no meaning for a store.
const REQUESTS_ONLY: &[&str] = &["content-md5", "range"];

/// `x-amz-*` headers that are not forwarded: the source of a copy is written anew, and the SDK's note on a checksum is
/// true only for the body as the SDK framed it.
const WRITTEN_ANEW: &[&str] = &[COPY_SOURCE, "x-amz-sdk-checksum-algorithm"];

/// A request as the chain admitted it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The operation's row.
    pub row: &'static OperationSpec,
    /// Headers and query.
    pub view: &'a RequestView<'a>,
    /// The client's name of the bucket; `None` for the account.
    pub bucket: Option<&'a BucketName>,
    /// The key; `None` for the bucket itself.
    pub key: Option<&'a ObjectKey>,
    /// The key as it was sent, percent-encoded; empty for the bucket itself.
    pub raw_key: &'a str,
    /// The object that a copy reads.
    pub source: Option<&'a CopySource>,
}

/// A request for the upstream, without the parts that depend on the node, the time and the body.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method's name.
    pub method: &'static str,
    /// The upstream's name of the bucket; `None` for the account.
    pub bucket: Option<String>,
    /// The path, byte for byte as the client sent it, except for the bucket's name.
    pub path: String,
    /// The query; empty for none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// Headers that are sent and not signed, because proxies between r2shim and the store may change them.
    unsigned: HeaderMap,
    addressing: Addressing,
    names_a_key: bool,
    conditional: bool,
    assembles: bool,
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
    /// The cache of derived keys.
    pub cache: &'a KeyCache,
}

impl Outgoing {
    /// Translates a request.
    ///
    /// # Errors
    /// `NotImplemented` for an operation that a proxy cannot pass on, `NoSuchBucket` for a bucket that cannot be
    /// reached under its name, and `NotImplemented` or `InvalidObjectName` for a header or key that the store would
    /// ignore or misread.
    pub fn from_incoming(incoming: &Incoming<'_>, remote: &Remote) -> Result<Outgoing, S3Error> {
        unsupported::check_operation(incoming.row)?;
        let bucket = incoming.bucket.map(|bucket| upstream_name(bucket, remote)).transpose()?;
        unsupported::check(incoming.row, incoming.view, incoming.key, remote.dialect)?;
        let mut headers = headers(incoming.view, remote.dialect);
        if describes_an_object(incoming) && headers.get(CONTENT_TYPE).is_none_or(HeaderValue::is_empty) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(DEFAULT_CONTENT_TYPE));
        }
        if let Some(source) = incoming.source {
            headers.insert(HeaderName::from_static(COPY_SOURCE), copy_source(source, remote)?);
        }
        Ok(Outgoing {
            method: incoming.row.method.name(),
            path: path(bucket.as_deref(), incoming.raw_key, remote.addressing),
            query: query(incoming.view),
            headers,
            unsigned: trace(incoming.view),
            bucket,
            addressing: remote.addressing,
            names_a_key: incoming.key.is_some(),
            conditional: unsupported::is_conditional_write(incoming.row, incoming.view),
            assembles: incoming.row.assembles,
        })
    }

    /// The request as the client sent it, except for its signature, the headers of its connection, and the names of
    /// buckets. Headers that the store may ignore are not refused, because the client works with this store today.
    ///
    /// # Errors
    /// `NoSuchBucket` for a bucket that cannot be reached under its name, and `InvalidObjectName` for a key that the
    /// store reads as another.
    pub fn whole(incoming: &Incoming<'_>, remote: &Remote) -> Result<Outgoing, S3Error> {
        let bucket = incoming.bucket.map(|bucket| upstream_name(bucket, remote)).transpose()?;
        incoming.key.map_or(Ok(()), |key| unsupported::check_key(key, remote.dialect))?;
        let (mut headers, unsigned) = whole_headers(incoming.view);
        if let Some(source) = incoming.source {
            headers.insert(HeaderName::from_static(COPY_SOURCE), copy_source(source, remote)?);
        }
        Ok(Outgoing {
            method: incoming.row.method.name(),
            path: path(bucket.as_deref(), incoming.raw_key, remote.addressing),
            query: query(incoming.view),
            headers,
            unsigned,
            bucket,
            addressing: remote.addressing,
            names_a_key: incoming.key.is_some(),
            conditional: unsupported::is_conditional_write(incoming.row, incoming.view),
            assembles: incoming.row.assembles,
        })
    }

    /// Refuses requests that even an audit does not pass on: those that would reach the store's own interfaces, or
    /// whose key the store reads as another.
    ///
    /// # Errors
    /// `NoSuchBucket`, `InvalidObjectName`.
    pub fn check_place(incoming: &Incoming<'_>, remote: &Remote) -> Result<(), S3Error> {
        let source = incoming.source.map(|source| (&source.bucket, &source.key));
        let mut buckets = incoming.bucket.into_iter().chain(source.map(|(bucket, _)| bucket));
        buckets.try_for_each(|bucket| unsupported::check_bucket(bucket, remote))?;
        let mut keys = incoming.key.into_iter().chain(source.map(|(_, key)| key));
        keys.try_for_each(|key| unsupported::check_key(key, remote.dialect))
    }

    /// A request that r2shim itself makes, with only the headers that every request has. It is not part of a client's
    /// trace; see [`Outgoing::traced`].
    pub fn new(method: &'static str, bucket: Option<&str>, query: &str, addressing: Addressing) -> Outgoing {
        let path = path(bucket, "", addressing);
        let (bucket, query) = (bucket.map(str::to_owned), query.to_owned());
        let (headers, unsigned) = (common(), HeaderMap::new());
        let (names_a_key, conditional, assembles) = (false, false, false);
        Outgoing { method, bucket, path, query, headers, unsigned, addressing, names_a_key, conditional, assembles }
    }

    /// A GET with this query for the object of this request, to be sent before the request.
    pub fn asking(&self, query: String) -> Outgoing {
        let (headers, conditional, assembles) = (common(), false, false);
        Outgoing { method: "GET", query, headers, conditional, assembles, ..self.clone() }
    }

    /// The same request as part of a client's trace.
    pub fn traced(self, view: &RequestView<'_>) -> Outgoing {
        Outgoing { unsigned: trace(view), ..self }
    }

    /// The effect of sending it twice. A conditional write is not idempotent: the second would be refused because the
    /// first succeeded.
    pub fn class(&self) -> RequestClass {
        match self.method {
            "GET" | "HEAD" => RequestClass::Read,
            "POST" => RequestClass::OtherWrite,
            _ if self.conditional => RequestClass::OtherWrite,
            _ => RequestClass::IdempotentWrite,
        }
    }

    /// How long its answer may take, from the end of the request to the end of the answer's head.
    pub fn answer_time(&self, timeouts: &Timeouts) -> Duration {
        if self.assembles { timeouts.assembly } else { timeouts.first_byte }
    }

    /// Whether it is about an object and not about a bucket or the account.
    pub fn names_a_key(&self) -> bool {
        self.names_a_key
    }

    /// Its host: the node's, with the bucket in front if the store uses virtual addressing.
    pub fn host<'e>(&self, endpoint: &'e Endpoint) -> Cow<'e, str> {
        self.with_bucket(endpoint.authority())
    }

    /// The name that the certificate of its host is for: the host without the port. An address has no bucket before it.
    pub fn certificate_name<'e>(&self, endpoint: &'e Endpoint) -> Cow<'e, str> {
        if endpoint.is_ip() { Cow::Borrowed(&endpoint.host) } else { self.with_bucket(&endpoint.host) }
    }

    fn with_bucket<'e>(&self, host: &'e str) -> Cow<'e, str> {
        match (&self.bucket, self.addressing) {
            (Some(bucket), Addressing::Virtual) => Cow::Owned(format!("{bucket}.{host}")),
            _ => Cow::Borrowed(host),
        }
    }

    /// Adds a header.
    ///
    /// # Errors
    /// `InternalError` for a value that is not valid in a header.
    pub fn set(&mut self, name: HeaderName, value: &str) -> Result<(), S3Error> {
        self.headers.insert(name, text(value)?);
        Ok(())
    }

    /// All headers for a node: the signature, and those of the trace, which it does not cover. Every attempt calls this
    /// again.
    ///
    /// # Errors
    /// `InternalError` if the credentials have characters that are not valid in a header.
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
        for (name, value) in &self.unsigned {
            headers.append(name.clone(), value.clone());
        }
        Ok(headers)
    }
}

/// The source of a copy, in the form that the store reads.
fn copy_source(source: &CopySource, remote: &Remote) -> Result<HeaderValue, S3Error> {
    unsupported::check_key(&source.key, remote.dialect)?;
    let version = source.version.as_deref().map(|id| format!("?versionId={}", encode(id, uri::IN_QUERY)));
    let (bucket, key) = (upstream_name(&source.bucket, remote)?, encode(source.key.as_str(), uri::IN_PATH));
    text(&format!("{bucket}/{key}{}", version.unwrap_or_default()))
}

fn upstream_name(bucket: &BucketName, remote: &Remote) -> Result<String, S3Error> {
    remote.upstream_bucket(bucket).map(str::to_owned).ok_or_else(|| Code::NO_SUCH_BUCKET.into())
}

/// Whether the request's headers are stored with an object. Then r2shim sets a missing Content-Type, because the
/// defaults of stores differ, and MinIO derives it from the key's extension.
fn describes_an_object(incoming: &Incoming<'_>) -> bool {
    match incoming.row.describes {
        Describes::Nothing => false,
        Describes::Object => true,
        Describes::ObjectIfReplaced => incoming.view.header("x-amz-metadata-directive") == Some("REPLACE"),
    }
}

fn path(bucket: Option<&str>, raw_key: &str, addressing: Addressing) -> String {
    match (bucket, addressing) {
        (Some(bucket), Addressing::Path) if raw_key.is_empty() => format!("/{bucket}"),
        (Some(bucket), Addressing::Path) => ["/", bucket, "/", raw_key].concat(),
        (Some(_), Addressing::Virtual) => format!("/{raw_key}"),
        (None, _) => "/".to_owned(),
    }
}

/// The parameters, encoded anew, because stores read a `+` or a lone `%` differently, and compare the signature with
/// the decoded text.
fn query(view: &RequestView<'_>) -> String {
    let pair =
        |(name, value): (&str, &str)| format!("{}={}", encode(name, uri::IN_QUERY), encode(value, uri::IN_QUERY));
    view.parameters().map(pair).collect::<Vec<_>>().join("&")
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

fn headers(view: &RequestView<'_>, dialect: &Dialect) -> HeaderMap {
    let mut headers = common();
    for (name, value) in view.headers().filter(|(name, value)| goes_along(name) && is_taken(name, value, dialect)) {
        // They came as headers, so they are headers.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    leave_framing_out(&mut headers);
    leave_range_out(&mut headers, view);
    headers
}

/// All headers of a request except those of its connection and signature: first those that S3 knows, which are signed,
/// then the others, which proxies between r2shim and the store may change.
fn whole_headers(view: &RequestView<'_>) -> (HeaderMap, HeaderMap) {
    let (mut signed, mut unsigned) = (common(), HeaderMap::new());
    for (name, value) in view.headers().filter(|(name, _)| whole::goes_along(name) && !is_transport_header(name)) {
        let (Ok(header), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) else {
            continue;
        };
        match (header == USER_AGENT, goes_along(name)) {
            (true, _) => drop(signed.insert(header, value)),
            (_, true) => drop(signed.append(header, value)),
            (_, false) if WRITTEN_ANEW.contains(&name) => {}
            (_, false) => drop(unsigned.append(header, value)),
        }
    }
    leave_framing_out(&mut signed);
    (signed, unsigned)
}

/// The headers of the client's trace as they came; none without a valid `traceparent`.
fn trace(view: &RequestView<'_>) -> HeaderMap {
    let parents = view.headers().filter(|(name, _)| *name == TRACEPARENT).map(|(_, value)| value);
    if trace_id(parents).is_none() {
        return HeaderMap::new();
    }
    let of_trace = |(name, value): (&str, &[u8])| {
        let name = TRACE_HEADERS.into_iter().find(|header| header.as_str() == name)?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in view.headers().filter_map(of_trace) {
        headers.append(name, value);
    }
    headers
}

/// Whether the store knows the checksum that a header has or asks for. Other checksums are verified here and not
/// forwarded.
fn is_taken(name: &str, value: &[u8], dialect: &Dialect) -> bool {
    let asked_for = match name {
        "x-amz-checksum-algorithm" => std::str::from_utf8(value).ok().and_then(Algorithm::parse),
        _ => Algorithm::from_header(name),
    };
    asked_for.is_none_or(|algorithm| dialect.takes(algorithm))
}

/// Removes the range of a request with `If-Range`. MinIO and versitygw ignore that condition, so a client could add the
/// end of one object to the start of another. The whole object is always a right answer (RFC 9110 section 13.1.5), so
/// this is done for all stores.
fn leave_range_out(headers: &mut HeaderMap, view: &RequestView<'_>) {
    if view.header_bytes("if-range").is_some() {
        headers.remove(RANGE);
    }
}

fn goes_along(name: &str) -> bool {
    let amz = name.starts_with("x-amz-") && !is_transport_header(name) && !WRITTEN_ANEW.contains(&name);
    let http = [OBJECT_HEADERS, CONDITIONS, REQUESTS_ONLY].iter().any(|names| names.contains(&name));
    amz || http || name.starts_with(METADATA_PREFIX)
}

/// The headers of every request to the upstream. A store that compressed its answers would send other bytes than the
/// object's.
fn common() -> HeaderMap {
    let agent = HeaderValue::from_static(concat!("r2shim/", env!("CARGO_PKG_VERSION")));
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity")), (USER_AGENT, agent)])
}

/// Removes `aws-chunked`, which names the client's framing of the body: r2shim has removed the frames.
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
mod tests;
