//! ListBuckets in pages, as R2 has them (R2 docs, "Extensions"): the parameters, and the buckets of a page.
//!
//! S3 has pages of buckets, too, with other parameters. A client that asks for no page gets the whole list.

use crate::s3::listing::{MAX_PAGE, Position, parse_max_keys};
use crate::s3::view::RequestView;
use crate::s3::xml::BucketInfo;
use crate::s3::{Code, S3Error};

/// What a client asks of a list of buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketQuery {
    /// Only buckets whose names start with this; empty for all.
    pub prefix: String,
    /// Only buckets after this name; as sent, to be echoed.
    pub start_after: Option<String>,
    /// Where the page before ended; as sent, to be echoed.
    pub continuation_token: Option<String>,
    /// The most buckets of the page, as asked, to be echoed; `None` if the client did not ask.
    pub max_keys: Option<u64>,
}

/// A page of buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketList {
    /// The buckets, by name.
    pub buckets: Vec<BucketInfo>,
    /// The token for the next page; `None` on the last one.
    pub next: Option<String>,
}

impl BucketQuery {
    /// Reads the parameters, or the headers `cf-*`, which win.
    ///
    /// # Errors
    /// `InvalidMaxKeys`, and `InvalidArgument` for a token that this server did not make.
    pub fn parse(view: &RequestView<'_>) -> Result<BucketQuery, S3Error> {
        let given = |name: &str| view.header(&format!("cf-{name}")).or_else(|| view.parameter(name));
        let max_keys = given("max-keys").map(|text| parse_max_keys(Some(text))).transpose()?;
        let query = BucketQuery {
            prefix: given("prefix").unwrap_or_default().to_owned(),
            start_after: given("start-after").map(str::to_owned),
            continuation_token: given("continuation-token").map(str::to_owned),
            max_keys,
        };
        query.start().map(|_| query)
    }

    /// Whether the client asks for a page, and not for the list.
    pub fn asks_for_a_page(&self) -> bool {
        *self != BucketQuery::default()
    }

    /// The page of these buckets, which are in order.
    ///
    /// # Errors
    /// Those of [`BucketQuery::parse`].
    pub fn page(&self, buckets: Vec<BucketInfo>) -> Result<BucketList, S3Error> {
        if !self.asks_for_a_page() {
            return Ok(BucketList { buckets, next: None });
        }
        let start = self.start()?.unwrap_or_default();
        let wanted = |bucket: &BucketInfo| bucket.name > start && bucket.name.starts_with(&self.prefix);
        let mut buckets: Vec<_> = buckets.into_iter().filter(wanted).collect();
        let limit =
            self.max_keys.and_then(|keys| usize::try_from(keys).ok()).map_or(MAX_PAGE, |keys| keys.min(MAX_PAGE));
        let is_last = buckets.len() <= limit;
        buckets.truncate(limit);
        let last = buckets.last().filter(|_| !is_last).map(|bucket| Position::AfterKey(bucket.name.clone()));
        Ok(BucketList { next: last.map(|last| last.to_token()), buckets })
    }

    /// The name after which the page starts. A token wins over `start-after`.
    fn start(&self) -> Result<Option<String>, S3Error> {
        match self.continuation_token.as_deref().filter(|token| !token.is_empty()) {
            None => Ok(self.start_after.clone()),
            Some(token) => match Position::from_token(token) {
                Some(Position::AfterKey(name)) => Ok(Some(name)),
                _ => Err(S3Error::new(Code::INVALID_ARGUMENT).message("The continuation token provided is incorrect")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Timestamp;
    use crate::s3::query::Query;
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn parse(query: &str, headers: &[(&'static str, &'static str)]) -> Result<BucketQuery, S3Error> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        BucketQuery::parse(&RequestView::from_signed_headers(&headers, Query::parse(query).unwrap()))
    }

    /// The names on the page, and a plus where there is another.
    fn page(query: &BucketQuery) -> String {
        let bucket = |name: &str| BucketInfo { name: name.to_owned(), created: Timestamp::default() };
        let list = query.page(["a1", "a2", "b1", "b2"].map(bucket).to_vec()).unwrap();
        let names: Vec<_> = list.buckets.iter().map(|bucket| bucket.name.as_str()).collect();
        names.join(" ") + list.next.map_or("", |_| " +")
    }

    #[test]
    fn pages() {
        for (query, headers, expected) in [
            ("", &[][..], "a1 a2 b1 b2"),
            ("prefix=b", &[], "b1 b2"),
            ("prefix=c", &[], ""),
            ("start-after=a2", &[], "b1 b2"),
            ("start-after=a", &[], "a1 a2 b1 b2"),
            ("max-keys=3", &[], "a1 a2 b1 +"),
            ("max-keys=4", &[], "a1 a2 b1 b2"),
            ("max-keys=5000", &[], "a1 a2 b1 b2"),
            ("max-keys=0", &[], ""),
            ("prefix=a&max-keys=1", &[("cf-prefix", "b")], "b1 +"),
            ("max-keys=1", &[("cf-max-keys", "2")], "a1 a2 +"),
            ("", &[("cf-start-after", "b1")], "b2"),
        ] {
            assert_eq!(page(&parse(query, headers).unwrap()), expected, "{query} {headers:?}");
        }
    }

    #[test]
    fn a_token_continues_after_its_page() {
        let first = parse("max-keys=2", &[]).unwrap();
        let bucket = |name: &str| BucketInfo { name: name.to_owned(), created: Timestamp::default() };
        let token = first.page(["a1", "a2", "b1"].map(bucket).to_vec()).unwrap().next.unwrap();
        assert_eq!(page(&parse(&format!("continuation-token={token}&start-after=b1"), &[]).unwrap()), "b1 b2");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (query, code) in [
            ("max-keys=x", "InvalidMaxKeys"),
            ("max-keys=-1", "InvalidMaxKeys"),
            ("continuation-token=x", "InvalidArgument"),
        ] {
            assert_eq!(parse(query, &[]).unwrap_err().code, code, "{query}");
        }
    }
}
