//! The policy: which of S3 a client gets, and what it hears about the rest.
//!
//! A policy is data, `policies/*.toml` in the format of `policies/README.md`. Here it is read (`read`), checked
//! against the operation table and compiled (`compile`), and asked about requests ([`decide`]). No ruling stands in
//! Rust: what this module knows is how to look one up. It opens no files; a policy's text is an argument.

pub mod source;
mod vocabulary;
mod verdict;
mod rules;
mod written;
mod reader;
mod read;
pub mod compiled;
mod lookup;
mod rows;
mod answers;
mod compile;
pub mod decide;
pub mod show;

pub use compiled::{Answers, Limits, PartOrder, Policy};
pub use decide::{Answer, Decision, Ignored, RuleRef, Ruling};
pub use show::Effective;
pub use source::{BUILTIN, Fault, Place, Source};

#[cfg(test)]
mod tests;
