//! Audits from existing logs: bytes in, figures out.
//!
//! A [`splitter`] finds the records, each [`Format`] makes a [`LoggedRequest`] of one, and [`judge`] asks the chain
//! about it ([`crate::filters::explain`]), which has every rule. Signatures and session tokens of a log are not kept.

pub mod splitter;
pub mod request;
pub mod entry;
mod names;
mod access_log;
mod cloudtrail;
mod minio;
mod har;
mod own_log;
pub mod format;
mod judge;
pub mod reader;
#[cfg(test)]
mod tests;

pub use entry::{LeftOut, Unreadable};
pub use format::{BEGINNING, Format};
pub use judge::judge;
pub use reader::{Ledger, LogReader, SHOWN, Summary};
pub use request::LoggedRequest;
