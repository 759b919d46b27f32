//! Health of the local store.

use crate::server::observe::health::{Health, Readiness};
use crate::server::observe::metrics::Stats;
use crate::store::Store;

impl Health for Store {
    /// The store is ready while it takes writes.
    fn readiness(&self) -> Readiness {
        because(Store::stats(self).refuses_writes())
    }

    fn read_readiness(&self) -> Readiness {
        because(Store::stats(self).refuses_reads())
    }

    fn stats(&self) -> Stats {
        Stats::Store(Store::stats(self))
    }
}

fn because(failure: Option<&str>) -> Readiness {
    Readiness { failure: failure.map(str::to_owned), details: Vec::new() }
}
