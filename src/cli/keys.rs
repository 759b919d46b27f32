//! `keys new`: a pair to paste into the settings file.

use crate::access::KeyPair;
use crate::access::pair::SEED_BYTES;
use crate::cli::arguments::NewKey;
use crate::cli::failure::Failure;
use serde::Serialize;
use std::io::{self, Write};

/// What `--json` writes: the fields of a `[[key]]`.
#[derive(Serialize)]
struct Key<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    permission: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<String>,
}

/// Writes a new key. Nothing is kept: what is written here is all there is of it.
pub(super) fn new(arguments: &NewKey, out: &mut dyn Write) -> Result<(), Failure> {
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
