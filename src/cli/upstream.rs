//! A remote upstream in words: its address, and the line of `check` about it.

use crate::settings::UpstreamKey;
use crate::upstream::{Addressing, CredentialSource, Remote};

/// Every endpoint.
pub(super) fn endpoints(remote: &Remote) -> String {
    remote.endpoints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// A line about the requests that are sent to it. `key` is the key in the settings.
pub(super) fn summary(remote: &Remote, key: Option<&UpstreamKey>) -> String {
    let addressing = match remote.addressing {
        Addressing::Path => "path",
        Addressing::Virtual => "virtual",
    };
    format!(
        "{}, region {}, dialect {}, addressing {addressing}, {}, {}",
        endpoints(remote),
        remote.region,
        remote.dialect.name,
        buckets(remote),
        credentials(remote, key)
    )
}

fn buckets(remote: &Remote) -> String {
    let mapped = match remote.buckets.pairs().count() {
        0 => "no bucket mapped".to_owned(),
        1 => "1 bucket mapped".to_owned(),
        count => format!("{count} buckets mapped"),
    };
    if remote.buckets.is_only_mapped() { format!("{mapped} and no other reachable") } else { mapped }
}

fn credentials(remote: &Remote, key: Option<&UpstreamKey>) -> String {
    match (&remote.credentials, key) {
        (CredentialSource::AwsChain, _) => "credentials of the AWS chain".to_owned(),
        (CredentialSource::Static { access_key_id, .. }, key) => {
            let secret = key.map(|key| format!(" with its secret in {}", key.secret)).unwrap_or_default();
            format!("key {}{secret}", access_key_id.escape_debug())
        }
    }
}
