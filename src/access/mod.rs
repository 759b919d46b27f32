//! Who may do what: keys, R2's permission classes and the buckets a key is for.
//!
//! Pure: [`crate::settings`] reads keys, and [`crate::sigv4`] verifies that a request was signed with one.

pub mod permission;
pub mod scope;
pub mod key;
pub mod pair;

pub use key::{AccessKey, Keyring};
pub use pair::KeyPair;
pub use permission::Permission;
pub use scope::{BucketPattern, BucketScope};
