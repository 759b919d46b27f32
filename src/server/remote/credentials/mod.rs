//! The credentials that requests to a remote store are signed with, and how they are kept fresh.
//!
//! Credentials of a role last for about an hour. They are replaced in the background before they expire, so no request
//! waits for them. Whether the store accepts them is not noticed here.

mod pace;
mod chain;

use crate::s3::Timestamp;
use crate::server::clock;
use crate::sigv4::Secret;
use chain::NoCredentials;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;

/// A wait is slept in steps of this length: sleep does not count the time that a machine was suspended for.
const STEP: Duration = Duration::from_secs(30);

/// A key, and until when it is valid.
#[derive(Clone)]
pub struct Credentials {
    /// The key's id. It is no secret.
    pub access_key_id: String,
    /// What signs.
    pub secret: Secret,
    /// Sent as `x-amz-security-token` and signed; temporary credentials have one. It is never shown.
    pub session_token: Option<String>,
    /// When they expire; `None` for never.
    pub expires: Option<Timestamp>,
}

/// Where credentials come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// From the settings.
    Static(Credentials),
    /// From the places of the AWS SDKs: environment, shared profile, web identity, container and instance role.
    Chain {
        /// The region of the security token service, unless the environment names one.
        region: String,
    },
}

/// The current credentials. Clones share them.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `None` if nothing is ever fetched.
    region: Option<String>,
    state: Arc<RwLock<State>>,
}

/// The outcome of the last fetches.
#[derive(Debug, Clone, Default)]
struct State {
    credentials: Option<Arc<Credentials>>,
    /// Why the last fetch gave none.
    fault: Option<NoCredentials>,
    /// How many fetches in a row have failed.
    failures: u32,
}

impl Provider {
    /// Credentials from that source. Those of the chain come with [`Provider::refresh`].
    pub fn new(source: Source) -> Provider {
        let (region, credentials) = match source {
            Source::Static(credentials) => (None, Some(Arc::new(credentials))),
            Source::Chain { region } => (Some(region), None),
        };
        let state = State { credentials, ..State::default() };
        Provider { region, state: Arc::new(RwLock::new(state)) }
    }

    /// Signs with these from now on, where nothing is fetched. What is being sent is signed already.
    pub fn replace(&self, credentials: Credentials) {
        if self.region.is_none() {
            let state = State { credentials: Some(Arc::new(credentials)), ..State::default() };
            *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        }
    }

    /// What to sign with at `now`; `None` if there is nothing, or only what has expired.
    pub fn current(&self, now: Timestamp) -> Option<Arc<Credentials>> {
        self.read(|state| state.current(now))
    }

    /// Why there is nothing to sign with at `now`, and what to do, in one line; `None` if there is something.
    pub fn failure(&self, now: Timestamp) -> Option<String> {
        self.read(|state| state.failure(now))
    }

    /// Fetches at once, and again before what was fetched expires, until it is aborted. Static credentials are not
    /// fetched.
    pub async fn refresh(self) {
        while let Some(wait) = self.fetch().await {
            let due = clock::now().millis().saturating_add(millis(wait));
            while let Some(left) = due.checked_sub(clock::now().millis()).filter(|left| *left > 0) {
                sleep(STEP.min(Duration::from_millis(left))).await;
            }
        }
    }

    /// Fetches once, and returns after what time to do so again; `None` if there is nothing to fetch.
    ///
    /// If it fails, what was fetched before is used until it expires.
    pub async fn fetch(&self) -> Option<Duration> {
        let fetched = chain::fetch(self.region.as_deref()?).await;
        let now = clock::now();
        let before = self.read(State::clone);
        let after = before.clone().after(fetched, now);
        log_change(&before, &after);
        let wait = after.wait(now);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = after;
        Some(wait)
    }

