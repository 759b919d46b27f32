//! AWS Signature Version 4 (SigV4), both sides of it: reading who a request says it is from, verifying that, and signing.
//!
//! A server asks in this order, because each answer is only worth giving to who passed the one before:
//!
//! 1. [`parse`]: is there one well-formed [`Claim`] (an `Authorization` header or a presigned query)?
//! 2. Is the claim's key known? Whoever holds the keys decides; [`unknown_key`] has the words.
//! 3. [`verify`]: did that key's secret sign this request?
//! 4. [`check_signed_headers`]: does the signature cover every header that acts?
//! 5. [`check_clock`]: does it hold now?
//!
//! Everything here is a function of its arguments: time and secrets are given, nothing is read or waited for. Not here:
//! which keys there are, which regions are good, and bodies; what a body must agree with is in [`PayloadHash`] and
//! [`ChunkChain`].
//!
//! Source: "Authenticating Requests (AWS Signature Version 4)" of the S3 API reference; the answers are R2's.

pub mod error;
pub mod payload;
pub mod scope;
pub mod key;
pub mod canonical;
pub mod chunk;
pub mod claim;
mod authorization;
mod presigned;
mod parse;
pub mod verify;
pub mod sign;
#[cfg(test)]
mod tests;

pub use chunk::ChunkChain;
pub use claim::Claim;
pub use error::{AuthError, unknown_key};
pub use key::{KeyCache, Secret, Signature, SigningKey};
pub use parse::{announced_payload, parse};
pub use payload::PayloadHash;
pub use presigned::is_presigned;
pub use scope::Scope;
pub use sign::Signer;
pub use verify::{Verified, check_clock, check_signed_headers, verify};

/// The one algorithm there is, as clients name it.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
