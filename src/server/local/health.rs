//! Health of the local store.

use crate::server::health::{Health, Readiness};
use crate::server::metrics::Figures;
use crate::store::Store;

impl Health for Store {
    /// The store is ready while it takes writes.
    fn readiness(&self) -> Readiness {
        because(Store::figures(self).refuses_writes())
    }

    fn read_readiness(&self) -> Readiness {
        because(Store::figures(self).refuses_reads())
    }

    fn figures(&self) -> Figures {
        Figures::Store(Store::figures(self))
    }
}

fn because(failure: Option<&str>) -> Readiness {
    Readiness { failure: failure.map(str::to_owned), details: Vec::new() }
}
