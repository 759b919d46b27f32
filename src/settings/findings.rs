//! The faults and warnings found in settings.

use crate::diagnostics::Diagnostic;

/// The faults and warnings found so far.
#[derive(Default)]
pub(super) struct Findings {
    /// The faults.
    pub(super) faults: Vec<Diagnostic>,
    /// Settings that are allowed but may be mistakes.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Findings {
    /// The value. If there is a fault instead, it is added to the faults.
    pub(super) fn good<T>(&mut self, value: Result<T, Diagnostic>) -> Option<T> {
        value.map_err(|fault| self.faults.push(fault)).ok()
    }
}
