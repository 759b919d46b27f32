//! What a server has to say of itself besides the health of its backend.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What `/readyz` has besides: faults of settings that were read again, what waits for a restart, and that the server is
/// about to stop.
#[derive(Debug, Default)]
pub struct Notices {
    settings: Mutex<Vec<String>>,
    is_leaving: AtomicBool,
}

impl Notices {
    /// Says this of the settings from now on, a line each; nothing if there are none.
    pub fn set_settings(&self, lines: Vec<String>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    /// The server is about to stop: whoever sends it clients should send them elsewhere.
    pub fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it is about to stop.
    pub fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// The lines.
    pub fn lines(&self) -> Vec<String> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
