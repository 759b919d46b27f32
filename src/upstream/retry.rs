//! The consequence when a node gives no answer to a request: whether the request is sent again, and whether the node is
//! blamed.
//!
//! The rules, in the order in which they apply:
//!
//! 1. Without a connection nothing was sent: any request goes to another node.
//! 2. An answer that is not HTTP is still an answer. The request is not retried, and no node is blamed: the object may
//!    be the reason, for example one with more headers than r2shim reads.
//! 3. If a pooled connection closes before an answer, it counts as closed by the node while it was idle (RFC 9112
//!    section 9.3.1). An idempotent request is sent again if its body is still available, and no node is blamed.
//! 4. While a client was sending its body, the client may be the cause: no node is blamed, and the body is gone.
//! 5. On a new connection, and after a timeout, the node has the request and may still carry it out. A write that is
//!    sent again could then overwrite what another client wrote in between, so only reads are. The node is blamed.
//!
//! Rule 3 leaves a gap: a node that closes a pooled connection while it carries out a write makes that write happen
//! twice. HTTP allows the repetition (RFC 9110 section 9.2.2), and without it every node that closes idle connections
//! would fail writes.

/// A kind of failure. It is a label of metrics, so there are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The connection failed.
    Connect,
    /// The TLS handshake failed, in most cases because the certificate is unknown or of another host.
    Tls,
    /// A connection, a write or an answer took too long.
    Timeout,
    /// The connection ended before the answer did.
    Closed,
    /// The answer is not HTTP, or larger than r2shim reads.
    Protocol,
}

impl FailureKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [FailureKind; 5] =
        [FailureKind::Connect, FailureKind::Tls, FailureKind::Timeout, FailureKind::Closed, FailureKind::Protocol];

    /// Its label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Connect => "connect",
            FailureKind::Tls => "tls",
            FailureKind::Timeout => "timeout",
            FailureKind::Closed => "closed",
            FailureKind::Protocol => "protocol",
        }
    }
}

/// How far a request had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendProgress {
    /// There was no connection.
    NotSent,
    /// Its head was sent. All of its body is still available, in memory or from the client.
    BodyAvailable,
    /// Its body was being passed on from the client.
    BodyInTransit,
    /// All of its body was passed on from the client.
    BodySent,
}

/// The effect of sending a request twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestClass {
    /// It changes nothing.
    Read,
    /// The result is the same as that of one request, if nothing else is written in between.
    IdempotentWrite,
    /// The result differs from that of one request.
    OtherWrite,
}

/// Where the connection of a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionOrigin {
    /// It was made for this request.
    New,
    /// It was idle in the pool, where the node may close it at any time.
    Pool,
}

/// An attempt to get an answer that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAttempt {
    /// What went wrong.
    pub kind: FailureKind,
    /// How far the request had come.
    pub progress: SendProgress,
    /// The effect of sending it twice.
    pub class: RequestClass,
    /// The connection it was sent on.
    pub connection: ConnectionOrigin,
}

/// Whether a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It is not.
    Never,
    /// On another connection; the node may be the same.
    OtherConnection,
    /// To a node that was not tried yet.
    OtherNode,
}

/// The consequence of a failure for its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The node is not healthy: other nodes come first until its next good check.
    Node,
    /// None: the connection, the client or the object may be the cause.
    Unclear,
}

/// The consequence of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequence {
    /// Whether the request is sent again.
    pub retry: Retry,
    /// Whether the node is blamed.
    pub blame: Blame,
}

impl FailedAttempt {
    /// The consequence by the rules of this module, for a request that has not been retried yet.
    pub fn consequence(&self) -> Consequence {
        let is_available = self.progress == SendProgress::BodyAvailable;
        let (retry, blame) = match (self.progress, self.kind, self.connection) {
            (SendProgress::NotSent, _, _) => (Retry::OtherNode, Blame::Node),
            (_, FailureKind::Protocol, _) => (Retry::Never, Blame::Unclear),
            (_, FailureKind::Closed, ConnectionOrigin::Pool) => {
                let is_repeated = is_available && self.class != RequestClass::OtherWrite;
                (if is_repeated { Retry::OtherConnection } else { Retry::Never }, Blame::Unclear)
            }
            (SendProgress::BodyInTransit, _, _) => (Retry::Never, Blame::Unclear),
            _ => {
                let is_repeated = is_available && self.class == RequestClass::Read;
                (if is_repeated { Retry::OtherNode } else { Retry::Never }, Blame::Node)
            }
        };
        Consequence { retry, blame }
    }

    fn is_slow(&self) -> bool {
        self.kind == FailureKind::Timeout && self.progress != SendProgress::NotSent
    }
}

/// The most retries of a request because pooled connections had been closed.
const MAX_STALE: usize = 3;

/// The most retries of a read after a timeout. The client waits as long each time.
const MAX_SLOW: usize = 1;

/// The retries of one request.
#[derive(Debug, Default)]
pub struct Retries {
    stale: usize,
    slow: usize,
}

impl Retries {
    /// The consequence of another failed attempt: [`FailedAttempt::consequence`], until the limits are reached.
    pub fn after(&mut self, failed: &FailedAttempt) -> Consequence {
        let consequence = failed.consequence();
        match consequence.retry {
            Retry::OtherConnection if self.stale == MAX_STALE => {
                Consequence { retry: Retry::OtherNode, blame: Blame::Node }
            }
            Retry::OtherConnection => {
                self.stale += 1;
                consequence
            }
            Retry::OtherNode if failed.is_slow() && self.slow == MAX_SLOW => {
                Consequence { retry: Retry::Never, ..consequence }
            }
            Retry::OtherNode => {
                self.slow += usize::from(failed.is_slow());
                consequence
            }
            Retry::Never => consequence,
        }
    }
}

#[cfg(test)]
mod tests;
