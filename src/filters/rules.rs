//! What the chain decides by: the operator's settings, made ready once.

use crate::access::{BucketScope, KeyLimits, Keyring};
use crate::cors::CorsRules;
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use crate::s3::view::MAX_HEADERS;
use crate::settings::{self, PortLimits, RequestLimits, Upstream};
use crate::sigv4::KeyCache;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;

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
    /// From the opening of a connection to the end of its TLS handshake. One takes two or three round trips.
    pub handshake_time: Duration,
    /// From the opening of a connection to the first byte of a head. Clients connect when they have something to send.
    pub first_byte_time: Duration,
    /// From the end of a request to the first byte of the next head: how long an idle connection is kept.
    pub idle_time: Duration,
    /// From the first byte of a head to its end.
    pub head_time: Duration,
    /// Bytes of path and query. A key of 1,024 bytes percent-encoded has 3,072; presigned URLs carry metadata too.
    pub target_bytes: usize,
    /// Bytes of a request document. DeleteObjects with 1,000 keys of 1,024 bytes has 1.1 MB.
    pub document_bytes: usize,
    /// Bytes of an object or part in one request (R2 limits page: 5 GiB less 5 MiB).
    pub object_bytes: u64,
    /// The longest wait for the next bytes of a body.
    pub body_idle: Duration,
    /// Bytes that a body has to bring in each `body_window`: on average 1 KiB/s, which a slow mobile link exceeds.
    pub body_bytes: u64,
    /// Bytes of an answer that its client has to take in each `body_window`.
    pub answer_bytes: u64,
    /// The window of `body_bytes` and `answer_bytes`. Only time in which the server waits for the client counts.
    pub body_window: Duration,
    /// Connections to the S3 port. The limit of open files lowers it, so that the store and the admin address never run
    /// out of them.
    pub connections: usize,
    /// Connections to the S3 port from one IPv4 address or one IPv6 network of 64 bits, loopback excepted.
    pub connections_per_address: usize,
    /// Requests in flight whose signer is known, or that need none; 0 is no limit.
    pub requests: u64,
    /// Copies at the same time; 0 is no limit.
    pub copies: u64,
    /// The limits of each key that has none of its own.
    pub per_key: KeyLimits,
}

impl Limits {
    /// These limits, and those of requests as settings have them.
    #[must_use]
    pub fn with(self, requests: &RequestLimits) -> Limits {
        let RequestLimits {
            requests,
            copies,
            document_bytes,
            body_idle,
            body_bytes,
            answer_bytes,
            body_window,
            per_key,
        } = *requests;
        Limits { requests, copies, document_bytes, body_idle, body_bytes, answer_bytes, body_window, per_key, ..self }
    }

    /// These limits, and those of connections as settings have them.
    #[must_use]
    pub fn with_ports(self, ports: &PortLimits) -> Limits {
        let PortLimits { connections, connections_per_address, .. } = *ports;
        let PortLimits { handshake_time, first_byte_time, idle_time, head_time, .. } = *ports;
        let times = Limits { handshake_time, first_byte_time, idle_time, head_time, ..self };
        Limits { connections, connections_per_address, ..times }
    }

    /// Bytes of a whole head as it is read: what `header_bytes` and `target_bytes` allow, and the rest of each line.
    pub fn head_bytes(&self) -> usize {
        const LINE_ENDS: usize = 2 << 10;
        self.header_bytes + self.target_bytes + LINE_ENDS
    }
}

impl Default for Limits {
    fn default() -> Limits {
        let RequestLimits {
            requests,
            copies,
            document_bytes,
            body_idle,
            body_bytes,
            answer_bytes,
            body_window,
            per_key,
        } = RequestLimits::default();
        let PortLimits { connections, connections_per_address, handshake_time, first_byte_time, idle_time, head_time } =
            PortLimits::default();
        Limits {
            headers: MAX_HEADERS,
            parameters: 1000,
            header_bytes: 64 << 10,
            handshake_time,
            first_byte_time,
            idle_time,
            head_time,
            target_bytes: 32 << 10,
            document_bytes,
            object_bytes: (5 << 30) - (5 << 20),
            body_idle,
            body_bytes,
            answer_bytes,
            body_window,
            connections,
            connections_per_address,
            requests,
            copies,
            per_key,
        }
    }
}
