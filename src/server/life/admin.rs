//! The service of the admin address.

use crate::routing::TrustedProxies;
use crate::server::admin_port::AdminPort;
use crate::server::audit::Recorder;
use crate::server::connection::limits::{ConnectionLimits, Connections, Limited};
use crate::server::connection::port::HttpPort;
use crate::server::exchange::Shared;
use crate::server::life::accept::{Threads, accept};
use crate::server::life::listeners::Bound;
use crate::server::life::opening::Opening;
use crate::server::observe::health::Health;
use crate::server::pages::{Hosts, Pages, PagesParts};
use crate::server::tls::Certificates;
use crate::settings;
use crate::store::Store;
use std::io;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Connections to the admin address: a few scrapers and probes, and the browsers of a team.
const CONNECTIONS: ConnectionLimits = ConnectionLimits { all: 32, per_address: 32 };

/// The parts of the admin address that the ports do not share.
pub(super) struct Shown {
    /// The backend whose health `/readyz` reports.
    pub(super) health: Arc<dyn Health>,
    /// The pages, as settings have them.
    pub(super) pages: settings::Pages,
    /// The store, if it is the local one.
    pub(super) store: Option<Store>,
    /// The recorder of the audit, if there is one.
    pub(super) recorder: Option<Arc<Recorder>>,
    /// The certificate of the other ports.
    pub(super) certificates: Option<Arc<Certificates>>,
}

/// Serves the admin address until it is stopped, on the shared runtime: it answers also when all workers are busy. It is always plain HTTP: probes and scrapers on this machine or in its
/// own network use it without keys, and often cannot be given a certificate to trust.
pub(super) fn serve(
    bound: Bound,
    opening: &Opening,
    shared: &Shared,
    shown: Shown,
    stopping: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let (metrics, rules) = (shared.metrics.clone(), shared.rules.clone());
    let hosts = Arc::new(Hosts::new(shown.pages.hosts.clone()));
    let pages = shared.recent.clone().map(|recent| {
        Pages::new(PagesParts {
            hosts: hosts.clone(),
            settings: shown.pages,
            rules: rules.clone(),
            recent,
            store: shown.store,
            recorder: shown.recorder,
            stopping: stopping.clone(),
        })
    });
    let port = AdminPort {
        metrics: metrics.clone(),
        rules,
        health: shown.health,
        notices: shared.notices.clone(),
        certificates: shown.certificates,
        hosts,
        pages,
    };
    let port = HttpPort::new(port, opening.heads, opening.http2, metrics.clone());
    let connections = Arc::new(Connections::new(CONNECTIONS, TrustedProxies::default()));
    accept(bound, Arc::new(Limited::new(port, connections, metrics)), Threads::Shared, stopping)
}