    fn read<T>(&self, of: impl FnOnce(&State) -> T) -> T {
        of(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn current(&self, now: Timestamp) -> Option<Arc<Credentials>> {
        self.credentials.clone().filter(|credentials| credentials.are_valid(now))
    }

    fn failure(&self, now: Timestamp) -> Option<String> {
        if self.current(now).is_some() {
            return None;
        }
        let cause = self.fault.as_ref().map_or("they are being looked for".to_owned(), NoCredentials::to_string);
        Some(format!("no credentials for the upstream: {cause}"))
    }

    /// The state after one more fetch. Credentials that have expired already count as a failure.
    fn after(self, fetched: Result<Credentials, NoCredentials>, now: Timestamp) -> State {
        let valid = fetched.and_then(|credentials| match credentials.are_valid(now) {
            true => Ok(credentials),
            false => Err(NoCredentials::Expired),
        });
        match valid {
            Ok(credentials) => State { credentials: Some(Arc::new(credentials)), fault: None, failures: 0 },
            Err(fault) => State { fault: Some(fault), failures: self.failures.saturating_add(1), ..self },
        }
    }

    fn wait(&self, now: Timestamp) -> Duration {
        match (self.failures, &self.credentials) {
            (0, Some(credentials)) => pace::next_refresh(now, credentials.expires),
            (failures, _) => pace::next_try(failures),
        }
    }
}

impl Credentials {
    fn are_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown.field("access_key_id", &self.access_key_id).field("expires", &self.expires).finish_non_exhaustive()
    }
}

fn log_change(before: &State, after: &State) {
    let id = |state: &State| state.credentials.as_ref().map(|credentials| credentials.access_key_id.clone());
    if let Some(fault) = &after.fault {
        tracing::warn!(failures = after.failures, "no new credentials for the upstream: {fault}");
    } else if id(before) != id(after) {
        let access_key_id = id(after).unwrap_or_default();
        tracing::info!(access_key_id, "requests to the upstream are signed with new credentials");
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Credentials of that id; `expires` in seconds.
    fn credentials(id: &str, expires: Option<u64>) -> Credentials {
        Credentials {
            access_key_id: id.to_owned(),
            secret: Secret::new("wJalrXUtnFEMI"),
            session_token: Some("FQoDYXdzEXAMPLE".to_owned()),
            expires: expires.map(at),
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn what_was_fetched_stays_until_it_expires() {
        let down = || {
            let (place, advice) = ("container role", "Look there");
            Err(NoCredentials::Broken { place, cause: "connection refused".to_owned(), advice })
        };
        let reported = Some("no credentials for the upstream: container role: connection refused. Look there");
        let expired = "no credentials for the upstream: those that were found have expired; is the clock of this \
                       machine right?";
        // At a moment a fetch brings something; then there is this to sign with, or why not, and the wait in seconds.
        let mut state = State::default();
        for (now, fetched, id, failure, wait) in [
            (0, down(), None, reported, 1),
            (1, down(), None, reported, 2),
            (3, Ok(credentials("A", Some(3600))), Some("A"), None, 3297),
            (3300, down(), Some("A"), None, 1),
            (3301, down(), Some("A"), None, 2),
            (3302, Ok(credentials("B", Some(3000))), Some("A"), None, 4),
            (3599, down(), Some("A"), None, 8),
            (3600, down(), None, reported, 16),
            (3616, Ok(credentials("B", Some(3616))), None, Some(expired), 32),
            (3700, Ok(credentials("B", Some(3710))), Some("B"), None, 5),
            (3705, Ok(credentials("C", None)), Some("C"), None, 900),
            (9999, down(), Some("C"), None, 1),
        ] {
            state = state.after(fetched, at(now));
            let current = state.current(at(now)).map(|credentials| credentials.access_key_id.clone());
            assert_eq!(current.as_deref(), id, "at {now}");
            assert_eq!(state.failure(at(now)).as_deref(), failure, "at {now}");
            assert_eq!(state.wait(at(now)), Duration::from_secs(wait), "at {now}");
        }
    }

    #[test]
    fn before_the_first_fetch_there_are_no_credentials() {
        let provider = Provider::new(Source::Chain { region: "eu-west-1".to_owned() });
        assert!(provider.current(at(0)).is_none());
        let reported = "no credentials for the upstream: they are being looked for";
        assert_eq!(provider.failure(at(0)).as_deref(), Some(reported));
    }

    #[tokio::test]
    async fn static_credentials_are_there_at_once_and_never_fetched() {
        let provider = Provider::new(Source::Static(credentials("S", None)));
        assert_eq!(provider.current(at(0)).unwrap().access_key_id, "S");
        assert_eq!(provider.failure(at(0)), None);
        assert_eq!(provider.fetch().await, None);
        tokio::spawn(provider.refresh()).await.unwrap();
    }

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let source = Source::Static(credentials("AKIA", Some(0)));
        let state = Provider::new(source.clone());
        for shown in [format!("{source:?}"), format!("{state:?}")] {
            assert!(shown.contains("AKIA") && !shown.contains("wJalr") && !shown.contains("FQoD"), "{shown}");
        }
    }
}
