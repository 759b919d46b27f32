//! The nodes of a remote store, and which of them a request goes to: the healthy ones take turns.
//!
//! Name lookups replace the list of nodes as a whole, and a request reads the list without a lock. Lookups and checks
//! run apart, so a slow lookup does not hold up the checks.

mod failure;
mod node;
mod discovery;
mod check;

pub use discovery::NodeState;
pub(super) use failure::{in_words, kind_of};
pub use node::{Node, NodeHealth};

use crate::server::observe::health::Readiness;
use crate::server::observe::metrics::NodeStats;
use crate::upstream::Remote;
use arc_swap::ArcSwap;
use check::Check;
use discovery::Names;
use pingora::connectors::http::v1::Connector;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// The nodes of one remote store.
pub struct Nodes {
    names: Names,
    check: Check,
    /// All nodes in the order of settings, as of the last lookup.
    known: ArcSwap<Vec<Node>>,
    turn: AtomicUsize,
}

/// How often names are looked up and nodes are checked.
#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    /// From one lookup of all names to the next.
    pub lookups: Duration,
    /// From one check of all nodes to the next.
    pub checks: Duration,
}

impl Default for Intervals {
    /// The first request that fails at a dead node marks it as unhealthy. The checks find soon that it is back.
    fn default() -> Intervals {
        Intervals { lookups: Duration::from_secs(30), checks: Duration::from_secs(1) }
    }
}

impl Nodes {
    /// The nodes of `remote`, none of which is known before [`Nodes::resolve`]. Checks connect with `connector`, which
    /// is the one of requests, for its certificates.
    pub fn new(remote: &Remote, connector: Arc<Connector>) -> Nodes {
        let check = Check { connector, rule: remote.health.clone() };
        Nodes { names: Names::new(&remote.endpoints), check, known: ArcSwap::default(), turn: AtomicUsize::new(0) }
    }

    /// Looks up all names; those that fail are logged, and keep the addresses they had. Not to be called while
    /// [`Nodes::watch`] runs: lookups must not overlap.
    pub async fn resolve(&self) {
        self.known.store(Arc::new(self.names.resolve().await));
    }

    /// Checks all nodes, all at once, and notes their health.
    pub async fn check(&self) {
        let mut checks = JoinSet::new();
        for node in self.known.load().iter() {
            let (check, node) = (self.check.clone(), node.clone());
            checks.spawn(async move { check.run(&node).await });
        }
        // Not `join_all`: a check that panics must not end the ones to come.
        while checks.join_next().await.is_some() {}
    }

    /// Looks up names and checks nodes, at once and then at intervals, until it is dropped.
    pub async fn watch(self: Arc<Self>, intervals: Intervals) {
        tokio::join!(self.keep_resolving(intervals.lookups), self.keep_checking(intervals.checks));
    }

    async fn keep_resolving(&self, period: Duration) {
        let mut ticks = ticks(period);
        loop {
            ticks.tick().await;
            self.resolve().await;
            // A name may resolve to other addresses every time. New ones are checked at once.
            if self.states().iter().any(|state| state.health == NodeHealth::Unchecked) {
                self.check().await;
            }
        }
    }

    async fn keep_checking(&self, period: Duration) {
        let mut ticks = ticks(period);
        loop {
            ticks.tick().await;
            self.check().await;
        }
    }

    /// The node whose turn it is, of those that are not in `tried`: a healthy one if there is any, else one that was
    /// not checked yet, else any, because checks may be wrong. `None` if all were tried or no name has resolved.
    pub fn pick(&self, tried: &[Node]) -> Option<Node> {
        let known = self.known.load();
        let left = known.iter().filter(|node| !tried.contains(node));
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        in_turn(left.clone().filter(|node| node.is_up()), turn)
            .or_else(|| in_turn(left.clone().filter(|node| node.health() == NodeHealth::Unchecked), turn))
            .or_else(|| in_turn(left, turn))
            .cloned()
    }

    /// Every node as it is now, in the order of settings.
    pub fn states(&self) -> Vec<NodeState> {
        self.names.states()
    }

    /// The metrics of every node.
    pub fn stats(&self) -> Vec<NodeStats> {
        self.names.nodes().iter().map(Node::stats).collect()
    }

    /// Whether requests can be served: a node is up, and nothing else, such as credentials, is `missing`.
    pub fn readiness(&self, missing: Option<String>) -> Readiness {
        readiness(&self.states(), missing)
    }
}

