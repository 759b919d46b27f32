//! Metrics for Prometheus. The only place that names the prometheus crate.
//!
//! Labels come from bounded sets: names of operations, statuses, features of the policy. Buckets, keys and key ids
//! would let clients grow the registry, so they stand in the log only.

use crate::server::record::Record;
use crate::store::Figures;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
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
    left: Arc<Notify>,
    store: StoreGauges,
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
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let requests = counter("r2shim_requests_total", "Requests answered.", &["operation", "status"])?;
        let refusals = counter(
            "r2shim_refusals_total",
            "Requests refused by a filter of the chain.",
            &["operation", "filter", "feature"],
        )?;
        let bytes = counter("r2shim_body_bytes_total", "Bytes of bodies.", &["operation", "direction"])?;
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
        let store = StoreGauges::register(&registry)?;
        let left = Arc::new(Notify::new());
        Ok(Metrics { registry, requests, refusals, bytes, durations, in_flight, left, store })
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
            self.refusals.with_label_values(&[operation, filter, feature]).inc();
        }
    }

    /// Everything in Prometheus' text format, the store's figures as they are now.
    pub fn render(&self, store: &Figures) -> Result<String, prometheus::Error> {
        self.store.set(store);
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn duration(&self, operation: &str) -> Histogram {
        self.durations.with_label_values(&[operation])
    }
}

/// What the local store tells of itself.
#[derive(Debug)]
struct StoreGauges {
    objects: IntGauge,
    free_bytes: IntGauge,
    read_only: IntGauge,
    commits: IntGauge,
    changes: IntGauge,
}

impl StoreGauges {
    fn register(registry: &Registry) -> Result<StoreGauges, prometheus::Error> {
        Ok(StoreGauges {
            objects: gauge(registry, "r2shim_store_objects", "Objects in all buckets.")?,
            free_bytes: gauge(registry, "r2shim_store_free_bytes", "Bytes free on the data folder's disk.")?,
            read_only: gauge(registry, "r2shim_store_read_only", "1 while the store refuses writes, else 0.")?,
            commits: gauge(registry, "r2shim_store_commits", "Commits since the start.")?,
            changes: gauge(registry, "r2shim_store_changes", "Changes in those commits.")?,
        })
    }

    fn set(&self, figures: &Figures) {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.objects.set(signed(figures.objects));
        self.free_bytes.set(signed(figures.free));
        self.read_only.set(i64::from(figures.read_only));
        self.commits.set(signed(figures.commits));
        self.changes.set(signed(figures.changes));
    }
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
