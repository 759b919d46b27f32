//! The keys of settings and environment.

use crate::access::{AccessKey, BucketPattern, BucketScope, CertificateDigest, Permission};
use crate::diagnostics::nearest;
use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::s3::Timestamp;
use crate::settings::limits;
use crate::settings::secret::{Environment, SecretPlace, resolve};
use crate::settings::written::WrittenKey;
use crate::sigv4::Secret;
use std::collections::HashMap;
use std::env::VarError;
use std::path::Path;

/// A key, and where its secret can be read again.
#[derive(Debug, Clone)]
pub struct GivenKey {
    /// The key.
    pub key: AccessKey,
    /// Where its secret was found.
    pub secret: SecretPlace,
    /// Where the key itself was found.
    pub place: Location,
}

/// The variable of the id of the environment's key.
pub(super) const ID: &str = "R2SHIM_ACCESS_KEY_ID";
const SECRET: &str = "R2SHIM_SECRET_ACCESS_KEY";

/// How long before a key expires there is a warning, in seconds: two weeks.
const SOON: u64 = 14 * 86_400;

/// The key of the environment, which may do everything. `None` if neither variable is set.
pub(super) fn from_environment(environment: Environment<'_>, faults: &mut Vec<Diagnostic>) -> Option<GivenKey> {
    let before = faults.len();
    let id = variable(ID, environment, faults);
    let secret = variable(SECRET, environment, faults);
    if faults.len() > before {
        return None;
    }
    match (id, secret) {
        (Some(id), Some(secret)) => {
            check_id(&id).map_err(|fault| faults.push(fault)).ok()?;
            let key = AccessKey::admin(id.value, Secret::new(secret.value));
            Some(GivenKey { key, secret: SecretPlace::Environment(SECRET.to_owned()), place: id.location })
        }
        (Some(_), None) => half_set(ID, SECRET, faults),
        (None, Some(_)) => half_set(SECRET, ID, faults),
        (None, None) => None,
    }
}

fn half_set(set: &str, missing: &str, faults: &mut Vec<Diagnostic>) -> Option<GivenKey> {
    let advice = format!("set both, or neither; `r2shim keys new` makes a pair and {missing} is its other half");
    faults.push(Diagnostic::new(Location::from_name(set), format!("{set} is set and {missing} is not"), advice));
    None
}

fn variable(name: &str, environment: Environment<'_>, faults: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let problem = match environment(name) {
        Ok(text) if !text.is_empty() => return Some(Spanned::new(text, Location::from_name(name))),
        Ok(_) => "is set and empty",
        Err(VarError::NotUnicode(_)) => "is not UTF-8",
        Err(VarError::NotPresent) => return None,
    };
    faults.push(Diagnostic::new(
        Location::from_name(name),
        format!("{name} {problem}"),
        format!("give it a value, or unset {name}"),
    ));
    None
}

