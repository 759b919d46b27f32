//! Notices of the server on `/readyz`, besides the health of its backend.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The notices: faults of settings that were read again, settings that wait for a restart, and that the server is about
/// to stop.
#[derive(Debug, Default)]
pub struct Notices {
    settings: Mutex<Vec<String>>,
    is_leaving: AtomicBool,
}

impl Notices {
    /// Replaces the notices about settings with these lines.
    pub fn set_settings(&self, lines: Vec<String>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    /// Notes that the server is about to stop, so that load balancers send clients elsewhere.
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
