//! What an object carries beside its bytes: system headers and the user's own metadata.

use std::collections::BTreeMap;

/// Everything a write says about an object and a read gives back.
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
