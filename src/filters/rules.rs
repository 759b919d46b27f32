//! What the chain decides by: the operator's settings, made ready once.

use crate::access::Keyring;
use crate::policy::Policy;
use crate::s3::view::MAX_HEADERS;
use crate::sigv4::KeyCache;
use arc_swap::ArcSwap;
use std::time::Duration;

/// The rules in force. They are swapped as a whole; a request keeps the snapshot that it began with to its end, and
/// whatever carries it out reads them there ([`Admitted::rules`](crate::filters::Admitted)).
pub type CurrentRules = ArcSwap<Rules>;

/// What the chain decides by.
#[derive(Debug)]
pub struct Rules {
    /// Bounds on heads and documents.
    pub limits: Limits,
    /// Names under which buckets are hosts, in lower case.
    pub domains: Vec<String>,
    /// Who may sign.
    pub keyring: Keyring,
    /// Signing keys derived before.
    pub signing_keys: KeyCache,
    /// What the subset has.
    pub policy: Policy,
}

/// Bounds on what clients send, each with room over what real clients need.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Header lines. A presigned request may have as many headers, those in its query among them
    /// ([`crate::s3::view::MAX_HEADERS`]).
    pub headers: usize,
    /// Query parameters. SDKs send about 20, and as many again with metadata in the query.
    pub parameters: usize,
    /// Bytes of all header names and values. R2 takes 8,192 bytes of user metadata, which may be RFC 2047-encoded.
    pub header_bytes: usize,
    /// From the opening of a connection, or the end of the request before, to the end of a head.
    pub head_time: Duration,
    /// Bytes of path and query. A key of 1,024 bytes percent-encoded has 3,072; presigned URLs carry metadata too.
    pub target_bytes: usize,
    /// Bytes of a request document. DeleteObjects with 1,000 keys of 1,024 bytes has 1.1 MB.
    pub document_bytes: usize,
    /// Bytes of an object or part in one request (R2 limits page: 5 GiB less 5 MiB).
    pub object_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            headers: MAX_HEADERS,
            parameters: 1000,
            header_bytes: 64 << 10,
            head_time: Duration::from_secs(75),
            target_bytes: 32 << 10,
            document_bytes: 4 << 20,
            object_bytes: (5 << 30) - (5 << 20),
        }
    }
}
