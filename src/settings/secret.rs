//! The source of a secret access key: the settings themselves, the environment or another file.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::paths::beside;
use crate::settings::written::WrittenSecret;
use crate::sigv4::Secret;
use std::env::VarError;
use std::fmt;
use std::path::{Path, PathBuf};

/// How to look an environment variable up, as [`std::env::var`] does.
pub type Environment<'e> = &'e dyn Fn(&str) -> Result<String, VarError>;

/// Where a secret can be read again; never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable of this name.
    Environment(String),
    /// A file that holds it and nothing else.
    File(PathBuf),
    /// A line of the settings file.
    Settings(Location),
    /// A flag of this name, or its variable.
    Flag(String),
    /// The file that keeps the pair made at the first start.
    Kept(PathBuf),
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretPlace::Environment(name) => write!(f, "${name}"),
            SecretPlace::File(path) | SecretPlace::Kept(path) => write!(f, "{}", path.display()),
            SecretPlace::Flag(name) => f.write_str(name),
            SecretPlace::Settings(location) => write!(f, "{location}"),
        }
    }
}

const ONE_OF: &str = "write one of secret_access_key, secret_access_key_env, secret_access_key_file";

/// The secret of the key that messages call `owner` and that is written at `key`, and where it was found.
pub(super) fn resolve(
    owner: &str,
    key: &Location,
    written: WrittenSecret,
    settings: &Path,
    environment: Environment<'_>,
) -> Result<(Secret, SecretPlace), Diagnostic> {
    match (written.itself, written.env, written.file) {
        (Some(text), None, None) => {
            let location = SecretPlace::Settings(text.location.clone());
            not_empty(text).map(|secret| (secret, location))
        }
        (None, Some(name), None) => {
            let location = SecretPlace::Environment(name.value.clone());
            from_environment(name, environment).map(|secret| (secret, location))
        }
        (None, None, Some(path)) => from_file(path, settings),
        (None, None, None) => Err(Diagnostic::new(key.clone(), format!("{owner} has no secret"), ONE_OF)),
        _ => Err(Diagnostic::new(key.clone(), format!("{owner} names its secret more than once"), ONE_OF)),
    }
}

/// Whether the secret can be read now. A secret in the settings themselves is not checked.
pub(super) fn is_at_hand(written: &WrittenSecret, settings: &Path, environment: Environment<'_>) -> bool {
    match (&written.env, &written.file) {
        (Some(name), _) => environment(&name.value).is_ok_and(|text| !text.is_empty()),
        (None, Some(path)) => std::fs::read_to_string(beside(settings, &path.value)).is_ok(),
        (None, None) => true,
    }
}

fn not_empty(text: Spanned<String>) -> Result<Secret, Diagnostic> {
    if text.value.is_empty() {
        return Err(text.fault("the secret is empty", "write the secret that goes with the access_key_id"));
    }
    Ok(Secret::new(text.value))
}

/// The messages do not repeat the variable's name: the secret itself may have been written there by mistake.
fn from_environment(name: Spanned<String>, environment: Environment<'_>) -> Result<Secret, Diagnostic> {
    let problem = match environment(&name.value) {
        Ok(text) if text.is_empty() => "is empty",
        Ok(text) => return Ok(Secret::new(text)),
        Err(VarError::NotPresent) => "is not set",
        Err(VarError::NotUnicode(_)) => "is not UTF-8",
    };
    let advice = "export it before starting, or name another variable; the secret itself goes into secret_access_key";
    Err(name.fault(format!("the variable that secret_access_key_env names {problem}"), advice))
}

/// Nor do these repeat the path.
fn from_file(written: Spanned<String>, settings: &Path) -> Result<(Secret, SecretPlace), Diagnostic> {
    let path = beside(settings, &written.value);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!("the file that secret_access_key_file names cannot be read: {}", error.kind());
        written.fault(message, "the path is relative to the settings file; this user must be able to read it")
    })?;
    let Some(secret) = only_line(&text) else {
        let message = "the file that secret_access_key_file names must hold one line";
        return Err(written.fault(message, "put the secret there, and nothing else"));
    };
    Ok((Secret::new(secret), SecretPlace::File(path)))
}

/// Where a secret is that is not in the settings themselves.
pub(super) fn elsewhere(written: &WrittenSecret, settings: &Path) -> Option<SecretPlace> {
    let in_variable = written.env.as_ref().map(|name| SecretPlace::Environment(name.value.clone()));
    in_variable.or_else(|| written.file.as_ref().map(|path| SecretPlace::File(beside(settings, &path.value))))
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
