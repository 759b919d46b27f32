//! The page of metrics: one with every metric there is, and how such a page is read.

use r2shim::filters::Filter;
use r2shim::s3::Limit;
use r2shim::s3::Timestamp;
use r2shim::server::observe::metrics::{Metrics, Moment, NodeStats, RemoteStats, Stats};
use r2shim::server::observe::process::ProcessStats;
use r2shim::server::observe::record::Record;
use r2shim::store::StoreStats;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A metric as the page has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    pub help: String,
    /// The names of the labels that its samples have, `le` of a histogram left out.
    pub labels: BTreeSet<String>,
}

/// Every metric that a server can have, in front of a local store or of a remote one.
pub fn every_metric() -> Vec<Family> {
    let metrics = Metrics::new().unwrap();
    metrics.count(&Record {
        refused_by: Some(Filter::Policy),
        audit: Some("policy/x".into()),
        limited: Some(Limit::Requests),
        ..Record::default()
    });
    let node = NodeStats { failures: vec![("connect", 1)], ..NodeStats::default() };
    let remote = RemoteStats { nodes: vec![node], unchecked_uploads: 1 };
    let stats = [Stats::Store(StoreStats::default()), Stats::Remote(remote)];
    let process =
        Some(ProcessStats { cpu: Duration::ZERO, resident: 0, open_files: 0, max_files: Some(0), threads: 0 });
    let pages = stats.map(|stats| {
        metrics
            .render(&Moment { policy: "r2", stats, certificate_expires: Some(Timestamp::default()), process })
            .unwrap()
    });
    let families: BTreeMap<_, _> =
        pages.iter().flat_map(|page| families(page)).map(|family| (family.name.clone(), family)).collect();
    families.into_values().collect()
}

/// The metrics of a page in Prometheus' text format.
pub fn families(page: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for line in page.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => {
                families.push(Family { name: name.into(), help: help.into(), ..Family::default() });
            }
            ["#", "TYPE", name, kind] => match families.last_mut().filter(|family| family.name == name) {
                Some(family) => family.kind = kind.into(),
                None => families.push(Family { name: name.into(), kind: kind.into(), ..Family::default() }),
            },
            _ => families.last_mut().unwrap().labels.extend(labels(line)),
        }
    }
    families
}

fn labels(sample: &str) -> Vec<String> {
    let inside = sample.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inside, _)| inside);
    let names = inside.split("=\"").filter_map(|part| part.rsplit(['"', ',']).next());
    let names = names.filter(|name| !name.is_empty() && *name != "le");
    names.map(str::to_owned).collect()
}
