//! The metadata of an object: system headers and user metadata.

use crate::s3::headers::METADATA_PREFIX;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, rfc2047};
use http::{HeaderName, HeaderValue, header};
use std::collections::BTreeMap;

/// The most bytes of user metadata: names without their prefix and values, decoded (R2 limits page).
pub const MAX_USER_BYTES: usize = 8192;

/// The most entries of user metadata. S3 limits their bytes only. Each entry is a header of every answer, and clients
/// read few headers: Python's `http.client` 100 in all, pingora's 256.
pub const MAX_USER_ENTRIES: usize = 90;

/// The type of an object that was written without a `Content-Type`. S3 has `binary/octet-stream`; R2 looks at the
/// bytes, and this is its type for bytes that it does not recognise.
pub const DEFAULT_CONTENT_TYPE: &str = "application/octet-stream";

/// The metadata that a write sets and a read returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as the client wrote it.
    pub expires: Option<String>,
    /// `x-amz-meta-*`: the name after the prefix in lower case, the value RFC 2047-decoded.
    pub user: BTreeMap<String, String>,
}

impl Metadata {
    /// What a write sets for its object. Empty system headers set nothing.
    ///
    /// `InvalidArgument` for values that are not UTF-8 or have control characters and for metadata without a name,
    /// `MetadataTooLarge` for more than [`MAX_USER_BYTES`] or [`MAX_USER_ENTRIES`].
    pub fn from_view(view: &RequestView<'_>) -> Result<Metadata, S3Error> {
        Ok(Metadata {
            content_type: first(view, "content-type")?,
            cache_control: joined(view, "cache-control")?,
            content_disposition: first(view, "content-disposition")?,
            content_encoding: joined(view, "content-encoding")?.and_then(object_codings),
            content_language: joined(view, "content-language")?,
            expires: first(view, "expires")?,
            user: user_metadata(view)?,
        })
    }

    /// The same with what another has that this one lacks: of a system header, and of each of the user's names, this
    /// one's value counts. `None` for more user metadata than an object may have.
    pub fn over(self, below: Metadata) -> Option<Metadata> {
        let mut user = below.user;
        user.extend(self.user);
        let bytes: usize = user.iter().map(|(name, value)| name.len() + value.len()).sum();
        let fits = bytes <= MAX_USER_BYTES && user.len() <= MAX_USER_ENTRIES;
        fits.then(|| Metadata {
            content_type: self.content_type.or(below.content_type),
            cache_control: self.cache_control.or(below.cache_control),
            content_disposition: self.content_disposition.or(below.content_disposition),
            content_encoding: self.content_encoding.or(below.content_encoding),
            content_language: self.content_language.or(below.content_language),
            expires: self.expires.or(below.expires),
            user,
        })
    }

    /// The same with what the `response-*` parameters of a GetObject put in the place of system headers. An empty
    /// parameter changes nothing; `InvalidArgument` for control characters.
    pub fn overridden(self, view: &RequestView<'_>) -> Result<Metadata, S3Error> {
        let or = |name: &str, own: Option<String>| match view.parameter(name).filter(|value| !value.is_empty()) {
            Some(value) => checked(name, value.to_owned()).map(Some),
            None => Ok(own),
        };
        Ok(Metadata {
            content_type: or("response-content-type", self.content_type)?,
            cache_control: or("response-cache-control", self.cache_control)?,
            content_disposition: or("response-content-disposition", self.content_disposition)?,
            content_encoding: or("response-content-encoding", self.content_encoding)?,
            content_language: or("response-content-language", self.content_language)?,
            expires: or("response-expires", self.expires)?,
            user: self.user,
        })
    }

    /// The headers of an answer: system headers as they were written, user values RFC 2047-encoded where they are not
    /// plain ASCII. What cannot be a header is left out: r2shim never stores such a value.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let content_type = self.content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE);
        let system = [
            (header::CONTENT_TYPE, Some(content_type)),
            (header::CACHE_CONTROL, self.cache_control.as_deref()),
            (header::CONTENT_DISPOSITION, self.content_disposition.as_deref()),
            (header::CONTENT_ENCODING, self.content_encoding.as_deref()),
            (header::CONTENT_LANGUAGE, self.content_language.as_deref()),
            (header::EXPIRES, self.expires.as_deref()),
        ];
        let system = system
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(value?.as_bytes()).ok()?)));
        system.chain(self.user.iter().filter_map(|(name, value)| user_header(name, value))).collect()
    }
}

/// A user's value as an answer has it, of one as some store has it: plain, encoded either way, or as bare UTF-8. `None`
/// for what no text can be read from.
pub fn user_value(stored: &HeaderValue) -> Option<HeaderValue> {
    let text = rfc2047::decode(std::str::from_utf8(stored.as_bytes()).ok()?)?;
    HeaderValue::from_str(&rfc2047::encode(&text)).ok()
}

