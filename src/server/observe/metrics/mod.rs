//! Metrics for Prometheus. Only this module uses the prometheus crate.
//!
//! Labels come from bounded sets: names of operations, statuses, codes of errors, ids of configured keys, features of
//! the policy, nodes. Buckets, keys of objects and unverified key ids would let clients grow the registry, so they are
//! only in the log.

mod register;
mod moment;

pub use moment::{Moment, NodeStats, RemoteStats, Stats};

use crate::s3::Timestamp;
use crate::server::clock;
use crate::server::observe::record::Record;
use prometheus::{Encoder, Gauge, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Registry, TextEncoder};
use register::{counters, fraction, gauge, histograms};
use std::sync::Arc;
use tokio::sync::Notify;

/// The value of a label if there is nothing to name.
const NONE: &str = "-";

/// Why a head is refused.
pub const HEAD_CAUSES: [&str; 3] = ["malformed", "slow", "too_large"];

/// Which limit a connection is over.
pub const CONNECTION_LIMITS: [&str; 2] = ["address", "all"];

/// The results of a reload.
pub const RELOAD_RESULTS: [&str; 2] = ["done", "refused"];
/// Why a TLS handshake failed.
pub const HANDSHAKE_CAUSES: [&str; 2] = ["failed", "slow"];

/// Seconds, from a small read in memory to the longest that clients usually wait.
const BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// The registry and what is counted in it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    started: Timestamp,
    requests: IntCounterVec,
    refusals: IntCounterVec,
    findings: IntCounterVec,
    bytes: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    limited: IntCounterVec,
    refused_heads: IntCounterVec,
    refused_connections: IntCounterVec,
    reloads: IntCounterVec,
    reload_failed: IntGauge,
    reloaded: Gauge,
    failed_handshakes: IntCounterVec,
    left: Arc<Notify>,
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
        let all = &registry;
        let labels = ["port", "operation", "status", "error", "key_id"];
        let requests = counters(all, "r2shim_requests_total", "Requests answered.", &labels)?;
        let labels = ["operation", "filter", "feature", "error"];
        let refusals = counters(all, "r2shim_refusals_total", "Requests refused by a filter of the chain.", &labels)?;
        let help = "Requests of an audit that R2 would refuse, by what refuses them.";
        let findings = counters(all, "r2shim_audit_findings_total", help, &["rule", "key_id"])?;
        let bytes = counters(all, "r2shim_body_bytes_total", "Bytes of bodies.", &["operation", "direction"])?;
        let help = "From the end of a request's head to its answer's end.";
        let durations = HistogramOpts::new("r2shim_request_duration_seconds", help).buckets(BUCKETS.to_vec());
        let durations = histograms(all, durations, &["operation"])?;
        let in_flight = gauge(all, "r2shim_requests_in_flight", "Requests being answered now.")?;
        let help = "Requests that a limit of the operator refused or slowed down.";
        let limited = counters(all, "r2shim_limited_requests_total", help, &["limit", "key_id"])?;
        let help = "Heads that are no HTTP, are too large, or did not arrive in time.";
        let refused_heads = counters(all, "r2shim_heads_refused_total", help, &["cause"])?;
        let help = "Connections closed because there were too many in all or from their address.";
        let refused_connections = counters(all, "r2shim_connections_refused_total", help, &["limit"])?;
        let reloads = counters(all, "r2shim_reloads_total", "Settings read again while serving.", &["result"])?;
        let help = "1 while the settings that were read last have faults, so that those before are in force, else 0.";
        let reload_failed = gauge(all, "r2shim_reload_failed", help)?;
        let help = "When settings without faults were read last, in seconds since 1970.";
        let reloaded = fraction(all, "r2shim_reload_success_timestamp_seconds", help)?;
        let help = "TLS handshakes that the client did not end, or did wrong.";
        let failed_handshakes = counters(all, "r2shim_tls_handshakes_failed_total", help, &["cause"])?;
        HANDSHAKE_CAUSES.iter().for_each(|cause| drop(failed_handshakes.with_label_values(&[cause])));
        // They begin at 0: Prometheus sees no increase in a counter that begins at 1.
        HEAD_CAUSES.iter().for_each(|cause| drop(refused_heads.with_label_values(&[cause])));
        CONNECTION_LIMITS.iter().for_each(|limit| drop(refused_connections.with_label_values(&[limit])));
        RELOAD_RESULTS.iter().for_each(|result| drop(reloads.with_label_values(&[result])));
        let (started, left) = (clock::now(), Arc::new(Notify::new()));
        reloaded.set(started.millis() as f64 / 1000.0);
        Ok(Metrics {
            registry,
            started,
            requests,
            refusals,
            findings,
            bytes,
            durations,
            in_flight,
            limited,
            refused_heads,
            refused_connections,
            reloads,
            reload_failed,
            reloaded,
            failed_handshakes,
            left,
        })
    }

    /// Counts a refused head. `cause` is one of [`HEAD_CAUSES`].
    pub fn count_refused_head(&self, cause: &'static str) {
        self.refused_heads.with_label_values(&[cause]).inc();
    }

    /// Counts a connection that was closed for a limit. `limit` is one of [`CONNECTION_LIMITS`].
    pub fn count_refused_connection(&self, limit: &'static str) {
        self.refused_connections.with_label_values(&[limit]).inc();
    }

    /// Counts settings that were read again and are in force, at `now`.
    pub fn count_reload(&self, now: Timestamp) {
        self.reloads.with_label_values(&["done"]).inc();
        self.reload_failed.set(0);
        self.reloaded.set(now.millis() as f64 / 1000.0);
    }

    /// Counts settings that were read again and have faults.
    pub fn count_refused_reload(&self) {
        self.reloads.with_label_values(&["refused"]).inc();
        self.reload_failed.set(1);
    }

    /// Counts a TLS handshake that failed. `cause` is one of [`HANDSHAKE_CAUSES`].
    pub fn count_failed_handshake(&self, cause: &'static str) {
        self.failed_handshakes.with_label_values(&[cause]).inc();
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
            // A request that ended since the check has left a permit, so this does not miss it.
            self.left.notified().await;
        }
    }

    /// Counts a completed request.
    pub fn count(&self, record: &Record) {
        let (operation, error) = (record.operation(), record.known_error().unwrap_or(NONE));
        let key_id = record.subject.key_id.as_deref().unwrap_or(NONE);
        self.requests.with_label_values(&[record.port.name(), operation, record.status.as_str(), error, key_id]).inc();
        self.bytes.with_label_values(&[operation, "in"]).inc_by(record.bytes_in);
        self.bytes.with_label_values(&[operation, "out"]).inc_by(record.bytes_out);
        self.durations.with_label_values(&[operation]).observe(record.duration.as_secs_f64());
        for rule in record.audit.iter().flat_map(|rules| rules.split(", ")) {
            self.findings.with_label_values(&[rule, key_id]).inc();
        }
        if let Some(limit) = record.limited {
            self.limited.with_label_values(&[limit.name(), key_id]).inc();
        }
        if let Some(filter) = record.refused_by {
            let feature = record.feature.as_deref().unwrap_or(NONE);
            self.refusals.with_label_values(&[operation, filter.name(), feature, error]).inc();
        }
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self, moment: &Moment<'_>) -> Result<String, prometheus::Error> {
        let mut families = self.registry.gather();
        families.extend(moment.families(self.started)?);
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
