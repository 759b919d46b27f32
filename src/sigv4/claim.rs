//! A claim: the key that a request names as its signer, and the headers that it lists as signed. Nothing is verified
//! yet.

use crate::s3::Timestamp;
use crate::s3::request::RequestHead;
use crate::sigv4::error::{AuthError, shortened};
use crate::sigv4::payload::PayloadHash;
use crate::sigv4::scope::Scope;
use std::borrow::Cow;
use std::fmt;

/// The most headers a request may list as signed. Each is looked up and hashed before anything is verified.
const MAX_SIGNED_HEADERS: usize = 128;

/// The key that a request names as its signer, and the headers that it lists as signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub(super) access_key_id: String,
    pub(super) scope: Scope,
    pub(super) signed_headers: SignedHeaders,
    /// As sent, whatever it is.
    pub(super) signature: String,
    pub(super) date: RequestDate,
    pub(super) payload: PayloadHash,
    /// Seconds a presigned request holds; 0 is never. `None` where the signature is in a header.
    pub(super) expires: Option<u64>,
    /// As sent, whatever it is.
    pub(super) session_token: Option<String>,
}

impl Claim {
    /// The id of the claimed key.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The scope of the signing key. Its date is the request's.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What the signature says about the body.
    pub fn payload(&self) -> &PayloadHash {
        &self.payload
    }

    /// The names of the headers that are listed as signed, in lower case.
    pub fn signed_header_names(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.names()
    }

    /// The claimed time of the signature.
    pub fn date(&self) -> Timestamp {
        self.date.timestamp
    }

    /// The session token that goes with the key, as sent. It is as secret as a signature.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// The claimed key, for one line of the log.
    pub fn summary(&self) -> String {
        let (id, region) = (shortened(&self.access_key_id), shortened(&self.scope.region));
        format!("access key id {id:?}, region {region:?}, date {}", self.date.timestamp.amz_date())
    }

    /// Whether the signature is in the query.
    pub fn is_presigned(&self) -> bool {
        self.expires.is_some()
    }
}

impl fmt::Debug for Claim {
    /// Without signature and session token, because they are as good as a password while they are valid.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("signed_headers", &self.signed_headers.0)
            .field("date", &self.date.text)
            .field("payload", &self.payload)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The list of signed headers: lower-case names joined by `;`, each once, `host` among them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SignedHeaders(String);

impl SignedHeaders {
    /// Reads the list; its order is the client's, and part of what was signed.
    pub(super) fn parse(text: &str) -> Result<SignedHeaders, AuthError> {
        let list = SignedHeaders(text.to_ascii_lowercase());
        let mut names: Vec<&str> = list.names().take(MAX_SIGNED_HEADERS + 1).collect();
        let known = names.len() <= MAX_SIGNED_HEADERS && names.iter().all(|name| is_token(name));
        names.sort_unstable();
        let distinct = !names.windows(2).any(|pair| pair[0] == pair[1]);
        let good = known && distinct && names.contains(&"host");
        good.then_some(list).ok_or(AuthError::BadSignedHeaders)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(';')
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.names().any(|listed| listed == name)
    }
}

/// Whether the text can name a header (RFC 9110 section 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The claimed time of the signature, and the text of it that was signed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RequestDate {
    pub(super) text: String,
    pub(super) timestamp: Timestamp,
}

impl RequestDate {
    /// Reads ISO 8601 basic, the only form that R2 reads; `place` names the header or parameter, in R2's words.
    pub(super) fn parse(text: &str, place: &'static str) -> Result<RequestDate, AuthError> {
        match Timestamp::parse_amz_date(text) {
            Some(timestamp) => Ok(RequestDate { text: text.to_owned(), timestamp }),
            None => Err(AuthError::BadDate { place, text: text.to_owned() }),
        }
    }

    /// A key signs for one day, and the request must be of that day.
    pub(super) fn check_scope(&self, scope: &Scope) -> Result<(), AuthError> {
        let request = self.text.get(..8).unwrap_or_default();
        match scope.date == request {
            true => Ok(()),
            false => Err(AuthError::CredentialDate { scope: scope.date.clone(), request: request.to_owned() }),
        }
    }
}

/// The value of a header that authentication reads. Two lines of it are refused, because other readers could use the
/// other one.
pub(super) fn only_value<'a>(head: &RequestHead<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, AuthError> {
    let mut values = head.headers.get_all(name).iter();
    let first = values.next().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.next().map_or(Ok(first), |_| Err(AuthError::Repeated(name.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_headers_are_distinct_names_with_host() {
        for (text, names) in [
            ("host", &["host"][..]),
            ("Host;X-Amz-Date", &["host", "x-amz-date"]),
            ("x-amz-date;host;range", &["x-amz-date", "host", "range"]),
        ] {
            assert_eq!(SignedHeaders::parse(text).unwrap().names().collect::<Vec<_>>(), names);
        }
        let many: String = (0..128).map(|n| format!(";h{n}")).collect();
        let too_many = format!("host{many}");
        for text in ["", "x-amz-date", "host;host", "host;", "host;a b", "host;a\nb", "hosts", "host,a", &too_many] {
            assert!(SignedHeaders::parse(text).is_err(), "{text}");
        }
    }
}
