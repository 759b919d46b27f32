//! Metrics of each kind, made and registered in one step.

use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

type Made<T> = Result<T, Error>;

pub(super) fn counter(registry: &Registry, name: &str, help: &str) -> Made<IntCounter> {
    registered(registry, IntCounter::new(name, help)?)
}

pub(super) fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Made<IntCounterVec> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> Made<IntGauge> {
    registered(registry, IntGauge::new(name, help)?)
}

pub(super) fn fraction(registry: &Registry, name: &str, help: &str) -> Made<Gauge> {
    registered(registry, Gauge::new(name, help)?)
}

pub(super) fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Made<IntGaugeVec> {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn histograms(registry: &Registry, options: HistogramOpts, labels: &[&str]) -> Made<HistogramVec> {
    registered(registry, HistogramVec::new(options, labels)?)
}

fn registered<M: Collector + Clone + 'static>(registry: &Registry, metric: M) -> Made<M> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
