//! Waits for the previous server to release what only one server at a time may have open.

use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long a server waits for the previous one. This is longer than the previous server waits for its requests in
/// flight.
const LIMIT: Duration = Duration::from_secs(60);

/// How often it tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Opens what the previous server may still have open. `may_wait` is whether there may be one; if not, the first
/// failure is final.
///
/// # Errors
/// Why it cannot be opened. If it is in use, this is reported after the limit.
pub(super) async fn opened<T, E>(
    may_wait: bool,
    what: &str,
    open: impl Fn() -> Result<T, E>,
    is_in_use: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let begun = Instant::now();
    let mut is_logged = false;
    loop {
        match open() {
            Err(error) if may_wait && is_in_use(&error) && begun.elapsed() < LIMIT => {}
            opened => return opened,
        }
        if !is_logged {
            tracing::info!("the previous server still has {what}: waiting for it, for {} s at most", LIMIT.as_secs());
            is_logged = true;
        }
        sleep(PAUSE).await;
    }
}
