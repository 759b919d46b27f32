//! Upkeep of a store while it serves.

use super::error::StoreError;
use super::folder::BlobId;
use super::scrubbing::{LastScrub, ScrubPlan};
use super::upkeep::{
    self, BackedUp, BackupPlan, Checked, Compacted, Event, Moment, OpenStore, Pace, ScrubRun, UpkeepError,
};
use super::{Store, index};
use crate::s3::Timestamp;
use std::io;
use std::sync::{MutexGuard, TryLockError};

impl Store {
    /// Checks the store as it is, while it is in use, and reports what it finds. Blocks for as long as that takes.
    /// What is written meanwhile is not read.
    ///
    /// # Errors
    /// [`UpkeepError::Busy`] while another check, a scrub or a backup runs; the disk or the index fails, or `report` does. A finding is no
    /// error.
    pub fn check(&self, pace: Pace, report: &mut dyn FnMut(Event) -> io::Result<()>) -> Result<Checked, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        let hold = |id: BlobId| self.pin(vec![id]);
        upkeep::check_open(&OpenStore { folder: &self.blobs().folder, index: &self.0.index, hold: &hold }, pace, report)
    }

    /// Checks the store, as [`Store::check`] does, and gives blobs of earlier versions their block sums before.
    ///
    /// # Errors
    /// Those of [`Store::check`].
    pub fn scrub(&self, pace: Pace, report: &mut dyn FnMut(Event) -> io::Result<()>) -> Result<ScrubRun, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        let hold = |id: BlobId| self.pin(vec![id]);
        upkeep::scrub_open(&OpenStore { folder: &self.blobs().folder, index: &self.0.index, hold: &hold }, pace, report)
    }

    /// Keeps what a scrub was that ended at `ended`, so that the next one is due at its time whenever the server is
    /// started. Blocks until the disk has it.
    ///
    /// # Errors
    /// The disk or the index fails.
    pub fn note_scrub(&self, run: &ScrubRun, ended: Timestamp) -> Result<(), StoreError> {
        let last = LastScrub { ended, read: run.read, findings: run.checked.findings };
        Ok(self.0.index.write(|tables| tables.set_last_scrub(&last))?)
    }

    /// The last scrub that came to its end.
    ///
    /// # Errors
    /// The disk or the index fails.
    pub fn last_scrub(&self) -> Result<Option<LastScrub>, StoreError> {
        self.0.index.read(index::Snapshot::last_scrub)
    }

    /// How often the store is to be scrubbed, if it is.
    pub fn scrub_plan(&self) -> Option<ScrubPlan> {
        self.0.scrub
    }

    /// Copies the store as it is when this is called, while it is in use. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`UpkeepError::Busy`] while a check, a scrub or another copy runs; those of [`upkeep::backup`].
    pub fn backup(
        &self,
        plan: &BackupPlan,
        pace: Pace,
        report: &mut dyn FnMut(Event) -> io::Result<()>,
    ) -> Result<BackedUp, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        upkeep::backup_of(&self.blobs().folder, self.moment()?, plan, pace, report)
    }

    /// Writes the index anew while it is in use, so that it takes no more room than its rows need. Blocks for as long
    /// as that takes; writes wait for its last moment ([`Compacted::held`]).
    ///
    /// # Errors
    /// [`UpkeepError::Busy`] while other upkeep runs; those of [`upkeep::compact`].
    pub fn compact(
        &self,
        pace: Pace,
        report: &mut dyn FnMut(Event) -> io::Result<()>,
    ) -> Result<Compacted, UpkeepError> {
        let _turn = self.turn_for_upkeep()?;
        upkeep::compact_open(&self.blobs().folder, &self.0.index, pace, report)
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
