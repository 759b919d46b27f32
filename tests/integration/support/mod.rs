//! A server in this process and a client that sends exactly what a test says.

mod client;
pub mod command;
mod server;

pub use client::{Connection, Request, Response, Signing};
pub use server::{KEY_ID, SECRET, TestServer};