fn user_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(format!("{METADATA_PREFIX}{name}").as_bytes()).ok()?;
    Some((name, HeaderValue::from_str(&rfc2047::encode(value)).ok()?))
}

/// All `x-amz-meta-*` headers; one that came more than once is one with its values joined by commas, as in the
/// signature. The size is that of what is kept: the limit on header bytes has bounded the work before.
fn user_metadata(view: &RequestView<'_>) -> Result<BTreeMap<String, String>, S3Error> {
    let mut raw: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for (name, value) in view.headers() {
        if let Some(name) = name.strip_prefix(METADATA_PREFIX) {
            raw.entry(name).or_default().push(value);
        }
    }
    if raw.contains_key("") {
        let message = format!("'{METADATA_PREFIX}' must be followed by a name");
        return Err(S3Error::new(Code::INVALID_ARGUMENT).message(message));
    }
    if raw.len() > MAX_USER_ENTRIES {
        let message = format!("An object can have at most {MAX_USER_ENTRIES} metadata headers.");
        return Err(S3Error::new(Code::METADATA_TOO_LARGE).message(message));
    }
    let mut user = BTreeMap::new();
    let mut size = 0;
    for (name, values) in raw {
        let text = String::from_utf8(values.join(&b","[..])).map_err(|_| invalid(name))?;
        let value = checked(name, rfc2047::decode(&text).ok_or_else(|| invalid(name))?)?;
        size += name.len() + value.len();
        user.insert(name.to_owned(), value);
    }
    if size > MAX_USER_BYTES { Err(Code::METADATA_TOO_LARGE.into()) } else { Ok(user) }
}

/// A header that has one value; of several lines the first counts, as for all readers of the view.
fn first(view: &RequestView<'_>, name: &str) -> Result<Option<String>, S3Error> {
    text(name, view.header_bytes(name).unwrap_or_default().to_vec())
}

/// A header that is a list (RFC 9110 section 5.3): its lines are joined.
fn joined(view: &RequestView<'_>, name: &str) -> Result<Option<String>, S3Error> {
    let lines: Vec<&[u8]> = view.headers().filter(|(n, _)| *n == name).map(|(_, value)| value).collect();
    text(name, lines.join(&b", "[..]))
}

fn text(name: &str, value: Vec<u8>) -> Result<Option<String>, S3Error> {
    let value = String::from_utf8(value).map_err(|_| invalid(name))?;
    if value.is_empty() { Ok(None) } else { checked(name, value).map(Some) }
}

/// A tab is the only control character a header may carry.
fn checked(name: &str, value: String) -> Result<String, S3Error> {
    if value.chars().any(|c| c.is_control() && c != '\t') { Err(invalid(name)) } else { Ok(value) }
}

fn invalid(name: &str) -> S3Error {
    S3Error::new(Code::INVALID_ARGUMENT).message(format!("The value of '{name}' is not valid"))
}

