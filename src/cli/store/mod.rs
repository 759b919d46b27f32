//! `store check`, `store backup`, `store compact` and `store gc`: maintenance of a local store. A server that has it open
//! checks, copies and compacts it itself.
//!
//! An error that stops a command exits with 2.

mod printer;
mod by_server;
mod check;
mod backup;
mod compact;
mod gc;

pub(super) use backup::backup;
pub(super) use check::check;
pub(super) use compact::compact;
pub(super) use gc::gc;
