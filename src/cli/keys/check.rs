//! `keys check`: which key of the settings a client's credentials belong to, and what they allow.

use super::given;
use crate::access::token::{TokenPaths, TokenScope, names_of};
use crate::access::{AccessKey, SessionToken};
use crate::cli::failure::Failure;
use crate::cli::keys::arguments::CheckPair;
use crate::cli::style::{BAD, GOOD};
use crate::s3::Timestamp;
use crate::settings::{GivenKey, LoadedKeys};
use std::io::Write;

/// Prints which key the credentials belong to.
///
/// # Errors
/// [`Failure::Found`] if a request with them would be refused; the reason is written to `out`.
pub(in crate::cli) fn run(arguments: &CheckPair, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    let loaded = given(&arguments.source)?;
    match judge(&loaded, arguments, now) {
        Ok(said) => writeln!(out, "{GOOD}ok{GOOD:#}: {said}").map_err(Failure::from),
        Err(said) => {
            writeln!(out, "{BAD}no{BAD:#}: {said}")?;
            Err(Failure::Found)
        }
    }
}

/// A description of the credentials, or why they are refused. Neither has a secret in it.
fn judge(loaded: &LoadedKeys, pair: &CheckPair, now: Timestamp) -> Result<String, String> {
    let id = &pair.id;
    let Some(given) = loaded.keys.iter().find(|given| given.key.id == *id) else {
        return Err(format!("no key has the id {id:?}{}", known(loaded)));
    };
    let (key, place) = (&given.key, &given.place);
    if loaded.without_secret.contains(id) {
        return Err(format!("{place} has the key {id:?}, and its secret is not at hand: it is in {}", given.secret));
    }
    if let Err(end) = key.check_end(now) {
        return Err(format!("the key {id:?} of {place} expired at {}", end.iso_8601()));
    }
    match pair.token.as_deref().filter(|token| !token.is_empty()) {
        None if key.secret.is(&pair.secret) => Ok(format!("this pair is the key {id:?} of {place}: {}", about(key))),
        None => Err(format!("{place} has the key {id:?}, and its secret is another one; it is in {}", given.secret)),
        Some(token) => of_token(given, &pair.secret, token, now),
    }
}

/// The ids that there are, if they are few.
fn known(loaded: &LoadedKeys) -> String {
    let ids: Vec<_> = loaded.keys.iter().map(|given| format!("{:?}", given.key.id)).collect();
    match ids.len() {
        0 => "; the settings have no key".to_owned(),
        1..=8 => format!("; there is {}", ids.join(", ")),
        count => format!("; there are {count} others"),
    }
}

fn of_token(given: &GivenKey, secret: &str, token: &str, now: Timestamp) -> Result<String, String> {
    let (id, place) = (&given.key.id, &given.place);
    let token = SessionToken::verify(token, &given.key, now)
        .map_err(|bad| format!("{place} has the key {id:?}, and does not stand behind the session token: {bad}"))?;
    if let Err(end) = token.check_end(now) {
        return Err(format!("the session token expired at {}", end.iso_8601()));
    }
    if !token.secret.is(secret) {
        return Err("the secret is not that of the session token: it is the SHA-256 of the token".to_owned());
    }
    let what = of_scope(&token.scope);
    Ok(format!("these are temporary credentials of the key {id:?} of {place}: {what}; the key: {}", about(&given.key)))
}

fn about(key: &AccessKey) -> String {
    let until = key.expires.map_or_else(String::new, |end| format!(", until {}", end.iso_8601()));
    format!("{} on {}{until}", key.permission, key.buckets)
}

fn of_scope(scope: &TokenScope) -> String {
    let class = scope.operations.permission.map(|permission| permission.name().to_owned());
    let actions = scope.operations.actions.as_deref().map(names_of);
    let may: Vec<_> = class.into_iter().chain(actions).collect();
    let paths = scope.paths.as_ref().map(of_paths).unwrap_or_default();
    format!("{} on {}{paths}, until {}", may.join(" and of it "), scope.bucket, scope.expires.iso_8601())
}

fn of_paths(paths: &TokenPaths) -> String {
    let below = paths.prefixes.iter().map(|prefix| format!("{prefix:?}..."));
    let all: Vec<_> = below.chain(paths.objects.iter().map(|key| format!("{key:?}"))).collect();
    if all.is_empty() { ", no keys at all".to_owned() } else { format!(", only {}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::TemporaryCredentials;
    use crate::cli::keys::tests::{Settings, now};

    fn said(id: &str, secret: &str, token: Option<String>, at: Timestamp) -> (bool, String) {
        let (settings, mut out) = (Settings::new(), Vec::new());
        let pair = CheckPair { source: settings.source(), id: id.to_owned(), secret: secret.to_owned(), token };
        let good = run(&pair, at, &mut out).is_ok();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        (good, settings.without_folder(text.trim_end()))
    }

    #[test]
    fn a_pair_belongs_to_a_key_or_the_reason_is_printed() {
        for (id, secret, good, expected) in [
            (
                "app",
                "app-secret",
                true,
                "ok: this pair is the key \"app\" of r2shim.toml:1: object-read-write on media",
            ),
            (
                "app",
                "wrong",
                false,
                "no: r2shim.toml:1 has the key \"app\", and its secret is another one; it is in r2shim.toml:3",
            ),
            ("App", "app-secret", false, "no: no key has the id \"App\"; there is \"app\", \"old\", \"elsewhere\""),
            ("old", "old-secret", false, "no: the key \"old\" of r2shim.toml:6 expired at 2026-01-01T00:00:00.000Z"),
            (
                "elsewhere",
                "x",
                false,
                "no: r2shim.toml:11 has the key \"elsewhere\", and its secret is not at hand: it is in $NOT_THERE",
            ),
        ] {
            assert_eq!(said(id, secret, None, now()), (good, expected.to_owned()));
        }
    }

    #[test]
    fn temporary_credentials_are_judged_by_their_token() {
        let settings = Settings::new();
        let key = AccessKey::admin("app", crate::sigv4::Secret::new("app-secret"));
        let arguments = settings.temporary("--key app --bucket media --scope object-read-only --prefix a/");
        let made = TemporaryCredentials::new(&key, &super::super::temporary::request(&key, &arguments, now()).unwrap());
        let made = made.unwrap();
        let (secret, token) = (made.secret_access_key, made.session_token);
        assert_eq!(
            said("app", &secret, Some(token.clone()), now()),
            (
                true,
                "ok: these are temporary credentials of the key \"app\" of r2shim.toml:1: object-read-only on media, \
                 only \"a/\"..., until 2027-01-15T08:15:00.000Z; the key: object-read-write on media"
                    .to_owned()
            )
        );
        let later = Timestamp::from_millis(now().millis() + 900_000);
        let changed = token.replacen('I', "J", 1);
        for (secret, token, at, expected) in [
            ("app-secret", &token, now(), "no: the secret is not that of the session token"),
            (secret.as_str(), &token, later, "no: the session token expired at 2027-01-15T08:15:00.000Z"),
            (&secret, &changed, now(), "does not stand behind the session token"),
        ] {
            let (good, text) = said("app", secret, Some(token.clone()), at);
            assert!(!good && text.contains(expected) && !text.contains(secret), "{text}");
        }
    }
}
