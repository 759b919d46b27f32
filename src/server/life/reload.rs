//! Reads settings again while requests are in flight. Settings that need no restart are swapped together, and faulty
//! settings change nothing.
//!
//! Requests keep the snapshot of the rules that they began with. Flags and environment are those of the start.

use crate::diagnostics::{Diagnostic, Location};
use crate::filters::{Limits, Rules};
use crate::server::clock;
use crate::server::life::buckets::make_buckets;
use crate::server::life::run::{Live, Objects};
use crate::server::tls::{Certificates, Prepared};
use crate::settings::{self, Changes, Fingerprint, Flags, Loaded, Reread, Settings, Upstream};
use crate::upstream::Remote;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

/// The most lines about settings in an answer of `/readyz`.
const MOST_LINES: usize = 10;

/// Where the settings come from, as given at the start.
pub(super) struct Origin {
    /// The command line.
    pub(super) flags: Flags,
    /// The files that the settings in force came from.
    pub(super) files: Vec<PathBuf>,
}

/// Why settings are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// SIGHUP.
    Signal,
    /// `r2shim reload`.
    Command,
    /// A file has another content.
    Files,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Cause::Signal => "SIGHUP",
            Cause::Command => "r2shim reload",
            Cause::Files => "a file has changed",
        }
    }
}

/// The result of a reload.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The settings are in force, except those that need a restart.
    Reloaded { changes: Changes, warnings: Vec<Diagnostic> },
    /// They have faults. The previous settings stay in force.
    Refused(Vec<Diagnostic>),
}

/// Reads the settings of a running server again.
pub(super) struct Reloader {
    flags: Arc<Flags>,
    /// The files at the start. Files that are opened only then, such as certificates to trust, are compared with these.
    first: Fingerprint,
    live: Live,
    state: Mutex<State>,
}

struct State {
    /// The settings in force.
    settings: Settings,
    /// The files as they were when they were last read; `None` if that was at the start.
    files: Option<Fingerprint>,
    /// The faults that were found then.
    faults: Vec<Diagnostic>,
}

impl Reloader {
    /// A reloader of a server that runs with these settings.
    pub(super) fn new(settings: Settings, origin: Origin, live: Live) -> Reloader {
        let state = State { settings, files: None, faults: Vec::new() };
        let first = Fingerprint::of(origin.files);
        Reloader { flags: Arc::new(origin.flags), first, live, state: Mutex::new(state) }
    }

    /// Reads the settings again. One reload at a time; others wait.
    pub(super) async fn reload(&self, cause: Cause) -> Outcome {
        let mut state = self.state.lock().await;
        self.read(&mut state, cause).await
    }

