//! What reading settings finds.

use crate::diagnostics::Diagnostic;

/// What reading settings has found so far.
#[derive(Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) faults: Vec<Diagnostic>,
    /// What is allowed and perhaps not meant.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Findings {
    /// The value; if there is a fault instead, the fault is kept.
    pub(super) fn good<T>(&mut self, value: Result<T, Diagnostic>) -> Option<T> {
        value.map_err(|fault| self.faults.push(fault)).ok()
    }
}
