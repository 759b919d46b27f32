//! Commands to a running server, through a socket that only its own user can open: a line of JSON, and one or more back.
//!
//! What the commands do is not here: [`life`](crate::server::life) carries them out.

mod protocol;
mod sockets;
mod client;
mod socket;

pub use client::{AskError, Lines, Predecessor, ask};
pub use protocol::{Answer, Command, Fault};
pub(super) use socket::{CarryOut, ControlSocket, Reaction};
