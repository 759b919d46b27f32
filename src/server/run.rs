//! Starting and stopping: sockets, runtime, signals.
//!
//! pingora's own `Server` is not used: it binds late (so a port 0 could not be told), and on SIGTERM it sleeps a fixed
//! time where we want to wait for what is in flight and no longer.

use crate::filters::CurrentRules;
use crate::server::admin::Admin;
use crate::server::backend::Backend;
use crate::server::connections::{ConnectionLimits, Limited};
use crate::server::deadline::HeadLimits;
use crate::server::health::Health;
use crate::server::ids::RequestIds;
use crate::server::local::Local;
use crate::server::metrics::Metrics;
use crate::server::port::HttpPort;
use crate::server::proxy::Shim;
use crate::server::remote::RemoteStore;
use crate::server::upload_expiry::expire_uploads;
use crate::store::{OpenError, Store};
use pingora::server::{Fds, ListenFds};
use pingora::services::Service as _;
use pingora::services::listening::Service;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a stopping server waits for the requests in flight.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// Connections to the admin address: a few scrapers and probes.
const ADMIN_CONNECTIONS: ConnectionLimits = ConnectionLimits { all: 16, per_address: 16 };

/// What a server is made of.
pub struct Parts {
    /// Addresses of the S3 port; port 0 picks one.
    pub listen: Vec<SocketAddr>,
    /// The admin address; `None` for none.
    pub admin: Option<SocketAddr>,
    /// What the chain decides by.
    pub rules: Arc<CurrentRules>,
    /// Where objects are.
    pub objects: Objects,
}

/// Where objects are.
pub enum Objects {
    /// In a local store.
    Local(Store),
    /// In a remote one, whose nodes have been [resolved](RemoteStore::resolve).
    Remote(RemoteStore),
}

/// A server that is accepting connections.
pub struct Running {
    /// The addresses of the S3 port as bound.
    pub listen: Vec<SocketAddr>,
    /// The admin address as bound.
    pub admin: Option<SocketAddr>,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    services: Vec<JoinHandle<()>>,
}

/// Why a server does not start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Bind(SocketAddr, std::io::Error),
    /// The data folder cannot be opened.
    Store(OpenError),
    /// Metrics do not register, or there is no randomness: nothing the operator can change.
    Internal(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Bind(address, error) if error.kind() == std::io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address}: another program already does. Stop it, or choose another address (port 0 picks a free one)"
            ),
            StartError::Bind(address, error) => write!(f, "cannot listen on {address}: {error}"),
            StartError::Store(error) => write!(f, "{error}"),
            StartError::Internal(cause) => write!(f, "cannot start: {cause}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Binds the addresses and starts accepting. To be called in a tokio runtime.
pub fn start(parts: Parts) -> Result<Running, StartError> {
    let metrics = Arc::new(Metrics::new().map_err(|error| StartError::Internal(error.to_string()))?);
    let seed = getrandom::u64().map_err(|error| StartError::Internal(error.to_string()))?;
    let (stop, stopping) = watch::channel(false);
    let mut services = Vec::new();
    // What is decided before there is a request holds until the next start.
    let limits = parts.rules.load().limits.clone();
    let heads = HeadLimits::from(&limits);
    let connections = ConnectionLimits { all: limits.connections, per_address: limits.connections_per_address };

    let (backend, health, upkeep) = taken_up(parts.objects);
    services.push(upkeep);
    let shim = Shim { backend, rules: parts.rules, metrics: metrics.clone(), ids: RequestIds::starting_at(seed) };
    let s3 = Limited::new(HttpPort::new(shim, heads, metrics.clone()), connections, metrics.clone());
    let (mut s3, fds, listen) = bound(Service::new("s3".to_owned(), s3), &parts.listen)?;
    let watch = stopping.clone();
    services.push(tokio::spawn(async move { s3.start_service(Some(fds), watch, 1).await }));

    let mut admin_address = None;
    if let Some(address) = parts.admin {
        let admin = HttpPort::new(Admin { metrics: metrics.clone(), health }, heads, metrics.clone());
        let admin = Limited::new(admin, ADMIN_CONNECTIONS, metrics.clone());
        let (mut service, fds, bound) = bound(Service::new("admin".to_owned(), admin), &[address])?;
        admin_address = bound.first().copied();
        services.push(tokio::spawn(async move { service.start_service(Some(fds), stopping, 1).await }));
    }
    Ok(Running { listen, admin: admin_address, metrics, stop, services })
}

/// What answers requests, what tells how that is, and what goes on beside requests.
fn taken_up(objects: Objects) -> (Backend, Arc<dyn Health>, JoinHandle<()>) {
    match objects {
        Objects::Local(store) => {
            let upkeep = tokio::spawn(expire_uploads(store.clone()));
            (Backend::Local(Local::new(store.clone())), Arc::new(store), upkeep)
        }
        Objects::Remote(remote) => {
            let upkeep = tokio::spawn(remote.clone().look_after());
            (Backend::Remote(remote.clone()), Arc::new(remote), upkeep)
        }
    }
}

impl Running {
    /// Stops accepting, waits for the requests in flight, at most `limit`, and says how many were cut off.
    pub async fn stop(self, limit: Duration) -> i64 {
        // The receivers are gone only if the services already ended, and then there is nothing to stop.
        let _ = self.stop.send(true);
        // Out of time or idle: either way the gauge says what is left.
        let _ = timeout(limit, self.metrics.idle()).await;
        self.services.iter().for_each(JoinHandle::abort);
        self.metrics.in_flight()
    }
}

/// Gives a service listeners that are bound already, so that the port is known and a taken one is an error here.
fn bound<A>(
    mut service: Service<A>,
    addresses: &[SocketAddr],
) -> Result<(Service<A>, ListenFds, Vec<SocketAddr>), StartError>
where
    A: pingora::apps::ServerApp + Send + Sync + 'static,
{
    let mut fds = Fds::new();
    let mut bound = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).map_err(|error| StartError::Bind(*address, error))?;
        let local = listener.local_addr().map_err(|error| StartError::Bind(*address, error))?;
        listener.set_nonblocking(true).map_err(|error| StartError::Bind(*address, error))?;
        fds.add(local.to_string(), listener.into_raw_fd());
        service.add_tcp(&local.to_string());
        bound.push(local);
    }
    Ok((service, Arc::new(fds.into()), bound))
}

/// Waits for SIGTERM or ctrl-C.
pub async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
