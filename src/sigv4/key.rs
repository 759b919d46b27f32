//! Secrets, the signing keys made from them, and the signatures made with those.

use crate::sigv4::digits;
use crate::sigv4::scope::Scope;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};
use subtle::ConstantTimeEq;

type HmacSha256 = Hmac<Sha256>;

/// How many secrets a cache has signing keys for.
const MAX_SECRETS: usize = 1024;

/// How many scopes of one secret a cache keeps: today's and yesterday's of a few regions.
const MAX_SCOPES: usize = 8;

/// A secret access key. It signs and is never shown.
#[derive(Clone)]
pub struct Secret {
    text: String,
    /// Distinguishes secrets in a cache, which then need not keep copies of them.
    fingerprint: [u8; 32],
}

/// The key that signs for one scope, ready to use.
#[derive(Clone)]
pub struct SigningKey(HmacSha256);

/// A signature that the server made. Only [`Signature::matches`] compares it with a client's.
#[derive(Clone, Copy)]
pub struct Signature([u8; 32]);

impl Secret {
    /// The secret of that text.
    pub fn new(text: impl Into<String>) -> Secret {
        let text = text.into();
        let fingerprint = Sha256::digest(text.as_bytes()).into();
        Secret { text, fingerprint }
    }

    /// Derives the key of a scope: four HMACs (S3 API reference, "Deriving the signing key").
    pub fn signing_key(&self, scope: &Scope) -> SigningKey {
        let secret = format!("AWS4{}", self.text);
        let steps = [&scope.date, &scope.region, &scope.service, "aws4_request"];
        let key = steps.iter().fold(keyed(secret.as_bytes()), |mac, step| keyed(&finish(mac, step.as_bytes())));
        SigningKey(key)
    }

    /// The HMAC-SHA256 of a message under the secret itself, as the session tokens of temporary credentials have it.
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        finish(keyed(self.text.as_bytes()), message)
    }

    /// Whether `tag` is that HMAC, compared in constant time.
    pub fn has_mac(&self, message: &[u8], tag: &[u8]) -> bool {
        self.mac(message).ct_eq(tag).into()
    }

    /// Whether this is the secret of that text, compared in constant time.
    pub fn is(&self, text: &str) -> bool {
        *self == Secret::new(text)
    }
}

impl SigningKey {
    /// Signs a string to sign.
    pub fn sign(&self, string_to_sign: &str) -> Signature {
        Signature(finish(self.0.clone(), string_to_sign.as_bytes()))
    }
}

impl Signature {
    /// 64 lower-case hexadecimal digits, as requests carry it.
    pub fn hex(&self) -> String {
        digits::of(&self.0)
    }

    /// Whether a client's text is this signature, compared in constant time. Text that is not the form of a signature
    /// differs too.
    pub fn matches(&self, provided: &str) -> bool {
        self.hex().as_bytes().ct_eq(provided.as_bytes()).into()
    }
}

/// An HMAC with its key set. Longer keys than a block are hashed first (RFC 2104 section 2), so any length will do.
fn keyed(key: &[u8]) -> HmacSha256 {
    let mut block = Key::<HmacSha256>::default();
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    HmacSha256::new(&block)
}

fn finish(mut mac: HmacSha256, message: &[u8]) -> [u8; 32] {
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Signing keys in use, so that a request costs one HMAC and not five.
///
/// Keys are found by the secret that they were derived from, so a changed secret never uses an old key. Verification
/// adds a key only after a signature was right, so clients without a key cannot evict entries. The cache is bounded:
/// about 1,000 secrets, with a few scopes each.
#[derive(Default)]
pub struct KeyCache {
    /// By the secret's fingerprint.
    keys: RwLock<HashMap<[u8; 32], ScopedKeys>>,
}

/// The keys of one secret, the oldest first.
type ScopedKeys = Vec<(Scope, SigningKey)>;

impl KeyCache {
    /// An empty cache.
    pub fn new() -> KeyCache {
        KeyCache::default()
    }

    /// The key of a scope, if it is kept.
    pub fn get(&self, secret: &Secret, scope: &Scope) -> Option<SigningKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let scopes = keys.get(&secret.fingerprint)?;
        scopes.iter().find(|(kept, _)| kept == scope).map(|(_, key)| key.clone())
    }

    /// Keeps a key. If there are too many for its secret, the oldest is removed.
    pub fn keep(&self, secret: &Secret, scope: &Scope, key: &SigningKey) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_SECRETS && !keys.contains_key(&secret.fingerprint) {
            keys.clear();
        }
        let scopes = keys.entry(secret.fingerprint).or_default();
        if scopes.iter().any(|(kept, _)| kept == scope) {
            return;
        }
        if scopes.len() >= MAX_SCOPES {
            scopes.remove(0);
        }
        scopes.push((scope.clone(), key.clone()));
    }
}

/// By their fingerprints, in constant time.
impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.fingerprint.ct_eq(&other.fingerprint).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache(..)")
    }
}
