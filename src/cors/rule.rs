//! One rule: which origins may send which requests, and what a page may read of the answers.

use crate::cors::Header;
use crate::cors::origin::OriginPattern;
use crate::cors::preflight::{NotAllowed, Question};
use crate::cors::wildcard::Wildcard;
use crate::s3::operation::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderName, HeaderValue};
use std::fmt;

/// The longest time for which a browser may keep the answer to a preflight, in seconds (R2 docs, Configure CORS).
pub const MAX_AGE_SECONDS: u64 = 86_400;

/// The headers that [`CorsRule::open_to`] lets pages read: those of an object, its checksums and ids, but for
/// `x-amz-meta-*`, which a rule has to name one by one. Every page may read Content-Type, Content-Length,
/// Cache-Control, Content-Language, Expires and Last-Modified (Fetch standard, CORS-safelisted response-header name).
const READABLE: [&str; 16] = [
    "etag",
    "accept-ranges",
    "content-range",
    "content-encoding",
    "content-disposition",
    "x-amz-request-id",
    "x-amz-bucket-region",
    "x-amz-storage-class",
    "x-amz-mp-parts-count",
    "x-amz-missing-meta",
    "x-amz-checksum-type",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// How long a browser keeps the answer to a preflight under [`CorsRule::open_to`]: ten minutes, so that an afternoon's
/// work is not preflights, and rules that change are soon noticed.
const OPEN_MAX_AGE: u32 = 600;

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsRule {
    /// The origins of the pages.
    pub origins: Vec<OriginPattern>,
    /// What they may send.
    pub methods: Vec<Method>,
    /// The headers that they may send besides those that every page may (Fetch standard, CORS-safelisted
    /// request-header).
    pub headers: Vec<HeaderPattern>,
    /// The headers of answers that they may read besides those that every page may.
    pub expose: Vec<HeaderName>,
    /// How long a browser may keep the answer to a preflight, in seconds, at most [`MAX_AGE_SECONDS`]; `None` leaves it
    /// to the browser.
    pub max_age: Option<u32>,
    /// Whether they may read errors, too. R2 lets no page read one.
    pub on_errors: bool,
}

/// The name of a header, or such a name with one `*`; in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderPattern(Wildcard);

/// Why a text can match no header's name, as a clause behind "is no header:".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// It has more than one `*`.
    #[error("it has more than one '*'")]
    Wildcards,
    /// It has a character that no name has, or none at all.
    #[error("names are letters, digits and hyphens")]
    Name,
}

impl HeaderPattern {
    /// The name, checked.
    ///
    /// # Errors
    /// A text that no header can be called.
    pub fn parse(text: &str) -> Result<HeaderPattern, BadHeader> {
        let wildcard = Wildcard::parse(&text.to_ascii_lowercase()).ok_or(BadHeader::Wildcards)?;
        // `*` is a character of names, too (RFC 9110, section 5.6.2), so a wildcard changes nothing about the check.
        HeaderName::from_bytes(text.as_bytes()).map_err(|_| BadHeader::Name)?;
        Ok(HeaderPattern(wildcard))
    }

    fn matches(&self, name: &HeaderName) -> bool {
        self.0.matches(name.as_str())
    }
}

impl fmt::Display for HeaderPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CorsRule {
    /// The rule for development: pages of these origins may send what S3 has, and read all of an answer but a user's
    /// metadata. Errors stay unreadable, as on R2.
    pub fn open_to(origins: Vec<OriginPattern>) -> CorsRule {
        CorsRule {
            origins,
            methods: Method::ALL.to_vec(),
            headers: HeaderPattern::parse("*").into_iter().collect(),
            expose: READABLE.map(HeaderName::from_static).to_vec(),
            max_age: Some(OPEN_MAX_AGE),
            on_errors: false,
        }
    }

    /// Whether pages of the origin may send requests of the method.
    pub(super) fn allows(&self, origin: &str, method: &str) -> bool {
        self.pattern(origin).is_some() && self.allows_method(method)
    }

    /// What allows the origin.
    fn pattern(&self, origin: &str) -> Option<&OriginPattern> {
        self.origins.iter().find(|pattern| pattern.matches(origin))
    }

    fn allows_method(&self, method: &str) -> bool {
        self.methods.iter().any(|allowed| allowed.name() == method)
    }

    /// The headers of the answer to a preflight.
    ///
    /// # Errors
    /// The first thing in the question that the rule does not allow.
    pub(super) fn answer(&self, question: &Question<'_>) -> Result<Vec<Header>, NotAllowed> {
        if self.pattern(question.origin).is_none() {
            return Err(NotAllowed::origin(question.origin));
        }
        if !self.allows_method(question.method) {
            return Err(NotAllowed::method(question.method));
        }
        let allows = |name: &HeaderName| self.headers.iter().any(|pattern| pattern.matches(name));
        if let Some(name) = question.headers.iter().find(|name| !allows(name)) {
            return Err(NotAllowed::header(name.as_str()));
        }
        let methods: Vec<_> = self.methods.iter().map(|method| method.name()).collect();
        let mut headers = self.to_pages(question.origin);
        headers.extend(header(ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", ")));
        headers.extend(header(ACCESS_CONTROL_ALLOW_HEADERS, &names(&question.headers)));
        headers.extend(self.max_age.map(|seconds| (ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds))));
        Ok(headers)
    }

    /// What lets pages of the origin read an answer. No credentials are allowed: a request's signature is none to a
    /// browser, and nothing here reads cookies.
    pub(super) fn to_pages(&self, origin: &str) -> Vec<Header> {
        let anyone = self.pattern(origin).is_some_and(OriginPattern::is_any);
        let origin = header(ACCESS_CONTROL_ALLOW_ORIGIN, if anyone { "*" } else { origin });
        origin.into_iter().chain(header(ACCESS_CONTROL_EXPOSE_HEADERS, &names(&self.expose))).collect()
    }
}

fn names(headers: &[HeaderName]) -> String {
    headers.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ")
}

/// The header; `None` if it is empty.
fn header(name: HeaderName, value: &str) -> Option<Header> {
    let value = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty())?;
    Some((name, value))
}
