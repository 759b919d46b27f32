//! The resolved settings: every value is checked, and every default is filled in.

use crate::access::{BucketScope, Keyring};
use crate::cors::CorsRules;
use crate::policy::Policy;
use crate::routing::{Scheme, TrustedProxies};
use crate::s3::names::BucketName;
use crate::settings::http2::Http2;
use crate::settings::life::Life;
use crate::settings::limits::{PortLimits, RequestLimits};
use crate::settings::pages::Pages;
use crate::settings::tls::Tls;
use crate::store::Options;
use crate::upstream::Remote;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The settings for serving.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients are served; port 0 is any free one.
    pub listen: Vec<SocketAddr>,
    /// Where metrics, health and pages are served; `None` if they are switched off.
    pub admin: Option<SocketAddr>,
    /// The pages served there.
    pub pages: Pages,
    /// Buckets whose objects are read without a key.
    pub public: BucketScope,
    /// Where they are read; empty if there are none.
    pub public_listen: Vec<SocketAddr>,
    /// The proxies that are trusted to name the client.
    pub trusted_proxies: TrustedProxies,
    /// The policy to enforce.
    pub policy: Arc<Policy>,
    /// What to do with a request the policy refuses.
    pub mode: Mode,
    /// Domains under which buckets are host names, in lower case.
    pub domains: Vec<String>,
    /// The CORS rules: which pages of other origins may use the server.
    pub cors: CorsRules,
    /// The keys of clients.
    pub keys: Keyring,
    /// Where objects are.
    pub upstream: Upstream,
    /// The clients' names of buckets that are made at the start if they are missing.
    pub buckets: Vec<BucketName>,
    /// The folder of what is kept here: the local store, and the pair made at the first start.
    pub data_folder: PathBuf,
    /// Where an audit is kept.
    pub audit_file: PathBuf,
    /// How the local store is opened.
    pub store: Options,
    /// The control socket, and how the server notices changed files.
    pub life: Life,
    /// How much of the server requests may use.
    pub limits: RequestLimits,
    /// How much of it connections may use.
    pub ports: PortLimits,
    /// The certificate of the S3 port and the public one; `None` if both are plain HTTP.
    pub tls: Option<Tls>,
    /// What a connection of HTTP/2 may hold.
    pub http2: Http2,
}

impl Settings {
    /// How clients reach the S3 port and the public one.
    pub fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::Https } else { Scheme::Http }
    }
}

/// What to do with a request the policy refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Refuse it.
    Enforce,
    /// Carry it out if the store can, and note it.
    Audit,
}

impl Mode {
    /// The mode of that name.
    pub fn parse(name: &str) -> Option<Mode> {
        [Mode::Enforce, Mode::Audit].into_iter().find(|mode| mode.name() == name)
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Audit => "audit",
        }
    }

    /// The default policy: the R2 that many still develop against, or, in an audit, the one that an application would
    /// move to.
    pub(super) fn default_policy(self) -> &'static str {
        match self {
            Mode::Enforce => "r2",
            Mode::Audit => "r2-2026",
        }
    }
}

/// Where objects are.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// In the data folder.
    Local,
    /// In another store.
    Remote(Box<Remote>),
}
