//! Pins: which blobs are being read. A blob that has lost its last reference stays on the disk until its last reader is
//! done.
//!
//! A reader looks its row up, pins the blobs that the row names, and looks the row up again. If the row still names them,
//! they were referenced when they were pinned; the reaper asks for pins after the commit that removes the last reference,
//! so it finds these. If the row names others, the reader drops its pin and begins again. A blob that was unreferenced
//! once is never referenced again. The lock is held for the counting only: no reader waits for another's look-up.
//!
//! A caller that needs every blob of the index cannot pin them before it knows them. So it *holds* all. While one holds,
//! no blob is free; what was held back is looked at again when the last hold ends.

use super::folder::BlobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pins of all readers.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pinned: HashMap<BlobId, Pinned>,
    holds: usize,
    /// Blobs that would be free if no caller held them.
    held_back: Vec<BlobId>,
}

#[derive(Debug, Default)]
struct Pinned {
    readers: usize,
    unreferenced: bool,
}

/// The blobs that one reader has pinned, until it is dropped.
pub(super) struct Pin {
    pins: Arc<Pins>,
    blobs: Vec<BlobId>,
    released: Released,
}

/// Keeps every blob on the disk until it is dropped. Short-lived: meanwhile nothing is freed.
pub(super) struct Hold {
    pins: Arc<Pins>,
    released: Released,
}

/// Gets the blobs that may be free now.
type Released = Box<dyn Fn(Vec<BlobId>) + Send + Sync>;

impl Pins {
    /// Pins these blobs. `released` gets those that are unreferenced by the time their last pin is dropped.
    pub(super) fn take(
        self: &Arc<Pins>,
        blobs: Vec<BlobId>,
        released: impl Fn(Vec<BlobId>) + Send + Sync + 'static,
    ) -> Pin {
        let mut state = self.lock();
        for blob in &blobs {
            state.pinned.entry(*blob).or_default().readers += 1;
        }
        drop(state);
        Pin { pins: self.clone(), blobs, released: Box::new(released) }
    }

    /// Holds all blobs: also those that lose their last reference from now on. `released` gets them when this is dropped.
    pub(super) fn hold(self: &Arc<Pins>, released: impl Fn(Vec<BlobId>) + Send + Sync + 'static) -> Hold {
        self.lock().holds += 1;
        Hold { pins: self.clone(), released: Box::new(released) }
    }

    /// Of blobs that lost their last reference in a commit that is done: those that no reader has pinned. The others are
    /// marked, and `released` gets them when their last pin is dropped, or all when the last hold is.
    pub(super) fn free_of_readers(&self, unreferenced: Vec<BlobId>) -> Vec<BlobId> {
        let mut state = self.lock();
        let State { pinned, holds, held_back } = &mut *state;
        let mut free = unreferenced;
        free.retain(|blob| match pinned.get_mut(blob) {
            Some(pinned) => {
                pinned.unreferenced = true;
                false
            }
            None => true,
        });
        if *holds > 0 {
            held_back.append(&mut free);
        }
        free
    }

    /// Takes one pin from each blob, and returns the unreferenced ones that have none left.
    fn unpin(&self, blobs: &[BlobId]) -> Vec<BlobId> {
        let pinned_blobs = &mut self.lock().pinned;
        let mut free = Vec::new();
        for blob in blobs {
            let Some(pinned) = pinned_blobs.get_mut(blob) else { continue };
            pinned.readers -= 1;
            if pinned.readers == 0 && pinned_blobs.remove(blob).is_some_and(|pinned| pinned.unreferenced) {
                free.push(*blob);
            }
        }
        free
    }

    /// Ends a hold, and returns what it was the last to hold.
    fn let_go(&self) -> Vec<BlobId> {
        let mut state = self.lock();
        state.holds -= 1;
        if state.holds == 0 { std::mem::take(&mut state.held_back) } else { Vec::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let free = self.pins.unpin(&self.blobs);
        if !free.is_empty() {
            (self.released)(free);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let free = self.pins.let_go();
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
        let pins = Arc::new(Pins::default());
        let (sender, released) = mpsc::channel();
        let take = |blobs: &[u64]| {
            let (blobs, sender) = (blobs.iter().copied().map(BlobId).collect(), sender.clone());
            pins.take(blobs, move |free| sender.send(free).unwrap())
        };
        // An object may name a blob more than once.
        let (first, second) = (take(&[1, 2, 1]), take(&[1]));
        assert_eq!(pins.free_of_readers(vec![BlobId(1), BlobId(3)]), [BlobId(3)]);
        drop(second);
        assert!(released.try_recv().is_err());
        drop(first);
        assert_eq!(released.try_recv(), Ok(vec![BlobId(1)]));
        assert!(released.try_recv().is_err());
        assert!(pins.lock().pinned.is_empty());
    }

    #[test]
    fn while_someone_holds_all_nothing_is_free() {
        let pins = Arc::new(Pins::default());
        let (sender, released) = mpsc::channel();
        let hold = || {
            let sender = sender.clone();
            pins.hold(move |free| sender.send(free).unwrap())
        };
        assert_eq!(pins.free_of_readers(vec![BlobId(1)]), [BlobId(1)], "before");
        let (first, second) = (hold(), hold());
        assert_eq!(pins.free_of_readers(vec![BlobId(2)]), []);
        drop(first);
        assert_eq!(pins.free_of_readers(vec![BlobId(3)]), []);
        let pin = pins.take(vec![BlobId(3)], |_| ());
        assert!(released.try_recv().is_err());
        drop(second);
        let free = released.try_recv().unwrap();
        assert_eq!(free, [BlobId(2), BlobId(3)]);
        assert_eq!(pins.free_of_readers(free), [BlobId(2)], "the other one is pinned now");
        drop(pin);
        drop(hold());
        assert!(released.try_recv().is_err());
    }
}
