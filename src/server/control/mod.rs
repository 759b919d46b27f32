//! Commands to a running server, through a socket that only its own user can open. A command is a line of JSON, and the
//! answer is one or more lines. [`life`](crate::server::life) carries the commands out.

mod protocol;
mod sockets;
mod client;
mod socket;

pub use client::{AskError, Lines, Predecessor, ask};
pub use protocol::{Answer, Command, Fault};
pub(super) use socket::{CarryOut, ControlSocket, Reaction};
