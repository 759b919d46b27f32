//! Routing: from the target of a request to a bucket, a key and an operation.
//!
//! [`address`] reads which bucket and key the host and path name; [`route`] finds the row of the operation table. Both
//! are pure. Neither rules on anything: whether R2 has the operation is the policy's to say.

pub mod address;
pub mod route;

pub use address::{Address, Location};
pub use route::route;
