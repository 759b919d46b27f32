//! Starting and stopping: services, what is in flight, signals.
//!
//! pingora's own `Server` is not used: it binds late, so a port 0 is not known in time, and on SIGTERM it sleeps for a
//! fixed time. This waits only until the requests in flight have ended.

use crate::filters::{CurrentRules, Rules};
use crate::s3::names::BucketName;
use crate::server::audit::Recorder;
use crate::server::backend::Backend;
use crate::server::connection::limits::{ConnectionLimits, Connections, Limited};
use crate::server::connection::port::HttpPort;
use crate::server::exchange::{Exchange, Service, Shared};
use crate::server::life::accept::{Threads, accept};
use crate::server::life::admin::{self, Shown};
use crate::server::life::handles::Handles;
use crate::server::life::lifecycle::run_lifecycle;
use crate::server::life::listeners::{Bound, Listeners};
use crate::server::life::opening::Opening;
use crate::server::life::scrub::run_scrub;
use crate::server::local::{Configurations, Local};
use crate::server::observe::health::Health;
use crate::server::observe::ids::RequestIds;
use crate::server::observe::metrics::Metrics;
use crate::server::observe::notices::Notices;
use crate::server::public_port::PublicPort;
use crate::server::quota::Quotas;
use crate::server::recent::Recent;
use crate::server::remote::RemoteStore;
use crate::server::s3_port::S3Port;
use crate::server::tls::{Certificates, CertificatesError};
use crate::server::workers::Workers;
use crate::settings;
use crate::store::{OpenError, Store, StoreError};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long a stopping server waits for the requests in flight.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// A connection is counted when its task first runs. So a server without connections waits this long before it assumes
/// that there are none.
const JUST_ACCEPTED: Duration = Duration::from_millis(50);

/// The parts of a server.
pub struct ServerParts {
    /// Its addresses.
    pub listeners: Listeners,
    /// What the chain decides by.
    pub rules: Arc<CurrentRules>,
    /// Where objects are.
    pub objects: Objects,
    /// The pages at the admin address.
    pub pages: settings::Pages,
    /// What keeps the audit, if there is one.
    pub recorder: Option<Arc<Recorder>>,
    /// What clients are shown, where TLS is spoken with them.
    pub certificates: Option<Arc<Certificates>>,
    /// What a connection of HTTP/2 may hold.
    pub http2: settings::Http2,
}

/// Where objects are. Clones share the store.
#[derive(Clone)]
pub enum Objects {
    /// In a local store.
    Local(Store),
    /// In a remote one, whose nodes have been [resolved](RemoteStore::resolve).
    Remote(RemoteStore),
}

impl Objects {
    /// The local store, if they are there.
    pub(super) fn local(&self) -> Option<&Store> {
        match self {
            Objects::Local(store) => Some(store),
            Objects::Remote(_) => None,
        }
    }
}

/// The parts of a running server that a reload can swap.
#[derive(Clone)]
pub(super) struct Live {
    /// What requests are decided by.
    pub(super) rules: Arc<CurrentRules>,
    /// The connections, with the proxies that are exempt from limits by address.
    pub(super) connections: Arc<Connections>,
    /// What clients are shown, where TLS is spoken.
    pub(super) certificates: Option<Arc<Certificates>>,
    /// Where objects are.
    pub(super) objects: Objects,
    /// Where reloads are counted.
    pub(super) metrics: Arc<Metrics>,
    /// Where `/readyz` reads what is wrong.
    pub(super) notices: Arc<Notices>,
    /// The sockets it listens at.
    pub(super) handles: Arc<Handles>,
}

