//! `[upstream] kind = "s3"`: reads the description of a remote store.
//!
//! Nothing here opens a connection: settings are valid even if the store does not answer.

mod endpoints;
mod signing;
mod authorities;
mod timeouts;
mod buckets;

pub use signing::UpstreamKey;

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::choice::one_of;
use crate::settings::findings::Findings;
use crate::settings::secret::Environment;
use crate::settings::written::WrittenRemote;
use crate::upstream::dialect::DIALECTS;
use crate::upstream::remote::{DEFAULT_POOL, DEFAULT_REGION};
use crate::upstream::{Addressing, Dialect, Endpoint, HealthCheck, Remote};
use http::uri::PathAndQuery;
use std::net::SocketAddr;
use std::path::Path;

/// The remote store, and the key for it if settings have one; `None` only if there is a fault. `settings` is the
/// file, `served` the addresses this server itself listens at.
pub(super) fn resolve(
    written: WrittenRemote,
    settings: &Path,
    environment: Environment<'_>,
    served: &[SocketAddr],
    findings: &mut Findings,
) -> Option<(Remote, Option<UpstreamKey>)> {
    let addressing = findings.good(addressing(written.addressing));
    let endpoints = endpoints::resolve(&written.location, written.endpoints, addressing, served, findings);
    let region = findings.good(region(written.region));
    let dialect = findings.good(dialect(written.dialect, endpoints.as_deref().unwrap_or_default()));
    let credentials = signing::resolve(&written.location, written.credentials, settings, environment, findings);
    let any_tls = endpoints.as_ref().is_none_or(|nodes| nodes.iter().any(|node| node.tls));
    let ca_file = authorities::resolve(written.ca_file, settings, any_tls, findings);
    let timeouts =
        timeouts::resolve(written.connect_timeout, written.first_byte_timeout, written.idle_timeout, findings);
    let pool = findings.good(pool(written.pool));
    let health = findings.good(health(written.health));
    let buckets = buckets::resolve(written.buckets, written.only_mapped, addressing, dialect, any_tls, findings);
    let (credentials, key) = credentials?;
    let remote = Remote {
        endpoints: endpoints?,
        region: region?,
        addressing: addressing?,
        dialect: dialect?,
        credentials,
        buckets: buckets?,
        ca_file: ca_file?,
        timeouts: timeouts?,
        pool: pool?,
        health: health?,
    };
    Some((remote, key))
}

fn addressing(written: Option<Spanned<String>>) -> Result<Addressing, Diagnostic> {
    let choices = [("path", Addressing::Path), ("virtual", Addressing::Virtual)];
    written.map_or(Ok(Addressing::Path), |text| one_of(&text, "addressing", &choices))
}

fn dialect(written: Option<Spanned<String>>, endpoints: &[Endpoint]) -> Result<&'static Dialect, Diagnostic> {
    let choices: Vec<_> = DIALECTS.iter().map(|dialect| (dialect.name, dialect)).collect();
    written.map_or_else(|| Ok(Dialect::inferred(endpoints)), |text| one_of(&text, "dialect", &choices))
}

/// A region is part of every signature (`ID/DATE/REGION/s3/aws4_request`), so it must fit in there.
fn region(written: Option<Spanned<String>>) -> Result<String, Diagnostic> {
    let Some(text) = written else { return Ok(DEFAULT_REGION.to_owned()) };
    let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b',');
    if text.value.is_empty() || !text.value.bytes().all(fits) {
        let advice = "write what the store calls it, as \"eu-west-1\", or leave it out for \"us-east-1\"";
        return Err(text.fault(format!("{:?} is no region", text.value), advice));
    }
    Ok(text.value)
}

/// More connections than this cannot go from one address to one node: there are no more ports.
const MOST_POOL: u64 = 65_535;

fn pool(written: Option<Spanned<u64>>) -> Result<usize, Diagnostic> {
    let Some(number) = written else { return Ok(DEFAULT_POOL) };
    let good = usize::try_from(number.value).ok().filter(|_| (1..=MOST_POOL).contains(&number.value));
    good.ok_or_else(|| {
        let advice = format!("it is the idle connections kept: write 1 to {MOST_POOL}, or leave it out");
        number.fault(format!("a pool of {} connections cannot be", number.value), advice)
    })
}

fn health(written: Option<Spanned<String>>) -> Result<HealthCheck, Diagnostic> {
    let Some(text) = written.filter(|text| text.value != "any") else { return Ok(HealthCheck::Any) };
    // The parser drops a fragment silently.
    let is_path = |path: PathAndQuery| path.as_str() == text.value && text.value.starts_with('/');
    if text.value.parse().is_ok_and(is_path) {
        return Ok(HealthCheck::Path(text.value));
    }
    let advice = "write \"any\", or a path that answers 200 while the node is healthy, as \"/minio/health/live\"";
    Err(text.fault(format!("{:?} is no health check", text.value), advice))
}
