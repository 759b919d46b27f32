//! A server in this process or in one of its own, and a client that sends exactly what a test says.

mod client;
pub mod command;
mod framing;
pub mod log;
pub mod metrics;
pub mod stores;
mod server;
mod process;
pub mod service;
pub mod load;
mod temporary;
pub mod scripted;
pub mod secure;

pub use client::{Connection, Request, Response, Signing};
pub use framing::{frame, frame_signed};
pub use process::Process;
pub use server::{KEY_ID, SECRET, TestServer, public_rules, rules};
pub use temporary::Temporary;
