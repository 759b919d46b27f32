//! Session tokens of temporary credentials: their claims, and whether a key has signed them.
//!
//! R2's form, as its docs have it ("Temporary credentials", and the example "Authenticate against R2 with temporary
//! credentials"): the access key id is the parent's. The session token is the base64 of `jwt/` and a JSON Web Token
//! that is signed with the parent's secret (HS256). The secret is the SHA-256 of the JSON Web Token in hexadecimal
//! digits. So there is no list of tokens, and the tokens of a parent that is removed are invalid.
//!
//! Documented claims: `iss` (the parent's id), `sub` (the account), `aud` (the host), `iat`, `exp`, `bucket`, `scope`,
//! `actions`, `paths.prefixPaths`, `paths.objectPaths`. `sub` and `aud` mean nothing here, as there are no accounts.
//!
//! The docs leave these points open; r2shim decides them so:
//! - Unknown claims are refused: one could be a limit. Known beside those above are `nbf` and `jti` (RFC 7519).
//! - `scope` and `actions` together mean what both allow, as in the docs' example. Two projects found that R2 refuses such
//!   a token, so `keys temporary` never makes one.
//! - `paths` with two empty lists covers nothing.
//! - A token that begins more than 15 minutes ahead is not valid yet, as with signatures.

use crate::access::key::AccessKey;
use crate::access::permission::Permission;
use crate::s3::Timestamp;
use crate::s3::names::BucketName;
use crate::s3::operation::Operation;
use crate::sigv4::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

/// The longest session token that is read, in bytes. One with 150 long paths has 22,000.
const MAX_TOKEN_BYTES: usize = 32 << 10;

/// The text before the JSON Web Token.
pub(super) const PREFIX: &str = "jwt/";

/// How far a token's beginning may be ahead of the clock, in seconds: as far as a signature.
const MAX_AHEAD: u64 = 15 * 60;

/// The names of `actions` (R2 docs, "Temporary credentials"), and what they are here.
pub const ACTIONS: [(&str, Operation); 16] = [
    ("HeadObject", Operation::HeadObject),
    ("GetObject", Operation::GetObject),
    ("GetBucketLocation", Operation::GetBucketLocation),
    ("ListObjectsV1", Operation::ListObjects),
    ("ListObjectsV2", Operation::ListObjectsV2),
    ("ListMultipartUploads", Operation::ListMultipartUploads),
    ("ListParts", Operation::ListParts),
    ("PutObject", Operation::PutObject),
    ("DeleteObject", Operation::DeleteObject),
    ("DeleteObjects", Operation::DeleteObjects),
    ("CopyObject", Operation::CopyObject),
    ("CreateMultipartUpload", Operation::CreateMultipartUpload),
    ("UploadPart", Operation::UploadPart),
    ("UploadPartCopy", Operation::UploadPartCopy),
    ("AbortMultipartUpload", Operation::AbortMultipartUpload),
    ("CompleteMultipartUpload", Operation::CompleteMultipartUpload),
];

/// The rights of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenScope {
    /// The one bucket.
    pub bucket: BucketName,
    /// What may be done there.
    pub operations: TokenOperations,
    /// Where in the bucket; `None` is everywhere.
    pub paths: Option<TokenPaths>,
    /// The second after which the token is expired.
    pub expires: Timestamp,
}

/// What a token allows: at least one of the two is given. If both are, both must allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOperations {
    /// `scope`.
    pub permission: Option<Permission>,
    /// `actions`.
    pub actions: Option<Vec<Operation>>,
}

/// The keys that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenPaths {
    /// Every key that starts with one of these. A prefix is a text and no folder: `a` covers `ab`.
    pub prefixes: Vec<String>,
    /// Exactly these keys.
    pub objects: Vec<String>,
}

impl TokenPaths {
    /// Whether the key is among them.
    pub fn cover(&self, key: &str) -> bool {
        self.cover_listing(key) || self.objects.iter().any(|object| object == key)
    }

    /// Whether every key that starts with `prefix` is among them.
    pub fn cover_listing(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|covered| prefix.starts_with(covered.as_str()))
    }
}

/// A token that a key has signed.
#[derive(Debug, Clone)]
pub struct SessionToken {
    /// Its rights.
    pub scope: TokenScope,
    /// The secret for requests with it.
    pub secret: Secret,
    begins: Timestamp,
}

/// Why a session token is refused. No message has a part of the token but for the names of its claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Longer than any that is read.
    #[error("it is longer than 32 KiB")]
    TooLong,
    /// Not the base64 of `jwt/` and three parts.
    #[error("it is not the base64 of jwt/ and a JSON Web Token")]
    Form,
    /// Another secret made it, or it was changed.
    #[error("it is not signed with the secret of the key")]
    Signature,
    /// The head is not that of a JSON Web Token by HS256.
    #[error("its algorithm is not HS256, or its head has more than alg and typ")]
    Algorithm,
    /// A claim is missing, unknown, twice there or of another kind.
    #[error("its claims cannot be read: {0}")]
    Claims(String),
    /// `iss` is not the key.
    #[error("its issuer is another key")]
    Issuer,
    /// `bucket` is not the name of a bucket.
    #[error("its bucket is not the name of one")]
    Bucket,
    /// Neither `scope` nor `actions`, or one that does not exist.
    #[error("it has neither scope nor actions, or one that does not exist")]
    Operations,
    /// The token begins later.
    #[error("it does not hold yet")]
    Early,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    alg: &'a str,
    #[serde(default, rename = "typ")]
    _typ: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    exp: u64,
    bucket: String,
    scope: Option<String>,
    actions: Option<Vec<String>>,
    paths: Option<Paths>,
    iat: Option<u64>,
    nbf: Option<u64>,
    #[serde(default, rename = "sub")]
    _sub: IgnoredAny,
    #[serde(default, rename = "aud")]
    _aud: IgnoredAny,
    #[serde(default, rename = "jti")]
    _jti: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Paths {
    #[serde(default)]
    prefix_paths: Vec<String>,
    #[serde(default)]
    object_paths: Vec<String>,
}

