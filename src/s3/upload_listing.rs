//! Listings of open uploads as values: what ListMultipartUploads asks for and what a page of the answer holds.

use crate::s3::listing::{MAX_PAGE, common_prefix, parse_encoding, parse_max_keys};
use crate::s3::storage_class::StorageClass;
use crate::s3::view::RequestView;
use crate::s3::{S3Error, Timestamp};

/// What a client asks of a listing of uploads, as read from its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadQuery {
    /// Only uploads of keys that start with this; empty for all.
    pub prefix: String,
    /// Rolls keys up into common prefixes; never empty.
    pub delimiter: Option<String>,
    /// `encoding-type=url`.
    pub url_encoded: bool,
    /// `key-marker` as sent, to be echoed.
    pub key_marker: String,
    /// `upload-id-marker` as sent, to be echoed.
    pub upload_id_marker: String,
    /// `max-uploads` as asked, to be echoed; the page holds [`UploadQuery::limit`].
    pub max_uploads: u64,
}

/// A position in the order of uploads: by key, and for one key by the time they were created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadPosition {
    /// After every upload of this key and of those before it.
    AfterKey(String),
    /// After every upload whose key starts with this common prefix.
    AfterPrefix(String),
    /// After this upload: key and id.
    AfterUpload(String, String),
}

/// A page of a listing of uploads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// Uploads in order.
    pub uploads: Vec<ListedUpload>,
    /// Common prefixes in order.
    pub common_prefixes: Vec<String>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<UploadPosition>,
}

/// An upload as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpload {
    /// The key it will have.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it was begun.
    pub initiated: Timestamp,
    /// The storage class it will have.
    pub storage_class: StorageClass,
}

impl UploadQuery {
    /// Reads the parameters (S3 API, ListMultipartUploads). Errors are those of the listings of objects.
    pub fn parse(view: &RequestView<'_>) -> Result<UploadQuery, S3Error> {
        let text = |name: &str| view.parameter(name).unwrap_or_default().to_owned();
        Ok(UploadQuery {
            prefix: text("prefix"),
            delimiter: Some(text("delimiter")).filter(|delimiter| !delimiter.is_empty()),
            url_encoded: parse_encoding(view.parameter("encoding-type"))?,
            key_marker: text("key-marker"),
            upload_id_marker: text("upload-id-marker"),
            max_uploads: parse_max_keys(view.parameter("max-uploads"))?,
        })
    }

    /// How many entries the page may hold: 0 to [`MAX_PAGE`].
    pub fn limit(&self) -> usize {
        usize::try_from(self.max_uploads).unwrap_or(MAX_PAGE).min(MAX_PAGE)
    }

    /// Where the page starts; `None` at the beginning. An id without a key says nothing. A key without an id that is a
    /// common prefix is one of our own markers: what it stands for was answered.
    pub fn start(&self) -> Option<UploadPosition> {
        let key = self.key_marker.clone();
        match (key.is_empty(), self.upload_id_marker.is_empty()) {
            (true, _) => None,
            (false, false) => Some(UploadPosition::AfterUpload(key, self.upload_id_marker.clone())),
            (false, true) if self.is_common_prefix(&key) => Some(UploadPosition::AfterPrefix(key)),
            (false, true) => Some(UploadPosition::AfterKey(key)),
        }
    }

    fn is_common_prefix(&self, key: &str) -> bool {
        let delimiter = self.delimiter.as_deref();
        delimiter.and_then(|delimiter| common_prefix(key, &self.prefix, delimiter)) == Some(key)
    }
}

impl UploadPosition {
    /// Its two markers: key and upload id.
    pub fn markers(&self) -> (&str, &str) {
        match self {
            UploadPosition::AfterKey(key) | UploadPosition::AfterPrefix(key) => (key, ""),
            UploadPosition::AfterUpload(key, id) => (key, id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::HeaderMap;

    fn parse(raw: &str) -> Result<UploadQuery, S3Error> {
        let headers = HeaderMap::new();
        UploadQuery::parse(&RequestView::from_signed_headers(&headers, Query::parse(raw).unwrap()))
    }

    #[test]
    fn markers_say_where_a_page_starts() {
        use UploadPosition::{AfterKey, AfterPrefix, AfterUpload};
        for (raw, expected) in [
            ("uploads", None),
            ("upload-id-marker=u", None),
            ("key-marker=a", Some(AfterKey("a".into()))),
            ("key-marker=a&upload-id-marker=u", Some(AfterUpload("a".into(), "u".into()))),
            ("key-marker=a/&delimiter=/", Some(AfterPrefix("a/".into()))),
            ("key-marker=a/b&delimiter=/", Some(AfterKey("a/b".into()))),
            ("key-marker=a/&delimiter=/&upload-id-marker=u", Some(AfterUpload("a/".into(), "u".into()))),
        ] {
            let start = parse(raw).unwrap().start();
            assert_eq!(start, expected, "{raw}");
            let echoed = start.as_ref().map(UploadPosition::markers).unwrap_or_default();
            assert!(raw.contains(echoed.0) && raw.contains(echoed.1));
        }
    }

    #[test]
    fn limits_and_encodings_are_those_of_other_listings() {
        assert_eq!(parse("max-uploads=5000").unwrap().limit(), 1000);
        assert_eq!(parse("uploads").unwrap().limit(), 1000);
        assert_eq!(parse("max-uploads=-1").unwrap_err().code, "InvalidMaxKeys");
        assert_eq!(parse("encoding-type=x").unwrap_err().code, "NotImplemented");
    }
}
