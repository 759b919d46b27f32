//! The audit of a running server: its figures and its file.

mod file;
pub mod recorder;

pub use file::OpenError;
pub use recorder::Recorder;
