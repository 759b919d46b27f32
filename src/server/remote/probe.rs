//! Tries a remote store for `check --online`: whether its nodes answer, whether it accepts the credentials, and whether
//! the mapped buckets exist. Nothing is written.

use super::nodes::NodeHealth;
use super::payload::Payload;
use super::sender::{Sender, SetupError};
use crate::s3::S3Error;
use crate::server::clock;
use crate::upstream::{Outgoing, Remote, failure};
use std::sync::Arc;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedPart {
    /// What was tried.
    pub what: String,
    /// Why it does not work; `None` if it works.
    pub fault: Option<String>,
}

/// Tries each part of a remote store, up to the first that fails, because the next ones would fail for the same reason.
/// A node that is down is not a failure as long as another is up.
///
/// # Errors
/// Certificates that cannot be loaded.
pub async fn probe(remote: Remote) -> Result<Vec<TriedPart>, SetupError> {
    let remote = Arc::new(remote);
    let sender = Sender::new(remote.clone())?;
    sender.nodes.resolve().await;
    sender.nodes.check().await;
    let mut tried: Vec<TriedPart> =
        sender.nodes.states().into_iter().map(|state| node(state.name, &state.health)).collect();
    if tried.iter().all(|node| node.fault.is_some()) {
        return Ok(tried);
    }
    // Static credentials are not fetched. Why the chain has none is in `failure` below.
    let _ = sender.credentials.fetch().await;
    tried.push(TriedPart { what: "credentials".to_owned(), fault: sender.credentials.failure(clock::now()) });
    if goes_on(&tried) {
        tried.push(list_buckets(&sender, &remote).await);
    }
    if goes_on(&tried) {
        for (client, upstream) in remote.buckets.pairs() {
            tried.push(bucket(&sender, &remote, client.as_str(), upstream).await);
        }
    }
    Ok(tried)
}

/// Whether the last part worked.
fn goes_on(tried: &[TriedPart]) -> bool {
    tried.last().is_some_and(|part| part.fault.is_none())
}

fn node(name: String, health: &NodeHealth) -> TriedPart {
    let fault = (*health != NodeHealth::Up).then(|| health.to_string());
    TriedPart { what: format!("node {name}"), fault }
}

/// Whether the store accepts the key, the clock and the region. A key that may not list buckets is accepted too.
async fn list_buckets(sender: &Sender, remote: &Remote) -> TriedPart {
    let outgoing = Outgoing::new("GET", None, "", remote.addressing);
    let what = "signed request (ListBuckets)".to_owned();
    let fault = match ask(sender, &outgoing, Payload::none()).await {
        Err(error) if error.code != "AccessDenied" => Some(advised(&error)),
        _ => None,
    };
    TriedPart { what, fault }
}

async fn bucket(sender: &Sender, remote: &Remote, client: &str, upstream: &str) -> TriedPart {
    let outgoing = Outgoing::new("HEAD", Some(upstream), "", remote.addressing);
    let fault = ask(sender, &outgoing, Payload::none()).await.err().map(|error| advised(&error));
    TriedPart { what: format!("bucket {client} = {upstream}"), fault }
}

/// Sends a request, and checks only whether it succeeds.
pub(super) async fn ask(sender: &Sender, outgoing: &Outgoing, payload: Payload<'_, '_>) -> Result<(), S3Error> {
    let response = sender.send(outgoing, payload).await?;
    let status = response.status()?;
    let body = response.into_body().read_whole(crate::s3::xml::MAX_ERROR_BYTES).await.ok().flatten();
    let document = body.and_then(|body| crate::s3::xml::ErrorDocument::parse(&body));
    match status.is_success() {
        true => Ok(()),
        false if outgoing.method == "HEAD" => Err(failure::client_error_of_head(status, false)),
        false => Err(failure::client_error(status, document.as_ref())),
    }
}

/// The store's message, and what to look at.
pub(super) fn advised(error: &S3Error) -> String {
    let message = error.cause.clone().unwrap_or_else(|| error.message.clone().into_owned());
    let advice = ADVICE.iter().find(|(code, _)| message.contains(code)).map(|(_, advice)| *advice);
    advice.map_or(message.clone(), |advice| format!("{message}; {advice}"))
}

/// What to look at, by what is in the store's message.
const ADVICE: &[(&str, &str)] = &[
    ("InvalidAccessKeyId", "look at access_key_id"),
    ("SignatureDoesNotMatch", "look at the secret, and whether something between here and there changes requests"),
    ("RequestTimeTooSkewed", "this machine's clock, or the store's, is off"),
    ("AuthorizationHeaderMalformed", "look at region"),
    ("PermanentRedirect", "look at region and endpoints"),
    ("answered 301", "look at region and endpoints"),
    ("answered 404", "there is no such bucket in the store"),
    ("answered 403", "the key may not use it"),
];
