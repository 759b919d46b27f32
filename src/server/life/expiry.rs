//! Aborts multipart uploads that are older than `[store] upload_age`: at the start, and every hour from then on.

use crate::server::clock;
use crate::store::Store;
use std::time::Duration;

/// The time between two runs. Uploads live for days, so an hour more makes no difference.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Runs until it is aborted.
pub(super) async fn expire_uploads(store: Store) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        match store.expire_uploads(clock::now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "multipart uploads that were too old were aborted"),
            Err(error) => tracing::warn!(%error, "multipart uploads that are too old could not be aborted"),
        }
    }
}
