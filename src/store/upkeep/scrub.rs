//! The scrub: what a server does now and then so that damage is found while there is a copy to restore from.
//!
//! Blobs of earlier versions get their block sums, and then all is read and compared as by a check beside a server.

use super::check::{Checked, OpenStore, check_open};
use super::pace::Pace;
use super::prove::prove_all;
use super::report::{Event, UpkeepError};
use super::tally::Tally;
use std::io;

/// What a scrub has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrubRun {
    /// What was checked and found.
    pub checked: Checked,
    /// Blobs of earlier versions that have block sums now.
    pub proven: Tally,
    /// Bytes of blobs that were read.
    pub read: u64,
}

/// Scrubs a store that is open.
///
/// # Errors
/// The disk or the index fails, or `report` does. A finding is no error.
pub(in crate::store) fn scrub_open(
    store: &OpenStore<'_>,
    mut pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<ScrubRun, UpkeepError> {
    let (mut read_to_prove, mut read_to_check) = (0, 0);
    let proven = if store.index.is_read_only() {
        Tally::default()
    } else {
        prove_all(store.folder, store.index, Some(store.hold), &mut |done, of, bytes| {
            read_to_prove = done;
            pace.spend(bytes);
            report(Event::Progress { done, of })
        })?
    };
    let checked = check_open(store, pace, &mut |event| {
        if let Event::Progress { done, .. } = event {
            read_to_check = done;
        }
        report(event)
    })?;
    Ok(ScrubRun { checked, proven, read: read_to_prove + read_to_check })
}
