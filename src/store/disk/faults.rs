//! Faults of the disk that tests want.

use super::Step;
use rustix::io::Errno;
use std::io;

/// When a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Moment {
    /// Nothing of it is done.
    Before,
    /// Half of the bytes are written, where it writes any.
    Half,
    /// It is done, and said to have failed.
    After,
}

/// One step that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Fault {
    pub(in crate::store) step: Step,
    /// How often the step is taken before it fails.
    pub(in crate::store) taken: u64,
    pub(in crate::store) errno: Errno,
    pub(in crate::store) moment: Moment,
    /// Whether the step fails from then on, and not only once.
    pub(in crate::store) lasts: bool,
}

/// What is to fail.
#[derive(Debug, Default)]
pub(in crate::store) struct Faults {
    pub(super) every: Option<Errno>,
    pub(super) steps_left: Option<u64>,
    pub(super) panic: bool,
    planned: Option<Fault>,
    struck: u64,
}

/// What becomes of one step.
type Strike = Option<(Moment, Errno)>;

impl Faults {
    /// From now on this is to fail, or nothing.
    pub(in crate::store) fn plan(&mut self, fault: Option<Fault>) {
        (self.planned, self.struck) = (fault, 0);
    }

    /// How often the planned fault has struck.
    pub(in crate::store) fn struck(&self) -> u64 {
        self.struck
    }

    pub(super) fn strikes(&mut self, step: Step) -> Strike {
        assert!(step != Step::SyncIndex || !std::mem::take(&mut self.panic), "as a test wants it");
        if let Some(errno) = self.every {
            return Some((Moment::Before, errno));
        }
        match &mut self.steps_left {
            Some(0) => return Some((Moment::Before, Errno::IO)),
            Some(left) => *left -= 1,
            None => {}
        }
        let fault = self.planned.as_mut().filter(|fault| fault.step == step)?;
        if fault.taken > 0 {
            fault.taken -= 1;
            return None;
        }
        if self.struck > 0 && !fault.lasts {
            return None;
        }
        self.struck += 1;
        Some((fault.moment, fault.errno))
    }
}

/// Takes a step as the fault wants it. `take` gets what says how many of so many bytes it is to write.
pub(super) fn take<T>(strike: Strike, take: impl FnOnce(fn(usize) -> usize) -> io::Result<T>) -> io::Result<T> {
    let Some((moment, errno)) = strike else { return take(|length| length) };
    match moment {
        Moment::Before => {}
        Moment::Half => drop(take(|length| length / 2)?),
        Moment::After => drop(take(|length| length)?),
    }
    Err(errno.into())
}