/// A `Content-Encoding` without `aws-chunked`, which is the framing of the body; all other codings are the object's
/// own. `None` where nothing is left.
pub fn object_codings(codings: String) -> Option<String> {
    let is_framing = |coding: &str| coding.trim().eq_ignore_ascii_case("aws-chunked");
    if !codings.split(',').any(is_framing) {
        return Some(codings);
    }
    let kept: Vec<&str> = codings.split(',').map(str::trim).filter(|coding| !is_framing(coding)).collect();
    Some(kept.join(", ")).filter(|kept| !kept.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::HeaderMap;

    fn read(lines: &[(&str, &[u8])]) -> Result<Metadata, S3Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        Metadata::from_view(&RequestView::from_signed_headers(&headers, Query::default()))
    }

    fn written(metadata: &Metadata) -> Vec<String> {
        let line = |(name, value): &(HeaderName, HeaderValue)| {
            format!("{name}: {}", String::from_utf8(value.as_bytes().to_vec()).unwrap())
        };
        metadata.headers().iter().map(line).collect()
    }

    #[test]
    fn system_headers_come_back_as_they_were_written() {
        let metadata = read(&[
            ("content-type", b"text/plain; charset=utf-8"),
            ("cache-control", b"no-cache"),
            ("cache-control", b"private"),
            ("content-disposition", "attachment; filename=\"é.txt\"".as_bytes()),
            ("content-encoding", b"aws-chunked,gzip"),
            ("content-language", b"de"),
            ("expires", b"never"),
            ("content-length", b"3"),
        ]);
        let expected = [
            "content-type: text/plain; charset=utf-8",
            "cache-control: no-cache, private",
            "content-disposition: attachment; filename=\"é.txt\"",
            "content-encoding: gzip",
            "content-language: de",
            "expires: never",
        ];
        assert_eq!(written(&metadata.unwrap()), expected);
    }

    #[test]
    fn without_headers_an_object_has_only_a_content_type() {
        for lines in [&[][..], &[("content-type", &b""[..]), ("cache-control", b"")]] {
            let metadata = read(lines).unwrap();
            assert_eq!(metadata, Metadata::default());
            assert_eq!(written(&metadata), ["content-type: application/octet-stream"]);
        }
    }

    #[test]
    fn aws_chunked_is_not_a_coding_of_the_object() {
        for (sent, kept) in [
            ("aws-chunked", None),
            ("AWS-Chunked", None),
            ("gzip", Some("gzip")),
            ("gzip,aws-chunked", Some("gzip")),
            ("aws-chunked, gzip,br", Some("gzip, br")),
            ("gzip,br", Some("gzip,br")),
        ] {
            let metadata = read(&[("content-encoding", sent.as_bytes())]).unwrap();
            assert_eq!(metadata.content_encoding.as_deref(), kept, "{sent}");
        }
    }

    #[test]
    fn user_values_are_kept_decoded_and_sent_encoded() {
        for (sent, kept, sent_back) in [
            ("plain", "plain", "plain"),
            ("", "", ""),
            ("raw é", "raw é", "=?UTF-8?B?cmF3IMOp?="),
            ("=?UTF-8?B?w6k=?=", "é", "=?UTF-8?B?w6k=?="),
            ("=?UTF-8?Q?plain?=", "plain", "plain"),
            ("a\tb", "a\tb", "=?UTF-8?B?YQli?="),
        ] {
            let metadata = read(&[("X-Amz-Meta-Name", sent.as_bytes())]).unwrap();
            assert_eq!(metadata.user.get("name").map(String::as_str), Some(kept), "{sent}");
            assert_eq!(written(&metadata)[1], format!("x-amz-meta-name: {sent_back}"));
        }
    }

    #[test]
    fn repeated_user_headers_are_one() {
        let metadata = read(&[("x-amz-meta-a", b"1"), ("x-amz-meta-b", b"x"), ("x-amz-meta-a", b"2")]).unwrap();
        assert_eq!(written(&metadata)[1..], ["x-amz-meta-a: 1,2", "x-amz-meta-b: x"]);
    }

    #[test]
    fn hoisted_metadata_counts() {
        let headers = HeaderMap::new();
        let view =
            RequestView::from_presigned(&headers, Query::parse("X-Amz-Meta-A=b&X-Amz-Signature=0").unwrap()).unwrap();
        assert_eq!(Metadata::from_view(&view).unwrap().user, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    }

    #[test]
    fn the_limit_counts_decoded_names_and_values() {
        let read = |bytes: usize| read(&[("x-amz-meta-ab", "é".repeat(bytes / 2).as_bytes())]);
        assert!(read(MAX_USER_BYTES - 2).is_ok());
        let error = read(MAX_USER_BYTES).unwrap_err();
        assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "MetadataTooLarge"));
    }

    #[test]
    fn entries_have_names_and_are_not_many() {
        let names: Vec<String> = (0..=MAX_USER_ENTRIES).map(|n| format!("x-amz-meta-{n}")).collect();
        let lines: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(read(&lines[1..]).unwrap().user.len(), MAX_USER_ENTRIES);
        let error = read(&lines).unwrap_err();
        assert_eq!(
            (&*error.code, &*error.message),
            ("MetadataTooLarge", "An object can have at most 90 metadata headers.")
        );
        let error = read(&[("x-amz-meta-", b"v")]).unwrap_err();
        assert_eq!((&*error.code, &*error.message), ("InvalidArgument", "'x-amz-meta-' must be followed by a name"));
    }

    #[test]
    fn text_that_no_header_can_carry_is_refused() {
        for (name, value) in [
            ("x-amz-meta-a", &b"\xff"[..]),
            ("x-amz-meta-a", b"=?UTF-8?B?DQo=?="),
            ("x-amz-meta-a", b"=?UTF-8?Q?=00?="),
            ("x-amz-meta-a", b"=?UTF-8?B?ww==?="),
            ("content-disposition", b"\xff"),
            ("content-type", "a\u{85}b".as_bytes()),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().code, "InvalidArgument", "{name}");
        }
    }

    #[test]
    fn response_parameters_take_the_place_of_system_headers() {
        let headers = HeaderMap::new();
        let overridden = |raw: &'static str| {
            let stored = Metadata { content_type: Some("text/plain".to_owned()), ..Metadata::default() };
            stored.overridden(&RequestView::from_signed_headers(&headers, Query::parse(raw).unwrap()))
        };
        let all = "response-content-type=a%2Fb&response-cache-control=c&response-content-disposition=d%3B%20%22x%22\
                   &response-content-encoding=e&response-content-language=l&response-expires=x";
        let expected = [
            "content-type: a/b",
            "cache-control: c",
            "content-disposition: d; \"x\"",
            "content-encoding: e",
            "content-language: l",
            "expires: x",
        ];
        assert_eq!(written(&overridden(all).unwrap()), expected);
        assert_eq!(written(&overridden("response-content-type=").unwrap()), ["content-type: text/plain"]);
        assert_eq!(overridden("response-expires=%0d%0aset-cookie:x").unwrap_err().code, "InvalidArgument");
    }
}
