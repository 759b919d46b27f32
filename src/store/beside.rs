//! Upkeep of a store while it serves.

use super::Store;
use super::folder::BlobId;
use super::upkeep::{self, Checked, Event, OpenStore, Pace, UpkeepError};
use std::io;
use std::sync::{MutexGuard, TryLockError};

impl Store {
    /// Checks the store as it is, beside those who use it, and reports what it finds. Blocks for as long as that takes.
    /// What is written meanwhile is not read, and the engine's own check of the index is left out: it needs the index to
    /// itself.
    ///
    /// # Errors
    /// [`UpkeepError::Busy`] while another check runs; the disk or the index fails, or `report` does. A finding is no
    /// error.
    pub fn check(&self, pace: Pace, report: &mut dyn FnMut(Event) -> io::Result<()>) -> Result<Checked, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        let hold = |id: BlobId| self.pin(vec![id]);
        upkeep::check_open(&OpenStore { folder: &self.blobs().folder, index: &self.0.index, hold: &hold }, pace, report)
    }

    fn turn_for_upkeep(&self) -> Result<MutexGuard<'_, ()>, UpkeepError> {
        match self.0.upkeep.try_lock() {
            Ok(turn) => Ok(turn),
            Err(TryLockError::Poisoned(turn)) => Ok(turn.into_inner()),
            Err(TryLockError::WouldBlock) => Err(UpkeepError::Busy),
        }
    }
}
