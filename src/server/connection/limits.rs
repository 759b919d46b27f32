//! Limits of connections: in all, so that descriptors and memory suffice, and from one address, so that one client
//! cannot use all of them.
//!
//! A connection over a limit is closed without an answer. An answer would have to wait for the request, and the limit
//! is there to prevent this wait. SDKs retry a request whose connection was closed before an answer.

use crate::routing::TrustedProxies;
use crate::server::connection::client_stream::ClientStream;
use crate::server::connection::deadline::last_call;
use crate::server::observe::metrics::Metrics;
use crate::server::tls::{Handshake, HandshakeFault};
use crate::settings::PortLimits;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Descriptors that are reserved for other uses: the store, the admin address, listeners, the log.
pub const RESERVED_FILES: u64 = 64;
/// The shortest time between two log lines about refused connections.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// How many connections a port may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In all.
    pub all: usize,
    /// From one address. Loopback is exempt: a reverse proxy on this machine speaks for many clients.
    pub per_address: usize,
}

impl From<&PortLimits> for ConnectionLimits {
    fn from(ports: &PortLimits) -> ConnectionLimits {
        ConnectionLimits { all: ports.connections, per_address: ports.connections_per_address }
    }
}

impl ConnectionLimits {
    /// The same limits for a process that may have `open_files` descriptors. A connection can need two: its own, and
    /// that of the file or upstream connection behind it. One address gets at most half of all.
    pub fn within(self, open_files: u64) -> ConnectionLimits {
        let affordable = usize::try_from(open_files.saturating_sub(RESERVED_FILES) / 2).unwrap_or(usize::MAX);
        let all = self.all.min(affordable).max(1);
        ConnectionLimits { all, per_address: self.per_address.min(all.div_ceil(2)) }
    }
}

/// Why a connection is refused; also the label of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There are too many in all.
    All,
    /// There are too many from its address.
    Address,
}

impl Full {
    /// The reason's name, in the log and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Full::All => "all",
            Full::Address => "address",
        }
    }
}

/// Counts the connections of a port, or of several that share the limits.
#[derive(Debug)]
pub struct Connections {
    limits: ConnectionLimits,
    /// The proxies, which speak for many clients and are exempt from the limit by address.
    exempt: ArcSwap<TrustedProxies>,
    open: Mutex<Open>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    /// Addresses that have connections, loopback left out.
    by_address: HashMap<IpAddr, usize>,
    warned: Option<Instant>,
}

impl Open {
    fn count_from(&mut self, address: IpAddr, limit: usize) -> Result<(), Full> {
        let from_there = self.by_address.entry(address).or_default();
        if *from_there >= limit {
            return Err(Full::Address);
        }
        *from_there += 1;
        Ok(())
    }
}

/// A connection, or a request behind a proxy, that is counted for as long as this lives.
#[derive(Debug)]
pub struct Counted {
    connections: Arc<Connections>,
    address: Option<IpAddr>,
    /// How much it adds to the number of all connections.
    in_all: usize,
}

impl Connections {
    /// Ports that have no connection yet.
    pub fn new(limits: ConnectionLimits, exempt: TrustedProxies) -> Connections {
        Connections { limits, exempt: ArcSwap::from_pointee(exempt), open: Mutex::default(), left: Notify::new() }
    }

    /// Exempts these proxies from now on, and no others. Connections that are open count as they did.
    pub fn exempt(&self, proxies: TrustedProxies) {
        self.exempt.store(Arc::new(proxies));
    }

    /// Counts a connection from this address.
    ///
    /// # Errors
    /// The limit that it is over.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Counted, Full> {
        let address = address.filter(|address| !self.exempt.load().has(*address)).and_then(counted_address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.limits.all {
            return Err(Full::All);
        }
        if let Some(address) = address {
            open.count_from(address, self.limits.per_address)?;
        }
        open.all += 1;
        Ok(Counted { connections: self.clone(), address, in_all: 1 })
    }

