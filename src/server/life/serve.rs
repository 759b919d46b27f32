//! Serving from settings, from the first lock to the last request: what `r2shim serve` does.

use crate::filters::{CurrentRules, Limits, Mode, Rules};
use crate::s3::names::BucketName;
use crate::server::audit::Recorder;
use crate::server::clock;
use crate::server::connection::limits::ConnectionLimits;
use crate::server::life::listeners::Listeners;
use crate::server::life::run::{DRAIN_LIMIT, Objects, Running, ServerParts, Signals, StartError, start};
use crate::server::observe::build;
use crate::server::remote::{self, RemoteStore, SetupError, TriedPart};
use crate::settings::{self, Settings, Upstream};
use crate::store::{Store, StoreError};
use crate::upstream::Remote;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;
use std::sync::Arc;

/// Serves until SIGTERM or ctrl-C, then lets requests in flight end. `on_ready` gets the server, which has the
/// addresses in use.
pub fn serve(settings: Settings, listeners: Listeners, on_ready: impl FnOnce(&Running)) -> Result<(), StartError> {
    let open_files = raise_open_files();
    let internal = |error: std::io::Error| StartError::Internal(Box::new(error));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(internal)?;
    runtime.block_on(async {
        let (policy, mode) = (settings.policy.name().to_owned(), settings.mode.name());
        let running = start(parts(settings, listeners, limits(open_files)).await?)?;
        // Before anyone can know that the server runs: a signal that comes earlier would kill it.
        let signals = Signals::listen().map_err(internal)?;
        note_start(&running, &policy, mode);
        on_ready(&running);
        let signal = signals.until_stopped().await;
        let in_flight = running.in_flight();
        tracing::info!(in_flight, "{signal}: no new connections; requests in flight have {} s", DRAIN_LIMIT.as_secs());
        match running.stop(DRAIN_LIMIT).await {
            0 => tracing::info!("stopped"),
            cut_off => tracing::warn!(cut_off, "stopped, and requests were cut off"),
        }
        Ok(())
    })
}

/// The log of a service is often all that its operator sees.
fn note_start(running: &Running, policy: &str, mode: &str) {
    let (listen, admin) = (&running.listen, running.admin.map(tracing::field::display));
    let public = Some(&running.public).filter(|public| !public.is_empty()).map(tracing::field::debug);
    tracing::info!(version = build::VERSION, commit = build::COMMIT, policy, mode, ?listen, public, admin, "started");
}

/// Tries a remote store out, for `check --online`.
///
/// # Errors
/// What keeps it from being tried.
pub fn probe(remote: Remote) -> Result<Vec<TriedPart>, ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(remote::probe(remote))?)
}

/// Why a remote store cannot be tried out.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is no runtime to do it in.
    #[error(transparent)]
    Runtime(#[from] std::io::Error),
    /// Requests to it cannot be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

async fn parts(settings: Settings, listeners: Listeners, limits: Limits) -> Result<ServerParts, StartError> {
    let recorder = match settings.mode {
        settings::Mode::Enforce => None,
        settings::Mode::Audit => Some(recorder(&settings.audit_file, settings.policy.name())?),
    };
    let mode = match (settings.mode, &settings.upstream) {
        (settings::Mode::Enforce, _) => Mode::Enforce,
        (settings::Mode::Audit, Upstream::Local) => Mode::AuditLocal,
        (settings::Mode::Audit, Upstream::Remote(_)) => Mode::AuditRemote,
    };
    let rules = CurrentRules::from_pointee(Rules {
        limits,
        domains: settings.domains,
        cors: settings.cors,
        keyring: settings.keys,
        signing_keys: Arc::default(),
        policy: Arc::new(settings.policy),
        public: settings.public,
        trusted_proxies: settings.trusted_proxies,
        mode,
    });
    let objects = match settings.upstream {
        Upstream::Local => Objects::Local(Store::open(&settings.data_folder, settings.store)?),
        Upstream::Remote(remote) => {
            let remote = RemoteStore::new(*remote).map_err(|error| StartError::Internal(error.into()))?;
            remote.resolve().await;
            Objects::Remote(remote)
        }
    };
    make_buckets(&objects, &settings.buckets).await?;
    Ok(ServerParts { listeners, rules: Arc::new(rules), objects, recorder, pages: settings.pages })
}

/// What keeps the audit.
fn recorder(file: &Path, policy: &str) -> Result<Arc<Recorder>, StartError> {
    Recorder::open(file, policy).map(Arc::new).map_err(|error| StartError::Audit(error.into()))
}

/// Makes the buckets that are missing, so that clients find them as soon as anything listens.
async fn make_buckets(objects: &Objects, buckets: &[BucketName]) -> Result<(), StartError> {
    for bucket in buckets {
        let made = match objects {
            Objects::Local(store) => ensure_bucket(store, bucket).await.map_err(|error| error.to_string()),
            Objects::Remote(remote) => remote.ensure_bucket(bucket).await,
        };
        if made.map_err(|cause| StartError::Bucket { bucket: bucket.clone(), cause })? {
            tracing::info!(%bucket, "made a bucket that was missing");
        }
    }
    Ok(())
}

/// Makes a bucket of the local store unless it is there. Says whether it was made.
async fn ensure_bucket(store: &Store, bucket: &BucketName) -> Result<bool, StoreError> {
    match store.bucket(bucket).await {
        Err(StoreError::NoSuchBucket) => store.create_bucket(bucket, clock::now()).await.map(|()| true),
        found => found.map(|_| false),
    }
}

/// Lets the process open as many files as the system allows it: a connection and a body are one each, and the usual
/// 1,024 are soon used up. If that fails, the limit stays as it was. Returns the limit; `None` if there is none.
fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current
}

/// The limits, with no more connections than there are descriptors for.
fn limits(open_files: Option<u64>) -> Limits {
    let limits = Limits::default();
    let wanted = ConnectionLimits { all: limits.connections, per_address: limits.connections_per_address };
    let affordable = wanted.within(open_files.unwrap_or(u64::MAX));
    if affordable != wanted {
        let connections = affordable.all;
        tracing::warn!(
            connections,
            open_files,
            "the limit of open files allows fewer connections; raise it (ulimit -n)"
        );
    }
    Limits { connections: affordable.all, connections_per_address: affordable.per_address, ..limits }
}
