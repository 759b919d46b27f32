//! The view of a request's headers and query, which all code reads after authentication.
//!
//! SDKs hoist `x-amz-acl`, metadata and checksums of a presigned request into the query. There, every `x-amz-*`
//! parameter that is not part of the signature *is* that header, and this view merges the two. Policy,
//! authorisation of copies, store and upstream read nothing else, so all of them see the same request.

use crate::s3::query::Query;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::collections::HashSet;

/// The most headers a request may have, those in its query among them. SDKs send about 30, and metadata is limited to
/// fewer ([`crate::s3::metadata::MAX_USER_ENTRIES`]).
pub const MAX_HEADERS: usize = 256;

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
///
/// Each pair of the query is sorted in once, when the view is made. So a look-up takes the same time whatever else the
/// request carries. That matters because views are made of requests that are not authenticated yet.
#[derive(Debug, Clone)]
pub struct RequestView<'a> {
    headers: Cow<'a, HeaderMap>,
    hoisted: HeaderMap,
    transport: Vec<Pair<'a>>,
    parameters: Vec<Pair<'a>>,
    /// Positions in `parameters` in the order of the names; of equal names the one sent first comes first.
    by_name: Vec<usize>,
}

type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Why headers and query do not make one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The header came in the query and as a header, or twice in the query.
    Twice(String),
    /// The parameter cannot be a header: its name or value has characters headers may not have.
    NotAHeader(String),
    /// More than [`MAX_HEADERS`] with those in the query.
    TooMany,
}

impl<'a> RequestView<'a> {
    /// The view of a request whose signature is in its headers: the query is only a query.
    pub fn from_signed_headers(headers: &'a HeaderMap, query: Query<'a>) -> RequestView<'a> {
        let (transport, parameters) = query.into_pairs().partition(|(name, _)| is_transport_query(name));
        RequestView::with_parameters(headers, HeaderMap::new(), transport, parameters)
    }

    /// The view of a presigned request: `x-amz-*` parameters outside the transport are moved to the headers.
    pub fn from_presigned(headers: &'a HeaderMap, query: Query<'a>) -> Result<RequestView<'a>, Conflict> {
        let (mut hoisted, mut transport, mut parameters) = (HeaderMap::new(), Vec::new(), Vec::new());
        for (name, value) in query.into_pairs() {
            if is_transport_query(&name) {
                transport.push((name, value));
            } else if has_prefix_of_amz(&name) {
                hoist(&name, &value, headers, &mut hoisted)?;
            } else {
                parameters.push((name, value));
            }
        }
        Ok(RequestView::with_parameters(headers, hoisted, transport, parameters))
    }

    /// The view of a request of which these headers count and nothing else: neither its query nor a signature.
    pub fn of_headers(headers: &HeaderMap, names: &[HeaderName]) -> RequestView<'static> {
        let mut heard = HeaderMap::new();
        for name in names {
            headers.get_all(name).iter().for_each(|value| {
                heard.append(name.clone(), value.clone());
            });
        }
        let (hoisted, transport, parameters, by_name) = (HeaderMap::new(), Vec::new(), Vec::new(), Vec::new());
        RequestView { headers: Cow::Owned(heard), hoisted, transport, parameters, by_name }
    }

    fn with_parameters(
        headers: &'a HeaderMap,
        hoisted: HeaderMap,
        transport: Vec<Pair<'a>>,
        parameters: Vec<Pair<'a>>,
    ) -> RequestView<'a> {
        let by_name = ordered_by_name(&parameters);
        RequestView { headers: Cow::Borrowed(headers), hoisted, transport, parameters, by_name }
    }

    /// From here on the view is as if the request had not carried these: headers in any case, parameters as sent.
    pub fn ignore(&mut self, headers: Vec<String>, parameters: Vec<String>) {
        for name in headers {
            self.hoisted.remove(&name);
            if self.headers.contains_key(&name) {
                self.headers.to_mut().remove(&name);
            }
        }
        if !parameters.is_empty() {
            let ignored: HashSet<String> = parameters.into_iter().collect();
            self.parameters.retain(|(name, _)| !ignored.contains(name.as_ref()));
            self.by_name = ordered_by_name(&self.parameters);
        }
    }

    /// The first value of a header, as bytes.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name).or_else(|| first(&self.hoisted, name)).map(HeaderValue::as_bytes)
    }

    /// The first value of a header, as text; `None` if it is missing or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_bytes(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every header with its value, the name in lower case; one that came more than once comes more than once.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let all = self.headers.iter().chain(self.hoisted.iter());
        all.map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// Whether a header came; its name in lower case. This compares names, where [`RequestView::header_bytes`] hashes
    /// its own: it costs less for the few headers that requests have.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers().any(|(given, _)| given == name)
    }

    /// The first value of a query parameter that is neither transport nor a hoisted header.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let position = self.by_name.partition_point(|index| self.name_at(*index) < name);
        let index = *self.by_name.get(position)?;
        self.parameters.get(index).filter(|(found, _)| found == name).map(|(_, value)| value.as_ref())
    }

    fn name_at(&self, index: usize) -> &str {
        #[cfg(test)]
        tests::NAMES_COMPARED.with(|count| count.set(count.get() + 1));
        self.parameters.get(index).map_or("", |(name, _)| name)
    }

    /// Whether there is such a parameter.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameter(name).is_some()
    }

    /// The value of a transport parameter, its name in any case.
    pub fn transport(&self, name: &str) -> Option<&str> {
        self.transport.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// Every query parameter that is neither transport nor a hoisted header, in the order sent.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// The first value of a header. A map reads the name before it finds that it is empty, as most maps of hoisted headers
/// are.
fn first<'m>(headers: &'m HeaderMap, name: &str) -> Option<&'m HeaderValue> {
    if headers.is_empty() { None } else { headers.get(name) }
}

