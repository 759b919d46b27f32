//! How that which answers requests is: what the admin address tells of a local store or of a remote one.

use crate::server::metrics::Figures;

/// What answers requests, as the admin address sees it.
pub trait Health: Send + Sync {
    /// Whether it can answer now.
    fn readiness(&self) -> Readiness;
    /// Whether it can answer reads now.
    fn read_readiness(&self) -> Readiness {
        self.readiness()
    }
    /// What metrics tell of it.
    fn figures(&self) -> Figures;
}

/// Whether requests can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Why they cannot; `None` if they can.
    pub failure: Option<String>,
    /// What else there is to know, a line each.
    pub details: Vec<String>,
}
