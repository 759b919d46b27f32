//! The signals that a server answers.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To stop; the name of the signal.
    Stop(&'static str),
    /// To read the settings again.
    Reload,
}

/// The signals.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user: Signal,
}

impl Signals {
    /// Listens for them from now on.
    pub(super) fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next one. SIGUSR1, at which other servers reopen their logs, is answered in the log.
    pub(super) async fn next(&mut self) -> Wanted {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Wanted::Stop("SIGTERM"),
                _ = self.interrupt.recv() => return Wanted::Stop("SIGINT"),
                _ = self.hangup.recv() => return Wanted::Reload,
                _ = self.user.recv() => {
                    tracing::warn!("SIGUSR1: it means nothing here; SIGHUP reads the settings again");
                }
            }
        }
    }
}
