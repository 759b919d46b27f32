//! Numbers for blobs, and the watermark below which no blob is in flight.
//!
//! A blob gets its number when its file takes its place, shortly before its row is committed; in between it is
//! *in flight*. Each commit stores the lowest number in flight, so after a crash only files from there on can be orphans,
//! and the start looks at no other.

use super::folder::BlobId;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers of one run.
#[derive(Debug)]
pub(super) struct Ids(Mutex<State>);

#[derive(Debug)]
struct State {
    next: u64,
    in_flight: BTreeSet<u64>,
}

impl Ids {
    /// Numbers from `next` on.
    pub(super) fn starting_at(next: u64) -> Ids {
        Ids(Mutex::new(State { next, in_flight: BTreeSet::new() }))
    }

    /// A new number, in flight.
    pub(super) fn allot(&self) -> BlobId {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        state.in_flight.insert(id);
        BlobId(id)
    }

    /// The blob's row is committed, or its file is gone.
    pub(super) fn land(&self, id: BlobId) {
        self.lock().in_flight.remove(&id.0);
    }

    /// The watermark: every blob below it has a row, or is unreferenced, or is gone.
    pub(super) fn watermark(&self) -> u64 {
        let state = self.lock();
        state.in_flight.first().copied().unwrap_or(state.next)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermark_is_the_lowest_number_in_flight() {
        let ids = Ids::starting_at(7);
        assert_eq!(ids.watermark(), 7);
        let (a, b) = (ids.allot(), ids.allot());
        ids.land(b);
        assert_eq!((a, b, ids.watermark()), (BlobId(7), BlobId(8), 7));
        ids.land(a);
        assert_eq!(ids.watermark(), 9);
    }
}
