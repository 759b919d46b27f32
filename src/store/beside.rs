//! Upkeep of a store while it serves.

use super::Store;
use super::folder::BlobId;
use super::upkeep::{self, BackedUp, BackupPlan, Checked, Event, Moment, OpenStore, Pace, UpkeepError};
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

    /// Copies the store as it is when this is called, beside those who use it. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`UpkeepError::Busy`] while a check or another copy runs; those of [`upkeep::backup`].
    pub fn backup(
        &self,
        plan: &BackupPlan,
        pace: Pace,
        report: &mut dyn FnMut(Event) -> io::Result<()>,
    ) -> Result<BackedUp, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        upkeep::backup_of(&self.blobs().folder, self.moment()?, plan, pace, report)
    }

    /// The store as it is now. What is deleted from now on stays on the disk as long as this does.
    fn moment(&self) -> Result<Moment, UpkeepError> {
        let reaper = self.blobs().reaper.clone();
        let _hold = self.0.pins.hold(move |free| reaper.unreferenced(free));
        Moment::of(&self.0.index, Some(&|blobs| self.pin(blobs)))
    }

    fn turn_for_upkeep(&self) -> Result<MutexGuard<'_, ()>, UpkeepError> {
        match self.0.upkeep.try_lock() {
            Ok(turn) => Ok(turn),
            Err(TryLockError::Poisoned(turn)) => Ok(turn.into_inner()),
            Err(TryLockError::WouldBlock) => Err(UpkeepError::Busy),
        }
    }
}
