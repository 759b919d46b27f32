//! The policy: which part of S3 a client gets, and how the rest is refused.
//!
//! A policy is data, `policies/*.toml` in the format of `policies/README.md`. This module reads it (`parse`), merges it
//! over the one it extends (`merge`), checks it against the operation table and compiles it (`compile`, `rows`), and
//! judges requests by it ([`decide`]). No ruling is written in Rust. The module opens no files; a policy's text is an
//! argument.

pub mod source;
pub(crate) mod vocabulary;
mod verdict;
pub mod compiled;
mod reader;
mod parse;
mod merge;
mod compile;
mod row_checks;
mod rows;
pub mod decide;
pub mod show;
pub mod table;

pub use compiled::{Answers, PartLimits, PartOrder, Policy};
pub use decide::{BucketAnswer, Decision, Ignored, RuleRef, RuledAnswer, Ruling, UNLISTED_HEADER, UNLISTED_PARAMETER};
pub use show::Effective;
pub use source::{BUILTIN, Source};
pub use table::{Feature, Mark, Table};

#[cfg(test)]
mod tests;
