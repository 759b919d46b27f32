//! Temporary credentials of the key of all tests.

use super::client::{Request, Signing};
use super::server::{KEY_ID, SECRET};
use r2shim::access::{AccessKey, Permission, TemporaryCredentials, TokenOperations, TokenRequest};
use r2shim::s3::names::{BucketName, ObjectKey};
use r2shim::s3::{Operation, Timestamp};
use r2shim::sigv4::Secret;
use std::net::SocketAddr;
use std::time::SystemTime;

const TOKEN: &str = "x-amz-security-token";

/// Temporary credentials, and requests with them.
pub struct Temporary {
    request: TokenRequest,
    parent: AccessKey,
}

impl Temporary {
    /// Those for a class in the bucket `media`, for a quarter of an hour.
    pub fn new(permission: Permission) -> Temporary {
        let now = Timestamp::from(SystemTime::now());
        let request = TokenRequest {
            bucket: BucketName::parse("media").unwrap(),
            operations: TokenOperations { permission: Some(permission), actions: None },
            prefixes: Vec::new(),
            objects: Vec::new(),
            audience: "localhost".into(),
            now,
            expires: Timestamp::from_millis(now.millis() + 900_000),
        };
        Temporary { request, parent: AccessKey::admin(KEY_ID, Secret::new(SECRET)) }
    }

    /// Those for operations.
    pub fn for_actions(actions: &[Operation]) -> Temporary {
        let mut made = Temporary::new(Permission::ObjectReadOnly);
        made.request.operations = TokenOperations { permission: None, actions: Some(actions.to_vec()) };
        made
    }

    /// The same for keys that start with this, besides others.
    pub fn below(mut self, prefix: &str) -> Temporary {
        self.request.prefixes.push(prefix.to_owned());
        self
    }

    /// The same for this key, besides others.
    pub fn object(mut self, key: &str) -> Temporary {
        self.request.objects.push(ObjectKey::parse(key).unwrap());
        self
    }

    /// The same, made this many seconds before now, or after it.
    pub fn moved(mut self, seconds: i64) -> Temporary {
        let moved = |time: Timestamp| Timestamp::from_millis(time.millis().saturating_add_signed(seconds * 1000));
        (self.request.now, self.request.expires) = (moved(self.request.now), moved(self.request.expires));
        self
    }

    /// The same by another parent.
    pub fn of(mut self, parent: AccessKey) -> Temporary {
        self.parent = parent;
        self
    }

    pub fn credentials(&self) -> TemporaryCredentials {
        TemporaryCredentials::new(&self.parent, &self.request).unwrap()
    }

    /// The signature made with them.
    pub fn signing(&self) -> Signing {
        let made = self.credentials();
        Signing { id: made.access_key_id, secret: made.secret_access_key, ..Signing::default() }
    }

    /// A request that is signed with them in its headers.
    pub fn sign(&self, request: Request, address: SocketAddr) -> Request {
        request.header(TOKEN, &self.credentials().session_token).signed_by(address, &self.signing()).0
    }

    /// A request that is presigned with them, its token in the query.
    pub fn presign(&self, request: Request, address: SocketAddr) -> Request {
        let token = self.credentials().session_token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        request.parameter("X-Amz-Security-Token", &token).presigned_by(address, 60, &self.signing())
    }
}