/// Makes a header of a parameter.
fn hoist(name: &str, value: &str, headers: &HeaderMap, hoisted: &mut HeaderMap) -> Result<(), Conflict> {
    let not_a_header = || Conflict::NotAHeader(name.to_owned());
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_a_header())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| not_a_header())?;
    if headers.len() + hoisted.len() >= MAX_HEADERS {
        return Err(Conflict::TooMany);
    }
    if headers.contains_key(&header) || hoisted.contains_key(&header) {
        return Err(Conflict::Twice(header.as_str().to_owned()));
    }
    hoisted.insert(header, value);
    Ok(())
}

fn has_prefix_of_amz(name: &str) -> bool {
    name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"))
}

fn ordered_by_name(parameters: &[Pair<'_>]) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..parameters.len()).collect();
    positions.sort_by_key(|position| parameters.get(*position).map(|(name, _)| name));
    positions
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How many names of parameters look-ups have read on this thread.
        pub(crate) static NAMES_COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn presigned_parameters_become_headers() {
        let headers = headers(&[("host", "h")]);
        let query = Query::parse("X-Amz-Acl=private&X-Amz-Signature=00&x-id=PutObject&partNumber=1").unwrap();
        let view = RequestView::from_presigned(&headers, query).unwrap();
        assert_eq!(view.header("x-amz-acl"), Some("private"));
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("partNumber", "1")]);
        assert!(view.headers().any(|pair| pair == ("x-amz-acl", &b"private"[..])));
    }

    #[test]
    fn without_query_authentication_they_stay_parameters() {
        let headers = headers(&[]);
        let view = RequestView::from_signed_headers(&headers, Query::parse("x-amz-acl=private").unwrap());
        assert_eq!(view.header("x-amz-acl"), None);
        assert_eq!(view.parameter("x-amz-acl"), Some("private"));
    }

    #[test]
    fn the_same_header_in_two_places_is_a_conflict() {
        let both = headers(&[("x-amz-acl", "private")]);
        let query = Query::parse("x-amz-acl=private").unwrap();
        assert_eq!(RequestView::from_presigned(&both, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
        let none = headers(&[]);
        let query = Query::parse("x-amz-acl=a&X-Amz-Acl=b").unwrap();
        assert_eq!(RequestView::from_presigned(&none, query).unwrap_err(), Conflict::Twice("x-amz-acl".into()));
    }

    #[test]
    fn ignored_headers_look_as_if_they_were_not_sent() {
        let headers = headers(&[("range", "bytes=0-1"), ("host", "h")]);
        let query = Query::parse("X-Amz-Acl=private&tagging&prefix=a").unwrap();
        let mut view = RequestView::from_presigned(&headers, query).unwrap();
        view.ignore(vec!["range".into(), "x-amz-acl".into()], vec!["tagging".into()]);
        assert_eq!((view.header("Range"), view.header("x-amz-acl")), (None, None));
        assert_eq!(view.headers().collect::<Vec<_>>(), [("host", &b"h"[..])]);
        assert_eq!(view.parameters().collect::<Vec<_>>(), [("prefix", "a")]);
    }

    #[test]
    fn of_equal_names_the_first_counts_and_all_stay() {
        let headers = headers(&[]);
        let query = Query::parse("b=2&a=1&X-ID=GetObject&b=1&&a=2&=e&B=3").unwrap();
        let view = RequestView::from_signed_headers(&headers, query);
        let found = ["a", "b", "B", "", "c", "x-id"].map(|name| view.parameter(name));
        assert_eq!(found, [Some("1"), Some("2"), Some("3"), Some("e"), None, None]);
        assert_eq!(view.transport("x-id"), Some("GetObject"));
        let all: Vec<_> = view.parameters().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["b=2", "a=1", "b=1", "a=2", "=e", "B=3"]);
    }

    #[test]
    fn headers_of_head_and_query_have_one_limit() {
        let headers = headers(&[("host", "h"), ("range", "bytes=0-1")]);
        let hoisted = |count: usize| (0..count).map(|n| format!("&x-amz-meta-{n}=v")).collect::<String>();
        for (count, fits) in [(MAX_HEADERS - 2, true), (MAX_HEADERS - 1, false), (5_000, false)] {
            let raw = format!("X-Amz-Signature=0{}", hoisted(count));
            let view = RequestView::from_presigned(&headers, Query::parse(&raw).unwrap());
            assert_eq!(view.as_ref().err(), (!fits).then_some(&Conflict::TooMany), "{count}");
        }
    }

    #[test]
    fn what_cannot_be_a_header_is_a_conflict() {
        let none = headers(&[]);
        for raw in ["x-amz-acl=%0d%0a", "x-amz-%20=1"] {
            assert!(matches!(
                RequestView::from_presigned(&none, Query::parse(raw).unwrap()),
                Err(Conflict::NotAHeader(_))
            ));
        }
    }
}
