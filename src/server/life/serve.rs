//! `r2shim serve`: serves by its settings, from the first lock to the last request.

use crate::filters::{CurrentRules, Limits, Mode, Rules};
use crate::server::audit::{self, Recorder};
use crate::server::connection::limits::ConnectionLimits;
use crate::server::control::{ControlSocket, Predecessor};
use crate::server::life::buckets::{NotMade, make_buckets};
use crate::server::life::commands::Commands;
use crate::server::life::listeners::Listeners;
use crate::server::life::reload::{Cause, Origin, Reloader};
use crate::server::life::run::{DRAIN_LIMIT, Objects, Running, ServerParts, StartError, start};
use crate::server::life::signals::{Signals, Stop, Wanted};
use crate::server::life::supervisor::{self, ServerState};
use crate::server::life::turn;
use crate::server::observe::build;
use crate::server::remote::{self, RemoteStore, SetupError, TriedPart};
use crate::server::tls::Certificates;
use crate::settings::{self, Flags, Life, PortLimits, Settings, Upstream};
use crate::store::{OpenError, Options, Store};
use crate::upstream::Remote;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What is served.
pub struct Served {
    /// The settings.
    pub settings: Settings,
    /// The command line that they came from.
    pub flags: Flags,
    /// The files that they came from.
    pub files: Vec<PathBuf>,
    /// The server that this one replaces.
    pub predecessor: Option<Predecessor>,
}

/// Serves until SIGTERM or ctrl-C, then lets requests in flight end. `on_ready` gets the server, which has the
/// addresses in use.
pub fn serve(served: Served, listeners: Listeners, on_ready: impl FnOnce(&Running)) -> Result<(), StartError> {
    avoid_huge_pages();
    let open_files = raise_open_files();
    let internal = |error: std::io::Error| StartError::Internal(Box::new(error));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(internal)?;
    runtime.block_on(async {
        let Served { settings, flags, files, mut predecessor } = served;
        let succeeds = predecessor.is_some();
        let may_wait = succeeds || listeners.are_inherited();
        if has_what_is_for_one(&settings) {
            ask_to_stop(predecessor.take());
        }
        let running =
            start(parts(settings.clone(), listeners, affordable(open_files, settings.ports), may_wait).await?)?;
        // This comes before the server is reported as ready: a signal that comes earlier would kill it.
        let mut signals = Signals::listen().map_err(internal)?;
        note_start(&running, &settings);
        ask_to_stop(predecessor);
        let life = settings.life.clone();
        let reloader = Arc::new(Reloader::new(settings, Origin { flags, files }, running.live.clone()));
        let commands = Commands {
            reloader: reloader.clone(),
            handles: running.live.handles.clone(),
            store: running.live.objects.local().cloned(),
            succeeded: signals.succeeded(),
        };
        let beside = beside_requests(&life, &reloader, commands, succeeds);
        on_ready(&running);
        supervisor::notify(ServerState::Ready);
        let why = until_stopped(&mut signals, &reloader, &running, life.drain_delay).await;
        beside.end(why);
        end(running, why).await;
        Ok(())
    })
}

/// Whether only one server at a time can have these settings: the index of a local store and the file of an audit are
/// locked.
fn has_what_is_for_one(settings: &Settings) -> bool {
    matches!(settings.upstream, Upstream::Local) || settings.mode == settings::Mode::Audit
}

/// Asks the previous server to stop.
fn ask_to_stop(predecessor: Option<Predecessor>) {
    if let Some(Err(error)) = predecessor.map(Predecessor::leave) {
        tracing::warn!(%error, "the previous server could not be asked to stop");
    }
}

/// The tasks that run beside requests.
struct Beside {
    tasks: Vec<JoinHandle<()>>,
    control: Option<ControlSocket>,
}

impl Beside {
    /// Ends them. The control socket is removed, unless a successor replaces it.
    fn end(self, why: Stop) {
        self.tasks.iter().for_each(JoinHandle::abort);
        if let (Stop::Succeeded, Some(control)) = (why, self.control) {
            control.leave();
        }
    }
}

/// Answers commands, checks files for changes, and notifies the service manager's watchdog.
fn beside_requests(life: &Life, reloader: &Arc<Reloader>, commands: Commands, succeeds: bool) -> Beside {
    let watch = life.reload_interval.map(|every| tokio::spawn(reloader.clone().watch(every)));
    let control = life.control.as_deref().and_then(|path| {
        let failed = |error| tracing::warn!("no command will reach this server: {error}");
        ControlSocket::bind(path, succeeds).map_err(failed).ok()
    });
    let answering = control.as_ref().map(|socket| tokio::spawn(socket.serve(Arc::new(commands))));
    let tasks = watch.into_iter().chain(answering).chain([tokio::spawn(supervisor::show_life())]).collect();
    Beside { tasks, control }
}

