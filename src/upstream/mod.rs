//! A remote S3 store as plain data: where it is, how its buckets are called, how it differs from S3, and what a request
//! and an answer look like on its side.
//!
//! Nothing here opens a connection or reads a clock: [`crate::server`] does, with what is decided here.

pub mod endpoint;
pub mod buckets;
pub mod dialect;
pub mod remote;
pub mod unsupported;
pub mod retry;
pub mod whole;
pub mod request;
pub mod failure;
pub mod documents;
pub mod headers;
pub mod part_sizes;

pub use buckets::BucketMap;
pub use dialect::Dialect;
pub use documents::{ClientNames, client_document};
pub use endpoint::{Addressing, Endpoint};
pub use headers::client_headers;
pub use remote::{CredentialSource, HealthCheck, Remote, Timeouts};
pub use request::{Incoming, Outgoing, SigningIdentity};
pub use retry::{FailureKind, Retries};
