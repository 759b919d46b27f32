//! The audit of a running server: what it keeps of requests, and where.

pub mod recorder;

pub use recorder::Recorder;
