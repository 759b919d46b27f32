//! Metrics for Prometheus. The only place that names the prometheus crate.
//!
//! Labels come from bounded sets: names of operations, statuses, features of the policy, nodes. Buckets, keys and key
//! ids would let clients grow the registry, so they are in the log only.

use crate::server::observe::record::Record;
use crate::store;
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::sync::Arc;
use tokio::sync::Notify;

/// The registry and what is counted in it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    refusals: IntCounterVec,
    bytes: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    refused_heads: IntCounterVec,
    refused_connections: IntCounterVec,
    left: Arc<Notify>,
}

/// What the backend reports of itself.
#[derive(Debug, Clone)]
pub enum Stats {
    /// A local store.
    Store(store::StoreStats),
    /// The nodes of a remote one.
    Nodes(Vec<NodeStats>),
}

/// What is reported of a node of a remote store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStats {
    /// Its name: one of settings, and an address of it.
    pub node: String,
    /// Whether it is healthy.
    pub up: bool,
    /// How many requests failed there, by kind of failure.
    pub failures: Vec<(&'static str, u64)>,
    /// How many requests were sent once more because they had failed there.
    pub retries: u64,
}

/// A request being counted as in flight for as long as this lives.
#[derive(Debug)]
pub struct InFlight {
    gauge: IntGauge,
    left: Arc<Notify>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gauge.dec();
        self.left.notify_one();
    }
}

impl Metrics {
    /// A registry of its own with everything registered.
    pub fn new() -> Result<Metrics, prometheus::Error> {
        let registry = Registry::new();
        let requests = counter(&registry, "r2shim_requests_total", "Requests answered.", &["operation", "status"])?;
        let refusals = counter(
            &registry,
            "r2shim_refusals_total",
            "Requests refused by a filter of the chain.",
            &["operation", "filter", "feature"],
        )?;
        let bytes = counter(&registry, "r2shim_body_bytes_total", "Bytes of bodies.", &["operation", "direction"])?;
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "r2shim_request_duration_seconds",
                "From the end of a request's head to its answer's end.",
            )
            .buckets(vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0]),
            &["operation"],
        )?;
        registry.register(Box::new(durations.clone()))?;
        let in_flight = gauge(&registry, "r2shim_requests_in_flight", "Requests being answered now.")?;
        let refused_heads = counter(
            &registry,
            "r2shim_heads_refused_total",
            "Heads that are no HTTP, are too large, or did not arrive in time.",
            &["cause"],
        )?;
        let refused_connections = counter(
            &registry,
            "r2shim_connections_refused_total",
            "Connections closed because there were too many in all or from their address.",
            &["limit"],
        )?;
        let left = Arc::new(Notify::new());
        Ok(Metrics {
            registry,
            requests,
            refusals,
            bytes,
            durations,
            in_flight,
            refused_heads,
            refused_connections,
            left,
        })
    }

    /// Counts a head that no request came of. `cause` is from a bounded set.
    pub fn count_refused_head(&self, cause: &'static str) {
        self.refused_heads.with_label_values(&[cause]).inc();
    }

    /// Counts a connection that was closed for a limit. `limit` is from a bounded set.
    pub fn count_refused_connection(&self, limit: &'static str) {
        self.refused_connections.with_label_values(&[limit]).inc();
    }

    /// Counts a request as in flight until the guard is dropped.
    pub fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight { gauge: self.in_flight.clone(), left: self.left.clone() }
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    /// Waits until no request is in flight. For one waiter at a time.
    pub async fn idle(&self) {
        while self.in_flight() > 0 {
            // One that left since the check has left a permit, so this does not miss it.
            self.left.notified().await;
        }
    }

    /// Counts a request that is over.
    pub fn count(&self, record: &Record) {
        let operation = record.operation();
        self.requests.with_label_values(&[operation, &record.status.to_string()]).inc();
        self.bytes.with_label_values(&[operation, "in"]).inc_by(record.bytes_in);
        self.bytes.with_label_values(&[operation, "out"]).inc_by(record.bytes_out);
        self.duration(operation).observe(record.duration.as_secs_f64());
        if let Some(filter) = record.refused_by {
            let feature = record.feature.as_deref().unwrap_or("-");
            self.refusals.with_label_values(&[operation, filter.name(), feature]).inc();
        }
    }

    /// Everything in Prometheus' text format, with the stats as they are now.
    pub fn render(&self, stats: &Stats) -> Result<String, prometheus::Error> {
        let mut families = self.registry.gather();
        families.extend(gathered(stats)?);
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn duration(&self, operation: &str) -> Histogram {
        self.durations.with_label_values(&[operation])
    }
}

/// Stats as metrics of a registry of this call, so that what no longer exists, such as a node, has no metrics.
fn gathered(stats: &Stats) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let registry = Registry::new();
    match stats {
        Stats::Store(store) => set_store(&registry, store)?,
        Stats::Nodes(nodes) => set_nodes(&registry, nodes)?,
    }
    Ok(registry.gather())
}

fn set_store(registry: &Registry, stats: &store::StoreStats) -> Result<(), prometheus::Error> {
    let set = |name, help, number: u64| {
        gauge(registry, name, help)?.set(i64::try_from(number).unwrap_or(i64::MAX));
        Ok::<_, prometheus::Error>(())
    };
    set("r2shim_store_objects", "Objects in all buckets.", stats.objects)?;
    set("r2shim_store_free_bytes", "Bytes free on the data folder's disk.", stats.free)?;
    set(
        "r2shim_store_read_only",
        "1 while the store refuses writes, else 0.",
        u64::from(stats.refuses_writes().is_some()),
    )?;
    set("r2shim_store_commits", "Commits since the start.", stats.commits)?;
    set("r2shim_store_changes", "Changes in those commits.", stats.changes)
}

fn set_nodes(registry: &Registry, nodes: &[NodeStats]) -> Result<(), prometheus::Error> {
    let up = IntGaugeVec::new(Opts::new("r2shim_upstream_node_up", "1 while the node is healthy, else 0."), &["node"])?;
    registry.register(Box::new(up.clone()))?;
    let failures =
        counter(registry, "r2shim_upstream_failures_total", "Requests that failed at the node.", &["node", "kind"])?;
    let retries = counter(
        registry,
        "r2shim_upstream_retries_total",
        "Requests sent once more because they had failed at the node.",
        &["node"],
    )?;
    for stats in nodes {
        let node = stats.node.as_str();
        up.with_label_values(&[node]).set(i64::from(stats.up));
        retries.with_label_values(&[node]).inc_by(stats.retries);
        for (kind, count) in &stats.failures {
            failures.with_label_values(&[node, kind]).inc_by(*count);
        }
    }
    Ok(())
}

fn counter(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
