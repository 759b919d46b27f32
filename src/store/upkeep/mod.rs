//! Maintenance of a data folder: `check` finds what is wrong, `gc` removes what is not needed and gives blobs of earlier
//! versions their block sums.
//!
//! Both lock the folder against a server, as a server does against them. A server checks its own ([`super::beside`]).

mod report;
mod pace;
mod check;
mod tally;
mod prove;
mod collect;

pub use check::{Checked, check};
pub(in crate::store) use check::{OpenStore, check_open};
pub use collect::{Freed, collect};
pub use pace::Pace;
pub use report::{Event, UpkeepError};
pub use tally::Tally;