/// A server that is accepting connections.
pub struct Running {
    /// The addresses of the S3 port as bound.
    pub listen: Vec<SocketAddr>,
    /// The addresses of the port for public buckets as bound; none if no bucket is public.
    pub public: Vec<SocketAddr>,
    /// The admin address as bound.
    pub admin: Option<SocketAddr>,
    /// What can be swapped.
    pub(super) live: Live,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    stop_admin: watch::Sender<bool>,
    services: Vec<JoinHandle<()>>,
    /// What serves the connections that are open.
    _workers: Arc<Workers>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] CertificatesError),
    /// The file of the audit cannot be used.
    #[error("the audit cannot be kept: {0}")]
    Audit(#[source] Box<dyn Error + Send + Sync>),
    /// A bucket that settings name is missing and cannot be made.
    #[error("the bucket {bucket} cannot be made: {cause}")]
    Bucket {
        /// The client's name of the bucket.
        bucket: BucketName,
        /// Why, in words.
        cause: String,
    },
    /// Metrics do not register, or there is no runtime or signal. The operator cannot correct this.
    #[error("cannot start: {0}")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// Starts accepting. To be called in a tokio runtime.
pub fn start(parts: ServerParts) -> Result<Running, StartError> {
    let metrics = Arc::new(Metrics::new().map_err(|error| StartError::Internal(error.into()))?);
    let handles = Handles::of(&parts.listeners).map_err(|error| StartError::Internal(error.into()))?;
    let (stop, stopping) = watch::channel(false);
    let (stop_admin, stopping_admin) = watch::channel(false);
    let rules = parts.rules.load_full();
    // The parameters that apply before there is a request hold until the next start.
    let opening = Opening::new(&rules, parts.http2, parts.certificates.clone());
    let has_pages = parts.pages.served && parts.listeners.admin.is_some();
    let store = parts.objects.local().cloned();
    let shared = Arc::new(Shared {
        connections: Arc::new(connections(&rules)),
        rules: parts.rules,
        metrics: metrics.clone(),
        notices: Arc::default(),
        ids: RequestIds::default(),
        recent: has_pages.then(|| Arc::new(Recent::new(parts.pages.requests))),
    });
    let live = Live {
        rules: shared.rules.clone(),
        connections: shared.connections.clone(),
        certificates: parts.certificates.clone(),
        objects: parts.objects.clone(),
        metrics: metrics.clone(),
        notices: shared.notices.clone(),
        handles: Arc::new(handles),
    };
    let quotas = Arc::new(Quotas::default());
    let (backend, health, upkeep) = start_backend(parts.objects, &shared.rules)?;
    let s3 = S3Port { backend: backend.clone(), recorder: parts.recorder.clone(), quotas: quotas.clone() };
    let public = PublicPort { backend, quotas };
    let listen = addresses(&parts.listeners.s3);
    let public_listen = addresses(&parts.listeners.public);
    let internal = |error: io::Error| StartError::Internal(error.into());
    let workers = Arc::new(Workers::start().map_err(internal)?);
    let threads = Threads::Workers(workers.clone());
    let places = Serving { opening: &opening, shared: &shared, threads: &threads, stopping: &stopping };
    let mut services = vec![upkeep];
    services.extend(places.serve(s3, parts.listeners.s3).map_err(internal)?);
    if !public_listen.is_empty() {
        services.extend(places.serve(public, parts.listeners.public).map_err(internal)?);
    }
    let admin = parts.listeners.admin.as_ref().map(Bound::address);
    let shown = Shown { health, pages: parts.pages, store, recorder: parts.recorder, certificates: parts.certificates };
    if let Some(bound) = parts.listeners.admin {
        services.push(admin::serve(bound, &opening, &shared, shown, stopping_admin).map_err(internal)?);
    }
    Ok(Running { listen, public: public_listen, admin, live, metrics, stop, stop_admin, services, _workers: workers })
}

fn addresses(bound: &[Bound]) -> Vec<SocketAddr> {
    bound.iter().map(Bound::address).collect()
}

/// The connections of all ports that serve objects: they share the limits, so that descriptors last.
fn connections(rules: &Rules) -> Connections {
    Connections::new(ConnectionLimits::from(&rules.limits.ports), rules.trusted_proxies.clone())
}

/// How ports for objects are served.
struct Serving<'a> {
    opening: &'a Opening,
    shared: &'a Arc<Shared>,
    threads: &'a Threads,
    stopping: &'a watch::Receiver<bool>,
}

impl Serving<'_> {
    /// Serves a port at all its addresses.
    fn serve<S: Service>(&self, service: S, bound: Vec<Bound>) -> io::Result<Vec<JoinHandle<()>>> {
        let Serving { opening, shared, .. } = self;
        let exchange = Exchange { service, shared: (*shared).clone() };
        let port = HttpPort::new(exchange, opening.heads, opening.http2, shared.metrics.clone());
        let port = Limited::new(port, shared.connections.clone(), shared.metrics.clone());
        let port = Arc::new(port.with_tls(opening.handshake.clone()));
        let accept = |bound| accept(bound, port.clone(), self.threads.clone(), self.stopping.clone());
        bound.into_iter().map(accept).collect()
    }
}

type StartedBackend = (Backend, Arc<dyn Health>, JoinHandle<()>);

/// The backend, its health, and its work beside requests.
fn start_backend(objects: Objects, rules: &Arc<CurrentRules>) -> Result<StartedBackend, StartError> {
    Ok(match objects {
        Objects::Local(store) => {
            let failed = |error: StoreError| StartError::Internal(error.into());
            let configurations = Arc::new(Configurations::load(store.clone(), rules.clone()).map_err(failed)?);
            let (lifecycle, scrub) = (run_lifecycle(store.clone(), configurations.clone()), run_scrub(store.clone()));
            let upkeep = tokio::spawn(async {
                tokio::join!(lifecycle, scrub);
            });
            (Backend::Local(Local::new(store.clone(), configurations)), Arc::new(store), upkeep)
        }
        Objects::Remote(remote) => {
            let upkeep = tokio::spawn(remote.clone().look_after());
            (Backend::Remote(remote.clone()), Arc::new(remote), upkeep)
        }
    })
}

/// Waits until no connection is open, including one that has just been accepted.
async fn all_closed(connections: &Connections) {
    loop {
        connections.none().await;
        sleep(JUST_ACCEPTED).await;
        if connections.count() == 0 {
            return;
        }
    }
}

impl Running {
    /// How many requests are being answered.
    pub fn in_flight(&self) -> i64 {
        self.metrics.in_flight()
    }

    /// Stops accepting and waits for the open connections, at most for `limit`. The admin address still answers
    /// meanwhile. Returns how many requests were cut off.
    pub async fn stop(self, limit: Duration) -> i64 {
        self.live.notices.leave();
        self.live.handles.close();
        // The receivers are gone only if the services already ended, and then there is nothing to stop.
        let _ = self.stop.send(true);
        // Idle connections end by themselves. After this the gauge has the number of requests that were cut off.
        let _ = timeout(limit, all_closed(&self.live.connections)).await;
        let _ = self.stop_admin.send(true);
        self.services.iter().for_each(JoinHandle::abort);
        self.metrics.in_flight()
    }

    /// The same if a successor accepts at all addresses.
    pub async fn leave(self, limit: Duration) -> i64 {
        let _ = self.stop_admin.send(true);
        self.stop(limit).await
    }
}
