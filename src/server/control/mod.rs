//! Commands to a running server, through a socket that only its own user can open: one line of JSON each way.
//!
//! What the commands do is not here: [`life`](crate::server::life) carries them out.

mod protocol;
mod sockets;
mod client;
mod socket;

pub use client::{AskError, Predecessor, ask};
pub use protocol::{Answer, Command, Fault};
pub(super) use socket::{CarryOut, ControlSocket, Reaction};
