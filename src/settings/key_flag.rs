//! Keys on the command line: `--key ID:SECRET[:PERMISSION]`. No message repeats any part of a faulty value, because it
//! may be the secret.

use crate::access::{AccessKey, Permission};
use crate::diagnostics::{Diagnostic, Location, nearest};
use crate::settings::findings::Findings;
use crate::settings::keys::{GivenKey, id_problem};
use crate::settings::secret::SecretPlace;
use crate::sigv4::Secret;
use std::fmt;

/// The value of one `--key`, not yet read. Its Debug shows nothing of it.
#[derive(Clone)]
pub struct KeyText(String);

impl From<&str> for KeyText {
    fn from(text: &str) -> KeyText {
        KeyText(text.to_owned())
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(..)")
    }
}

const FORM: &str = "write ID:SECRET or ID:SECRET:PERMISSION, as dev:dev-secret-dev-secret; blanks separate keys";

/// The keys that flags give, in their order. `place` is the flag, or its variable.
pub(super) fn keys(written: &[KeyText], place: &Location, findings: &mut Findings) -> Vec<GivenKey> {
    let mut keys: Vec<GivenKey> = Vec::new();
    for text in written.iter().flat_map(|text| words(&text.0)) {
        findings.warnings.extend(misspelt(text, place));
        let Some(key) = findings.good(parse(text).map_err(|problem| fault(place, problem))) else { continue };
        if keys.iter().any(|other| other.key.id == key.id) {
            let message = format!("two keys have the id {:?}", key.id);
            findings.faults.push(Diagnostic::new(place.clone(), message, "give each key an id of its own"));
        }
        keys.push(GivenKey { key, secret: SecretPlace::Flag(place.to_string()), place: place.clone() });
    }
    keys
}

/// The keys in a text. An empty text is one empty key, which is a fault.
fn words(text: &str) -> Vec<&str> {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { vec![""] } else { words }
}

fn fault(place: &Location, problem: &str) -> Diagnostic {
    Diagnostic::new(place.clone(), problem, FORM)
}

fn parse(text: &str) -> Result<AccessKey, &'static str> {
    let (id, rest) = text.split_once(':').unwrap_or((text, ""));
    let (secret, permission) = secret_and_permission(rest);
    match id_problem(id) {
        _ if secret.is_empty() => Err("a key has no secret"),
        Some("is empty") => Err("a key has no id"),
        Some(_) => Err("the id of a key has a '/' or a control character, which no signature can carry"),
        None => Ok(AccessKey { permission, ..AccessKey::admin(id, Secret::new(secret)) }),
    }
}

/// The text after the last colon is a permission only if it names one, so that secrets may have colons.
fn secret_and_permission(rest: &str) -> (&str, Permission) {
    let (secret, last) = rest.rsplit_once(':').unwrap_or(("", rest));
    match Permission::parse(last) {
        Some(permission) => (secret, permission),
        None => (rest, Permission::AdminReadWrite),
    }
}

/// A warning if the end of a secret looks like a permission.
fn misspelt(text: &str, place: &Location) -> Option<Diagnostic> {
    let (_, last) = text.split_once(':')?.1.rsplit_once(':')?;
    let near = nearest(last, &Permission::ALL.map(Permission::name)).filter(|name| *name != last)?;
    let message = "what follows the last colon of a key names no permission, so it is taken for a part of the secret";
    Some(Diagnostic::new(place.clone(), message, format!("did you mean {near:?}?")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> (Vec<GivenKey>, Findings) {
        let mut findings = Findings::default();
        let written: Vec<_> = texts.iter().map(|text| KeyText::from(*text)).collect();
        let keys = keys(&written, &Location::from_name("--key"), &mut findings);
        (keys, findings)
    }

    #[test]
    fn what_follows_the_last_colon_is_a_permission_only_if_it_names_one() {
        for (text, secret, permission) in [
            ("dev:dev-secret", "dev-secret", Permission::AdminReadWrite),
            ("dev:dev-secret:object-read-only", "dev-secret", Permission::ObjectReadOnly),
            ("dev:a:b:c", "a:b:c", Permission::AdminReadWrite),
            ("dev:a:b:admin-read-only", "a:b", Permission::AdminReadOnly),
            ("dev:a:", "a:", Permission::AdminReadWrite),
            ("dev::a", ":a", Permission::AdminReadWrite),
        ] {
            let rest = text.strip_prefix("dev:").unwrap();
            assert_eq!(secret_and_permission(rest), (secret, permission), "{text}");
            let key = parse(text).unwrap();
            assert_eq!((key.id.as_str(), key.permission), ("dev", permission), "{text}");
        }
    }

    #[test]
    fn blanks_and_repetition_give_more_keys() {
        let (keys, findings) = read(&["a:1 b:2\n", " c:3:object-read-write"]);
        let ids: Vec<_> = keys.iter().map(|given| given.key.id.as_str()).collect();
        assert_eq!((ids, findings.faults.len()), (vec!["a", "b", "c"], 0));
        assert_eq!(keys[0].secret, SecretPlace::Flag("--key".to_owned()));
    }

    #[test]
    fn a_key_that_cannot_be_is_a_fault_that_says_the_form_and_nothing_of_the_key() {
        for (text, expected) in [
            ("", "a key has no secret"),
            ("hush", "a key has no secret"),
            ("hush:", "a key has no secret"),
            ("hush:object-read-only", "a key has no secret"),
            ("hush::object-read-only", "a key has no secret"),
            (":hush", "a key has no id"),
            ("hu/sh:hush", "the id of a key has a '/' or a control character, which no signature can carry"),
        ] {
            let (keys, findings) = read(&[text]);
            let messages: Vec<_> = findings.faults.iter().map(|fault| fault.message.as_str()).collect();
            assert_eq!((keys.len(), messages), (0, vec![expected]), "{text}");
            assert!(findings.faults[0].advice.contains("ID:SECRET:PERMISSION"));
            assert!(!format!("{:?}{:?}", findings.faults, KeyText::from(text)).contains("hush"), "{text}");
        }
        assert_eq!(read(&["a:1", "a:2"]).1.faults[0].message, "two keys have the id \"a\"");
    }

    #[test]
    fn a_misspelt_permission_is_a_warning() {
        let (keys, findings) = read(&["dev:hush:object-readonly"]);
        assert_eq!(keys[0].key.permission, Permission::AdminReadWrite);
        assert_eq!(findings.warnings[0].advice, "did you mean \"object-read-only\"?");
        assert!(!format!("{:?}", findings.warnings).contains("hush"));
        assert!(read(&["dev:object-readonly", "b:c:object-read-only"]).1.warnings.is_empty());
    }
}
