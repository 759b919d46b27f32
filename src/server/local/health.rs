//! How the local store is.

use crate::server::health::{Health, Readiness};
use crate::server::metrics::Figures;
use crate::store::{self, Store};

impl Health for Store {
    fn readiness(&self) -> Readiness {
        readiness(&Store::figures(self))
    }

    fn figures(&self) -> Figures {
        Figures::Store(Store::figures(self))
    }
}

/// Ready is who takes writes.
fn readiness(store: &store::Figures) -> Readiness {
    let failure = store.failure.or(store.read_only.then_some("the store takes no writes"));
    Readiness { failure: failure.map(str::to_owned), details: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_takes_no_writes_is_not_ready_and_says_why() {
        let stopped = Some("the thread that commits has stopped");
        for (read_only, failure, told) in [
            (false, None, None),
            (true, None, Some("the store takes no writes")),
            (false, stopped, stopped),
            (true, stopped, stopped),
        ] {
            let readiness = readiness(&store::Figures { read_only, failure, ..store::Figures::default() });
            assert_eq!(readiness.failure.as_deref(), told);
        }
    }
}
