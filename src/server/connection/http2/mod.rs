//! HTTP/2: many requests on one connection.
//!
//! The h2 crate reads and writes the frames. pingora's own sessions of HTTP/2 are not used, for three reasons: they
//! send no
//! `100 Continue`, for which SDKs wait a second; they end an incomplete answer as if it were complete; and they wait
//! without end for a client that has agreed on HTTP/2 and then sends nothing.

mod announcement;
mod session;
mod serve;

pub use serve::{Http2Limits, serve};
pub use session::Http2Session;
