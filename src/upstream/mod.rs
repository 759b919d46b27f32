//! A remote S3 store as plain data: its address, the names of its buckets, its differences from S3, and the form of
//! requests to it and of its answers.
//!
//! Nothing here opens a connection or reads a clock; [`crate::server`] does, by the decisions of this module.

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
