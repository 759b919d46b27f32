//! Maintenance of a data folder that is not being served: `check` finds what is wrong, `gc` removes what is not needed.
//!
//! Both lock the folder against a server, as a server does against them.

mod report;
mod check;
mod collect;

pub use check::{Checked, check};
pub use collect::{Freed, Tally, collect};
pub use report::{Event, UpkeepError};
