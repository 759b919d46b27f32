//! pingora and everything that needs it: the phases of a request, replies, metrics, the access log, the admin address.
//!
//! Phases are a few lines each and decide nothing: the chain in [`crate::filters`] does.

mod clock;
pub mod record;
pub mod metrics;
pub mod health;
pub mod access_log;
pub mod answer;
pub mod ids;
pub mod head;
pub mod pace;
pub mod request_body;
mod documents;
pub mod whole;
pub mod reply;
pub mod local;
pub mod remote;
pub mod backend;
pub mod client_stream;
pub mod deadline;
pub mod connections;
pub mod port;
pub mod proxy;
pub mod admin;
mod upload_expiry;
mod listeners;
pub mod run;
mod serve;

pub use listeners::{BindError, Listeners};
pub use run::{Objects, Parts, Running, StartError, start};
pub use serve::{probe, serve};
