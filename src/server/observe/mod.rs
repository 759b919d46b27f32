//! Observation of requests and of the server: ids, records, the access log, metrics, health.

pub mod ids;
pub mod build;
pub mod process;
pub mod record;
pub mod metrics;
pub mod health;
pub mod notices;
pub mod access_log;
