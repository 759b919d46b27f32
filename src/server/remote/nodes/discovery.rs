//! Finds the nodes of endpoints: names are looked up, and every address of a name is a node.
//!
//! A lookup that fails changes nothing: the known addresses stay, and the next lookup may succeed.

use crate::server::remote::nodes::node::{Node, NodeHealth};
use crate::upstream::Endpoint;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::timeout;

/// How long a lookup may take. The resolver's own patience can be half a minute, and start-up waits for the first one.
const LOOKUP_TIME: Duration = Duration::from_secs(5);

/// The endpoints of a remote store, and the nodes that their names resolved to.
pub(super) struct Names {
    known: Mutex<Vec<Known>>,
}

/// What an endpoint's name resolved to.
struct Known {
    endpoint: Arc<Endpoint>,
    nodes: Vec<Node>,
    /// Why the last lookup gave no address; `None` if it gave one.
    failure: Option<LookupError>,
}

/// A node as it is now, or an endpoint whose name has not resolved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// Its name in settings.
    pub endpoint: Arc<Endpoint>,
    /// Where it is; `None` as long as its name has not resolved.
    pub address: Option<SocketAddr>,
    /// Its name in metrics, in `/readyz` and in the log.
    pub name: String,
    /// What is known of its health.
    pub health: NodeHealth,
}

type Lookup = Result<Vec<SocketAddr>, LookupError>;

