//! Whose turn it is: work that would keep others waiting is done a few at a time, in the order in which it was asked for.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many copies read bytes at the same time, for digests or to write them anew.
pub(super) const COPIES_AT_ONCE: usize = 4;
/// How many changes that count many blobs are in the queue of commits at the same time.
const COUNTING_AT_ONCE: usize = 2;
/// Of how many blobs a change is small enough for the queue, however many of them there are.
pub(super) const FEW_BLOBS: usize = if cfg!(test) { 1 } else { 64 };

/// The turns of one store.
#[derive(Debug)]
pub(super) struct Turns {
    copies: Arc<Semaphore>,
    counting: Arc<Semaphore>,
}

/// A turn, until it is dropped.
pub(super) type Turn = Option<OwnedSemaphorePermit>;

impl Default for Turns {
    fn default() -> Turns {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Turns { copies: semaphore(COPIES_AT_ONCE), counting: semaphore(COUNTING_AT_ONCE) }
    }
}

impl Turns {
    /// Waits until bytes may be copied.
    pub(super) async fn to_copy(&self) -> Turn {
        // It is never closed.
        self.copies.clone().acquire_owned().await.ok()
    }

    /// Waits until a change that counts so many blobs may be queued. A change of few does not wait.
    pub(super) async fn to_count(&self, blobs: usize) -> Turn {
        if blobs <= FEW_BLOBS { None } else { self.counting.clone().acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Waker};

    fn waits<T>(work: impl Future<Output = T>) -> bool {
        std::pin::pin!(work).poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn a_few_at_a_time() {
        let turns = Turns::default();
        let copies = [turns.to_copy().await, turns.to_copy().await, turns.to_copy().await, turns.to_copy().await];
        assert!(waits(turns.to_copy()));
        drop(copies);
        assert!(!waits(turns.to_copy()));
        let counting = [turns.to_count(FEW_BLOBS + 1).await, turns.to_count(usize::MAX).await];
        assert!(waits(turns.to_count(FEW_BLOBS + 1)));
        assert!(!waits(turns.to_count(FEW_BLOBS)));
        drop(counting);
        assert!(!waits(turns.to_count(FEW_BLOBS + 1)));
    }
}
