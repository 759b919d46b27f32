//! Carries out lifecycle rules: at the start, every hour, and soon after rules are changed.

use crate::server::clock;
use crate::server::local::Configurations;
use crate::store::{LifecycleRun, Store};
use std::sync::Arc;
use std::time::Duration;

/// The time between two runs. Rules count in days, so an hour more makes no difference: R2 takes up to a day.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Runs until it is aborted.
pub(super) async fn run_lifecycle(store: Store, configurations: Arc<Configurations>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = configurations.lifecycle_changed() => {}
        }
        match store.run_lifecycle(clock::now()).await {
            // Objects are reported bucket by bucket.
            Ok(LifecycleRun { aborted: 0, .. }) => {}
            Ok(LifecycleRun { aborted, .. }) => {
                tracing::info!(aborted, "multipart uploads that were open for too long were aborted");
            }
            Err(error) => tracing::warn!(%error, "lifecycle rules could not be carried out to the end"),
        }
    }
}
