//! What the signer of a request may do: all that the key may, or what a session token leaves of it.

use crate::access::key::AccessKey;
use crate::access::limits::KeyLimits;
use crate::access::token::TokenScope;
use crate::s3::names::BucketName;
use crate::s3::operation::{Access, OperationSpec, Target};
use std::sync::Arc;

/// The rights behind a request.
#[derive(Debug, Clone)]
pub struct Grant<'k> {
    key: &'k AccessKey,
    token: Option<Arc<TokenScope>>,
}

/// The properties of a request that decide whether its signer may send it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'r> {
    /// The operation.
    pub spec: &'r OperationSpec,
    /// The bucket; `None` if the request names no valid one.
    pub bucket: Option<&'r BucketName>,
    /// The key; `None` if the request names no valid one.
    pub key: Option<&'r str>,
    /// The prefix of a listing; `None` if it is ambiguous.
    pub prefix: Option<&'r str>,
}

impl<'k> Grant<'k> {
    /// All rights of the key.
    pub fn of_key(key: &'k AccessKey) -> Grant<'k> {
        Grant { key, token: None }
    }

    /// The limits of the session token, if there is one.
    pub fn of_token(key: &'k AccessKey, scope: TokenScope) -> Grant<'k> {
        Grant { key, token: Some(Arc::new(scope)) }
    }

    /// The key's id.
    pub fn key_id(&self) -> &'k str {
        &self.key.id
    }

    /// The limits of the key. Requests with a token of the key count as the key's.
    pub fn limits(&self) -> KeyLimits {
        self.key.limits
    }

    /// Whether the signer may do that. A key is asked for its class and buckets; a token besides for the operation, and
    /// for the keys that the request reaches.
    pub fn permits(&self, wanted: &Wanted<'_>) -> bool {
        let by_token = self.token.as_ref().is_none_or(|token| token.permits(wanted));
        by_token && self.key.allows(wanted.spec.access, wanted.bucket)
    }

    /// Whether the signer may have this kind of access to the bucket, regardless of object key and operation.
    pub fn allows(&self, access: Access, bucket: Option<&BucketName>) -> bool {
        let by_token = self.token.as_ref().is_none_or(|token| token.allows(access, bucket));
        by_token && self.key.allows(access, bucket)
    }

    /// Whether the signer may copy from that object. A token with `actions` that copy need not allow GetObject: it can
    /// copy within its paths alone.
    pub fn may_copy_from(&self, bucket: &BucketName, key: &str) -> bool {
        let by_token = self.token.as_ref().is_none_or(|token| token.bucket == *bucket && token.covers(key));
        by_token && self.key.allows(Access::ReadObjects, Some(bucket))
    }

    /// Whether the key is among those that the signer may reach in the bucket of the request.
    pub fn covers_key(&self, key: &str) -> bool {
        self.token.as_ref().is_none_or(|token| token.covers(key))
    }

    /// Whether the bucket is among the signer's.
    pub fn covers_bucket(&self, bucket: &BucketName) -> bool {
        self.token.as_ref().is_none_or(|token| token.bucket == *bucket) && self.key.buckets.covers(bucket)
    }

    /// Whether every bucket is among the signer's.
    pub fn has_all_buckets(&self) -> bool {
        self.token.is_none() && self.key.buckets.is_all()
    }

    /// Whether the signer may reach some keys of a bucket only.
    pub fn is_limited_to_paths(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.paths.is_some())
    }

    /// Whether the signer may do everything.
    pub fn may_do_everything(&self) -> bool {
        self.has_all_buckets() && self.key.allows(Access::ManageBuckets, None)
    }
}

impl TokenScope {
    fn permits(&self, wanted: &Wanted<'_>) -> bool {
        let by_actions =
            self.operations.actions.as_ref().is_none_or(|actions| actions.contains(&wanted.spec.operation));
        by_actions && self.allows(wanted.spec.access, wanted.bucket) && self.reaches(wanted)
    }

    /// A token is for one bucket. Its classes (R2 docs, "Temporary credentials") do not list, make or remove buckets.
    fn allows(&self, access: Access, bucket: Option<&BucketName>) -> bool {
        let of_buckets = matches!(access, Access::ListBuckets | Access::ManageBuckets);
        let by_class = self.operations.permission.is_none_or(|permission| permission.covers(access));
        !of_buckets && by_class && bucket == Some(&self.bucket)
    }

    fn covers(&self, key: &str) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.cover(key))
    }

    /// Whether all that the request reaches is among the token's paths. What is about a bucket as a whole is not for a
    /// token with paths, but for whether and where the bucket is.
    fn reaches(&self, wanted: &Wanted<'_>) -> bool {
        let Some(paths) = &self.paths else { return true };
        match (wanted.spec.target, wanted.spec.access) {
            (Target::Object, _) => wanted.key.is_some_and(|key| paths.cover(key)),
            (Target::Bucket, Access::ListObjects) if wanted.spec.knows_parameter("prefix") => {
                wanted.prefix.is_some_and(|prefix| paths.cover_listing(prefix))
            }
            (Target::Bucket, Access::ListObjects) => true,
            // The keys are in a document. Its reader checks each of them: `Grant::covers_key`.
            (Target::Bucket, Access::WriteObjects) => true,
            (Target::Bucket | Target::Service, _) => false,
        }
    }
}

#[cfg(test)]
mod tests;