    /// Counts a request of a client behind a trusted proxy like a connection from the client's address. The proxy's own
    /// connection, which is in the number of all, is counted already.
    ///
    /// # Errors
    /// The limit that it is over.
    pub fn enter_behind_proxy(self: &Arc<Self>, client: IpAddr) -> Result<Counted, Full> {
        let address = counted_address(client);
        if let Some(address) = address {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.count_from(address, self.limits.per_address)?;
        }
        Ok(Counted { connections: self.clone(), address, in_all: 0 })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Waits until no connection is open. For one waiter at a time.
    pub async fn none(&self) {
        while self.count() > 0 {
            // A connection that ended since the check has left a permit, so this does not miss it.
            self.left.notified().await;
        }
    }

    /// Whether a warning is due at this moment. Asking counts as warning.
    fn may_warn(&self, now: Instant) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let due = open.warned.is_none_or(|last| now.duration_since(last) >= WARNING_INTERVAL);
        if due {
            open.warned = Some(now);
        }
        due
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(self.in_all);
        if open.all == 0 {
            self.connections.left.notify_one();
        }
        let Some(address) = self.address else { return };
        if let Some(from_there) = open.by_address.get_mut(&address) {
            *from_there = from_there.saturating_sub(1);
            if *from_there == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// The address that counts as one client: an IPv4 address, or an IPv6 network, because a client has all addresses of
/// its network. `None` for loopback.
fn counted_address(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        loopback if loopback.is_loopback() => None,
        IpAddr::V6(v6) => Some(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))),
        v4 => Some(v4),
    }
}

/// A port that limits its connections and does the TLS handshake before `A` gets them.
pub struct Limited<A> {
    app: Arc<A>,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
    handshake: Option<Handshake>,
}

impl<A> Limited<A> {
    /// Wraps `app` in the limits of these connections, which other ports may share.
    pub fn new(app: A, connections: Arc<Connections>, metrics: Arc<Metrics>) -> Limited<A> {
        Limited { app: Arc::new(app), connections, metrics, handshake: None }
    }

    /// The same port with TLS, if there is a handshake. A connection counts from the start of the handshake.
    pub fn with_tls(self, handshake: Option<Handshake>) -> Limited<A> {
        Limited { handshake, ..self }
    }

    /// The connection as `A` gets it; `None` if the handshake fails, or if the server stops before its end.
    async fn secured(&self, stream: Stream, shutdown: &ShutdownWatch) -> Option<ClientStream> {
        let Some(handshake) = &self.handshake else { return Some(ClientStream::new(stream)) };
        let address = peer_address(&stream);
        let accepted = tokio::select! {
            biased;
            accepted = handshake.accept(stream) => accepted,
            () = last_call(shutdown.clone()) => return None,
        };
        match accepted {
            Ok(tls) => Some(ClientStream::with_tls(tls)),
            Err(fault) => {
                self.note(&fault, address);
                None
            }
        }
    }

    /// Logs a failed handshake at the level `debug`, because clients without a key can cause any number of these lines.
    fn note(&self, fault: &HandshakeFault, address: Option<IpAddr>) {
        self.metrics.count_failed_handshake(fault.name());
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        tracing::debug!(address, "no TLS handshake: {fault}");
    }

