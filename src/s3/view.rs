//! The one view of a request's headers and query that everyone reads after authentication.
//!
//! SDKs hoist `x-amz-acl`, metadata and checksums of a presigned request into the query. There, every `x-amz-*`
//! parameter that is not part of the signature *is* that header, and this view is where the two become one: policy,
//! authorisation of copies, store and upstream read nothing else, so none of them can be told two stories.

use crate::s3::query::Query;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Query parameters that carry a SigV4 signature or name the call for a log; never a header, never sent upstream.
/// Lower case: SDKs differ in theirs.
pub const TRANSPORT_QUERY: &[&str] = &[
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-id",
];

/// Whether the query parameter belongs to the transport.
pub fn is_transport_query(name: &str) -> bool {
    TRANSPORT_QUERY.iter().any(|transport| name.eq_ignore_ascii_case(transport))
}

/// Headers and query parameters of a request, the hoisted headers among the headers.
#[derive(Debug, Clone)]
pub struct RequestView<'a> {
    headers: &'a HeaderMap,
    hoisted: Vec<(HeaderName, HeaderValue)>,
    query: Query<'a>,
    /// Names that are to have no effect; empty but for the rare request that carries some.
    ignored_headers: Vec<String>,
    ignored_parameters: Vec<String>,
}

/// Why headers and query do not make one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The header came in the query and as a header, or twice in the query.
    Twice(String),
    /// The parameter cannot be a header: its name or value has characters headers may not have.
    NotAHeader(String),
}

impl<'a> RequestView<'a> {
    /// The view of a request whose signature is in its headers: the query is only a query.
    pub fn of_signed_headers(headers: &'a HeaderMap, query: Query<'a>) -> RequestView<'a> {
        RequestView::new(headers, Vec::new(), query)
    }

    /// The view of a presigned request: `x-amz-*` parameters outside the transport are moved to the headers.
    pub fn of_presigned(headers: &'a HeaderMap, query: Query<'a>) -> Result<RequestView<'a>, Conflict> {
        let mut hoisted: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (name, value) in query.iter().filter(|(name, _)| is_hoisted(name)) {
            let not_a_header = || Conflict::NotAHeader(name.to_owned());
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_a_header())?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| not_a_header())?;
            if headers.contains_key(&header) || hoisted.iter().any(|(h, _)| *h == header) {
                return Err(Conflict::Twice(header.as_str().to_owned()));
            }
            hoisted.push((header, value));
        }
        Ok(RequestView::new(headers, hoisted, query))
    }

    fn new(headers: &'a HeaderMap, hoisted: Vec<(HeaderName, HeaderValue)>, query: Query<'a>) -> RequestView<'a> {
        RequestView { headers, hoisted, query, ignored_headers: Vec::new(), ignored_parameters: Vec::new() }
    }

    /// From here on the view is as if the request had not carried these: headers in lower case, parameters as sent.
    pub fn ignore(&mut self, headers: Vec<String>, parameters: Vec<String>) {
        self.ignored_headers.extend(headers);
        self.ignored_parameters.extend(parameters);
    }

    /// The first value of a header, as bytes.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        if self.ignores_header(name) {
            return None;
        }
        let hoisted = || self.hoisted.iter().find(|(n, _)| n.as_str().eq_ignore_ascii_case(name)).map(|(_, v)| v);
        self.headers.get(name).or_else(hoisted).map(HeaderValue::as_bytes)
    }

    /// The first value of a header, as text; `None` where it is missing or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_bytes(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every header with its value, the name in lower case; one that came more than once comes more than once.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let sent = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let hoisted = self.hoisted.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        sent.chain(hoisted).filter(|(name, _)| !self.ignores_header(name))
    }

    fn ignores_header(&self, name: &str) -> bool {
        self.ignored_headers.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
    }

    /// The first value of a query parameter that is neither transport nor a hoisted header.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// Whether there is such a parameter.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameter(name).is_some()
    }

    /// The value of a transport parameter, its name in any case.
    pub fn transport(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every query parameter that is neither transport nor a hoisted header, in the order sent.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let ignored = |name: &str| self.ignored_parameters.iter().any(|i| i == name);
        self.query
            .iter()
            .filter(move |(name, _)| !is_transport_query(name) && !self.was_hoisted(name) && !ignored(name))
    }

    fn was_hoisted(&self, name: &str) -> bool {
        self.hoisted.iter().any(|(n, _)| n.as_str().eq_ignore_ascii_case(name))
    }
}

fn is_hoisted(name: &str) -> bool {
    let prefix = name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"));
    prefix && !is_transport_query(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn presigned_parameters_become_headers() {
        let headers = headers(&[("host", "h")]);
        let query = Query::parse("X-Amz-Acl=private&X-Amz-Signature=00&x-id=PutObject&partNumber=1").unwrap();
        let view = RequestView::of_presigned(&headers, query).unwrap();
        assert_eq!(view.header("x-amz-acl"), Some("private"));
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("partNumber", "1")]);
        assert!(view.headers().any(|pair| pair == ("x-amz-acl", &b"private"[..])));
    }

    #[test]
    fn without_query_authentication_they_stay_parameters() {
        let headers = headers(&[]);
        let view = RequestView::of_signed_headers(&headers, Query::parse("x-amz-acl=private").unwrap());
        assert_eq!(view.header("x-amz-acl"), None);
        assert_eq!(view.parameter("x-amz-acl"), Some("private"));
    }

    #[test]
    fn the_same_header_in_two_places_is_a_conflict() {
        let both = headers(&[("x-amz-acl", "private")]);
        let query = Query::parse("x-amz-acl=private").unwrap();
        assert_eq!(RequestView::of_presigned(&both, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
        let none = headers(&[]);
        let query = Query::parse("x-amz-acl=a&X-Amz-Acl=b").unwrap();
        assert_eq!(RequestView::of_presigned(&none, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
    }

    #[test]
    fn what_is_ignored_is_as_if_it_had_not_been_sent() {
        let headers = headers(&[("range", "bytes=0-1"), ("host", "h")]);
        let query = Query::parse("X-Amz-Acl=private&tagging&prefix=a").unwrap();
        let mut view = RequestView::of_presigned(&headers, query).unwrap();
        view.ignore(vec!["range".into(), "x-amz-acl".into()], vec!["tagging".into()]);
        assert_eq!((view.header("Range"), view.header("x-amz-acl")), (None, None));
        assert_eq!(view.headers().collect::<Vec<_>>(), [("host", &b"h"[..])]);
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("prefix", "a")]);
    }

    #[test]
    fn what_cannot_be_a_header_is_a_conflict() {
        let none = headers(&[]);
        for raw in ["x-amz-acl=%0d%0a", "x-amz-%20=1"] {
            assert!(matches!(
                RequestView::of_presigned(&none, Query::parse(raw).unwrap()),
                Err(Conflict::NotAHeader(_))
            ));
        }
    }
}
