//! The rules of the chain: the operator's settings, prepared once.

use crate::access::{BucketScope, Keyring};
use crate::cors::CorsRules;
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use crate::s3::view::MAX_HEADERS;
use crate::settings::{self, PortLimits, RequestLimits, Upstream};
use crate::sigv4::KeyCache;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The rules in force. They are swapped as a whole. Code that swaps them must begin with those in force (`rcu`), so
/// that the CORS rules stored with buckets are kept. A request keeps the snapshot that it began with, and the code that
/// carries it out reads the rules there ([`Admitted::rules`](crate::filters::Admitted)).
pub type CurrentRules = ArcSwap<Rules>;

/// The rules of the chain.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Bounds on heads and documents.
    pub limits: Limits,
    /// Names under which buckets are hosts, in lower case.
    pub domains: Vec<String>,
    /// The CORS rules: which pages of other origins may use the server.
    pub cors: CorsRules,
    /// The keys of clients.
    pub keyring: Keyring,
    /// A cache of derived signing keys.
    pub signing_keys: Arc<KeyCache>,
    /// The policy, which defines the subset.
    pub policy: Arc<Policy>,
    /// Buckets whose objects are read without a key, on the public port.
    pub public: BucketScope,
    /// The proxies that are trusted to name the client.
    pub trusted_proxies: TrustedProxies,
    /// Whether requests that R2 would refuse are refused or noted.
    pub mode: Mode,
}

/// How requests are treated that R2 would refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    #[default]
    Enforce,
    /// The local store carries out what it can; refusals are noted. The policy's other rulings hold.
    AuditLocal,
    /// A remote store gets the request unchanged, even if the policy ignores, answers or refuses parts of it.
    AuditRemote,
}

impl Mode {
    /// The mode for these settings and their store.
    pub fn from_settings(mode: settings::Mode, upstream: &Upstream) -> Mode {
        match (mode, upstream) {
            (settings::Mode::Enforce, _) => Mode::Enforce,
            (settings::Mode::Audit, Upstream::Local) => Mode::AuditLocal,
            (settings::Mode::Audit, Upstream::Remote(_)) => Mode::AuditRemote,
        }
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        if self.is_audit() { settings::Mode::Audit.name() } else { settings::Mode::Enforce.name() }
    }

    /// Whether findings are noted and do not end a request.
    pub fn is_audit(self) -> bool {
        self != Mode::Enforce
    }
}

/// Limits on what clients send. Each is larger than what real clients need.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Header lines. A presigned request may have as many headers, those in its query among them
    /// ([`crate::s3::view::MAX_HEADERS`]).
    pub headers: usize,
    /// Query parameters. SDKs send about 20, and as many again with metadata in the query.
    pub parameters: usize,
    /// Bytes of all header names and values. R2 takes 8,192 bytes of user metadata, which may be RFC 2047-encoded.
    pub header_bytes: usize,
    /// Bytes of path and query. A key of 1,024 bytes percent-encoded has 3,072; presigned URLs carry metadata too.
    pub target_bytes: usize,
    /// Bytes of an object or part in one request (R2 limits page: 5 GiB less 5 MiB).
    pub object_bytes: u64,
    /// The settings for connections.
    pub ports: PortLimits,
    /// The settings for requests.
    pub requests: RequestLimits,
}

impl Limits {
    /// Bytes of a whole head as it is read: what `header_bytes` and `target_bytes` allow, and the rest of each line.
    pub fn head_bytes(&self) -> usize {
        const LINE_ENDS: usize = 2 << 10;
        self.header_bytes + self.target_bytes + LINE_ENDS
    }
}

impl From<PortLimits> for Limits {
    /// These limits of connections; all others are the defaults.
    fn from(ports: PortLimits) -> Limits {
        Limits { ports, ..Limits::default() }
    }
}

impl From<RequestLimits> for Limits {
    /// These limits of requests; all others are the defaults.
    fn from(requests: RequestLimits) -> Limits {
        Limits { requests, ..Limits::default() }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            headers: MAX_HEADERS,
            parameters: 1000,
            header_bytes: 64 << 10,
            target_bytes: 32 << 10,
            object_bytes: (5 << 30) - (5 << 20),
            ports: PortLimits::default(),
            requests: RequestLimits::default(),
        }
    }
}
