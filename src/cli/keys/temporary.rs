//! `keys temporary`: temporary credentials of a key, as R2 has them. Nothing is stored and no server is asked.

use super::{given, named};
use crate::access::token::{TokenOperations, names_of};
use crate::access::{AccessKey, Permission, TemporaryCredentials, TokenRequest};
use crate::cli::failure::Failure;
use crate::cli::keys::arguments::TemporaryKey;
use crate::cli::shell::word;
use crate::diagnostics::{Diagnostic, Location};
use crate::s3::Timestamp;
use serde_json::json;
use std::io::{self, Write};

/// The audience of the token. R2's is the host of the account's endpoint, and r2shim does not check it.
const AUDIENCE: &str = "r2shim";

/// Writes the three parts of temporary credentials.
///
/// # Errors
/// Faults if the settings have no such key, or if the key may do less than the credentials.
pub(in crate::cli) fn run(arguments: &TemporaryKey, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    let loaded = given(&arguments.source)?;
    let parent = named(&loaded, arguments.key.as_deref())?;
    let wanted = request(parent, arguments, now)?;
    let made = TemporaryCredentials::new(parent, &wanted)
        .map_err(|error| Failure::Stopped(format!("the token cannot be written: {error}")))?;
    let text = if arguments.json { in_json(&made, &wanted) } else { in_lines(&made, &wanted) };
    out.write_all(text.as_bytes()).map_err(io::Error::into)
}

fn fault(flag: &str, message: String, advice: &str) -> Failure {
    Diagnostic::new(Location::from_name(flag), message, advice).into()
}

/// The claims of the token, if the key may do at least as much.
pub(super) fn request(parent: &AccessKey, arguments: &TemporaryKey, now: Timestamp) -> Result<TokenRequest, Failure> {
    let (id, bucket) = (&parent.id, &arguments.bucket);
    parent.check_end(now).map_err(|end| {
        let message = format!("the key {id:?} expired at {}", end.iso_8601());
        fault("--key", message, "name another key, or set a later `expires`")
    })?;
    if !parent.buckets.covers(bucket) {
        let message = format!("the key {id:?} is for {}, and not for {bucket}", parent.buckets);
        return Err(fault("--bucket", message, "name one of its buckets"));
    }
    let operations = operations(parent, arguments)?;
    Ok(TokenRequest {
        bucket: bucket.clone(),
        operations,
        prefixes: arguments.prefixes.clone(),
        objects: arguments.objects.clone(),
        audience: AUDIENCE.to_owned(),
        now,
        expires: Timestamp::from_millis(now.millis().saturating_add(arguments.expires.saturating_mul(1000))),
    })
}

/// The class, or the actions if there are any: R2 refuses a token with both.
fn operations(parent: &AccessKey, arguments: &TemporaryKey) -> Result<TokenOperations, Failure> {
    if let Some(scope) = arguments.scope.filter(|scope| !covers(parent.permission, *scope)) {
        let message = format!("the key {:?} is of class {}, which is less than {scope}", parent.id, parent.permission);
        return Err(fault("--scope", message, "temporary credentials can do no more than their key"));
    }
    let class = arguments.scope.unwrap_or(parent.permission);
    if let Some(action) = arguments.actions.iter().find(|action| !class.covers(action.spec().access)) {
        return Err(fault(
            "--action",
            format!("{class} does not allow {action}"),
            "name a stronger class, or leave it out",
        ));
    }
    Ok(match arguments.actions.is_empty() {
        true => TokenOperations { permission: arguments.scope, actions: None },
        false => TokenOperations { permission: None, actions: Some(arguments.actions.clone()) },
    })
}

/// Whether the first class allows everything that the second does. Of `admin-read-only` and `object-read-write` neither
/// includes the other.
fn covers(strong: Permission, weak: Permission) -> bool {
    use Permission::{AdminReadOnly, AdminReadWrite, ObjectReadOnly, ObjectReadWrite};
    match weak {
        ObjectReadOnly => true,
        ObjectReadWrite => matches!(strong, AdminReadWrite | ObjectReadWrite),
        AdminReadOnly => matches!(strong, AdminReadWrite | AdminReadOnly),
        AdminReadWrite => strong == AdminReadWrite,
    }
}

