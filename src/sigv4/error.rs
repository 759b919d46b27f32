//! Why a request is not authenticated, and R2's answer to it.
//!
//! Texts and statuses are R2's if they are known, oddities included (two spaces between missing parameters). If R2's
//! answer is not known, it is S3's, or plain words.

use crate::s3::{Code, S3Error, Timestamp};

/// The length of R2's access key ids, in characters.
const KEY_LENGTH: usize = 32;

/// The longest text in an answer to a wrong signature, in bytes. The answer has it as text and as hexadecimal digits,
/// and anyone can request it; what authors of clients compare is shorter.
const MAX_SHOWN: usize = 4096;

/// Why a request is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthError {
    /// Neither an `Authorization` header nor a signature in the query.
    NothingSupplied,
    /// More than one of: `Authorization` header, presigned query, SigV2 query; or two `Authorization` headers.
    SeveralKinds,
    /// Signed with Signature Version 2, in header or query.
    SigV2,
    /// Not [`crate::sigv4::ALGORITHM`], or not all of its fields, each once.
    NotSigV4,
    /// A query that is not UTF-8 once decoded.
    QueryNotUtf8,
    /// A header that must be one value came more than once.
    Repeated(String),
    /// A header with two spaces in a row: its signature is the same as with one.
    TwoSpaces(String),
    /// Header authentication without `x-amz-content-sha256`.
    MissingPayloadHash,
    /// An `x-amz-content-sha256` that is neither a digest nor a known word.
    BadPayloadHash,
    /// The signed header and the query of a presigned request name different payloads.
    TwoPayloadHashes,
    /// A credential with fewer than five parts, and how many it has.
    CredentialParts(usize),
    /// A credential for another service, as sent.
    CredentialService(String),
    /// A credential that ends in something else than `aws4_request`, as sent.
    CredentialTerminator(String),
    /// The credential's date, and the different one of the request.
    CredentialDate {
        /// The credential's, as sent.
        scope: String,
        /// The request's, `YYYYMMDD`.
        request: String,
    },
    /// Neither `x-amz-date` nor `date`.
    MissingDate,
    /// A date that is not ISO 8601 basic: the header or parameter (in R2's words), and its value.
    BadDate {
        /// `'x-amz-date' header`, `'date' header` or `X-Amz-Date`.
        place: &'static str,
        /// The text, as sent.
        text: String,
    },
    /// SignedHeaders without `host`, or not a list of distinct header names.
    BadSignedHeaders,
    /// Parameters a presigned request must have and does not.
    MissingParameters(Vec<&'static str>),
    /// A parameter of a presigned request that came more than once.
    RepeatedParameter(&'static str),
    /// `X-Amz-Expires` is not a whole number.
    ExpiresNotANumber,
    /// `X-Amz-Expires` is more than a week.
    ExpiresTooLong,
    /// A session token that is not valid for this key, and why.
    SessionToken(String),
    /// An expired session token.
    SessionTokenExpired(Timestamp),
    /// An expired key.
    KeyExpired(Timestamp),
    /// No such key, and its id has not the length R2's have; the length, in characters.
    KeyLength(usize),
    /// No such key.
    UnknownKey,
    /// The signature does not match.
    Mismatch(Box<Mismatch>),
    /// The names of headers that have an effect and that the signature does not cover.
    UnsignedHeaders(Vec<String>),
    /// The request's date is too far from the clock; how many seconds it is ahead, negative if it is behind.
    Skewed(i64),
    /// An expired presigned request; the number of seconds since then.
    Expired(u64),
}

/// The signed text as the server sees it, so that a client's author can compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The canonical request; bytes, since headers need not be UTF-8.
    pub canonical_request: Vec<u8>,
    /// The string to sign that was made from it.
    pub string_to_sign: String,
    /// The signature as the client sent it.
    pub provided: String,
}