    fn refuse(&self, full: Full, address: Option<IpAddr>) {
        self.metrics.count_refused_connection(full.name());
        if self.connections.may_warn(Instant::now()) {
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            tracing::warn!(limit = full.name(), address, "too many connections: new ones are closed");
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Limited<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let address = peer_address(&stream);
        let _counted = match self.connections.enter(address) {
            Ok(counted) => counted,
            Err(full) => {
                self.refuse(full, address);
                return None;
            }
        };
        let stream = self.secured(stream, shutdown).await?;
        self.app.process_new(Box::new(stream), shutdown).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

fn peer_address(stream: &Stream) -> Option<IpAddr> {
    Some(stream.get_socket_digest()?.peer_addr()?.as_inet()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Network;

    fn connections(all: usize, per_address: usize) -> Arc<Connections> {
        Arc::new(Connections::new(ConnectionLimits { all, per_address }, TrustedProxies::default()))
    }

    fn enter(connections: &Arc<Connections>, address: &str) -> Result<Counted, Full> {
        connections.enter(Some(address.parse().unwrap()))
    }

    #[test]
    fn connections_are_limited_by_address_and_in_all() {
        let connections = connections(4, 2);
        let first = enter(&connections, "192.0.2.1").unwrap();
        let _second = enter(&connections, "192.0.2.1").unwrap();
        assert_eq!(enter(&connections, "192.0.2.1").unwrap_err(), Full::Address);
        assert_eq!(enter(&connections, "::ffff:192.0.2.1").unwrap_err(), Full::Address, "the same, on an IPv6 socket");
        let _third = enter(&connections, "192.0.2.2").unwrap();
        let _fourth = enter(&connections, "127.0.0.1").unwrap();
        assert_eq!(enter(&connections, "192.0.2.3").unwrap_err(), Full::All);
        drop(first);
        enter(&connections, "192.0.2.1").unwrap();
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let connections = connections(9, 1);
        let _first = enter(&connections, "2001:db8::1").unwrap();
        assert_eq!(enter(&connections, "2001:db8::ffff:2").unwrap_err(), Full::Address);
        let _other = enter(&connections, "2001:db8:0:1::1").unwrap();
    }

    #[test]
    fn loopback_counts_in_all_only() {
        let connections = connections(3, 1);
        let _open = ["127.0.0.1", "127.0.0.1", "::1"].map(|address| enter(&connections, address).unwrap());
        assert_eq!(enter(&connections, "::1").unwrap_err(), Full::All);
    }

    #[test]
    fn behind_a_proxy_clients_are_limited_and_not_the_proxy() {
        let proxies = TrustedProxies::from_iter([Network::parse("192.0.2.0/24").unwrap()]);
        let limits = ConnectionLimits { all: 2, per_address: 1 };
        let connections = Arc::new(Connections::new(limits, proxies));
        let _open = ["192.0.2.1", "192.0.2.1"].map(|address| enter(&connections, address).unwrap());
        assert_eq!(enter(&connections, "192.0.2.1").unwrap_err(), Full::All);
        let behind = |client: &str| connections.enter_behind_proxy(client.parse().unwrap());
        let first = behind("203.0.113.7").unwrap();
        assert_eq!(behind("203.0.113.7").unwrap_err(), Full::Address);
        let _other = behind("203.0.113.8").unwrap();
        drop(first);
        behind("203.0.113.7").unwrap();
    }

    #[test]
    fn addresses_without_connections_are_forgotten() {
        let connections = connections(9, 1);
        drop(enter(&connections, "192.0.2.1"));
        let _refused = [enter(&connections, "192.0.2.2"), enter(&connections, "192.0.2.2")];
        drop(_refused);
        assert!(connections.open.lock().unwrap().by_address.is_empty());
    }

    #[test]
    fn descriptors_bound_the_connections() {
        let limits = ConnectionLimits { all: 1000, per_address: 300 };
        for (open_files, all, per_address) in
            [(1_048_576, 1000, 300), (1064, 500, 250), (80, 8, 4), (64, 1, 1), (10, 1, 1)]
        {
            assert_eq!(limits.within(open_files), ConnectionLimits { all, per_address }, "{open_files}");
        }
    }

    #[test]
    fn warnings_keep_their_distance() {
        let connections = connections(1, 1);
        let start = Instant::now();
        let due = [0, 1, 9, 10, 11, 20].map(|second| connections.may_warn(start + Duration::from_secs(second)));
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
