//! What a server has to say of itself besides the health of its backend.

use std::sync::{Mutex, PoisonError};

/// Lines for `/readyz`: faults of settings that were read again, and what waits for a restart.
#[derive(Debug, Default)]
pub struct Notices {
    settings: Mutex<Vec<String>>,
}

impl Notices {
    /// Says this of the settings from now on, a line each; nothing if there are none.
    pub fn set_settings(&self, lines: Vec<String>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    /// The lines.
    pub fn lines(&self) -> Vec<String> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
