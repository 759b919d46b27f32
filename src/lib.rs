//! r2shim: a reverse proxy that speaks the S3 API and gives its clients exactly the feature subset of Cloudflare R2.
//!
//! Modules are listed in dependency order: **a module uses only modules above it in this list**, and the same holds
//! among siblings in each `mod.rs`; `tests/integration/layers.rs` checks this. To see what happens to a request, start
//! at `filters`; the map of all modules is in ARCHITECTURE.md.

pub mod s3;
pub mod region;
pub mod sigv4;
pub mod routing;
pub mod diagnostics;
pub mod page;
pub mod policy;
pub mod body;
pub mod store;
pub mod upstream;
pub mod access;
pub mod cors;
pub mod settings;
pub mod filters;
pub mod audit;
pub mod server;
pub mod cli;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
