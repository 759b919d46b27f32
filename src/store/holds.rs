//! Who is reading which blob: a blob that has lost its last row stays until its last reader is done.
//!
//! A reader looks its row up, holds the blobs it names, and looks again. Where the row still names them they were not
//! unreferenced when they were held, so the reaper, which asks after the commit that removes the last reference, finds them held; where it does
//! not, the hold is given up and the reader begins anew. A blob that was unreferenced once is never named again. The lock is
//! only around the counting: no reader waits for another's look into the index.

use super::folder::BlobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The holds of all readers.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<BlobId, Held>>);

#[derive(Debug, Default)]
struct Held {
    readers: usize,
    unreferenced: bool,
}

/// One reader's holds, given up when dropped.
pub(super) struct Hold {
    holds: Arc<Holds>,
    blobs: Vec<BlobId>,
    released: Box<dyn Fn(Vec<BlobId>) + Send + Sync>,
}

impl Holds {
    /// Holds these blobs. `released` is told of those that are unreferenced by then, once the last hold on them is dropped.
    pub(super) fn take(
        self: &Arc<Holds>,
        blobs: Vec<BlobId>,
        released: impl Fn(Vec<BlobId>) + Send + Sync + 'static,
    ) -> Hold {
        let mut held = self.lock();
        for blob in &blobs {
            held.entry(*blob).or_default().readers += 1;
        }
        drop(held);
        Hold { holds: self.clone(), blobs, released: Box::new(released) }
    }

    /// Of blobs that have lost their last row, in a commit that is done: those nobody reads. The others are marked, and
    /// come back when their last hold is dropped.
    pub(super) fn free_of_readers(&self, unreferenced: Vec<BlobId>) -> Vec<BlobId> {
        let mut held = self.lock();
        let mut free = unreferenced;
        free.retain(|blob| match held.get_mut(blob) {
            Some(hold) => {
                hold.unreferenced = true;
                false
            }
            None => true,
        });
        free
    }

    /// Gives one hold on each blob up; returns the unreferenced ones that no reader holds.
    fn give_up(&self, blobs: &[BlobId]) -> Vec<BlobId> {
        let mut held = self.lock();
        let mut free = Vec::new();
        for blob in blobs {
            let Some(hold) = held.get_mut(blob) else { continue };
            hold.readers -= 1;
            if hold.readers == 0 && held.remove(blob).is_some_and(|hold| hold.unreferenced) {
                free.push(*blob);
            }
        }
        free
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BlobId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let free = self.holds.give_up(&self.blobs);
        if !free.is_empty() {
            (self.released)(free);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn an_unreferenced_blob_is_free_when_its_last_reader_is_done() {
        let holds = Arc::new(Holds::default());
        let (sender, released) = mpsc::channel();
        let take = |blobs: &[u64]| {
            let (blobs, sender) = (blobs.iter().copied().map(BlobId).collect(), sender.clone());
            holds.take(blobs, move |free| sender.send(free).unwrap())
        };
        // An object may name a blob more than once.
        let (first, second) = (take(&[1, 2, 1]), take(&[1]));
        assert_eq!(holds.free_of_readers(vec![BlobId(1), BlobId(3)]), [BlobId(3)]);
        drop(second);
        assert!(released.try_recv().is_err());
        drop(first);
        assert_eq!(released.try_recv(), Ok(vec![BlobId(1)]));
        assert!(released.try_recv().is_err());
        assert!(holds.lock().is_empty());
    }
}
