//! Adds up what a running server observes.

use crate::audit::{Audit, Event, Observation, Verdict, Watch};
use crate::s3::Timestamp;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Keeps an audit.
#[derive(Debug)]
pub struct Recorder {
    audit: Mutex<Audit>,
    watch: Mutex<Watch>,
}

impl Recorder {
    /// A recorder of the file at `path`, of what `policy` judges.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub fn open(_path: &Path, policy: &str) -> io::Result<Recorder> {
        Ok(Recorder { audit: Mutex::new(Audit::new(policy)), watch: Mutex::default() })
    }

    /// Counts a request.
    pub fn record(&self, seen: Observation) {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).add(&seen);
    }

    /// What an event shows together with those before it.
    pub fn watch(&self, time: Timestamp, event: &Event<'_>) -> Vec<Verdict> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).see(time, event)
    }

    /// The audit so far.
    pub fn snapshot(&self) -> Audit {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