/// The keys of the settings file at `settings`, in its order.
pub(super) fn from_file(
    written: Vec<WrittenKey>,
    settings: &Path,
    environment: Environment<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<GivenKey> {
    let mut seen: HashMap<String, Location> = HashMap::new();
    let mut keys = Vec::new();
    for key in written {
        if let Some(id) = &key.id {
            match seen.get(&id.value) {
                Some(first) => {
                    let message = format!("two keys have the id {:?}; the first is at {first}", id.value);
                    faults.push(id.fault(message, "give each key an id of its own; `r2shim keys new` makes one"));
                }
                None => _ = seen.insert(id.value.clone(), id.location.clone()),
            }
        }
        keys.extend(resolve_key(key, settings, environment, faults));
    }
    keys
}

/// The key, or `None` and every fault in it.
fn resolve_key(
    written: WrittenKey,
    settings: &Path,
    environment: Environment<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<GivenKey> {
    let mut keep = |fault| faults.push(fault);
    let missing =
        || Diagnostic::new(written.location.clone(), "this key has no access_key_id", "`r2shim keys new` makes a pair");
    let id = written.id.ok_or_else(missing).and_then(|id| check_id(&id).map(|()| id.value)).map_err(&mut keep).ok();
    let secret = resolve("this key", &written.location, written.secret, settings, environment).map_err(&mut keep).ok();
    let permission = permission(&written.location, written.permission).map_err(&mut keep).ok();
    let certificate = written.client_certificate.map(|text| fingerprint(&text).map_err(&mut keep));
    let buckets = scope(written.buckets, "key", faults);
    let limits = limits::of_key(written.limits, faults);
    let (secret, location) = secret?;
    let expires = written.expires.map(|time| time.value);
    let client_certificate = certificate.transpose().ok()?;
    let (permission, buckets) = (permission?, buckets?);
    let key = AccessKey { id: id?, secret, permission, buckets, expires, client_certificate, limits };
    Some(GivenKey { key, secret: location, place: written.location })
}

/// Warnings for the keys that have expired at `now`, and for those that expire within [`SOON`].
pub fn expiring(keys: &[GivenKey], now: Timestamp) -> Vec<Diagnostic> {
    keys.iter().filter_map(|given| expiry(given, now)).collect()
}

fn expiry(given: &GivenKey, now: Timestamp) -> Option<Diagnostic> {
    let (id, end) = (&given.key.id, given.key.expires?);
    let advice = "give its clients another key, or set a later `expires`";
    let (when, date) = (end.seconds_apart(now), end.iso_8601());
    let message = match end <= now {
        true => format!("the key {id:?} expired at {date}: requests with it are refused"),
        false if when <= SOON => format!("the key {id:?} expires at {date}, in {}", in_words(when)),
        false => return None,
    };
    Some(Diagnostic::new(given.place.clone(), message, advice))
}

/// Seconds as a person counts them, rounded down.
fn in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn check_id(id: &Spanned<String>) -> Result<(), Diagnostic> {
    let fault = |problem| id.fault(format!("the access key id {problem}"), "`r2shim keys new` makes a good one");
    id_problem(&id.value).map_or(Ok(()), |problem| Err(fault(problem)))
}

/// Why this is not an access key id. An id can be any text that fits into a signature's credential
/// (`ID/DATE/REGION/s3/aws4_request`).
pub(super) fn id_problem(id: &str) -> Option<&'static str> {
    if id.is_empty() {
        Some("is empty")
    } else if id.contains('/') {
        Some("has a '/', which ends it in a signature")
    } else {
        id.chars().any(char::is_control).then_some("has a control character")
    }
}

fn fingerprint(text: &Spanned<String>) -> Result<CertificateDigest, Diagnostic> {
    let advice = "write \"sha256:\" and the 64 digits that `openssl x509 -noout -fingerprint -sha256 -in FILE` shows";
    CertificateDigest::parse(&text.value).ok_or_else(|| text.fault("this is no fingerprint of a certificate", advice))
}

fn permission(key: &Location, written: Option<Spanned<String>>) -> Result<Permission, Diagnostic> {
    let names = Permission::ALL.map(Permission::name);
    let one_of = format!("write one of {}", names.join(", "));
    let Some(text) = written else {
        return Err(Diagnostic::new(key.clone(), "this key has no permission", one_of));
    };
    Permission::parse(&text.value).ok_or_else(|| {
        let advice = nearest(&text.value, &names).map_or(one_of, |near| format!("did you mean {near:?}?"));
        text.fault(format!("{:?} is no permission", text.value), advice)
    })
}

/// The buckets that a key or a rule is for; `what` is its name in messages.
pub(super) fn scope(
    written: Option<Spanned<Vec<Spanned<String>>>>,
    what: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<BucketScope> {
    let Some(list) = written else { return Some(BucketScope::All) };
    if list.value.is_empty() {
        let message = format!("`buckets` names none, so the {what} is good for nothing");
        faults.push(list.fault(message, "name some, or leave it out for all"));
        return None;
    }
    let before = faults.len();
    let patterns =
        list.value.iter().filter_map(|text| pattern(text).map_err(|fault| faults.push(fault)).ok()).collect();
    (faults.len() == before).then_some(BucketScope::Matching(patterns))
}

fn pattern(text: &Spanned<String>) -> Result<BucketPattern, Diagnostic> {
    BucketPattern::parse(&text.value).map_err(|bad| {
        let advice = "write names, or patterns such as \"logs-*\": lower-case letters, digits, hyphens and '*' after them; \
                      leave `buckets` out for all";
        text.fault(format!("{:?}: {bad}", text.value), advice)
    })
}