/// The answer for a key that is not configured. R2's remark about the length is true only if all configured ids have
/// that length.
pub fn unknown_key<'a>(access_key_id: &str, configured: impl IntoIterator<Item = &'a str>) -> AuthError {
    let is_r2s = |id: &str| id.chars().count() == KEY_LENGTH;
    match access_key_id.chars().count() {
        length if length != KEY_LENGTH && configured.into_iter().all(is_r2s) => AuthError::KeyLength(length),
        _ => AuthError::UnknownKey,
    }
}

impl AuthError {
    /// The kind of failure, as a label of metrics.
    pub fn label(&self) -> &'static str {
        match self {
            AuthError::NothingSupplied => "unsigned",
            AuthError::SigV2 => "sigv2",
            AuthError::UnknownKey | AuthError::KeyLength(_) => "unknown-key",
            AuthError::Mismatch(_) => "wrong-signature",
            AuthError::UnsignedHeaders(_) => "unsigned-header",
            AuthError::Repeated(_) | AuthError::TwoSpaces(_) => "ambiguous-header",
            AuthError::Skewed(_) => "clock-skew",
            AuthError::Expired(_) => "expired",
            AuthError::SessionToken(_) => "session-token",
            AuthError::SessionTokenExpired(_) => "expired-session-token",
            AuthError::KeyExpired(_) => "expired-key",
            _ => "malformed",
        }
    }

    /// What failed, for the log, because R2's message is not enough for the operator. It has no secret and no
    /// signature.
    pub fn cause(&self) -> String {
        match self {
            AuthError::NothingSupplied => "the request is not signed".to_owned(),
            AuthError::SigV2 => "the request is signed with Signature Version 2".to_owned(),
            AuthError::UnknownKey | AuthError::KeyLength(_) => "no key of this id is configured".to_owned(),
            AuthError::Mismatch(_) => "the signature is not that of the configured secret".to_owned(),
            AuthError::UnsignedHeaders(names) => format!("unsigned headers: {}", shortened(&names.join(", "))),
            AuthError::Skewed(ahead @ 0..) => format!("the request's date is {ahead} s ahead of the clock"),
            AuthError::Skewed(behind) => format!("the request's date is {} s behind the clock", behind.unsigned_abs()),
            AuthError::Expired(seconds) => format!("the presigned request expired {seconds} s ago"),
            AuthError::SessionToken(why) => format!("the session token is refused: {}", shortened(why)),
            AuthError::SessionTokenExpired(end) => format!("the session token expired at {}", end.iso_8601()),
            AuthError::KeyExpired(end) => format!("the key expired at {}", end.iso_8601()),
            AuthError::BadSignedHeaders => "SignedHeaders is no list of distinct names with host".to_owned(),
            AuthError::NotSigV4 => "the request is not signed with AWS4-HMAC-SHA256".to_owned(),
            AuthError::MissingPayloadHash => "x-amz-content-sha256 is missing".to_owned(),
            argument => shortened(&about_argument(argument)),
        }
    }
}

/// A text that a client sent, for one line of the log.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 128;
    let start: String = text.chars().take(MOST).collect();
    if start.len() < text.len() { start + "..." } else { start }
}

impl From<AuthError> for S3Error {
    fn from(error: AuthError) -> S3Error {
        let cause = error.cause();
        answer(error).cause(cause)
    }
}

fn answer(error: AuthError) -> S3Error {
    match error {
        AuthError::Mismatch(mismatch) => mismatch.into(),
        AuthError::UnsignedHeaders(names) => S3Error::new(Code::ACCESS_DENIED)
            .message("There were headers present in the request which were not signed")
            .detail("HeadersNotSigned", names.join(", ")),
        AuthError::SigV2 => {
            S3Error::new(Code::UNAUTHORIZED).message("SigV2 authorization is not supported. Please use SigV4 instead.")
        }
        // "Missing or invalid authentication credentials", among them those that "have expired" (R2 docs, error 10002).
        AuthError::UnknownKey | AuthError::KeyExpired(_) | AuthError::BadSignedHeaders => Code::UNAUTHORIZED.into(),
        // R2's table of errors has no code for expired tokens. One project measured this answer in 2026, and found no
        // other reason for it. S3's would be ExpiredToken.
        AuthError::SessionTokenExpired(_) => Code::SIGNATURE_DOES_NOT_MATCH.into(),
        AuthError::Skewed(_) => Code::REQUEST_TIME_TOO_SKEWED.into(),
        AuthError::Expired(_) => Code::EXPIRED_REQUEST.into(),
        AuthError::QueryNotUtf8 => Code::INVALID_URI.into(),
        AuthError::MissingPayloadHash => S3Error::new(Code::INVALID_REQUEST).message("Missing x-amz-content-sha256"),
        AuthError::NotSigV4 => S3Error::new(Code::INVALID_REQUEST).message("Please use AWS4-HMAC-SHA256"),
        argument => S3Error::new(Code::INVALID_ARGUMENT).message(about_argument(&argument)),
    }
}

