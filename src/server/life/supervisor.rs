//! What the service manager is told: `sd_notify(3)`. Where there is none, nothing is said.

use sd_notify::NotifyState;
use std::time::Duration;
use tokio::time::interval;

/// What a server tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It serves.
    Ready,
    /// It reads its settings again; `Ready` follows.
    Reloading,
    /// It stops.
    Stopping,
}

/// Tells the service manager.
pub(super) fn tell(said: Said) {
    match said {
        Said::Ready => send(&[NotifyState::Ready]),
        Said::Stopping => send(&[NotifyState::Stopping]),
        // A manager that counts the answers wants the time of the question.
        Said::Reloading => match NotifyState::monotonic_usec_now() {
            Ok(now) => send(&[NotifyState::Reloading, now]),
            Err(_) => send(&[NotifyState::Reloading]),
        },
    }
}

/// Shows that the runtime works, as often as the service manager wants it (`WatchdogSec`), until it is aborted.
pub(super) async fn show_life() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    // Twice as often as is asked for, as sd_watchdog_enabled(3) advises.
    let mut ticks = interval((limit / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        send(&[NotifyState::Watchdog]);
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}
