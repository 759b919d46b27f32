//! Verifies a claim: its signature, the headers that the signature covers, and its time.

use crate::s3::Timestamp;
use crate::s3::headers::METADATA_PREFIX;
use crate::s3::request::RequestHead;
use crate::sigv4::canonical::{self, CanonicalRequest, RequestParts};
use crate::sigv4::chunk::ChunkChain;
use crate::sigv4::claim::Claim;
use crate::sigv4::error::{AuthError, Mismatch};
use crate::sigv4::key::{KeyCache, Secret, Signature, SigningKey};
use http::HeaderValue;

/// How far a request's date may be from the clock, in seconds.
const MAX_SKEW: u64 = 15 * 60;

/// Headers that need no signature. The first is a line of the canonical request itself where it is used, so S3 does not
/// require it in SignedHeaders; on a presigned request it is used only if it is signed. The others are names and
/// versions of SDKs.
const MAY_BE_UNSIGNED: [&str; 3] = ["x-amz-content-sha256", "x-amz-user-agent", "x-amz-api-version"];

/// Headers of HTTP that are one value and not a list (RFC 9110, RFC 6266).
const SINGLE_VALUED: [&str; 9] = [
    "content-disposition",
    "content-length",
    "content-md5",
    "content-type",
    "expires",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// Proof that a claim's signature was made with the secret it was verified with.
#[derive(Debug, Clone)]
pub struct Verified {
    chain: ChunkChain,
}

impl Verified {
    /// The chain of chunk signatures that starts from the request's.
    pub fn chain(&self) -> ChunkChain {
        self.chain.clone()
    }
}

/// Whether `secret` signed the request, over the scope as sent.
///
/// Clients differ in how they encode a path that needs no escape, so a signature over the path as sent is as good as
/// one over its canonical form: both name the same key. A query has one form only, in which a `+` is a space, as it is
/// for all readers of the request. If a `+` could also be a plus, the bearer of a presigned URL for `prefix=a%2Bb`
/// could change it to `prefix=a+b`, which is another request.
pub fn verify(claim: &Claim, head: &RequestHead<'_>, secret: &Secret, cache: &KeyCache) -> Result<Verified, AuthError> {
    let cached = cache.get(secret, &claim.scope);
    let key = cached.clone().unwrap_or_else(|| secret.signing_key(&claim.scope));
    let (signature, string_to_sign) = match_any_reading(claim, head, &key).map_err(AuthError::Mismatch)?;
    if cached.is_none() {
        cache.keep(secret, &claim.scope, &key);
    }
    Ok(Verified { chain: ChunkChain::new(key, string_to_sign, signature) })
}

/// A signature that agrees with the claim's, and the string that it signs.
type Match = (Signature, String);

/// The reported mismatch is that of the documented form.
fn match_any_reading(claim: &Claim, head: &RequestHead<'_>, key: &SigningKey) -> Result<Match, Box<Mismatch>> {
    let path = canonical::path(head.path);
    let query = canonical::query(head.query, claim.is_presigned());
    match_reading(claim, head, key, &path, &query).or_else(|mismatch| match head.path == path {
        true => Err(mismatch),
        false => match_reading(claim, head, key, head.path, &query).map_err(|_| mismatch),
    })
}

fn match_reading(
    claim: &Claim,
    head: &RequestHead<'_>,
    key: &SigningKey,
    path: &str,
    query: &str,
) -> Result<Match, Box<Mismatch>> {
    let request = CanonicalRequest::new(&RequestParts {
        method: head.method,
        path,
        query,
        headers: head.headers,
        signed_headers: claim.signed_headers.as_str(),
        payload: &claim.payload.text(),
    });
    let string_to_sign = request.string_to_sign(&claim.date.text, &claim.scope.text());
    let signature = key.sign(&string_to_sign);
    if signature.matches(&claim.signature) {
        return Ok((signature, string_to_sign));
    }
    let (canonical_request, provided) = (request.into_bytes(), claim.signature.clone());
    Err(Box::new(Mismatch { canonical_request, string_to_sign, provided }))
}

/// Checks that the signature covers every header that has an effect, and that its value is unambiguous.
///
/// Anyone with a presigned URL could add an unsigned `x-amz-*` or `cf-*` header, which would act with the signer's
/// rights. They could also send a signed value in another form: a signature joins lines with commas and folds spaces,
/// so
/// `/a,b` could be sent as the lines `/a` and `b`, and `/a b` with two spaces.
pub fn check_signed_headers(claim: &Claim, head: &RequestHead<'_>) -> Result<(), AuthError> {
    let names = || head.headers.keys().map(|name| name.as_str());
    let unsigned = names().filter(|name| must_be_signed(name) && !claim.signed_headers.contains(name));
    let unsigned: Vec<String> = unsigned.map(str::to_owned).collect();
    if !unsigned.is_empty() {
        return Err(AuthError::UnsignedHeaders(unsigned));
    }
    names().filter(|name| has_one_value(name, claim)).try_for_each(|name| check_one_reading(name, head))
}

fn must_be_signed(name: &str) -> bool {
    acts(name) && !MAY_BE_UNSIGNED.contains(&name)
}

fn acts(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("cf-")
}

/// Whether readers use only the header's first line. For metadata they join the lines as the signature does.
fn has_one_value(name: &str, claim: &Claim) -> bool {
    let of_http = SINGLE_VALUED.contains(&name) && claim.signed_headers.contains(name);
    of_http || (acts(name) && !name.starts_with(METADATA_PREFIX))
}

fn check_one_reading(name: &str, head: &RequestHead<'_>) -> Result<(), AuthError> {
    let mut lines = head.headers.get_all(name).iter();
    let has_two_spaces = |line: &HeaderValue| line.as_bytes().windows(2).any(|pair| pair == b"  ");
    match (lines.next(), lines.next()) {
        (Some(_), Some(_)) => Err(AuthError::Repeated(name.to_owned())),
        (Some(line), None) if acts(name) && has_two_spaces(line) => Err(AuthError::TwoSpaces(name.to_owned())),
        _ => Ok(()),
    }
}

/// Whether the claim is valid at `now`: within 15 minutes of its date or, if it is presigned, from 15 minutes before
/// its date until it expires.
pub fn check_clock(claim: &Claim, now: Timestamp) -> Result<(), AuthError> {
    let signed = claim.date();
    let skewed = now.seconds_apart(signed) > MAX_SKEW;
    match claim.expires {
        None if skewed => Err(skew(signed, now)),
        Some(_) if skewed && signed > now => Err(skew(signed, now)),
        Some(seconds) => check_end(signed.millis().saturating_add(seconds * 1000), seconds, now),
        None => Ok(()),
    }
}

/// A request with a validity of 0 seconds is always expired.
fn check_end(end: u64, seconds: u64, now: Timestamp) -> Result<(), AuthError> {
    let holds = seconds > 0 && now.millis() <= end;
    if holds { Ok(()) } else { Err(AuthError::Expired(now.millis().saturating_sub(end) / 1000)) }
}

fn skew(signed: Timestamp, now: Timestamp) -> AuthError {
    let apart = i64::try_from(now.seconds_apart(signed)).unwrap_or(i64::MAX);
    AuthError::Skewed(if signed > now { apart } else { -apart })
}