impl SessionToken {
    /// The token of that text, if the parent has signed it. Nothing of it is read before that is verified, so a forged
    /// token costs only a decoding and an HMAC. [`SessionToken::check_end`] checks its time, after the request's
    /// signature is verified.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(text: &str, parent: &AccessKey, now: Timestamp) -> Result<SessionToken, BadToken> {
        let jwt = decode(text)?;
        let (signed, tag) = jwt.rsplit_once('.').ok_or(BadToken::Form)?;
        let (head, claims) = signed.split_once('.').ok_or(BadToken::Form)?;
        if !parent.secret.has_mac(signed.as_bytes(), &part(tag)?) {
            return Err(BadToken::Signature);
        }
        let head = part(head)?;
        if !serde_json::from_slice::<Head<'_>>(&head).is_ok_and(|head| head.alg == "HS256") {
            return Err(BadToken::Algorithm);
        }
        let claims = serde_json::from_slice(&part(claims)?).map_err(|error| BadToken::Claims(error.to_string()))?;
        SessionToken::of(claims, &jwt, parent, now)
    }

    fn of(claims: Claims, jwt: &str, parent: &AccessKey, now: Timestamp) -> Result<SessionToken, BadToken> {
        if claims.iss != parent.id {
            return Err(BadToken::Issuer);
        }
        let begins = seconds(claims.iat.unwrap_or_default().max(claims.nbf.unwrap_or_default()));
        if begins.seconds() > now.seconds().saturating_add(MAX_AHEAD) {
            return Err(BadToken::Early);
        }
        let paths = claims.paths.map(|paths| TokenPaths { prefixes: paths.prefix_paths, objects: paths.object_paths });
        let scope = TokenScope {
            bucket: BucketName::parse(&claims.bucket).map_err(|_| BadToken::Bucket)?,
            operations: TokenOperations::read(claims.scope.as_deref(), claims.actions.as_deref())?,
            paths,
            expires: seconds(claims.exp),
        };
        Ok(SessionToken { scope, secret: Secret::new(secret_of(jwt)), begins })
    }

    /// When the token becomes valid: the later of `iat` and `nbf`.
    pub fn begins(&self) -> Timestamp {
        self.begins
    }

    /// Checks that the token has not expired.
    ///
    /// # Errors
    /// The time at which it expired.
    pub fn check_end(&self, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.scope.expires { Ok(()) } else { Err(self.scope.expires) }
    }
}

impl TokenOperations {
    fn read(scope: Option<&str>, actions: Option<&[String]>) -> Result<TokenOperations, BadToken> {
        let permission = scope.map(|name| Permission::parse(name).ok_or(BadToken::Operations)).transpose()?;
        let named = |names: &[String]| names.iter().map(|name| action(name).ok_or(BadToken::Operations)).collect();
        let actions: Option<Vec<Operation>> = actions.map(named).transpose()?;
        let good = permission.is_some() || actions.is_some();
        good.then_some(TokenOperations { permission, actions }).ok_or(BadToken::Operations)
    }
}

/// The operation of that name in `actions`.
pub fn action(name: &str) -> Option<Operation> {
    ACTIONS.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation)
}

/// The names of operations in `actions`, for a person.
pub fn names_of(actions: &[Operation]) -> String {
    actions.iter().filter_map(name_of).collect::<Vec<_>>().join(", ")
}

pub(super) fn name_of(operation: &Operation) -> Option<&'static str> {
    ACTIONS.iter().find(|(_, of)| of == operation).map(|(name, _)| *name)
}

/// A time that a claim has in seconds.
fn seconds(number: u64) -> Timestamp {
    Timestamp::from_millis(number.saturating_mul(1000))
}

/// The secret that requests with a token are signed with: 64 hexadecimal digits.
pub(super) fn secret_of(jwt: &str) -> String {
    hex::encode(Sha256::digest(jwt.as_bytes()))
}

fn decode(text: &str) -> Result<String, BadToken> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(BadToken::TooLong);
    }
    let bytes = STANDARD.decode(text).map_err(|_| BadToken::Form)?;
    let decoded = String::from_utf8(bytes).map_err(|_| BadToken::Form)?;
    decoded.strip_prefix(PREFIX).map(str::to_owned).ok_or(BadToken::Form)
}

fn part(text: &str) -> Result<Vec<u8>, BadToken> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| BadToken::Form)
}

#[cfg(test)]
pub(super) mod tests;
