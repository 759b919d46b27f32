//! Notifies the service manager of the server's state (`sd_notify(3)`). Without a service manager nothing is sent.

use sd_notify::NotifyState;
use std::time::Duration;
use tokio::time::interval;

/// The state of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerState {
    /// It serves.
    Ready,
    /// It reads its settings again; `Ready` follows.
    Reloading,
    /// It stops.
    Stopping,
}

/// Notifies the service manager of the state.
pub(super) fn notify(state: ServerState) {
    match state {
        ServerState::Ready => send(&[NotifyState::Ready]),
        ServerState::Stopping => send(&[NotifyState::Stopping]),
        // systemd requires the time at which the reload began.
        ServerState::Reloading => match NotifyState::monotonic_usec_now() {
            Ok(now) => send(&[NotifyState::Reloading, now]),
            Err(_) => send(&[NotifyState::Reloading]),
        },
    }
}

/// Sends watchdog notifications at the interval that the service manager asks for (`WatchdogSec`), until it is aborted.
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
