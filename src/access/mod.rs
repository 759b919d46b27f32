//! Access rights: keys, R2's permission classes, the buckets a key is for, and the temporary credentials of a key.
//!
//! Pure: [`crate::settings`] reads keys, and [`crate::sigv4`] verifies that a request was signed with one.

pub mod permission;
pub mod scope;
pub mod certificate;
pub mod limits;
pub mod key;
pub mod pair;
pub mod token;
pub mod temporary;
pub mod grant;

pub use certificate::CertificateDigest;
pub use grant::{Grant, Wanted};
pub use key::{AccessKey, Keyring};
pub use limits::KeyLimits;
pub use pair::KeyPair;
pub use permission::Permission;
pub use scope::{BucketPattern, BucketScope};
pub use temporary::{TemporaryCredentials, TokenRequest};
pub use token::{BadToken, SessionToken, TokenOperations};
