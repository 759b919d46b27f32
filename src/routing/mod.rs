//! Routing: from the target of a request to a bucket, a key and an operation.
//!
//! [`host`] reads whether the host names a bucket, [`address`] which bucket and key host and path name, and [`route`]
//! finds the row of the operation table. [`forwarded`] reads what proxies say of a request, [`foreign_host`] the hosts of
//! other S3 services. All are pure. None decides whether R2 has the operation: the policy does.

pub mod host;
pub mod address;
pub mod route;
pub mod forwarded;
pub mod foreign_host;

pub use address::{Address, AddressError, RawAddress};
pub use forwarded::{BadNetwork, Forwarded, Network, Scheme, TrustedProxies};
pub use host::LOCAL_DOMAINS;
pub use route::route;
