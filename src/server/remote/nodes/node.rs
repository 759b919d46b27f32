//! One node: its address, its health, and the failures that happened at it.

use crate::server::observe::metrics::NodeStats;
use crate::upstream::{Endpoint, FailureKind};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An address of an endpoint. Clones are the same node.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    endpoint: Arc<Endpoint>,
    address: SocketAddr,
    /// What logs call it; see `Display`.
    name: String,
    /// Whether `health` is [`NodeHealth::Up`]; each request reads this, and only this.
    up: AtomicBool,
    health: Mutex<NodeHealth>,
    failures: [AtomicU64; FailureKind::ALL.len()],
    retries: AtomicU64,
}

/// What is known of a node's health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeHealth {
    /// It was not checked yet.
    Unchecked,
    /// The last check was good, and no request has failed since.
    Up,
    /// The last check or a request since then failed, for this reason.
    Down(String),
}

impl Node {
    /// A node that was not checked yet.
    pub fn new(endpoint: Arc<Endpoint>, address: SocketAddr) -> Node {
        let name = if endpoint.is_ip() { endpoint.to_string() } else { format!("{endpoint} ({address})") };
        Node(Arc::new(Inner {
            endpoint,
            address,
            name,
            up: AtomicBool::new(false),
            health: Mutex::new(NodeHealth::Unchecked),
            failures: Default::default(),
            retries: AtomicU64::new(0),
        }))
    }

    /// Its endpoint in settings, which gives `Host`, whether there is TLS, and the name for its certificate.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The address to connect to.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Whether it is healthy, as far as is known.
    pub fn is_up(&self) -> bool {
        self.0.up.load(Ordering::Relaxed)
    }

    /// What is known of its health.
    pub fn health(&self) -> NodeHealth {
        self.0.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request failed there, for a reason in words: other nodes go first until the next good check.
    pub fn failed(&self, kind: FailureKind, why: impl Into<String>) {
        self.count(kind);
        self.note(NodeHealth::Down(why.into()));
    }

    /// A request failed there, and the node may not be the cause: a connection of the pool had been closed, as idle
    /// ones may be at any time, or a client was slow.
    pub fn count(&self, kind: FailureKind) {
        if let Some(count) = self.0.failures.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request that failed there and is retried, at any node.
    pub fn retried(&self) {
        self.0.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes its health, and logs a change.
    pub(super) fn note(&self, to: NodeHealth) {
        let mut health = self.0.health.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*health, &to) {
            (NodeHealth::Up, NodeHealth::Up) | (NodeHealth::Down(_), NodeHealth::Down(_)) => {}
            (_, NodeHealth::Down(why)) => tracing::warn!(node = %self, %why, "node is down"),
            (_, NodeHealth::Up) => tracing::info!(node = %self, "node is up"),
            (_, NodeHealth::Unchecked) => {}
        }
        self.0.up.store(to == NodeHealth::Up, Ordering::Relaxed);
        *health = to;
    }

    /// Its values for the metrics.
    pub(super) fn stats(&self) -> NodeStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let failures =
            FailureKind::ALL.iter().zip(&self.0.failures).map(|(kind, counter)| (kind.name(), count(counter)));
        NodeStats {
            node: self.to_string(),
            up: self.is_up(),
            failures: failures.collect(),
            retries: count(&self.0.retries),
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.0.address == other.0.address && self.0.endpoint == other.0.endpoint
    }
}

impl fmt::Display for Node {
    /// The endpoint, and the address where the endpoint has a name: `http://minio:9000 (10.0.0.5:9000)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.health())
    }
}

impl fmt::Display for NodeHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeHealth::Unchecked => f.write_str("not checked yet"),
            NodeHealth::Up => f.write_str("up"),
            NodeHealth::Down(why) => write!(f, "down: {why}"),
        }
    }
}
