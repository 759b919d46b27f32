//! pingora and everything that needs it: connections, replies, metrics, the access log, the admin address.
//!
//! A request arrives through [`connection`] and [`exchange`]. [`s3_port`] answers it: it asks the chain in
//! [`crate::filters`] and then [`local`] or [`remote`]. [`observe`] records it. [`public_port`] answers reads of public
//! buckets. [`life`] starts and stops the server.

mod clock;
pub mod workers;
pub mod observe;
pub mod quota;
pub mod answer;
pub mod tls;
pub mod connection;
pub mod recent;
mod operations;
pub mod local;
pub mod remote;
pub mod backend;
pub mod exchange;
pub mod audit;
mod observed;
pub mod s3_port;
mod public_page;
pub mod public_port;
pub mod pages;
pub mod admin_port;
pub mod control;
pub mod life;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use life::inherited::Inherited;
pub use life::listeners::{Addresses, BindError, Listeners};
pub use life::run::{Objects, Running, ServerParts, StartError, start};
pub use life::serve::{ProbeError, Served, probe, serve};