/// The sentences of `InvalidArgument`.
fn about_argument(error: &AuthError) -> String {
    match error {
        AuthError::NothingSupplied => "Authorization".into(),
        AuthError::SeveralKinds => "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
             Signature query string parameter or the Authorization header should be specified"
            .into(),
        AuthError::Repeated(header) => format!("Header '{header}' must not be sent more than once"),
        AuthError::TwoSpaces(header) => {
            format!(
                "Header '{header}' must not have two spaces in a row; percent-encode them where the value is a path"
            )
        }
        AuthError::BadPayloadHash => "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
             STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
             STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
            .into(),
        AuthError::TwoPayloadHashes => "x-amz-content-sha256 and X-Amz-Content-Sha256 differ".into(),
        AuthError::CredentialParts(count) => {
            format!("Credential sigv4 header should have at least 5 slash-separated parts, not {count}")
        }
        AuthError::CredentialService(service) => format!("Credential service should be s3, not {service}"),
        AuthError::CredentialTerminator(end) => {
            format!("Credential termination string should be aws4_request, not {end}")
        }
        AuthError::CredentialDate { scope, request } => {
            format!("Credential signed date {scope} does not match {request} from 'x-amz-date' header")
        }
        AuthError::MissingDate => "No date provided in x-amz-date nor date header".into(),
        AuthError::BadDate { place, text } => format!("Date provided in {place} ({text}) didn't parse successfully"),
        AuthError::MissingParameters(names) => about_missing(names),
        AuthError::RepeatedParameter(name) => format!("Search parameter {name} must not be sent more than once"),
        AuthError::ExpiresNotANumber => "X-Amz-Expires should be a number".into(),
        AuthError::ExpiresTooLong => "X-Amz-Expires must be less than a week (in seconds); \
             that is, the given X-Amz-Expires must be less than 604800 seconds"
            .into(),
        AuthError::SessionToken(_) => "X-Amz-Security-Token".into(),
        AuthError::KeyLength(length) => {
            format!("Credential access key has length {length}, should be {KEY_LENGTH}")
        }
        // Errors that have another code never reach this.
        _ => Code::INVALID_ARGUMENT.message.into(),
    }
}

fn about_missing(names: &[&str]) -> String {
    match names {
        [name] => format!("Required search parameter {name} missing"),
        names => format!("Required search parameters {} missing", names.join(",  ")),
    }
}

impl From<Box<Mismatch>> for S3Error {
    /// Texts that are too long are left out.
    fn from(mismatch: Box<Mismatch>) -> S3Error {
        let Mismatch { canonical_request, string_to_sign, provided } = *mismatch;
        let mut error = S3Error::new(Code::SIGNATURE_DOES_NOT_MATCH);
        for (name, name_of_bytes, text) in [
            ("StringToSign", "StringToSignBytes", string_to_sign.as_bytes()),
            ("CanonicalRequest", "CanonicalRequestBytes", &canonical_request),
        ] {
            if text.len() <= MAX_SHOWN {
                error = error.detail(name, String::from_utf8_lossy(text)).detail(name_of_bytes, spaced_hex(text));
            }
        }
        if provided.len() <= MAX_SHOWN { error.detail("SignatureProvided", provided) } else { error }
    }
}

/// `41 57 53`: how S3 shows the bytes of what it signed.
fn spaced_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 15), ' ']);
    }
    text.pop();
    text
}
