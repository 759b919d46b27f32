//! `keys new`: a pair to paste into the settings file. The other commands of `keys` have a file each.

pub(super) mod arguments;
pub(super) mod temporary;
pub(super) mod list;
pub(super) mod check;

use crate::access::pair::SEED_BYTES;
use crate::access::{AccessKey, KeyPair};
use crate::cli::failure::Failure;
use crate::cli::keys::arguments::{KeysCommand, NewKey};
use crate::cli::sources::KeySource;
use crate::diagnostics::{Diagnostic, Location};
use crate::s3::Timestamp;
use crate::settings::{self, LoadedKeys};
use serde::Serialize;
use std::io::{self, Write};
use std::time::SystemTime;

/// Carries out one of the commands.
///
/// # Errors
/// Those of the command.
pub(super) fn run(command: &KeysCommand, out: &mut dyn Write) -> Result<(), Failure> {
    let now = Timestamp::from(SystemTime::now());
    match command {
        KeysCommand::New(arguments) => new(arguments, out),
        KeysCommand::Temporary(arguments) => temporary::run(arguments, now, out),
        KeysCommand::List(arguments) => list::run(arguments, now, out),
        KeysCommand::Check(arguments) => check::run(arguments, now, out),
    }
}

/// The keys that `serve` would take.
fn given(source: &KeySource) -> Result<LoadedKeys, Failure> {
    Ok(settings::load_keys(&source.flags(), &|name| std::env::var(name))?)
}

/// The key with that id, with its secret; without an id, the only key.
fn named<'k>(loaded: &'k LoadedKeys, id: Option<&str>) -> Result<&'k AccessKey, Failure> {
    let fault =
        |message: String| Diagnostic::new(Location::from_name("--key"), message, "`r2shim keys list` lists them");
    let found = match (id, loaded.keys.as_slice()) {
        (None, [only]) => only,
        (None, []) => return Err(fault("there is no key".to_owned()).into()),
        (None, _) => return Err(fault("the settings have several keys".to_owned()).into()),
        (Some(id), keys) => {
            keys.iter().find(|given| given.key.id == id).ok_or_else(|| fault(format!("there is no key {id:?}")))?
        }
    };
    let id = &found.key.id;
    if loaded.without_secret.contains(id) {
        let message = format!("the secret of the key {id:?} is not at hand: it is in {}", found.secret);
        return Err(fault(message).into());
    }
    Ok(&found.key)
}

/// A key as `--json` writes it, with the fields of a `[[key]]`.
#[derive(Serialize)]
struct Key<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    permission: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<String>,
}

/// Writes a new key. The key is not stored anywhere else.
fn new(arguments: &NewKey, out: &mut dyn Write) -> Result<(), Failure> {
    let pair = KeyPair::from_random(seed()?);
    let text = if arguments.json { json(&pair, arguments)? } else { toml(&pair, arguments) };
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// Random bytes of the operating system, for one pair.
pub(super) fn seed() -> Result<[u8; SEED_BYTES], Failure> {
    let mut seed = [0; SEED_BYTES];
    let stopped = |error| Failure::Stopped(format!("the system gives no random bytes for a key: {error}"));
    getrandom::fill(&mut seed).map_err(stopped)?;
    Ok(seed)
}

fn toml(pair: &KeyPair, arguments: &NewKey) -> String {
    let mut text = format!(
        "\n# A key for the settings file. The secret is kept nowhere else.\n\
         [[key]]\naccess_key_id = \"{}\"\nsecret_access_key = \"{}\"\npermission = \"{}\"\n",
        pair.id(),
        pair.secret_text(),
        arguments.permission
    );
    if !arguments.buckets.is_empty() {
        // Patterns have no character that TOML would want escaped.
        let names: Vec<_> = arguments.buckets.iter().map(|pattern| format!("\"{pattern}\"")).collect();
        text.push_str(&format!("buckets = [{}]\n", names.join(", ")));
    }
    text
}

fn json(pair: &KeyPair, arguments: &NewKey) -> Result<String, io::Error> {
    let key = Key {
        access_key_id: pair.id(),
        secret_access_key: pair.secret_text(),
        permission: arguments.permission.name(),
        buckets: arguments.buckets.iter().map(ToString::to_string).collect(),
    };
    Ok(serde_json::to_string(&key)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{BucketPattern, Permission};
    use crate::cli::keys::arguments::TemporaryKey;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: TemporaryKey,
    }

    /// 2027-01-15T08:00:00Z.
    pub(super) fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    /// A settings file with three keys.
    pub(super) struct Settings(tempfile::TempDir);

    impl Settings {
        pub(super) fn new() -> Settings {
            let folder = tempfile::tempdir().unwrap();
            let text = "[[key]]\naccess_key_id = \"app\"\nsecret_access_key = \"app-secret\"\n\
                permission = \"object-read-write\"\nbuckets = [\"media\"]\n\
                [[key]]\naccess_key_id = \"old\"\nsecret_access_key = \"old-secret\"\n\
                permission = \"object-read-only\"\nexpires = 2026-01-01T00:00:00Z\n\
                [[key]]\naccess_key_id = \"elsewhere\"\nsecret_access_key_env = \"NOT_THERE\"\n\
                permission = \"admin-read-only\"\nbuckets = [\"logs-*\"]\nexpires = \"2027-12-31T01:00:00+01:00\"\n";
            std::fs::write(folder.path().join("r2shim.toml"), text).unwrap();
            Settings(folder)
        }

        pub(super) fn source(&self) -> KeySource {
            KeySource { config: Some(self.0.path().join("r2shim.toml")), ..KeySource::default() }
        }

        pub(super) fn without_folder(&self, text: &str) -> String {
            text.replace(&format!("{}/", self.0.path().display()), "")
        }

        /// The arguments of `keys temporary`.
        pub(super) fn temporary(&self, words: &str) -> TemporaryKey {
            let config = self.0.path().join("r2shim.toml").display().to_string();
            let line = ["temporary", "--config", &config].into_iter().chain(words.split(' '));
            Line::try_parse_from(line).unwrap().arguments
        }
    }

    fn arguments(buckets: &[&str]) -> NewKey {
        let buckets = buckets.iter().map(|text| BucketPattern::parse(text).unwrap()).collect();
        NewKey { permission: Permission::ObjectReadOnly, buckets, json: false }
    }

    #[test]
    fn a_new_key_can_be_pasted_into_settings() {
        let pair = KeyPair::from_random([0x11; 48]);
        assert_eq!(
            toml(&pair, &arguments(&["media", "logs-*"])),
            format!(
                "\n# A key for the settings file. The secret is kept nowhere else.\n[[key]]\naccess_key_id = \"{}\"\n\
                 secret_access_key = \"{}\"\npermission = \"object-read-only\"\nbuckets = [\"media\", \"logs-*\"]\n",
                "11".repeat(16),
                "11".repeat(32)
            )
        );
        assert!(!toml(&pair, &arguments(&[])).contains("buckets"));
    }

    #[test]
    fn a_new_key_can_be_json() {
        let text = json(&KeyPair::from_random([0x11; 48]), &arguments(&["media"])).unwrap();
        let key: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(key["secret_access_key"], "11".repeat(32));
        assert_eq!(key["permission"], "object-read-only");
        assert_eq!(key["buckets"], serde_json::json!(["media"]));
        assert!(!json(&KeyPair::from_random([0x11; 48]), &arguments(&[])).unwrap().contains("buckets"));
    }
}
