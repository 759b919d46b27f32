//! The credentials with which requests to a remote store are signed.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::choice::one_of;
use crate::settings::findings::Findings;
use crate::settings::keys::id_problem;
use crate::settings::secret::{self, Environment, SecretPlace};
use crate::settings::written::WrittenCredentials;
use crate::upstream::CredentialSource;
use std::path::Path;

/// The key that settings give for a remote store, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamKey {
    /// Its id.
    pub id: String,
    /// Where the id was written.
    pub location: Location,
    /// Where the secret was found.
    pub secret: SecretPlace,
}

#[derive(Clone, Copy)]
enum Source {
    Static,
    AwsChain,
}

const WAYS: &str =
    "write access_key_id and secret_access_key_env (or _file) of a key of the store, or credentials = \"aws-chain\"";

/// The credentials, and their key if settings have one; `None` only if there is a fault.
pub(super) fn resolve(
    upstream: &Location,
    written: WrittenCredentials,
    settings: &Path,
    environment: Environment<'_>,
    findings: &mut Findings,
) -> Option<(CredentialSource, Option<UpstreamKey>)> {
    match findings.good(source(upstream, &written))? {
        Source::Static => fixed(upstream, written, settings, environment, findings),
        Source::AwsChain => chain(&written, findings),
    }
}

fn source(upstream: &Location, written: &WrittenCredentials) -> Result<Source, Diagnostic> {
    let choices = [("static", Source::Static), ("aws-chain", Source::AwsChain)];
    match &written.source {
        Some(text) => one_of(text, "source of credentials", &choices),
        None if written.id.is_some() || written.secret.given().next().is_some() => Ok(Source::Static),
        None => Err(Diagnostic::new(upstream.clone(), "[upstream] has no credentials", WAYS)),
    }
}

fn fixed(
    upstream: &Location,
    written: WrittenCredentials,
    settings: &Path,
    environment: Environment<'_>,
    findings: &mut Findings,
) -> Option<(CredentialSource, Option<UpstreamKey>)> {
    let id = findings.good(id(upstream, written.id));
    let secret = findings.good(secret::resolve("[upstream]", upstream, written.secret, settings, environment));
    let (id, (secret, secret_place)) = (id?, secret?);
    let key = UpstreamKey { id: id.value.clone(), location: id.location, secret: secret_place };
    Some((CredentialSource::Static { access_key_id: id.value, secret }, Some(key)))
}

fn id(upstream: &Location, written: Option<Spanned<String>>) -> Result<Spanned<String>, Diagnostic> {
    let missing = || Diagnostic::new(upstream.clone(), "[upstream] has no access_key_id", WAYS);
    let id = written.ok_or_else(missing)?;
    match id_problem(&id.value) {
        Some(problem) => Err(id.fault(format!("the access key id {problem}"), "write the id of a key of the store")),
        None => Ok(id),
    }
}

fn chain(written: &WrittenCredentials, findings: &mut Findings) -> Option<(CredentialSource, Option<UpstreamKey>)> {
    let before = findings.faults.len();
    let advice = "leave it out, or write credentials = \"static\"";
    let unused = |name: &str, text: &Spanned<String>| {
        text.fault(format!("{name} has no meaning with credentials = \"aws-chain\""), advice)
    };
    findings.faults.extend(written.id.iter().map(|id| unused("an access_key_id", id)));
    findings.faults.extend(written.secret.given().map(|secret| unused("a secret", secret)));
    (findings.faults.len() == before).then_some((CredentialSource::AwsChain, None))
}
