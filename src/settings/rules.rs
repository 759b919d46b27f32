//! The rules for a request, for a command that does not serve: secrets may be unavailable.

use crate::access::Keyring;
use crate::cors::CorsRules;
use crate::diagnostics::Diagnostic;
use crate::policy::Policy;
use crate::settings::audit;
use crate::settings::cors;
use crate::settings::domain;
use crate::settings::findings::Findings;
use crate::settings::flags::Flags;
use crate::settings::given_keys::GivenKeys;
use crate::settings::key_flag;
use crate::settings::keys::{self, GivenKey};
use crate::settings::limits::{self, RequestLimits};
use crate::settings::load::{data_folder, policy, read_file, upstream};
use crate::settings::resolved::{Mode, Upstream};
use crate::settings::secret::{self, Environment, SecretPlace, is_at_hand};
use crate::settings::written::{WrittenKey, WrittenSecret, WrittenUpstream};
use std::collections::HashMap;
use std::path::Path;

/// The rules for a request.
#[derive(Debug)]
pub struct LoadedRules {
    /// The policy.
    pub policy: Policy,
    /// Domains under which buckets are host names, in lower case.
    pub domains: Vec<String>,
    /// The CORS rules.
    pub cors: CorsRules,
    /// The keys that may sign; empty if they are not known.
    pub keyring: Keyring,
    /// The ids of those whose secrets are not at hand: they have another text instead.
    pub without_secret: Vec<String>,
    /// Where objects are.
    pub upstream: Upstream,
    /// Whether requests that R2 would refuse are refused or noted.
    pub mode: Mode,
    /// How much of the server requests may use.
    pub limits: RequestLimits,
}

/// Reads the rules for a request. Without a settings file no key is known, because each machine makes its own.
///
/// # Errors
/// Every fault there is in it and in the form of the file.
pub fn load_rules(flags: &Flags, environment: Environment<'_>) -> Result<LoadedRules, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let mut written = read_file(flags.config.as_deref(), &mut findings.faults);
    let mode = audit::mode(flags, written.mode, &mut findings.faults);
    let policy = policy(flags, file, written.policy, mode, &mut Vec::new(), &mut findings.faults);
    let domains = domain::domains(written.domains, &mut findings.faults);
    let cors = cors::resolve(written.cors, &flags.cors, &mut findings);
    let data = data_folder(flags, file, &written.upstream, &mut findings.faults);
    // These settings do not decide about requests, but their faults are reported.
    limits::of_ports(&mut written.limits, &mut findings.faults);
    let limits = limits::resolve(written.limits, &mut findings.faults);
    let without_secret = stand_in(&mut written.keys, file, environment);
    let of_file = keys::from_file(written.keys, file, environment, &mut findings.faults);
    if let WrittenUpstream::Remote(remote) = &mut written.upstream {
        stand_in_for(&mut remote.credentials.secret, file, environment);
    }
    let upstream = upstream(written.upstream, file, environment, &[], &mut findings);
    let keys = match flags.config {
        None => Vec::new(),
        Some(_) => {
            let of_environment = keys::from_environment(environment, &mut findings.faults);
            let given = GivenKeys { of_flags: Vec::new(), of_environment, of_file };
            // A kept pair that cannot be read is not known.
            given.choose(&data, &mut findings.warnings).unwrap_or_default()
        }
    };
    match (policy, upstream) {
        (Some(policy), Some((upstream, _))) if findings.faults.is_empty() => {
            let keyring: Keyring = keys.into_iter().map(|given| given.key).collect();
            Ok(LoadedRules { policy, domains, cors, keyring, without_secret, upstream, mode, limits })
        }
        _ => Err(flags.placed(findings.faults)),
    }
}

/// The keys of settings, for a command that serves nothing.
#[derive(Debug)]
pub struct LoadedKeys {
    /// The keys that `serve` would take, in the order they were given; none if it would make its own.
    pub keys: Vec<GivenKey>,
    /// The ids of those whose secrets are not at hand: they have another text instead.
    pub without_secret: Vec<String>,
    /// Settings that are allowed but may be mistakes.
    pub warnings: Vec<Diagnostic>,
}

