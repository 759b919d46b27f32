//! Pins: which blobs are being read. A blob that has lost its last reference stays on the disk until its last reader is
//! done.
//!
//! A reader looks its row up, pins the blobs that the row names, and looks the row up again. If the row still names them,
//! they were referenced when they were pinned; the reaper asks for pins after the commit that removes the last reference,
//! so it finds these. If the row names others, the reader drops its pin and begins again. A blob that was unreferenced
//! once is never referenced again. The lock is held for the counting only: no reader waits for another's look-up.

use super::folder::BlobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pins of all readers.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<HashMap<BlobId, Pinned>>);

#[derive(Debug, Default)]
struct Pinned {
    readers: usize,
    unreferenced: bool,
}

/// The blobs that one reader has pinned, until it is dropped.
pub(super) struct Pin {
    pins: Arc<Pins>,
    blobs: Vec<BlobId>,
    released: Box<dyn Fn(Vec<BlobId>) + Send + Sync>,
}

impl Pins {
    /// Pins these blobs. `released` gets those that are unreferenced by the time their last pin is dropped.
    pub(super) fn take(
        self: &Arc<Pins>,
        blobs: Vec<BlobId>,
        released: impl Fn(Vec<BlobId>) + Send + Sync + 'static,
    ) -> Pin {
        let mut pinned_blobs = self.lock();
        for blob in &blobs {
            pinned_blobs.entry(*blob).or_default().readers += 1;
        }
        drop(pinned_blobs);
        Pin { pins: self.clone(), blobs, released: Box::new(released) }
    }

    /// Of blobs that lost their last reference in a commit that is done: those that no reader has pinned. The others are
    /// marked, and `released` gets them when their last pin is dropped.
    pub(super) fn free_of_readers(&self, unreferenced: Vec<BlobId>) -> Vec<BlobId> {
        let mut pinned_blobs = self.lock();
        let mut free = unreferenced;
        free.retain(|blob| match pinned_blobs.get_mut(blob) {
            Some(pinned) => {
                pinned.unreferenced = true;
                false
            }
            None => true,
        });
        free
    }

    /// Takes one pin from each blob, and returns the unreferenced ones that have none left.
    fn unpin(&self, blobs: &[BlobId]) -> Vec<BlobId> {
        let mut pinned_blobs = self.lock();
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

    fn lock(&self) -> MutexGuard<'_, HashMap<BlobId, Pinned>> {
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
        assert!(pins.lock().is_empty());
    }
}
