//! Serving from settings, from the first lock to the last request: what `r2shim serve` does.

use crate::filters::{CurrentRules, Limits, Mode, Rules};
use crate::server::audit::Recorder;
use crate::server::connection::limits::ConnectionLimits;
use crate::server::control::ControlSocket;
use crate::server::life::buckets::{NotMade, make_buckets};
use crate::server::life::commands::Commands;
use crate::server::life::listeners::Listeners;
use crate::server::life::reload::{Cause, Origin, Reloader};
use crate::server::life::run::{DRAIN_LIMIT, Objects, Running, ServerParts, StartError, start};
use crate::server::life::signals::{Signals, Wanted};
use crate::server::observe::build;
use crate::server::remote::{self, RemoteStore, SetupError, TriedPart};
use crate::server::tls::Certificates;
use crate::settings::{self, Flags, Life, Settings, Upstream};
use crate::store::Store;
use crate::upstream::Remote;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What is served.
pub struct Served {
    /// The settings.
    pub settings: Settings,
    /// The command line that they came from.
    pub flags: Flags,
    /// The files that they came from.
    pub files: Vec<PathBuf>,
}

/// Serves until SIGTERM or ctrl-C, then lets requests in flight end. `on_ready` gets the server, which has the
/// addresses in use.
pub fn serve(served: Served, listeners: Listeners, on_ready: impl FnOnce(&Running)) -> Result<(), StartError> {
    let open_files = raise_open_files();
    let internal = |error: std::io::Error| StartError::Internal(Box::new(error));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(internal)?;
    runtime.block_on(async {
        let Served { settings, flags, files } = served;
        let running = start(parts(settings.clone(), listeners, limits(open_files)).await?)?;
        // Before anyone can know that the server runs: a signal that comes earlier would kill it.
        let mut signals = Signals::listen().map_err(internal)?;
        note_start(&running, &settings);
        let life = settings.life.clone();
        let reloader = Arc::new(Reloader::new(settings, Origin { flags, files }, running.live.clone()));
        let beside = beside_requests(&life, &reloader);
        on_ready(&running);
        let signal = until_stopped(&mut signals, &reloader).await;
        beside.iter().for_each(JoinHandle::abort);
        let in_flight = running.in_flight();
        tracing::info!(in_flight, "{signal}: no new connections; requests in flight have {} s", DRAIN_LIMIT.as_secs());
        match running.stop(DRAIN_LIMIT).await {
            0 => tracing::info!("stopped"),
            cut_off => tracing::warn!(cut_off, "stopped, and requests were cut off"),
        }
        Ok(())
    })
}

/// What runs beside requests: answering commands, and looking for changed files.
fn beside_requests(life: &Life, reloader: &Arc<Reloader>) -> Vec<JoinHandle<()>> {
    let watch = life.reload_interval.map(|every| tokio::spawn(reloader.clone().watch(every)));
    let socket = life.control.as_deref().and_then(|path| {
        let failed = |error| tracing::warn!("no command will reach this server: {error}");
        ControlSocket::bind(path).map_err(failed).ok()
    });
    let commands = Commands { reloader: reloader.clone() };
    let control = socket.map(|socket| tokio::spawn(socket.serve(Arc::new(commands))));
    watch.into_iter().chain(control).collect()
}

/// Waits for a signal to stop, and says which came.
async fn until_stopped(signals: &mut Signals, reloader: &Arc<Reloader>) -> &'static str {
    loop {
        match signals.next().await {
            Wanted::Stop(name) => return name,
            Wanted::Reload => {
                let reloader = reloader.clone();
                tokio::spawn(async move { reloader.reload(Cause::Signal).await });
            }
        }
    }
}

/// The log of a service is often all that its operator sees.
fn note_start(running: &Running, settings: &Settings) {
    let (policy, mode) = (settings.policy.name(), settings.mode.name());
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
    let certificates = settings.tls.as_ref().map(Certificates::new).transpose()?.map(Arc::new);
    let http2 = settings.http2;
    let recorder = match settings.mode {
        settings::Mode::Enforce => None,
        settings::Mode::Audit => Some(recorder(&settings.audit_file, settings.policy.name())?),
    };
    let mode = Mode::from_settings(settings.mode, &settings.upstream);
    let rules = CurrentRules::from_pointee(Rules {
        limits,
        domains: settings.domains,
        cors: settings.cors,
        keyring: settings.keys,
        signing_keys: Arc::default(),
        policy: settings.policy,
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
    let not_made = |NotMade { bucket, cause }| StartError::Bucket { bucket, cause };
    make_buckets(&objects, &settings.buckets).await.map_err(not_made)?;
    let (rules, pages) = (Arc::new(rules), settings.pages);
    Ok(ServerParts { listeners, rules, objects, recorder, pages, certificates, http2 })
}

/// What keeps the audit.
fn recorder(file: &Path, policy: &str) -> Result<Arc<Recorder>, StartError> {
    Recorder::open(file, policy).map(Arc::new).map_err(|error| StartError::Audit(error.into()))
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
