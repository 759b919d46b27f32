//! The life of a server: addresses, start, what goes on beside requests, stop.

mod upload_expiry;
pub mod listeners;
pub mod run;
pub mod serve;
