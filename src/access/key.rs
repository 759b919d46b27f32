//! Access keys and the ring that holds them.

use crate::access::certificate::CertificateDigest;
use crate::access::limits::KeyLimits;
use crate::access::permission::Permission;
use crate::access::scope::BucketScope;
use crate::s3::Timestamp;
use crate::s3::names::BucketName;
use crate::s3::operation::Access;
use crate::sigv4::Secret;
use std::collections::HashMap;

/// A key that a client signs with, and its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half, as in a signature's credential.
    pub id: String,
    /// The half that signs.
    pub secret: Secret,
    /// What the key may do.
    pub permission: Permission,
    /// Where it may do it.
    pub buckets: BucketScope,
    /// When it expires; `None` is never.
    pub expires: Option<Timestamp>,
    /// The certificate that its holder must show, too.
    pub client_certificate: Option<CertificateDigest>,
    /// Its limits, if they differ from those of all keys.
    pub limits: KeyLimits,
}

impl AccessKey {
    /// A key that may do everything everywhere.
    pub fn admin(id: impl Into<String>, secret: Secret) -> AccessKey {
        let (permission, buckets) = (Permission::AdminReadWrite, BucketScope::All);
        let limits = KeyLimits::default();
        AccessKey { id: id.into(), secret, permission, buckets, expires: None, client_certificate: None, limits }
    }

    /// Checks that the key has not expired.
    ///
    /// # Errors
    /// The time at which it expired.
    pub fn check_end(&self, now: Timestamp) -> Result<(), Timestamp> {
        self.expires.filter(|end| now >= *end).map_or(Ok(()), Err)
    }

    /// Whether the key may do this in that bucket; `None` is the account itself. [`BucketScope::covers`] decides which
    /// buckets a ListBuckets shows.
    pub fn allows(&self, access: Access, bucket: Option<&BucketName>) -> bool {
        self.permission.covers(access) && bucket.is_none_or(|bucket| self.buckets.covers(bucket))
    }
}

/// All keys, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyring {
    keys: HashMap<String, AccessKey>,
}

impl Keyring {
    /// The key of this id.
    pub fn find(&self, id: &str) -> Option<&AccessKey> {
        self.keys.get(id)
    }

    /// The ids of all keys, in no order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key, so that no request can be signed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Of several keys with one id the last counts. Settings refuse such keys before this.
impl FromIterator<AccessKey> for Keyring {
    fn from_iter<I: IntoIterator<Item = AccessKey>>(keys: I) -> Keyring {
        Keyring { keys: keys.into_iter().map(|key| (key.id.clone(), key)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::scope::BucketPattern;

    fn key(permission: Permission, patterns: &[&str]) -> AccessKey {
        let patterns: Vec<_> = patterns.iter().map(|text| BucketPattern::parse(text).unwrap()).collect();
        let buckets = if patterns.is_empty() { BucketScope::All } else { BucketScope::Matching(patterns) };
        AccessKey { permission, buckets, ..AccessKey::admin("id", Secret::new("secret")) }
    }

    #[test]
    fn permission_and_scope_must_both_allow() {
        use Permission::{AdminReadOnly, AdminReadWrite, ObjectReadOnly, ObjectReadWrite};
        for (permission, patterns, access, bucket, expected) in [
            (AdminReadWrite, &[][..], Access::ListBuckets, None, true),
            (AdminReadWrite, &["media"], Access::ListBuckets, None, true),
            (AdminReadWrite, &["media"], Access::ManageBuckets, Some("media"), true),
            (AdminReadWrite, &["media"], Access::ManageBuckets, Some("other"), false),
            (AdminReadOnly, &[], Access::ManageBuckets, Some("media"), false),
            (AdminReadOnly, &[], Access::WriteObjects, Some("media"), false),
            (ObjectReadWrite, &[], Access::ListBuckets, None, false),
            (ObjectReadWrite, &[], Access::ManageBuckets, Some("media"), false),
            (ObjectReadWrite, &["logs-*"], Access::WriteObjects, Some("logs-1"), true),
            (ObjectReadWrite, &["logs-*"], Access::ReadObjects, Some("media"), false),
            (ObjectReadOnly, &[], Access::ReadObjects, Some("media"), true),
            (ObjectReadOnly, &[], Access::WriteObjects, Some("media"), false),
        ] {
            let bucket = bucket.map(|name| BucketName::parse(name).unwrap());
            let allowed = key(permission, patterns).allows(access, bucket.as_ref());
            assert_eq!(allowed, expected, "{permission} {patterns:?} {access:?} {bucket:?}");
        }
    }

    #[test]
    fn keys_are_found_by_their_id_alone() {
        let ring: Keyring =
            [AccessKey::admin("a", Secret::new("x")), AccessKey::admin("b", Secret::new("y"))].into_iter().collect();
        assert_eq!(ring.find("b").map(|key| key.id.as_str()), Some("b"));
        assert!(ring.find("A").is_none() && ring.find("").is_none());
        assert_eq!(ring.len(), 2);
    }

    #[test]
    fn no_secret_shows_in_a_keys_debug() {
        let shown = format!("{:?}", AccessKey::admin("id", Secret::new("hush")));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
