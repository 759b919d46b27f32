//! Who may do what: keys, R2's permission classes and the buckets a key is for.
//!
//! Pure: where keys are written stands in [`crate::settings`], how a request proves that it holds one in
//! [`crate::sigv4`].

pub mod permission;
pub mod scope;
pub mod key;
pub mod pair;

pub use key::{AccessKey, Keyring};
pub use pair::KeyPair;
pub use permission::Permission;
pub use scope::{BucketPattern, BucketScope};