/// Why a lookup gave no address.
#[derive(Debug, thiserror::Error)]
enum LookupError {
    #[error(transparent)]
    Resolver(#[from] io::Error),
    #[error("no answer to the lookup within {} s", LOOKUP_TIME.as_secs())]
    Late,
    #[error("the name has no address")]
    NoAddress,
    #[error(transparent)]
    Ended(#[from] JoinError),
}

impl Names {
    pub(super) fn new(endpoints: &[Endpoint]) -> Names {
        let unknown = |endpoint: &Endpoint| Known::new(endpoint.clone());
        Names { known: Mutex::new(endpoints.iter().map(unknown).collect()) }
    }

    /// All nodes in the order of settings.
    pub(super) fn nodes(&self) -> Vec<Node> {
        self.read(|known| known.iter().flat_map(|known| known.nodes.clone()).collect())
    }

    /// All nodes, and the endpoints that have none.
    pub(super) fn states(&self) -> Vec<NodeState> {
        self.read(|known| known.iter().flat_map(Known::states).collect())
    }

    /// Resolves all names and returns the nodes they have now.
    pub(super) async fn resolve(&self) -> Vec<Node> {
        let endpoints = self.read(|known| known.iter().map(|known| known.endpoint.clone()).collect::<Vec<_>>());
        // All at once: the slow server of one name must not hold up the others.
        let lookups: Vec<_> = endpoints.into_iter().map(|endpoint| tokio::spawn(look_up(endpoint))).collect();
        let mut results = Vec::new();
        for lookup in lookups {
            results.push(lookup.await.unwrap_or_else(|error| Err(error.into())));
        }
        self.take_over(results)
    }

    /// Takes over the results of lookups, one for each endpoint.
    fn take_over(&self, lookups: Vec<Lookup>) -> Vec<Node> {
        self.read(|known| known.iter_mut().zip(lookups).for_each(|(known, lookup)| known.take_over(lookup)));
        self.nodes()
    }

    fn read<T>(&self, with: impl FnOnce(&mut Vec<Known>) -> T) -> T {
        with(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn new(endpoint: Endpoint) -> Known {
        Known { endpoint: Arc::new(endpoint), nodes: Vec::new(), failure: None }
    }

    /// Takes over the addresses of a lookup. A node that is known already keeps its health and its counts.
    fn take_over(&mut self, lookup: Lookup) {
        match lookup {
            Ok(addresses) => {
                self.nodes = addresses.into_iter().map(|address| self.node_at(address)).collect();
                self.failure = None;
            }
            Err(why) => {
                if self.failure.is_none() {
                    tracing::warn!(endpoint = %self.endpoint, %why, "the name does not resolve");
                }
                self.failure = Some(why);
            }
        }
    }

    fn node_at(&self, address: SocketAddr) -> Node {
        let known = self.nodes.iter().find(|node| node.address() == address);
        known.cloned().unwrap_or_else(|| Node::new(self.endpoint.clone(), address))
    }

    fn states(&self) -> Vec<NodeState> {
        let endpoint = || self.endpoint.clone();
        if self.nodes.is_empty() {
            let health = self.failure.as_ref().map_or(NodeHealth::Unchecked, |why| NodeHealth::Down(why.to_string()));
            return vec![NodeState { endpoint: endpoint(), address: None, name: self.endpoint.to_string(), health }];
        }
        let state = |node: &Node| NodeState {
            endpoint: endpoint(),
            address: Some(node.address()),
            name: node.to_string(),
            health: node.health(),
        };
        self.nodes.iter().map(state).collect()
    }
}

async fn look_up(endpoint: Arc<Endpoint>) -> Lookup {
    let lookup = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port));
    let addresses = match timeout(LOOKUP_TIME, lookup).await {
        Ok(Ok(addresses)) => addresses.collect::<BTreeSet<_>>(),
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => return Err(LookupError::Late),
    };
    if addresses.is_empty() { Err(LookupError::NoAddress) } else { Ok(addresses.into_iter().collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Lookup {
        let list: Result<Vec<_>, _> = text.split_whitespace().map(str::parse).collect();
        list.map_err(|_| io::Error::other(text.to_owned()).into())
    }

    fn names(text: &str) -> Names {
        Names::new(&text.split_whitespace().map(|text| Endpoint::parse(text).unwrap()).collect::<Vec<_>>())
    }

    fn shown(names: &Names) -> Vec<String> {
        names.states().iter().map(|state| format!("{}: {}", state.name, state.health)).collect()
    }

    #[test]
    fn nodes_follow_the_names_and_outlive_a_failed_lookup() {
        let names = names("http://a:1 http://10.0.0.9:1");
        assert_eq!(shown(&names), ["http://a:1: not checked yet", "http://10.0.0.9:1: not checked yet"]);
        for (a, b, states) in [
            ("no such host", "10.0.0.9:1", &["http://a:1: down: no such host", "http://10.0.0.9:1: up"][..]),
            ("10.0.0.1:1", "10.0.0.9:1", &["http://a:1 (10.0.0.1:1): up", "http://10.0.0.9:1: up"]),
            ("server failure", "10.0.0.9:1", &["http://a:1 (10.0.0.1:1): up", "http://10.0.0.9:1: up"]),
            (
                "10.0.0.1:1 10.0.0.2:1",
                "10.0.0.9:1",
                &["http://a:1 (10.0.0.1:1): up", "http://a:1 (10.0.0.2:1): up", "http://10.0.0.9:1: up"],
            ),
            ("10.0.0.2:1", "10.0.0.9:1", &["http://a:1 (10.0.0.2:1): up", "http://10.0.0.9:1: up"]),
        ] {
            names.take_over(vec![addresses(a), addresses(b)]);
            names.nodes().iter().for_each(|node| node.note(NodeHealth::Up));
            assert_eq!(shown(&names), states, "{a}, {b}");
        }
    }

    #[test]
    fn a_known_node_keeps_its_health_and_a_new_one_has_none() {
        let names = names("http://a:1");
        names.take_over(vec![addresses("10.0.0.1:1")]);
        names.nodes()[0].note(NodeHealth::Up);
        names.take_over(vec![addresses("10.0.0.1:1 10.0.0.2:1")]);
        assert_eq!(shown(&names), ["http://a:1 (10.0.0.1:1): up", "http://a:1 (10.0.0.2:1): not checked yet"]);
        names.take_over(vec![addresses("10.0.0.2:1")]);
        names.take_over(vec![addresses("10.0.0.1:1")]);
        assert_eq!(shown(&names), ["http://a:1 (10.0.0.1:1): not checked yet"]);
    }

    #[test]
    fn an_address_that_moves_to_another_name_is_another_node() {
        let names = names("http://a:1 http://b:1");
        let before = names.take_over(vec![addresses("10.0.0.1:1"), addresses("10.0.0.2:1")]);
        let after = names.take_over(vec![addresses("10.0.0.2:1"), addresses("10.0.0.1:1")]);
        assert_ne!(before, after);
        assert_eq!(before[0].address(), after[1].address());
        let hosts: Vec<_> = after.iter().map(|node| node.endpoint().host.as_str()).collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
