//! What the fuzzers in `fuzz/` ask of the parsers: one function a target, bytes in, and a panic where something is wrong.
//!
//! Only `cfg(fuzzing)` and the unit tests have this module. It is the door of `fuzz/` into the crate: what is private
//! stays private, and a build of the program has none of it. The unit tests replay every input that `fuzz/` keeps, so
//! that an input that once failed fails again without a fuzzer.
//!
//! A target says more than "no panic": it states what must hold for any input. Two readings of the same bytes agree,
//! what is written reads back as it was, what is signed verifies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a fuzzer sees what is wrong by a panic")]

mod input;
mod head;
mod authorization;
mod canonical;
mod chain;
mod chunks;
mod documents;
mod rewriter;
mod headers;
mod policy;
mod settings;
mod rows;
mod logs;
mod audits;
mod command;
mod tokens;
mod wire;
mod heads;
mod secrets;
mod blobs;
#[cfg(test)]
mod tests;

pub use audits::audits;
pub use authorization::authorization;
pub use blobs::blobs;
pub use canonical::canonical;
pub use chain::chain;
pub use chunks::chunks;
pub use command::command;
pub use documents::documents;
pub use headers::headers;
pub use heads::heads;
pub use logs::logs;
pub use policy::policy;
pub use rewriter::rewriter;
pub use rows::rows;
pub use secrets::secrets;
pub use settings::settings;
pub use tokens::tokens;

/// What an input is given to.
pub type Target = fn(&[u8]);

/// The targets by the names that they have in `fuzz/`.
pub const TARGETS: [(&str, Target); 17] = [
    ("audits", audits),
    ("authorization", authorization),
    ("blobs", blobs),
    ("canonical", canonical),
    ("chain", chain),
    ("chunks", chunks),
    ("command", command),
    ("documents", documents),
    ("headers", headers),
    ("heads", heads),
    ("logs", logs),
    ("policy", policy),
    ("rewriter", rewriter),
    ("rows", rows),
    ("secrets", secrets),
    ("settings", settings),
    ("tokens", tokens),
];
