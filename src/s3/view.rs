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
pub struct View<'a> {
    headers: &'a HeaderMap,
    hoisted: Vec<(HeaderName, HeaderValue)>,
    query: Query<'a>,
    hidden: Vec<String>,
}

/// Why headers and query do not make one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The header came in the query and as a header, or twice in the query.
    Twice(String),
    /// The parameter cannot be a header: its name or value has characters headers may not have.
    NotAHeader(String),
}

impl<'a> View<'a> {
    /// The view of a request whose signature is in its headers: the query is only a query.
    pub fn of_signed_headers(headers: &'a HeaderMap, query: Query<'a>) -> View<'a> {
        View { headers, hoisted: Vec::new(), query, hidden: Vec::new() }
    }

    /// The view of a presigned request: `x-amz-*` parameters outside the transport are moved to the headers.
    pub fn of_presigned(headers: &'a HeaderMap, query: Query<'a>) -> Result<View<'a>, Conflict> {
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
        Ok(View { headers, hoisted, query, hidden: Vec::new() })
    }

    /// Takes these headers and parameters out: what a policy drops has no effect on anyone after it.
    pub fn hide(&mut self, names: impl IntoIterator<Item = String>) {
        self.hidden.extend(names);
    }

    /// The first value of a header, as bytes.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        if self.is_hidden(name) {
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
        let all = sent.chain(self.hoisted.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        all.filter(|(name, _)| !self.is_hidden(name))
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
        self.query
            .iter()
            .filter(|(name, _)| !is_transport_query(name) && !self.was_hoisted(name) && !self.is_hidden(name))
    }

    fn is_hidden(&self, name: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
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
        let view = View::of_presigned(&headers, query).unwrap();
        assert_eq!(view.header("x-amz-acl"), Some("private"));
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("partNumber", "1")]);
        assert!(view.headers().any(|pair| pair == ("x-amz-acl", &b"private"[..])));
    }

    #[test]
    fn what_is_dropped_is_seen_by_nobody() {
        let headers = headers(&[("range", "bytes=0-1"), ("x-amz-acl", "private")]);
        let mut view = View::of_signed_headers(&headers, Query::parse("a=1&versionId=2").unwrap());
        view.hide(["range".to_owned(), "versionId".to_owned()]);
        assert_eq!((view.header("Range"), view.header("x-amz-acl")), (None, Some("private")));
        assert_eq!(view.headers().map(|(name, _)| name).collect::<Vec<_>>(), ["x-amz-acl"]);
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("a", "1")]);
    }

    #[test]
    fn without_query_authentication_they_stay_parameters() {
        let headers = headers(&[]);
        let view = View::of_signed_headers(&headers, Query::parse("x-amz-acl=private").unwrap());
        assert_eq!(view.header("x-amz-acl"), None);
        assert_eq!(view.parameter("x-amz-acl"), Some("private"));
    }

    #[test]
    fn the_same_header_in_two_places_is_a_conflict() {
        let both = headers(&[("x-amz-acl", "private")]);
        let query = Query::parse("x-amz-acl=private").unwrap();
        assert_eq!(View::of_presigned(&both, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
        let none = headers(&[]);
        let query = Query::parse("x-amz-acl=a&X-Amz-Acl=b").unwrap();
        assert_eq!(View::of_presigned(&none, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
    }

    #[test]
    fn what_cannot_be_a_header_is_a_conflict() {
        let none = headers(&[]);
        for raw in ["x-amz-acl=%0d%0a", "x-amz-%20=1"] {
            assert!(matches!(View::of_presigned(&none, Query::parse(raw).unwrap()), Err(Conflict::NotAHeader(_))));
        }
    }
}