/// Waits until the server is to stop. After SIGTERM it also waits for the delay in the settings, during which `/readyz`
/// is 503. A second request to stop ends the delay.
async fn until_stopped(
    signals: &mut Signals,
    reloader: &Arc<Reloader>,
    running: &Running,
    drain_delay: Duration,
) -> Stop {
    let why = next_stop(signals, reloader).await;
    supervisor::notify(ServerState::Stopping);
    if why != Stop::Terminate || drain_delay.is_zero() {
        return why;
    }
    running.live.notices.leave();
    let seconds = drain_delay.as_secs();
    tracing::info!("SIGTERM: /readyz is 503 from now on, and new connections are accepted for {seconds} s");
    timeout(drain_delay, next_stop(signals, reloader)).await.unwrap_or(why)
}

/// Waits for a reason to stop. Meanwhile it reads the settings again at SIGHUP.
async fn next_stop(signals: &mut Signals, reloader: &Arc<Reloader>) -> Stop {
    loop {
        match signals.next().await {
            Wanted::Stop(why) => return why,
            Wanted::Reload => {
                let reloader = reloader.clone();
                tokio::spawn(async move {
                    supervisor::notify(ServerState::Reloading);
                    reloader.reload(Cause::Signal).await;
                    supervisor::notify(ServerState::Ready);
                });
            }
        }
    }
}

/// Lets requests in flight end.
async fn end(running: Running, why: Stop) {
    let (in_flight, name) = (running.in_flight(), why.name());
    tracing::info!(in_flight, "{name}: no new connections; requests in flight have {} s", DRAIN_LIMIT.as_secs());
    let cut_off = match why {
        Stop::Succeeded => running.leave(DRAIN_LIMIT).await,
        Stop::Terminate | Stop::Interrupt => running.stop(DRAIN_LIMIT).await,
    };
    match cut_off {
        0 => tracing::info!("stopped"),
        cut_off => tracing::warn!(cut_off, "stopped, and requests were cut off"),
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
/// The store cannot be tried.
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

async fn parts(
    settings: Settings,
    listeners: Listeners,
    ports: PortLimits,
    may_wait: bool,
) -> Result<ServerParts, StartError> {
    let certificates = settings.tls.as_ref().map(Certificates::new).transpose()?.map(Arc::new);
    let (policy, audit_file, http2) = (settings.policy.clone(), settings.audit_file, settings.http2);
    let mode = Mode::from_settings(settings.mode, &settings.upstream);
    let rules = CurrentRules::from_pointee(Rules {
        limits: Limits { requests: settings.limits, ..Limits::from(ports) },
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
        Upstream::Local => Objects::Local(store(&settings.data_folder, settings.store, may_wait).await?),
        Upstream::Remote(remote) => {
            let remote = RemoteStore::new(*remote).map_err(|error| StartError::Internal(error.into()))?;
            remote.resolve().await;
            Objects::Remote(remote)
        }
    };
    // Later than the store, which makes the folder that the audit is in.
    let recorder = match settings.mode {
        settings::Mode::Enforce => None,
        settings::Mode::Audit => Some(recorder(&audit_file, policy.name(), may_wait).await?),
    };
    let not_made = |NotMade { bucket, cause }| StartError::Bucket { bucket, cause };
    make_buckets(&objects, &settings.buckets).await.map_err(not_made)?;
    let (rules, pages) = (Arc::new(rules), settings.pages);
    Ok(ServerParts { listeners, rules, objects, recorder, pages, certificates, http2 })
}

/// The local store, once the previous server has closed it.
async fn store(folder: &Path, options: Options, may_wait: bool) -> Result<Store, OpenError> {
    let is_in_use = |error: &OpenError| matches!(error, OpenError::InUse(_));
    turn::opened(may_wait, "the data folder", || Store::open(folder, options), is_in_use).await
}

/// The recorder of the audit, once the previous server has written its last figures.
async fn recorder(file: &Path, policy: &str, may_wait: bool) -> Result<Arc<Recorder>, StartError> {
    let is_in_use = |error: &audit::OpenError| matches!(error, audit::OpenError::InUse(_));
    let opened = turn::opened(may_wait, "the audit", || Recorder::open(file, policy), is_in_use).await;
    opened.map(Arc::new).map_err(|error| StartError::Audit(error.into()))
}

/// Leaves pages of memory small. The allocator's huge ones of 2 MiB are mostly empty in an idle server, and are resident
/// as a whole. Where the system does not support this, memory is all that it costs.
fn avoid_huge_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages of memory stay on");
    }
}

/// Lets the process open as many files as the system allows it: a connection and a body are one each, and the usual
/// 1,024 are soon used up. If that fails, the limit stays as it was. Returns the limit; `None` if there is none.
fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current
}

/// The limits of connections, with no more of them than there are descriptors for.
fn affordable(open_files: Option<u64>, ports: PortLimits) -> PortLimits {
    let wanted = ConnectionLimits::from(&ports);
    let affordable = wanted.within(open_files.unwrap_or(u64::MAX));
    if affordable != wanted {
        let connections = affordable.all;
        tracing::warn!(
            connections,
            open_files,
            "the limit of open files allows fewer connections; raise it (ulimit -n)"
        );
    }
    PortLimits { connections: affordable.all, connections_per_address: affordable.per_address, ..ports }
}