/// Reads only the keys, and makes none.
///
/// # Errors
/// Every fault there is in them and in the form of the file.
pub fn load_keys(flags: &Flags, environment: Environment<'_>) -> Result<LoadedKeys, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let mut written = read_file(flags.config.as_deref(), &mut findings.faults);
    let data = data_folder(flags, file, &written.upstream, &mut findings.faults);
    let place = |key: &WrittenKey| Some((key.id.as_ref()?.value.clone(), secret::elsewhere(&key.secret, file)?));
    let places: HashMap<String, SecretPlace> = written.keys.iter().filter_map(place).collect();
    let without_secret = stand_in(&mut written.keys, file, environment);
    let of_file = keys::from_file(written.keys, file, environment, &mut findings.faults);
    let of_environment = keys::from_environment(environment, &mut findings.faults);
    let of_flags = key_flag::keys(&flags.keys, &flags.place("--key"), &mut findings);
    if !findings.faults.is_empty() {
        return Err(flags.placed(findings.faults));
    }
    let given = GivenKeys { of_flags, of_environment, of_file };
    let mut keys = given.choose(&data, &mut findings.warnings)?;
    for key in keys.iter_mut().filter(|given| without_secret.contains(&given.key.id)) {
        key.secret = places.get(&key.key.id).unwrap_or(&key.secret).clone();
    }
    Ok(LoadedKeys { keys, without_secret, warnings: findings.warnings })
}

/// Replaces secrets that are not available. Returns the ids of their keys.
fn stand_in(keys: &mut [WrittenKey], file: &Path, environment: Environment<'_>) -> Vec<String> {
    let replaced = keys.iter_mut().filter_map(|key| {
        let replaced = stand_in_for(&mut key.secret, file, environment);
        key.id.as_ref().filter(|_| replaced).map(|id| id.value.clone())
    });
    replaced.collect()
}

/// Whether the secret was replaced. A secret that is named not at all or more than once stays a fault.
fn stand_in_for(secret: &mut WrittenSecret, file: &Path, environment: Environment<'_>) -> bool {
    let replace = secret.given().count() == 1 && !is_at_hand(secret, file, environment);
    if replace {
        secret.stand_in();
    }
    replace
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::VarError;

    /// What is known about the keys: `id` if the secret is available, else `id?`.
    fn known(settings: &str, variables: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("r2shim.toml");
        std::fs::write(&config, settings.replace("DATA", &folder.path().join("data").display().to_string())).unwrap();
        let environment = |name: &str| match variables.contains(&name) {
            true => Ok(name.to_owned()),
            false => Err(VarError::NotPresent),
        };
        let loaded = load_rules(&Flags { config: Some(config), ..Flags::default() }, &environment);
        let loaded = loaded.map_err(|faults| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>())?;
        let mark = |id: &str| if loaded.without_secret.iter().any(|without| without == id) { "?" } else { "" };
        let mut ids: Vec<String> = loaded.keyring.ids().map(|id| format!("{id}{}", mark(id))).collect();
        ids.sort();
        Ok(ids)
    }

    #[test]
    fn keys_are_known_without_their_secrets() {
        const LOCAL: &str = "[upstream]\npath = \"DATA\"\n";
        let key = |id: &str, secret: &str| {
            format!("[[key]]\naccess_key_id = \"{id}\"\n{secret}\npermission = \"object-read-only\"\n")
        };
        let inline = key("inline", "secret_access_key = \"hush\"");
        let (variable, file) =
            (key("variable", "secret_access_key_env = \"APP\""), key("file", "secret_access_key_file = \"none\""));
        let remote = "[upstream]\nkind = \"s3\"\nendpoints = [\"http://127.0.0.1:1\"]\naccess_key_id = \"up\"\n\
                      secret_access_key_env = \"UP\"\n";
        let all = format!("{inline}{variable}{file}{LOCAL}");
        for (settings, variables, expected) in [
            (all.as_str(), &[][..], &["file?", "inline", "variable?"][..]),
            (&all, &["APP"], &["file?", "inline", "variable"]),
            (&all, &["R2SHIM_ACCESS_KEY_ID", "R2SHIM_SECRET_ACCESS_KEY"], &["R2SHIM_ACCESS_KEY_ID"]),
            (&format!("{variable}{remote}"), &[], &["variable?"]),
            (LOCAL, &[], &[]),
        ] {
            assert_eq!(known(settings, variables).unwrap(), expected, "{settings} {variables:?}");
        }
        let faults = known(&key("none", ""), &[]).unwrap_err();
        assert_eq!(faults, ["this key has no secret"]);
    }
}
