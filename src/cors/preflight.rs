//! A preflight: the request that a browser sends before a page's request.

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue};

/// Whether the request is a preflight (Fetch standard, CORS-preflight request).
pub fn is_preflight(method: &str, headers: &HeaderMap) -> bool {
    method == "OPTIONS" && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The origin of the page that sends the request; `None` if there is none, or if there are two.
pub(super) fn origin(headers: &HeaderMap) -> Option<&str> {
    only(headers, ORIGIN)
}

/// A question.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) origin: &'a str,
    pub(super) method: &'a str,
    /// The headers that the page wants to send.
    pub(super) headers: Vec<HeaderName>,
}

impl<'a> Question<'a> {
    /// The question in these headers.
    ///
    /// # Errors
    /// Headers that no browser sends.
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Question<'a>, NotAllowed> {
        let origin = origin(headers).ok_or_else(|| NotAllowed::origin(""))?;
        let method = only(headers, ACCESS_CONTROL_REQUEST_METHOD).ok_or_else(|| NotAllowed::method(""))?;
        let lines = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
        let lines: Option<Vec<&str>> = lines.map(text).collect();
        let lines = lines.ok_or_else(|| NotAllowed::header(""))?;
        let names = lines.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
        let headers = names.map(header_name).collect::<Result<_, _>>()?;
        Ok(Question { origin, method, headers })
    }
}

/// Why no rule allows a preflight: the result of the rule that matched most. It is for the log, because it repeats what
/// the client sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotAllowed {
    /// No rule is for the bucket.
    #[error("no CORS rule is for this bucket")]
    Bucket,
    /// No rule allows the origin.
    #[error("no CORS rule of the bucket allows the origin {0:?}")]
    Origin(String),
    /// None that allows the origin allows the method.
    #[error("no CORS rule of the bucket that allows the origin allows the method {0:?}")]
    Method(String),
    /// None that allows origin and method allows the header.
    #[error("no CORS rule of the bucket that allows origin and method allows the header {0:?}")]
    Header(String),
}

impl NotAllowed {
    /// The kind, as a label of metrics.
    pub fn label(&self) -> &'static str {
        match self {
            NotAllowed::Bucket => "no-cors-rule",
            NotAllowed::Origin(_) => "cors-origin",
            NotAllowed::Method(_) => "cors-method",
            NotAllowed::Header(_) => "cors-header",
        }
    }

    pub(super) fn origin(origin: &str) -> NotAllowed {
        NotAllowed::Origin(shortened(origin))
    }

    pub(super) fn method(method: &str) -> NotAllowed {
        NotAllowed::Method(shortened(method))
    }

    pub(super) fn header(name: &str) -> NotAllowed {
        NotAllowed::Header(shortened(name))
    }
}

/// As much of a client's text as a line of the log has room for.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The value of a header that comes once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().and_then(text)?;
    values.next().is_none().then_some(value)
}

fn header_name(text: &str) -> Result<HeaderName, NotAllowed> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| NotAllowed::header(text))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
