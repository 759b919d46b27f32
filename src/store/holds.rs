//! Who is reading which blob: a blob that has lost its last row stays until its last reader is done.
//!
//! A reader looks its row up and takes its holds under one lock; the reaper asks under the same lock which of the
//! doomed blobs nobody holds. So a blob whose row was still there when the reader looked is held before the reaper can
//! ask, and one whose row was gone is never held again.

use super::folder::BlobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The holds of all readers.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<BlobId, Held>>);

#[derive(Debug, Default)]
struct Held {
    readers: usize,
    doomed: bool,
}

/// One reader's holds, given up when dropped.
pub(super) struct Hold {
    holds: Arc<Holds>,
    blobs: Vec<BlobId>,
    released: Box<dyn Fn(Vec<BlobId>) + Send + Sync>,
}

impl Holds {
    /// Runs `look_up` under the lock and holds the blobs it names. `released` is told of those that were doomed
    /// meanwhile, once the last hold on them is dropped.
    pub(super) fn take<T, E>(
        self: &Arc<Holds>,
        look_up: impl FnOnce() -> Result<(T, Vec<BlobId>), E>,
        released: impl Fn(Vec<BlobId>) + Send + Sync + 'static,
    ) -> Result<(T, Hold), E> {
        let mut held = self.lock();
        let (found, blobs) = look_up()?;
        for blob in &blobs {
            held.entry(*blob).or_default().readers += 1;
        }
        drop(held);
        Ok((found, Hold { holds: self.clone(), blobs, released: Box::new(released) }))
    }

    /// Of blobs that have lost their last row, in a commit that is done: those nobody reads. The others are marked, and
    /// come back when their last hold is dropped.
    pub(super) fn free_of_readers(&self, doomed: Vec<BlobId>) -> Vec<BlobId> {
        let mut held = self.lock();
        let mut free = doomed;
        free.retain(|blob| match held.get_mut(blob) {
            Some(hold) => {
                hold.doomed = true;
                false
            }
            None => true,
        });
        free
    }

    /// Gives one hold on each blob up; returns the doomed ones nobody holds any more.
    fn give_up(&self, blobs: &[BlobId]) -> Vec<BlobId> {
        let mut held = self.lock();
        let mut free = Vec::new();
        for blob in blobs {
            let Some(hold) = held.get_mut(blob) else { continue };
            hold.readers -= 1;
            if hold.readers == 0 && held.remove(blob).is_some_and(|hold| hold.doomed) {
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
    fn a_doomed_blob_is_free_when_its_last_reader_is_done() {
        let holds = Arc::new(Holds::default());
        let (sender, released) = mpsc::channel();
        let take = |blobs: &[u64]| {
            let (blobs, sender) = (blobs.iter().copied().map(BlobId).collect(), sender.clone());
            let look_up = || Ok::<_, ()>(((), blobs));
            holds.take(look_up, move |free| sender.send(free).unwrap()).unwrap().1
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

    #[test]
    fn a_lookup_that_fails_holds_nothing() {
        let holds = Arc::new(Holds::default());
        assert!(holds.take(|| Err::<((), Vec<BlobId>), _>(()), |_| ()).is_err());
        assert!(holds.lock().is_empty());
    }
}
