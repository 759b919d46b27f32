//! Maintenance of a data folder: `check` finds what is wrong, `backup` copies all of it, `compact` writes the index anew,
//! `gc` removes what is not needed and gives blobs of earlier versions their block sums.
//!
//! All lock the folder against a server, as a server does against them. A server checks, scrubs, copies and compacts its
//! own ([`super::beside`]).

mod draft;
mod report;
mod pace;
mod examine;
mod check;
mod backup;
mod compact;
mod tally;
mod prove;
mod scrub;
mod collect;

pub use backup::{BackedUp, BackupPlan, backup};
pub(in crate::store) use backup::{Moment, backup_of};
pub use check::{Checked, check};
pub(in crate::store) use check::{OpenStore, check_open};
pub use collect::{Freed, collect};
pub(in crate::store) use compact::compact_open;
pub use compact::{Compacted, compact};
pub use draft::TargetFault;
pub use pace::Pace;
pub use report::{CompactFault, Event, UpkeepError};
pub use scrub::ScrubRun;
pub(in crate::store) use scrub::scrub_open;
pub use tally::Tally;