    /// Checks at this interval whether a file has changed, until it is aborted.
    pub(super) async fn watch(self: Arc<Self>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look().await;
        }
    }

    /// Reads the settings again if a file has changed. Faulty ones are read again anyway: they may name a file that was
    /// missing and is there now.
    async fn look(&self) {
        let mut state = self.state.lock().await;
        let is_pipe = self.flags.config.as_ref().is_some_and(|path| !path.is_file() && path.exists());
        let unchanged = match &state.files {
            Some(files) if state.faults.is_empty() => {
                let before = files.clone();
                blocking(move || before.again() == before).await.unwrap_or(true)
            }
            _ => false,
        };
        if !is_pipe && !unchanged {
            self.read(&mut state, Cause::Files).await;
        }
    }

    async fn read(&self, state: &mut State, cause: Cause) -> Outcome {
        let (flags, known) = (self.flags.clone(), state.files.clone().unwrap_or_else(|| self.first.clone()));
        let reread = blocking(move || settings::reread(&flags, &|name| std::env::var(name), &known)).await;
        // The task panicked; the panic is in the log.
        let Some(Reread { loaded, files }) = reread else { return Outcome::Refused(Vec::new()) };
        state.files = Some(files);
        let outcome = match loaded {
            Ok(loaded) => self.replace(state, loaded).await,
            Err(faults) => Outcome::Refused(faults),
        };
        self.report(state, cause, &outcome);
        outcome
    }

    /// Puts settings without faults in force, as far as that goes without a restart.
    async fn replace(&self, state: &mut State, loaded: Loaded) -> Outcome {
        let Loaded { settings: mut new, mut warnings, keys, .. } = loaded;
        warnings.extend(settings::expiring(&keys, clock::now()));
        warnings.extend(new.tls.as_ref().and_then(|tls| tls.expiry(clock::now())));
        let makes_key = new.keys.is_empty();
        if makes_key {
            // The start would make a pair; a server that runs keeps the keys it has.
            new.keys = state.settings.keys.clone();
        }
        let mut changes = state.settings.changes_to(&new);
        changes.needs_restart.extend(makes_key.then_some("key"));
        changes.needs_restart.extend(self.other_authorities(state, &new).then_some("upstream.ca_file"));
        let mut missing = new.buckets.clone();
        missing.retain(|bucket| !state.settings.buckets.contains(bucket));
        if let Err(not_made) = make_buckets(&self.live.objects, &missing).await {
            let message = format!("the bucket {} cannot be made: {}", not_made.bucket, not_made.cause);
            let advice = "leave it out, or let the store make it";
            return Outcome::Refused(vec![Diagnostic::new(Location::from_name("[[bucket]]"), message, advice)]);
        }
        let next = state.settings.replaced_by(&new);
        let certificates = match next.tls.as_ref().map(Certificates::prepare).transpose() {
            Ok(prepared) => prepared,
            Err(error) => {
                let fault = Diagnostic::new(Location::from_name("[tls]"), error.to_string(), "name other files");
                return Outcome::Refused(vec![fault]);
            }
        };
        state.settings = next;
        self.swap(&state.settings, certificates);
        Outcome::Reloaded { changes, warnings }
    }

    /// Whether the file of certificates to trust has changed. It is read only at the start.
    fn other_authorities(&self, state: &State, new: &Settings) -> bool {
        let Upstream::Remote(remote) = &new.upstream else { return false };
        let Some((path, files)) = remote.ca_file.as_ref().zip(state.files.as_ref()) else { return false };
        files.differs_in(&self.first, path)
    }

    /// The one place where settings come into force in a running server. Every step that can fail comes before it.
    fn swap(&self, settings: &Settings, certificates: Option<Prepared>) {
        let live = &self.live;
        if let Some((current, prepared)) = live.certificates.as_ref().zip(certificates) {
            current.replace(prepared);
        }
        live.rules.rcu(|rules| rules_with(rules, settings));
        live.connections.exempt(settings.trusted_proxies.clone());
        if let (Objects::Remote(store), Upstream::Remote(remote)) = (&live.objects, &settings.upstream) {
            let Remote { credentials, .. } = &**remote;
            store.replace_key(credentials);
        }
    }

    /// Reports the result in the log, on `/readyz` and in metrics.
    fn report(&self, state: &mut State, cause: Cause, outcome: &Outcome) {
        let recovered = !state.faults.is_empty();
        match outcome {
            Outcome::Refused(faults) => {
                // Faulty settings are read again until they are corrected, and reported once.
                if cause == Cause::Files && state.faults == *faults {
                    return;
                }
                state.faults.clone_from(faults);
                log_faults(cause, faults);
                self.live.metrics.count_refused_reload();
                self.live.notices.set_settings(lines_of(faults));
            }
            Outcome::Reloaded { changes, warnings } => {
                state.faults.clear();
                if cause != Cause::Files || recovered || !changes.is_empty() {
                    log_changes(cause, changes);
                    warnings.iter().for_each(|warning| tracing::warn!("{warning}; {}", warning.advice));
                    self.live.metrics.count_reload(clock::now());
                }
                self.live.notices.set_settings(waiting(changes));
            }
        }
    }
}

/// Runs work that reads files on a thread that serves no requests. `None` if it panics.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// The rules with other settings. The rules stored with buckets, the mode, and limits that are not settings are kept.
fn rules_with(rules: &Rules, settings: &Settings) -> Rules {
    Rules {
        limits: Limits { requests: settings.limits, ..rules.limits.clone() },
        domains: settings.domains.clone(),
        cors: settings.cors.clone().with_stored_of(&rules.cors),
        keyring: settings.keys.clone(),
        policy: settings.policy.clone(),
        public: settings.public.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        ..rules.clone()
    }
}

fn log_faults(cause: Cause, faults: &[Diagnostic]) {
    tracing::error!(faults = faults.len(), "{}: the settings have faults; those before stay in force", cause.name());
    faults.iter().for_each(|fault| tracing::error!("{fault}; {}", fault.advice));
}

fn log_changes(cause: Cause, changes: &Changes) {
    let (cause, swapped) = (cause.name(), changes.swapped.join(", "));
    match changes.needs_restart.join(", ") {
        none if none.is_empty() && swapped.is_empty() => {
            tracing::info!("{cause}: the settings were read again, and nothing has changed");
        }
        none if none.is_empty() => tracing::info!(swapped, "{cause}: other settings are in force"),
        needs_restart => tracing::warn!(swapped, needs_restart, "{cause}: some of the settings need a restart"),
    }
}

/// The lines of `/readyz` about faults.
fn lines_of(faults: &[Diagnostic]) -> Vec<String> {
    let head = "settings have faults, and those before are in force:".to_owned();
    let more = faults.len().checked_sub(MOST_LINES).filter(|more| *more > 0).map(|more| format!("{more} more"));
    [head].into_iter().chain(faults.iter().take(MOST_LINES).map(ToString::to_string)).chain(more).collect()
}

/// The lines of `/readyz` about settings that wait for a restart.
fn waiting(changes: &Changes) -> Vec<String> {
    let names = changes.needs_restart.join(", ");
    if names.is_empty() { Vec::new() } else { vec![format!("needs a restart: {names}")] }
}
