//! A client's connection: its limits, its heads and bodies as pingora reads them, its answers as pingora writes them,
//! and the port that combines these.

pub mod socket;
pub mod pace;
pub mod answer_pace;
pub mod client_stream;
pub mod deadline;
pub mod head;
pub mod request_body;
pub mod http10;
pub mod reply;
pub mod http2;
pub mod port;
pub mod limits;
