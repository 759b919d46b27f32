//! Health of the backend, local or remote, as the admin address reports it.

use crate::server::observe::metrics::Stats;

/// A backend, as the admin address sees it.
pub trait Health: Send + Sync {
    /// Whether it can answer all requests now.
    fn readiness(&self) -> Readiness;
    /// Whether it can answer reads now.
    fn read_readiness(&self) -> Readiness {
        self.readiness()
    }
    /// Its metrics.
    fn stats(&self) -> Stats;
}

/// Whether requests can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Why they cannot; `None` if they can.
    pub failure: Option<String>,
    /// Details, a line each.
    pub details: Vec<String>,
}
