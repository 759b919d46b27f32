//! Listings as values: what ListObjects and ListObjectsV2 ask for and what a page of the answer holds.

use crate::s3::names::MAX_KEY_BYTES;
use crate::s3::storage_class::StorageClass;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, Timestamp, checksum};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The most entries of a page, regardless of `max-keys`.
pub const MAX_PAGE: usize = 1000;

/// Which of the two listings is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// ListObjects: `marker`.
    V1,
    /// ListObjectsV2: `continuation-token` and `start-after`.
    V2,
}

/// What a client asks of a listing, as read from its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Which listing.
    pub version: Version,
    /// Only keys that start with this; empty for all.
    pub prefix: String,
    /// Rolls keys up into common prefixes; never empty.
    pub delimiter: Option<String>,
    /// `encoding-type=url`: keys and what is like them are percent-encoded in the answer.
    pub url_encoded: bool,
    /// `max-keys` as asked, to be echoed; the page holds [`ListQuery::limit`].
    pub max_keys: u64,
    /// V1: `marker` as sent, to be echoed.
    pub marker: Option<String>,
    /// V2: `continuation-token` as sent, to be echoed.
    pub continuation_token: Option<String>,
    /// V2: `start-after` as sent, to be echoed.
    pub start_after: Option<String>,
    /// V2: whether entries name their owner. V1 entries always do.
    pub fetch_owner: bool,
    /// Where the page starts; `None` at the beginning.
    pub start: Option<Position>,
}

impl ListQuery {
    /// Reads the parameters of a listing (S3 API, ListObjects and ListObjectsV2).
    ///
    /// Errors are R2's: `InvalidMaxKeys`, `InvalidArgument` for a token this server did not make, and `NotImplemented`
    /// for an encoding other than `url`.
    pub fn parse(version: Version, view: &RequestView<'_>) -> Result<ListQuery, S3Error> {
        let text = |name: &str| view.parameter(name).map(str::to_owned);
        let of = |asked: Version, name: &str| if asked == version { text(name) } else { None };
        let mut query = ListQuery {
            version,
            prefix: text("prefix").unwrap_or_default(),
            delimiter: text("delimiter").filter(|delimiter| !delimiter.is_empty()),
            url_encoded: parse_encoding(view.parameter("encoding-type"))?,
            max_keys: parse_max_keys(view.parameter("max-keys"))?,
            marker: of(Version::V1, "marker"),
            continuation_token: of(Version::V2, "continuation-token"),
            start_after: of(Version::V2, "start-after"),
            fetch_owner: of(Version::V2, "fetch-owner").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            start: None,
        };
        query.start = query.position()?;
        Ok(query)
    }

    /// How many entries the page may hold: 0 to [`MAX_PAGE`].
    pub fn limit(&self) -> usize {
        usize::try_from(self.max_keys).unwrap_or(MAX_PAGE).min(MAX_PAGE)
    }

    /// A continuation token wins over `start-after`; an empty one or an empty marker is the beginning.
    fn position(&self) -> Result<Option<Position>, S3Error> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.continuation_token) {
            return Position::from_token(&token).map(Some).ok_or_else(|| {
                S3Error::new(Code::INVALID_ARGUMENT).message("The continuation token provided is incorrect")
            });
        }
        if let Some(key) = given(&self.start_after) {
            return Ok(Some(Position::AfterKey(key)));
        }
        Ok(given(&self.marker).map(|marker| self.after_marker(marker)))
    }

    /// V1 has no token: its `NextMarker` may be a common prefix, and sent back it means that this prefix was answered.
    /// A marker that is longer than the common prefix is a place like any other, and what follows it is rolled up
    /// again.
    fn after_marker(&self, marker: String) -> Position {
        match self.delimiter.as_deref().and_then(|delimiter| common_prefix(&marker, &self.prefix, delimiter)) {
            Some(common) if common.len() == marker.len() => Position::AfterPrefix(marker),
            _ => Position::AfterKey(marker),
        }
    }
}

/// The common prefix that `delimiter` rolls `key` up into: up to and with the first delimiter behind `prefix`.
/// `None` if there is none, or `key` does not start with `prefix`.
pub fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: &str) -> Option<&'k str> {
    let rest = key.strip_prefix(prefix)?;
    let end = prefix.len() + rest.find(delimiter)? + delimiter.len();
    key.get(..end)
}

pub(super) fn parse_encoding(value: Option<&str>) -> Result<bool, S3Error> {
    match value {
        None => Ok(false),
        Some("url") => Ok(true),
        Some(other) => Err(S3Error::new(Code::NOT_IMPLEMENTED)
            .message(format!("Unrecognized encoding-type \"{other}\" not implemented"))),
    }
}

/// R2 takes fractions and drops what follows the point; it takes no sign, no exponent and no blanks from us.
pub(super) fn parse_max_keys(value: Option<&str>) -> Result<u64, S3Error> {
    let Some(value) = value else { return Ok(MAX_PAGE as u64) };
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(Code::INVALID_MAX_KEYS.into());
    }
    whole.parse().map_err(|_| Code::INVALID_MAX_KEYS.into())
}

/// A page of a listing, keys in the order of their UTF-8 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects and common prefixes, merged, in order.
    pub entries: Vec<Entry>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `<Contents>`.
    Object(ListedObject),
    /// `<CommonPrefixes>`: the keys' common beginning, up to and with the delimiter.
    Prefix(String),
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The entity tag without quotes.
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Algorithm and kind of the stored checksum.
    pub checksum: Option<(checksum::Algorithm, checksum::Kind)>,
    /// Its storage class.
    pub storage_class: StorageClass,
}

/// A place in the order of keys. Both forms exclude what they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After this text: keys greater than it. It need not be a key.
    AfterKey(String),
    /// After every key that starts with this common prefix.
    AfterPrefix(String),
}

