//! An audit: which requests of which clients R2 would refuse, why, and how often.
//!
//! One request that was judged is an [`Observation`], whether it was sent to the server or read from a log. [`Audit`]
//! counts any number of observations, within bounds. Audits of the same policy are [merged](Audit::merge), and kept
//! [as JSON](Audit::to_json). [`Watch`] finds what a single request does not show.
//!
//! Nothing here reads a clock or a file.

mod billing;
mod client;
mod example;
mod rule;
mod observation;
mod news;
mod watch;
mod tally;
mod file;
pub mod logs;
pub mod report;
#[cfg(test)]
mod tests;

pub use billing::BillingClass;
pub use client::{Client, product};
pub use example::example;
pub use file::FileError;
pub use news::{StoreAnswer, news};
pub use observation::{Observation, Verdict};
pub use rule::{ACL_REQUIRED, NOT_PASSED_ON, RuleId, UNEQUAL_PARTS, UNSIGNED};
pub use tally::{
    Audit, ClientFigures, Coverage, FindingFigures, FindingKey, MAX_CLIENTS, MAX_FINDINGS, MergeError,
    OperationFigures, Source,
};
pub use watch::{Event, MANY_DELETES, WRITES_PER_KEY, Watch};
