//! `explain`: a request from the command line, sent down the chain, and what became of it.

mod request;
mod render;

use crate::access::{BucketScope, Keyring};
use crate::cli::arguments::Explain;
use crate::cli::explain::request::Request;
use crate::cli::failure::Failure;
use crate::filters::{self, Limits, Rules};
use crate::routing::TrustedProxies;
use crate::s3::Timestamp;
use crate::settings;
use crate::sigv4::KeyCache;
use std::io::Write;

/// Explains a request. Whatever the answer to it, explaining it is a success.
pub(super) fn run(arguments: &Explain, out: &mut dyn Write) -> Result<(), Failure> {
    let request = Request::parse(&arguments.method, &arguments.url, &arguments.headers)?;
    let (policy, domains, cors) = settings::load_rules(&arguments.sources.flags())?;
    let name = policy.name().to_owned();
    let rules = Rules {
        limits: Limits::default(),
        domains,
        cors,
        // No key is needed to explain a request: the filters that need one are left out.
        keyring: Keyring::default(),
        signing_keys: KeyCache::default(),
        policy,
        public: BucketScope::none(),
        trusted_proxies: TrustedProxies::default(),
    };
    let explanation = filters::explain(&rules, request.head(), Timestamp::default());
    out.write_all(render::render(&request, &name, &explanation, settings::policy_line).as_bytes())?;
    Ok(())
}
