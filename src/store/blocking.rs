//! Work that may wait for the disk, on threads that do not serve requests.

use super::error::StoreError;

/// Runs `work` on the blocking pool. It runs to its end even if its caller is gone.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Io(format!("work on the disk did not end: {error}").into())))
}
