//! A server in this process or in one of its own, and a client that sends exactly what a test says.

mod client;
pub mod command;
mod framing;
pub mod stores;
