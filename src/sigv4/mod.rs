//! AWS Signature Version 4 (SigV4), for both sides: reading the claim of a request, verifying it, and signing.
//!
//! A server checks in this order, because each answer is meant for a client that passed the checks before:
//!
//! 1. [`parse`]: is there one well-formed [`Claim`] (an `Authorization` header or a presigned query)?
//! 2. Is the claim's key known? The caller has the keys; [`unknown_key`] has the answer.
//! 3. [`verify`]: did that key's secret sign this request?
//! 4. [`check_signed_headers`]: does the signature cover every header that has an effect, and is its value unambiguous?
//! 5. [`check_clock`]: is the signature valid now?
//!
//! Everything here is a function of its arguments, time and secrets included. Other modules know which keys there are
//! and which regions are allowed, and read bodies; what a body must match is in [`PayloadHash`] and [`ChunkChain`].
//!
//! Source: "Authenticating Requests (AWS Signature Version 4)" ([`crate::s3`] has the address); the answers are R2's.

mod digits;
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
pub use parse::{announced_payload, parse, parse_with_query};
pub use payload::PayloadHash;
pub use presigned::is_presigned;
pub use scope::Scope;
pub use sign::Signer;
pub use verify::{Verified, check_clock, check_signed_headers, verify};

/// The only algorithm, as clients name it.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
