//! Numbers for blobs, and the watermark below which every blob on disk is settled.
//!
//! A blob gets its number when its file takes its place, shortly before its row is committed; in between it is
//! *unsettled*. Each commit stores the lowest unsettled number, so that after a crash only files from there on can be
//! orphans, and start-up need not look at any other.

use super::folder::BlobId;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers of one run.
#[derive(Debug)]
pub(super) struct Ids(Mutex<State>);

#[derive(Debug)]
struct State {
    next: u64,
    unsettled: BTreeSet<u64>,
}

impl Ids {
    /// Numbers from `next` on.
    pub(super) fn starting_at(next: u64) -> Ids {
        Ids(Mutex::new(State { next, unsettled: BTreeSet::new() }))
    }

    /// A number nobody had before, unsettled.
    pub(super) fn allot(&self) -> BlobId {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        state.unsettled.insert(id);
        BlobId(id)
    }

    /// The blob's row is committed, or its file is gone.
    pub(super) fn settle(&self, id: BlobId) {
        self.lock().unsettled.remove(&id.0);
    }

    /// The watermark: every blob below it has a row, or is unreferenced, or is gone.
    pub(super) fn watermark(&self) -> u64 {
        let state = self.lock();
        state.unsettled.first().copied().unwrap_or(state.next)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermark_is_the_lowest_unsettled_number() {
        let ids = Ids::starting_at(7);
        assert_eq!(ids.watermark(), 7);
        let (a, b) = (ids.allot(), ids.allot());
        ids.settle(b);
        assert_eq!((a, b, ids.watermark()), (BlobId(7), BlobId(8), 7));
        ids.settle(a);
        assert_eq!(ids.watermark(), 9);
    }
}
