//! HTTP/2: many requests on one connection.
//!
//! The frames are the h2 crate's. pingora's own sessions of HTTP/2 are not used: they send no `100 Continue`, for which
//! SDKs wait a second, end an answer that breaks off as if it were whole, and wait for ever for a client that has
//! agreed on HTTP/2 and then says nothing.

mod announcement;
mod session;
mod serve;

pub use serve::{Http2Limits, serve};
pub use session::Http2Session;
