//! The signals that a server answers.

use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To stop at once (SIGINT), after the delay that settings give (SIGTERM), or because a successor is there.
    Stop(Stop),
    /// To read the settings again.
    Reload,
}

/// Why a server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// SIGTERM: a service manager stops it. A load balancer may need time to notice.
    Terminate,
    /// SIGINT: a person has pressed ctrl-C.
    Interrupt,
    /// Another server accepts at its addresses.
    Succeeded,
}

impl Stop {
    /// What the log calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stop::Terminate => "SIGTERM",
            Stop::Interrupt => "SIGINT",
            Stop::Succeeded => "another server takes over",
        }
    }
}

/// The signals, and the notice of a successor.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user: Signal,
    succeeded: Arc<Notify>,
}

impl Signals {
    /// Listens for them from now on.
    pub(super) fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
            succeeded: Arc::default(),
        })
    }

    /// Notified by a successor.
    pub(super) fn succeeded(&self) -> Arc<Notify> {
        self.succeeded.clone()
    }

    /// Waits for the next one. SIGUSR1, at which other servers reopen their logs, is answered in the log.
    pub(super) async fn next(&mut self) -> Wanted {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Wanted::Stop(Stop::Terminate),
                _ = self.interrupt.recv() => return Wanted::Stop(Stop::Interrupt),
                () = self.succeeded.notified() => return Wanted::Stop(Stop::Succeeded),
                _ = self.hangup.recv() => return Wanted::Reload,
                _ = self.user.recv() => {
                    tracing::warn!("SIGUSR1: it means nothing here; SIGHUP reads the settings again");
                }
            }
        }
    }
}