/// What the credentials allow, in words.
fn about(wanted: &TokenRequest) -> String {
    let may = match (&wanted.operations.actions, wanted.operations.permission) {
        (Some(actions), _) => names_of(actions),
        (None, Some(permission)) => permission.name().to_owned(),
        (None, None) => "nothing".to_owned(),
    };
    let below = wanted.prefixes.iter().map(|prefix| format!("{prefix:?}..."));
    let exactly = wanted.objects.iter().map(|key| format!("{:?}", key.as_str()));
    let paths: Vec<_> = below.chain(exactly).collect();
    let paths = if paths.is_empty() { String::new() } else { format!(", only {}", paths.join(", ")) };
    format!("{may} on {}{paths}, until {}", wanted.bucket, wanted.expires.iso_8601())
}

fn in_lines(made: &TemporaryCredentials, wanted: &TokenRequest) -> String {
    format!(
        "# Temporary credentials: {}\nAWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nAWS_SESSION_TOKEN={}\n",
        about(wanted),
        word(&made.access_key_id),
        made.secret_access_key,
        word(&made.session_token)
    )
}

fn in_json(made: &TemporaryCredentials, wanted: &TokenRequest) -> String {
    let text = json!({
        "accessKeyId": made.access_key_id,
        "secretAccessKey": made.secret_access_key,
        "sessionToken": made.session_token,
        "expiration": wanted.expires.iso_8601(),
    });
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::SessionToken;
    use crate::cli::keys::tests::{Settings, now};
    use base64::Engine;

    fn made(settings: &Settings, words: &str) -> Result<String, String> {
        let mut out = Vec::new();
        let arguments = settings.temporary(words);
        match run(&arguments, now(), &mut out) {
            Ok(()) => Ok(String::from_utf8(out).unwrap()),
            Err(Failure::Faults(faults)) => Err(faults[0].message.clone()),
            Err(failure) => Err(format!("{failure:?}")),
        }
    }

    #[test]
    fn credentials_can_do_no_more_than_their_key() {
        let settings = Settings::new();
        for (words, expected) in [
            ("--key app --bucket media --scope object-read-only", Ok("object-read-only on media, until ")),
            (
                "--key app --bucket media --action GetObject --action ListObjectsV1 --prefix a/ --object b",
                Ok("GetObject, ListObjectsV1 on media, only \"a/\"..., \"b\", until 2027-01-15T08:15:00.000Z"),
            ),
            ("--key app --bucket media --scope object-read-only --action GetObject", Ok("GetObject on media, until ")),
            (
                "--key app --bucket other --scope object-read-only",
                Err("the key \"app\" is for media, and not for other"),
            ),
            (
                "--key app --bucket media --scope admin-read-only",
                Err("the key \"app\" is of class object-read-write, which is less than admin-read-only"),
            ),
            (
                "--key app --bucket media --scope object-read-only --action PutObject",
                Err("object-read-only does not allow PutObject"),
            ),
            (
                "--key old --bucket media --scope object-read-only",
                Err("the key \"old\" expired at 2026-01-01T00:00:00.000Z"),
            ),
            ("--key none --bucket media --scope object-read-only", Err("there is no key \"none\"")),
            ("--bucket media --scope object-read-only", Err("the settings have several keys")),
            (
                "--key elsewhere --bucket media --scope object-read-only",
                Err("the secret of the key \"elsewhere\" is not at hand: it is in $NOT_THERE"),
            ),
        ] {
            match (made(&settings, words), expected) {
                (Ok(text), Ok(part)) => assert!(text.contains(part), "{words}: {text}"),
                (Err(message), Err(expected)) => assert_eq!(message, expected, "{words}"),
                (found, _) => panic!("{words}: {found:?}"),
            }
        }
    }

    /// R2 is reported to refuse a token that has `scope` and `actions`.
    #[test]
    fn a_token_has_a_class_or_actions() {
        let settings = Settings::new();
        for words in ["--scope object-read-only", "--action GetObject", "--scope object-read-only --action GetObject"] {
            let text = made(&settings, &format!("--key app --bucket media --json {words}")).unwrap();
            let made: serde_json::Value = serde_json::from_str(&text).unwrap();
            let token = made["sessionToken"].as_str().unwrap();
            let key = AccessKey::admin("app", crate::sigv4::Secret::new("app-secret"));
            let read = SessionToken::verify(token, &key, now()).unwrap();
            assert!(read.secret.is(made["secretAccessKey"].as_str().unwrap()));
            assert!(read.scope.operations.permission.is_some() != read.scope.operations.actions.is_some(), "{words}");
            assert_eq!(made["expiration"], "2027-01-15T08:15:00.000Z");
            assert!(base64::engine::general_purpose::STANDARD.decode(token).unwrap().starts_with(b"jwt/"));
        }
    }
}
