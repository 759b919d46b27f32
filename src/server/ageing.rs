//! Ends uploads that their clients have forgotten: at the start, and every hour from then on.

use crate::server::clock;
use crate::store::Store;
use std::time::Duration;

/// How often. Uploads live for days, so nobody notices an hour.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Runs until it is aborted.
pub(super) async fn age_out_uploads(store: Store) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        match store.age_out_uploads(clock::now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "uploads that were left open were ended"),
            Err(error) => tracing::warn!(%error, "uploads that were left open could not be ended"),
        }
    }
}
