//! How many files something was done to.

use crate::store::reaper::remove;
use std::path::Path;

/// A number of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many it was done to.
    pub files: u64,
    /// Bytes that were freed, or added.
    pub bytes: u64,
    /// How many it could not be done to.
    pub failed: u64,
}

impl Tally {
    /// Removes a file and counts it; whether it is gone. One that was gone before is not counted.
    pub(super) fn remove(&mut self, path: &Path) -> bool {
        let Ok(metadata) = path.symlink_metadata() else { return remove(path) };
        let gone = remove(path);
        if gone {
            self.files += 1;
            self.bytes += metadata.len();
        } else {
            self.failed += 1;
        }
        gone
    }
}
