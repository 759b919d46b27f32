//! The audit of a running server: what it keeps of requests, and where.

mod file;
pub mod recorder;

pub use file::OpenError;
pub use recorder::Recorder;
