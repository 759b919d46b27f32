//! What the chain decides by: the operator's settings, made ready once.

use crate::access::{BucketScope, Keyring};
use crate::cors::CorsRules;
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use crate::s3::view::MAX_HEADERS;
use crate::settings::{self, PortLimits, RequestLimits, Upstream};
use crate::sigv4::KeyCache;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The rules in force. They are swapped as a whole: whoever swaps them begins with those in force (`rcu`), so that the CORS
/// rules that are stored with buckets stay. A request keeps the snapshot that it began with to its end, and
/// whatever carries it out reads them there ([`Admitted::rules`](crate::filters::Admitted)).
pub type CurrentRules = ArcSwap<Rules>;

/// What the chain decides by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Bounds on heads and documents.
    pub limits: Limits,
    /// Names under which buckets are hosts, in lower case.
    pub domains: Vec<String>,
    /// Which pages of other origins browsers let in.
    pub cors: CorsRules,
    /// Who may sign.
    pub keyring: Keyring,
    /// Signing keys derived before.
    pub signing_keys: Arc<KeyCache>,
    /// What the subset has.
    pub policy: Arc<Policy>,
    /// Buckets whose objects are read without a key, on the port for that.
    pub public: BucketScope,
    /// The proxies whose word counts on who a client is.
    pub trusted_proxies: TrustedProxies,
    /// What becomes of requests that R2 would refuse.
    pub mode: Mode,
}

/// What becomes of requests that R2 would refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    #[default]
    Enforce,
    /// What the local store can is carried out, as the policy rules otherwise; the rest is noted.
    AuditLocal,
    /// A remote store gets all of a request, whatever the policy ignores, answers or lacks.
    AuditRemote,
}

impl Mode {
    /// What settings ask for, in front of the store that they have.
    pub fn from_settings(mode: settings::Mode, upstream: &Upstream) -> Mode {
        match (mode, upstream) {
            (settings::Mode::Enforce, _) => Mode::Enforce,
            (settings::Mode::Audit, Upstream::Local) => Mode::AuditLocal,
            (settings::Mode::Audit, Upstream::Remote(_)) => Mode::AuditRemote,
        }
    }

    /// What settings call it.
    pub fn name(self) -> &'static str {
        if self.is_audit() { settings::Mode::Audit.name() } else { settings::Mode::Enforce.name() }
    }

    /// Whether findings are noted and do not end a request.
    pub fn is_audit(self) -> bool {
        self != Mode::Enforce
    }
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
    /// Bytes of path and query. A key of 1,024 bytes percent-encoded has 3,072; presigned URLs carry metadata too.
    pub target_bytes: usize,
    /// Bytes of an object or part in one request (R2 limits page: 5 GiB less 5 MiB).
    pub object_bytes: u64,
    /// What settings say of connections.
    pub ports: PortLimits,
    /// What settings say of requests.
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
