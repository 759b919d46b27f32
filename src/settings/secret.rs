//! Where a secret access key comes from: the settings themselves, the environment or a file of its own.

use crate::settings::fault::{At, Fault, Place};
use crate::settings::paths::beside;
use crate::settings::written::WrittenSecret;
use crate::sigv4::Secret;
use std::env::VarError;
use std::fmt;
use std::path::{Path, PathBuf};

/// How to look an environment variable up, as [`std::env::var`] does.
pub type Environment<'e> = &'e dyn Fn(&str) -> Result<String, VarError>;

/// Where a secret can be looked up again; never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable of this name.
    Environment(String),
    /// A file that holds it and nothing else.
    File(PathBuf),
    /// A line of the settings file.
    Settings(Place),
    /// The file that keeps the pair made at the first start.
    Kept(PathBuf),
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretPlace::Environment(name) => write!(f, "${name}"),
            SecretPlace::File(path) | SecretPlace::Kept(path) => write!(f, "{}", path.display()),
            SecretPlace::Settings(place) => write!(f, "{place}"),
        }
    }
}

const ONE_OF: &str = "write one of secret_access_key, secret_access_key_env, secret_access_key_file";

/// The secret of the key that messages call `owner` and that stands at `key`, and its place.
pub(super) fn resolve(
    owner: &str,
    key: &Place,
    written: WrittenSecret,
    settings: &Path,
    environment: Environment<'_>,
) -> Result<(Secret, SecretPlace), Fault> {
    match (written.itself, written.env, written.file) {
        (Some(text), None, None) => {
            let place = SecretPlace::Settings(text.place.clone());
            not_empty(text).map(|secret| (secret, place))
        }
        (None, Some(name), None) => {
            let place = SecretPlace::Environment(name.value.clone());
            from_environment(name, environment).map(|secret| (secret, place))
        }
        (None, None, Some(path)) => from_file(path, settings),
        (None, None, None) => Err(Fault::new(key.clone(), format!("{owner} has no secret"), ONE_OF)),
        _ => Err(Fault::new(key.clone(), format!("{owner} names its secret more than once"), ONE_OF)),
    }
}

fn not_empty(text: At<String>) -> Result<Secret, Fault> {
    if text.value.is_empty() {
        return Err(text.fault("the secret is empty", "write the secret that goes with the access_key_id"));
    }
    Ok(Secret::new(text.value))
}

fn from_environment(name: At<String>, environment: Environment<'_>) -> Result<Secret, Fault> {
    let advice = || format!("export {}=... before starting, or name another variable", name.value);
    match environment(&name.value) {
        Ok(text) if text.is_empty() => Err(name.fault(format!("the variable {} is empty", name.value), advice())),
        Ok(text) => Ok(Secret::new(text)),
        Err(VarError::NotPresent) => Err(name.fault(format!("the variable {} is not set", name.value), advice())),
        Err(VarError::NotUnicode(_)) => Err(name.fault(format!("the variable {} is not UTF-8", name.value), advice())),
    }
}

fn from_file(written: At<String>, settings: &Path) -> Result<(Secret, SecretPlace), Fault> {
    let path = beside(settings, &written.value);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!("the secret's file {} cannot be read: {error}", path.display());
        written.fault(message, "the path is relative to the settings file; this user must be able to read it")
    })?;
    let Some(secret) = only_line(&text) else {
        let message = format!("the secret's file {} must hold one line", path.display());
        return Err(written.fault(message, "put the secret there, and nothing else"));
    };
    Ok((Secret::new(secret), SecretPlace::File(path)))
}

/// The one line of a text. Editors and `echo` end it with a line break that is not part of the secret.
fn only_line(text: &str) -> Option<&str> {
    let line = text.trim_end_matches(['\r', '\n']);
    (!line.is_empty() && !line.contains('\n')).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secrets_file_holds_one_line() {
        for (text, line) in [
            ("hush", Some("hush")),
            ("hush\n", Some("hush")),
            ("hush\r\n", Some("hush")),
            (" h u sh \n\n", Some(" h u sh ")),
            ("", None),
            ("\n", None),
            ("a\nb\n", None),
        ] {
            assert_eq!(only_line(text), line, "{text:?}");
        }
    }
}