fn readiness(states: &[NodeState], missing: Option<String>) -> Readiness {
    let up = states.iter().any(|state| state.health == NodeHealth::Up);
    Readiness {
        failure: missing.or_else(|| (!up).then(|| "no node is up".to_owned())),
        details: states.iter().map(|state| format!("node {}: {}", state.name, state.health)).collect(),
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The node whose turn it is. Health may change between counting and picking, so the search wraps around at the end.
fn in_turn<T>(nodes: impl Iterator<Item = T> + Clone, turn: usize) -> Option<T> {
    let place = turn.checked_rem(nodes.clone().count())?;
    nodes.cycle().nth(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Endpoint, FailureKind};
    use std::collections::BTreeMap;

    #[test]
    fn turns_go_round() {
        let picked = |nodes: &str, turns: std::ops::Range<usize>| -> String {
            turns.filter_map(|turn| in_turn(nodes.chars(), turn)).collect()
        };
        assert_eq!(picked("abc", 0..7), "abcabca");
        assert_eq!(picked("a", 5..8), "aaa");
        assert_eq!(picked("", 0..3), "");
        assert_eq!(picked("ab", usize::MAX - 1..usize::MAX), "a");
    }

    fn state(endpoint: &str, health: NodeHealth) -> NodeState {
        let endpoint = Arc::new(Endpoint::parse(endpoint).unwrap());
        NodeState { name: endpoint.to_string(), endpoint, address: None, health }
    }

    #[test]
    fn one_node_and_credentials_are_enough_to_be_ready() {
        let refused = || NodeHealth::Down("connection refused".to_owned());
        let none = Some("no node is up");
        let no_key = Some("the instance role gives no credentials");
        for (a, b, missing, failure, details) in [
            (NodeHealth::Up, NodeHealth::Up, None, None, ["a: up", "b: up"]),
            (NodeHealth::Up, refused(), None, None, ["a: up", "b: down: connection refused"]),
            (refused(), refused(), None, none, ["a: down: connection refused", "b: down: connection refused"]),
            (NodeHealth::Unchecked, refused(), None, none, ["a: not checked yet", "b: down: connection refused"]),
            (NodeHealth::Up, NodeHealth::Up, no_key, no_key, ["a: up", "b: up"]),
            (refused(), NodeHealth::Unchecked, no_key, no_key, ["a: down: connection refused", "b: not checked yet"]),
        ] {
            let shown = readiness(&[state("http://a", a), state("http://b", b)], missing.map(str::to_owned));
            assert_eq!(shown.failure.as_deref(), failure);
            assert_eq!(shown.details, details.map(|detail| format!("node http://{detail}")));
        }
    }

    /// Three nodes at fixed addresses, found but not checked.
    async fn three() -> Nodes {
        let endpoints = ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"];
        let endpoints = endpoints.iter().map(|text| Endpoint::parse(text).unwrap()).collect();
        let remote = Remote::new(endpoints, crate::upstream::CredentialSource::AwsChain);
        let nodes = Nodes::new(&remote, Arc::new(Connector::new(None)));
        nodes.resolve().await;
        nodes
    }

    /// How often each port is picked in twelve turns.
    fn picks(nodes: &Nodes, tried: &[Node]) -> BTreeMap<u16, usize> {
        let mut counts = BTreeMap::new();
        for node in (0..12).filter_map(|_| nodes.pick(tried)) {
            *counts.entry(node.address().port()).or_default() += 1;
        }
        counts
    }

    #[tokio::test]
    async fn healthy_nodes_share_the_requests_evenly_and_the_rest_is_used_if_there_is_none() {
        let nodes = three().await;
        let [a, b, c] = &nodes.names.nodes()[..] else { unreachable!("three endpoints are three nodes") };
        assert_eq!(picks(&nodes, &[]), [(1, 4), (2, 4), (3, 4)].into(), "none is checked");
        b.note(NodeHealth::Up);
        assert_eq!(picks(&nodes, &[]), [(2, 12)].into());
        assert_eq!(picks(&nodes, std::slice::from_ref(b)), [(1, 6), (3, 6)].into());
        a.note(NodeHealth::Up);
        assert_eq!(picks(&nodes, &[]), [(1, 6), (2, 6)].into());
        a.failed(FailureKind::Closed, "it closed the connection");
        assert_eq!(picks(&nodes, &[]), [(2, 12)].into());
        assert_eq!(picks(&nodes, &[b.clone(), c.clone()]), [(1, 12)].into());
        assert_eq!(picks(&nodes, std::slice::from_ref(b)), [(3, 12)].into(), "one that is not checked comes first");
        assert_eq!(picks(&nodes, &[a.clone(), b.clone(), c.clone()]), [].into());
        a.note(NodeHealth::Up);
        c.note(NodeHealth::Up);
        assert_eq!(picks(&nodes, &[]), [(1, 4), (2, 4), (3, 4)].into());
    }

    #[tokio::test]
    async fn failures_and_retries_are_counted_by_node_and_kind() {
        let nodes = three().await;
        let node = nodes.pick(&[]).unwrap();
        node.failed(FailureKind::Timeout, "slow");
        node.failed(FailureKind::Timeout, "slow");
        node.failed(FailureKind::Connect, "connection refused");
        node.retried();
        let stats = nodes.stats();
        let of = |name: &str| stats.iter().find(|stats| stats.node == name).unwrap();
        let counted = [("connect", 1), ("tls", 0), ("timeout", 2), ("closed", 0), ("protocol", 0)];
        assert_eq!((&of(&node.to_string()).failures[..], of(&node.to_string()).retries), (&counted[..], 1));
        assert_eq!(stats.iter().filter(|stats| stats.retries == 0).count(), 2);
    }
}