impl Position {
    /// The position as a continuation token: opaque to clients, base64url of a version, a form and the text.
    ///
    /// A token is neither secret nor signed. It only names a place in the order of keys, which `start-after` may name
    /// as well.
    pub fn to_token(&self) -> String {
        let (form, text) = match self {
            Position::AfterKey(text) => ("1k", text),
            Position::AfterPrefix(text) => ("1p", text),
        };
        URL_SAFE_NO_PAD.encode(format!("{form}{text}"))
    }

    /// Reads a token back; `None` for what [`Position::to_token`] does not write.
    pub fn from_token(token: &str) -> Option<Position> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (form, text) = plain.split_at_checked(2)?;
        let position = match form {
            "1k" => Position::AfterKey,
            "1p" => Position::AfterPrefix,
            _ => return None,
        };
        (1..=MAX_KEY_BYTES).contains(&text.len()).then(|| position(text.to_owned()))
    }

    /// The text that V1 carries as `NextMarker`.
    pub fn as_str(&self) -> &str {
        match self {
            Position::AfterKey(text) | Position::AfterPrefix(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::HeaderMap;

    fn parse(version: Version, raw: &str) -> Result<ListQuery, S3Error> {
        let headers = HeaderMap::new();
        ListQuery::parse(version, &RequestView::from_signed_headers(&headers, Query::parse(raw).unwrap()))
    }

    fn after_key(text: &str) -> Option<Position> {
        Some(Position::AfterKey(text.to_owned()))
    }

    fn after_prefix(text: &str) -> Option<Position> {
        Some(Position::AfterPrefix(text.to_owned()))
    }

    #[test]
    fn an_empty_query_lists_everything() {
        let query = parse(Version::V2, "list-type=2").unwrap();
        assert_eq!((query.prefix.as_str(), &query.delimiter, &query.start), ("", &None, &None));
        assert_eq!((query.max_keys, query.limit(), query.url_encoded, query.fetch_owner), (1000, 1000, false, false));
    }

    #[test]
    fn max_keys_is_r2s() {
        for (sent, echoed, limit) in
            [("0", 0, 0), ("1", 1, 1), ("1000", 1000, 1000), ("1001", 1001, 1000), ("2.9", 2, 2)]
        {
            let query = parse(Version::V1, &format!("max-keys={sent}")).unwrap();
            assert_eq!((query.max_keys, query.limit()), (echoed, limit), "{sent}");
        }
        for sent in ["", "-1", "blah", "1e3", " 1", "1.", ".5", "99999999999999999999999"] {
            let error = parse(Version::V1, &format!("max-keys={sent}")).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "InvalidMaxKeys"), "{sent}");
        }
    }

    #[test]
    fn markers_and_tokens_say_where_a_page_starts() {
        use Version::{V1, V2};
        let token = Position::AfterPrefix("a/".to_owned()).to_token();
        for (version, raw, start) in [
            (V1, "marker=", None),
            (V1, "marker=a/b", after_key("a/b")),
            (V1, "marker=a/&delimiter=/", after_prefix("a/")),
            (V1, "marker=a/b&delimiter=/", after_key("a/b")),
            (V1, "marker=a/b/&delimiter=/", after_key("a/b/")),
            (V1, "marker=a/b/&delimiter=/&prefix=a/", after_prefix("a/b/")),
            (V1, "marker=a/&delimiter=/&prefix=a/", after_key("a/")),
            (V1, "marker=b/&delimiter=/&prefix=a/", after_key("b/")),
            (V1, "marker=a--&delimiter=--", after_prefix("a--")),
            (V1, "start-after=a", None),
            (V2, "marker=a", None),
            (V2, "start-after=a/&delimiter=/", after_key("a/")),
            (V2, "continuation-token=", None),
            (V2, &format!("continuation-token={token}&start-after=z"), after_prefix("a/")),
        ] {
            assert_eq!(parse(version, raw).unwrap().start, start, "{raw}");
        }
    }

    #[test]
    fn parameters_are_kept_as_sent_for_the_echo() {
        let query = parse(Version::V2, "continuation-token=&start-after=a&fetch-owner=true&delimiter=").unwrap();
        assert_eq!(query.continuation_token.as_deref(), Some(""));
        assert_eq!(query.start_after.as_deref(), Some("a"));
        assert!(query.fetch_owner && query.delimiter.is_none());
    }

    #[test]
    fn tokens_carry_any_key_and_nothing_else_is_a_token() {
        for text in ["a", "a/", "\0", "é\n", "1k", " "] {
            for position in [Position::AfterKey(text.to_owned()), Position::AfterPrefix(text.to_owned())] {
                assert_eq!(Position::from_token(&position.to_token()), Some(position));
            }
        }
        let forged = |plain: &[u8]| URL_SAFE_NO_PAD.encode(plain);
        let too_long = forged(format!("1k{}", "a".repeat(MAX_KEY_BYTES + 1)).as_bytes());
        for token in
            [&forged(b"2ka"), &forged(b"1xa"), &forged(b"1k"), &forged(b"1"), &forged(b"1k\xff"), &too_long, "a", "%"]
        {
            assert_eq!(Position::from_token(token), None, "{token}");
            let error = parse(Version::V2, &format!("continuation-token={token}")).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "InvalidArgument"));
        }
    }

    #[test]
    fn other_encodings_are_refused_in_r2s_words() {
        assert!(parse(Version::V2, "encoding-type=url").unwrap().url_encoded);
        let error = parse(Version::V2, "encoding-type=weird").unwrap_err();
        assert_eq!(error.to_string(), r#"501 NotImplemented: Unrecognized encoding-type "weird" not implemented"#);
    }
}
