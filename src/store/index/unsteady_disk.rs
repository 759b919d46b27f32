//! A disk in memory that loses its power.
//!
//! It remembers what its sectors of 512 bytes had been given since the last wait. When the power is lost, each sector has
//! one of these, or what it had before.

use super::raw_file::RawFile;
use crate::store::numbers::Numbers;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes at once.
const SECTOR: usize = 512;

/// The file of such a disk.
#[derive(Debug, Default)]
struct State {
    /// What was waited for.
    kept: Vec<u8>,
    /// What is read while there is power.
    seen: Vec<u8>,
    /// What each sector was given since the last wait.
    given: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Steps until the power is lost, and waits: whichever comes first.
    steps_left: usize,
    waits_left: usize,
    waits: u64,
}

/// A disk with one file.
#[derive(Debug, Clone)]
pub(super) struct UnsteadyDisk(Arc<Mutex<State>>);

impl UnsteadyDisk {
    /// A disk that has power for so many steps and waits.
    pub(super) fn new(kept: Vec<u8>, steps_left: usize, waits_left: usize) -> UnsteadyDisk {
        let state = State { seen: kept.clone(), kept, steps_left, waits_left, ..State::default() };
        UnsteadyDisk(Arc::new(Mutex::new(state)))
    }

    /// A disk that loses no power.
    pub(super) fn steady(kept: Vec<u8>) -> UnsteadyDisk {
        UnsteadyDisk::new(kept, usize::MAX, usize::MAX)
    }

    /// What is read from it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().seen.clone()
    }

    /// How often it was waited for.
    pub(super) fn waits(&self) -> u64 {
        self.state().waits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Takes one of the steps for which there is power.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.steps_left = state.steps_left.checked_sub(1).ok_or_else(|| io::Error::other("there is no power"))?;
        Ok(state)
    }

    /// What is on the disk when the power comes back: of some disks nothing that was not waited for, of some all.
    pub(super) fn left(&self, numbers: &mut Numbers) -> Vec<u8> {
        let state = self.state();
        let mut left = state.kept.clone();
        let luck = numbers.below(6);
        for (sector, given) in &state.given {
            let count = given.len();
            let reached = match luck {
                0 => 0,
                1 => count,
                // Most sectors have what they were given last.
                2 if numbers.below(20) > 0 => count,
                _ => numbers.below(count + 1),
            };
            let Some(last) = reached.checked_sub(1) else { continue };
            let (at, bytes) = (sector * SECTOR, &given[last]);
            left[at..at + bytes.len()].copy_from_slice(bytes);
        }
        left
    }
}

impl RawFile for UnsteadyDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let bytes = state.seen.get(at as usize..at as usize + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.step()?;
        let State { seen, given, .. } = &mut *state;
        let (from, to) = (at as usize, at as usize + bytes.len());
        seen[from..to].copy_from_slice(bytes);
        for sector in from / SECTOR..to.div_ceil(SECTOR) {
            let now = seen[sector * SECTOR..].chunks(SECTOR).next().unwrap().to_vec();
            given.entry(sector).or_default().push(now);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.step()?;
        let length = length as usize;
        state.seen.resize(length, 0);
        state.kept.resize(length, 0);
        state.given.retain(|sector, _| *sector < length / SECTOR);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.step()?;
        let Some(left) = state.waits_left.checked_sub(1) else {
            state.steps_left = 0;
            return Err(io::Error::other("the power is lost in a wait"));
        };
        (state.waits_left, state.waits) = (left, state.waits + 1);
        state.kept = state.seen.clone();
        state.given.clear();
        Ok(())
    }
}
