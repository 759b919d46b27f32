//! A remote store as settings describe it.

use crate::s3::names::BucketName;
use crate::sigv4::Secret;
use crate::upstream::{Addressing, BucketMap, Dialect, Endpoint};
use std::path::PathBuf;
use std::time::Duration;

/// A remote store.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its nodes, at least one; any of them can serve any request.
    pub endpoints: Vec<Endpoint>,
    /// The region requests to it are signed for.
    pub region: String,
    /// Where requests to it put the bucket's name.
    pub addressing: Addressing,
    /// Its differences from S3.
    pub dialect: &'static Dialect,
    /// The source of the credentials for it.
    pub credentials: CredentialSource,
    /// The names of its buckets.
    pub buckets: BucketMap,
    /// A PEM file of the certificates to trust; `None` for those of the system.
    pub ca_file: Option<PathBuf>,
    /// The time limits.
    pub timeouts: Timeouts,
    /// How many idle connections to it are kept, to all nodes together.
    pub pool: usize,
    /// How the health of its nodes is checked.
    pub health: HealthCheck,
}

impl Remote {
    /// A store with these endpoints and credentials, and the defaults of settings for all else.
    pub fn new(endpoints: Vec<Endpoint>, credentials: CredentialSource) -> Remote {
        Remote {
            region: DEFAULT_REGION.to_owned(),
            addressing: Addressing::Path,
            dialect: Dialect::inferred(&endpoints),
            endpoints,
            credentials,
            buckets: BucketMap::default(),
            ca_file: None,
            timeouts: Timeouts::default(),
            pool: DEFAULT_POOL,
            health: HealthCheck::Any,
        }
    }

    /// The store's name of a client's bucket; `None` if clients can reach no bucket of that name.
    pub fn upstream_bucket<'a>(&'a self, client: &'a BucketName) -> Option<&'a str> {
        self.buckets.upstream(client).filter(|name| !self.dialect.reserves(name))
    }

    /// The client's name of a bucket of the store; `None` if it is hidden from clients. `of_r2` is whether clients see
    /// only names that R2 allows.
    pub fn client_bucket(&self, upstream: &str, of_r2: bool) -> Option<BucketName> {
        self.buckets.client(upstream, of_r2).filter(|_| !self.dialect.reserves(upstream))
    }
}

/// The source of credentials for a remote store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Settings.
    Static {
        /// The key's id.
        access_key_id: String,
        /// The key's secret.
        secret: Secret,
    },
    /// The sources of the AWS SDKs: environment, shared profile, web identity, container role, instance role.
    AwsChain,
}

/// The time limits of a remote store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the end of a request to the end of its answer's head, however many pieces the head comes in.
    pub first_byte: Duration,
    /// The same for operations that assemble or copy an object: CompleteMultipartUpload, CopyObject, UploadPartCopy.
    pub assembly: Duration,
    /// Between two pieces of a body, in either direction.
    pub idle: Duration,
}

/// How the health of a node is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthCheck {
    /// Any answer to `GET /` except a server error is good, a refusal too.
    Any,
    /// `GET` of this path must be answered with 200.
    Path(String),
}

impl Default for Timeouts {
    /// CompleteMultipartUpload may take minutes (S3 API reference), and a copy of 5 GiB takes as long.
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(120),
            assembly: Duration::from_secs(900),
            idle: Duration::from_secs(60),
        }
    }
}

/// The region that requests are signed for by default, which stores without regions expect.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The idle connections that are kept by default: as many as requests may be in flight on a busy machine. With too
/// small a pool every request needs a new connection.
pub const DEFAULT_POOL: usize = 1024;
