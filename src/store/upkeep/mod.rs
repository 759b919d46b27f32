//! Maintenance of a data folder that is not being served: `check` finds what is wrong, `gc` removes what is not needed
//! and gives blobs of earlier versions their block sums.
//!
//! Both lock the folder against a server, as a server does against them.

mod report;
mod check;
mod tally;
mod prove;
mod collect;

pub use check::{Checked, check};
pub use collect::{Freed, collect};
pub use report::{Event, UpkeepError};
pub use tally::Tally;
