//! Metrics that are read when the page is requested: the build, the process, the store or the nodes.
//!
//! Each page has its own registry for them, so that a node that no longer exists has no metrics.

use super::register::{counter, counters, fraction, gauge, gauges};
use crate::s3::Timestamp;
use crate::server::observe::build;
use crate::server::observe::process::ProcessStats;
use crate::store::{LastScrub, StoreStats};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Error, Registry};

/// The metrics of the backend.
#[derive(Debug, Clone)]
pub enum Stats {
    /// A local store.
    Store(StoreStats),
    /// A remote one.
    Remote(RemoteStats),
}

/// The metrics of a remote store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteStats {
    /// Its nodes.
    pub nodes: Vec<NodeStats>,
    /// Uploads that were completed without a check of the sizes of their parts, because the store does not list parts.
    pub unchecked_uploads: u64,
}

/// The metrics of a node of a remote store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStats {
    /// Its name: one of settings, and an address of it.
    pub node: String,
    /// Whether it is healthy.
    pub up: bool,
    /// How many requests failed there, by kind of failure.
    pub failures: Vec<(&'static str, u64)>,
    /// How many requests were retried because they had failed there.
    pub retries: u64,
}

/// The state at the moment of the request for the page.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    /// The name of the policy in force.
    pub policy: &'a str,
    /// The metrics of the backend.
    pub stats: Stats,
    /// When the certificate that clients are shown expires; `None` without TLS.
    pub certificate_expires: Option<Timestamp>,
    /// The system's figures about the process; `None` if there are none.
    pub process: Option<ProcessStats>,
}

impl Moment<'_> {
    /// The moment as metrics.
    pub(super) fn families(&self, started: Timestamp) -> Result<Vec<MetricFamily>, Error> {
        let registry = Registry::new();
        set_build(&registry, self.policy)?;
        set_start(&registry, started)?;
        if let Some(expires) = self.certificate_expires {
            let help = "When the certificate that clients are shown expires, in seconds since 1970.";
            set(&registry, "r2shim_tls_certificate_expiry_timestamp_seconds", help, expires.millis() / 1000)?;
        }
        if let Some(process) = &self.process {
            set_process(&registry, process)?;
        }
        match &self.stats {
            Stats::Store(store) => set_store(&registry, store)?,
            Stats::Remote(remote) => set_remote(&registry, remote)?,
        }
        Ok(registry.gather())
    }
}

fn set_build(registry: &Registry, policy: &str) -> Result<(), Error> {
    let help = "Always 1; its labels are the release, the commit it was built from and the policy in force.";
    let info = gauges(registry, "r2shim_build_info", help, &["version", "commit", "policy"])?;
    info.with_label_values(&[build::VERSION, build::COMMIT, policy]).set(1);
    Ok(())
}

fn set_start(registry: &Registry, started: Timestamp) -> Result<(), Error> {
    let help = "When the server started, in seconds since 1970.";
    fraction(registry, "process_start_time_seconds", help)?.set(started.millis() as f64 / 1000.0);
    Ok(())
}

/// The names are those of Prometheus' own client libraries, which dashboards for any program know.
fn set_process(registry: &Registry, process: &ProcessStats) -> Result<(), Error> {
    let cpu = Counter::new("process_cpu_seconds_total", "Processor time used, the program's and the kernel's for it.")?;
    registry.register(Box::new(cpu.clone()))?;
    cpu.inc_by(process.cpu.as_secs_f64());
    set(registry, "process_resident_memory_bytes", "Memory in use.", process.resident)?;
    set(registry, "process_open_fds", "Files and connections that are open.", process.open_files)?;
    if let Some(max) = process.max_files {
        set(registry, "process_max_fds", "How many files and connections may be open.", max)?;
    }
    set(registry, "process_threads", "Threads.", process.threads)
}

fn set_store(registry: &Registry, stats: &StoreStats) -> Result<(), Error> {
    let refuses = u64::from(stats.refuses_writes().is_some());
    set(registry, "r2shim_store_objects", "Objects in all buckets.", stats.objects)?;
    set(registry, "r2shim_store_free_bytes", "Bytes free on the data folder's disk.", stats.free)?;
    set(registry, "r2shim_store_read_only", "1 while the store refuses writes, else 0.", refuses)?;
    counter(registry, "r2shim_store_commits_total", "Commits since the start.")?.inc_by(stats.commits);
    counter(registry, "r2shim_store_changes_total", "Changes in those commits.")?.inc_by(stats.changes);
    let help = "Reads that met damage and did not serve it, since the start.";
    counter(registry, "r2shim_store_damaged_reads_total", help)?.inc_by(stats.damaged_reads);
    set_scrub(registry, stats.scrub.as_ref())
}

/// The values are 0 until a scrub has ended, so that alert rules can notice that none ends.
fn set_scrub(registry: &Registry, last: Option<&LastScrub>) -> Result<(), Error> {
    let help = "When the last scrub of the store ended, in seconds since 1970; 0 if there was none.";
    let ended = last.map_or(0, |last| last.ended.millis() / 1000);
    set(registry, "r2shim_store_scrub_timestamp_seconds", help, ended)?;
    let help = "Bytes of bodies that it read.";
    set(registry, "r2shim_store_scrub_bytes", help, last.map_or(0, |last| last.read))?;
    let help = "What it found.";
    set(registry, "r2shim_store_scrub_findings", help, last.map_or(0, |last| last.findings))
}

fn set_remote(registry: &Registry, stats: &RemoteStats) -> Result<(), Error> {
    let help = "Uploads completed without a look at the sizes of their parts, as the store lists none.";
    counter(registry, "r2shim_upstream_unchecked_uploads_total", help)?.inc_by(stats.unchecked_uploads);
    set_nodes(registry, &stats.nodes)
}

fn set_nodes(registry: &Registry, nodes: &[NodeStats]) -> Result<(), Error> {
    let up = gauges(registry, "r2shim_upstream_node_up", "1 while the node is healthy, else 0.", &["node"])?;
    let help = "Requests that failed at the node.";
    let failures = counters(registry, "r2shim_upstream_failures_total", help, &["node", "kind"])?;
    let help = "Requests sent once more because they had failed at the node.";
    let retries = counters(registry, "r2shim_upstream_retries_total", help, &["node"])?;
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

fn set(registry: &Registry, name: &str, help: &str, value: u64) -> Result<(), Error> {
    gauge(registry, name, help)?.set(i64::try_from(value).unwrap_or(i64::MAX));
    Ok(())
}
