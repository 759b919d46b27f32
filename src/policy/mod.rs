//! The policy: which of S3 a client gets, and how the rest is refused.
//!
//! A policy is data, `policies/*.toml` in the format of `policies/README.md`. Here it is read (`parse`), laid over the
//! one it extends (`merge`), checked against the operation table and compiled (`compile`, `rows`), and asked about
//! requests ([`decide`]). No ruling is written in Rust: this module only looks them up. It opens no files; a policy's text
//! is an argument.

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
