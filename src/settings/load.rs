//! Reads settings from flags, environment and file, and reports every fault at once.

use crate::access::Keyring;
use crate::access::pair::SEED_BYTES;
use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::policy::Policy;
use crate::settings::credentials;
use crate::settings::findings::Findings;
use crate::settings::flags::{Flags, flag, given, given_list};
use crate::settings::given_keys::GivenKeys;
use crate::settings::key_flag;
use crate::settings::keys::{self, GivenKey};
use crate::settings::paths::beside;
use crate::settings::public::{self, Public};
use crate::settings::remote::{self, UpstreamKey};
use crate::settings::resolved::{Mode, Settings, Upstream};
use crate::settings::secret::{Environment, SecretPlace};
use crate::settings::written::{WrittenPages, WrittenSettings, WrittenStore, WrittenUpstream};
use crate::settings::{address, audit, bucket, cors, domain, http2, life, limits, pages, policy, proxies, store, tls};
use crate::store::Options;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Settings, and what is reported to the operator about them.
#[derive(Debug)]
pub struct Loaded {
    /// The settings for serving.
    pub settings: Settings,
    /// The keys of the ring in the order they were given, with the places of their secrets; empty where the pair of
    /// the first start is still to be made ([`Loaded::make_key`]).
    pub keys: Vec<GivenKey>,
    /// The key for the upstream, if it is remote and settings have one.
    pub upstream_key: Option<UpstreamKey>,
    /// Settings that are allowed but may be mistakes.
    pub warnings: Vec<Diagnostic>,
    /// The files that the settings were read from, missing ones included. A change of one of them changes the settings.
    pub files: Vec<PathBuf>,
}

impl Loaded {
    /// Makes and keeps the pair of the first start if no key is given. `seed` must be random.
    pub fn make_key(&mut self, seed: [u8; SEED_BYTES]) -> Result<(), Vec<Diagnostic>> {
        if self.keys.is_empty() {
            self.use_keys(vec![credentials::make(&self.settings.data_folder, seed)?]);
        }
        Ok(())
    }

    fn use_keys(&mut self, keys: Vec<GivenKey>) {
        self.settings.keys = keys.iter().map(|given| given.key.clone()).collect();
        self.keys = keys;
    }
}

/// Reads everything and changes nothing. Returns settings that can be served, or every fault.
pub fn load(flags: &Flags, environment: Environment<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let loaded = load_all(flags, environment).map_err(|faults| flags.placed(faults))?;
    Ok(Loaded { warnings: flags.placed(loaded.warnings), ..loaded })
}

fn load_all(flags: &Flags, environment: Environment<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let mut written = read_file(flags.config.as_deref(), &mut findings.faults);
    let file_keys = keys::from_file(std::mem::take(&mut written.keys), file, environment, &mut findings.faults);
    let loaded = resolve(flags, file, written, environment, &mut findings);
    let environment_key = keys::from_environment(environment, &mut findings.faults);
    let flag_keys = key_flag::keys(&flags.keys, &flags.place("--key"), &mut findings);
    let Some(mut loaded) = loaded.filter(|_| findings.faults.is_empty()) else { return Err(findings.faults) };
    let mut warnings: Vec<Diagnostic> = loaded.settings.policy.warnings().to_vec();
    warnings.append(&mut findings.warnings);
    let given = GivenKeys { of_flags: flag_keys, of_environment: environment_key, of_file: file_keys };
    let keys = given.choose(&loaded.settings.data_folder, &mut warnings)?;
    if let Some(fault) = tls::unusable_key(&keys, loaded.settings.tls.as_ref(), file) {
        return Err(vec![fault]);
    }
    warnings.extend(loaded.upstream_key.as_ref().and_then(|upstream| shared_key(upstream, &keys)));
    loaded.use_keys(keys);
    warnings.extend(exposed(file, &loaded));
    loaded.files.extend(named_files(&loaded));
    Ok(Loaded { warnings, ..loaded })
}

/// The files that the settings name, except those of the policy.
fn named_files(loaded: &Loaded) -> Vec<PathBuf> {
    let secrets = loaded.keys.iter().map(|key| &key.secret).chain(loaded.upstream_key.iter().map(|key| &key.secret));
    let of_secrets = secrets.filter_map(|secret| match secret {
        SecretPlace::File(path) | SecretPlace::Kept(path) => Some(path.clone()),
        SecretPlace::Environment(_) | SecretPlace::Settings(_) | SecretPlace::Flag(_) => None,
    });
    let kept = loaded.keys.is_empty().then(|| credentials::path(&loaded.settings.data_folder));
    let of_upstream = match &loaded.settings.upstream {
        Upstream::Local => None,
        Upstream::Remote(remote) => remote.ca_file.clone(),
    };
    let of_tls = loaded.settings.tls.iter().flat_map(|tls| tls.files.iter().cloned());
    of_secrets.chain(kept).chain(of_upstream).chain(of_tls).collect()
}

/// A warning for a secret in a settings file that all users of the machine can read.
fn exposed(file: &Path, loaded: &Loaded) -> Option<Diagnostic> {
    let secrets = loaded.keys.iter().map(|key| &key.secret).chain(loaded.upstream_key.iter().map(|key| &key.secret));
    let in_file = secrets.into_iter().any(|secret| matches!(secret, SecretPlace::Settings(_)));
    credentials::readable(file, 0o004).filter(|_| in_file)
}

/// Reads only the admin address, for commands that send requests there. `None` if it is switched off. The errors are
/// all faults of the address and of the form of the file.
pub fn load_admin(flags: &Flags) -> Result<Option<SocketAddr>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let written = read_file(flags.config.as_deref(), &mut faults);
    let admin = address::admin(flag(&flags.admin, "--admin").or(written.admin.listen), &[], &mut faults);
    if faults.is_empty() { Ok(admin) } else { Err(flags.placed(faults)) }
}

/// Reads the path of the control socket, for commands to the server: `None` if there is none. Also returns the faults
/// in the settings, because the file of a running server may have become faulty meanwhile.
pub fn load_control(flags: &Flags) -> (Option<PathBuf>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let written = read_file(flags.config.as_deref(), &mut faults);
    let is_local = matches!(written.upstream, WrittenUpstream::Local { .. });
    let data = data_folder(flags, file, &written.upstream, &mut faults);
    let path = life::control(flags, file, written.life.control.as_ref(), is_local, &data, &mut faults);
    (path, flags.placed(faults))
}

pub(super) fn read_file(path: Option<&Path>, faults: &mut Vec<Diagnostic>) -> WrittenSettings {
    let Some(path) = path else { return WrittenSettings::default() };
    match std::fs::read_to_string(path) {
        Ok(text) => WrittenSettings::read(path, &text, faults),
        Err(error) => {
            let advice = "name a TOML file that this user can read with --config, or leave it out for the defaults";
            faults.push(Diagnostic::new(
                Location::file(path),
                format!("the settings file cannot be read: {error}"),
                advice,
            ));
            WrittenSettings::default()
        }
    }
}

/// Everything but the keys of clients; `None` only if there is a fault.
pub(super) fn resolve(
    flags: &Flags,
    file: &Path,
    mut written: WrittenSettings,
    environment: Environment<'_>,
    findings: &mut Findings,
) -> Option<Loaded> {
    let addresses = Addresses::resolve(flags, &mut written, findings);
    let trusted_proxies = proxies::resolve(written.trusted_proxies, findings);
    let pages = pages::resolve(under_flags(written.admin.pages, flags), addresses.admin, findings);
    let faults = &mut findings.faults;
    let mode = audit::mode(flags, written.mode, faults);
    let mut files: Vec<PathBuf> = flags.config.iter().cloned().collect();
    let policy = policy(flags, file, written.policy, mode, &mut files, faults);
    let domains = domain::domains(written.domains, faults);
    let data_folder = data_folder(flags, file, &written.upstream, faults);
    let cors = cors::resolve(written.cors, &flags.cors, findings);
    let store = store(flags, written.store, &written.upstream, findings);
    let tls = tls::resolve(flags, file, written.tls, findings);
    let http2 = http2::resolve(&written.http2, tls.is_some(), findings);
    let plain: Vec<_> = addresses.listen.iter().chain(&addresses.public.listen).filter(|_| tls.is_none()).collect();
    findings.warnings.extend(plain.into_iter().filter_map(address::plain));
    let (upstream, upstream_key) = upstream(written.upstream, file, environment, &addresses.all(), findings)?;
    let buckets = bucket::buckets(written.buckets, given("--bucket", &flags.buckets), &upstream, findings);
    let keys = Keyring::default();
    let audit_file = audit::file(flags, file, written.audit, &upstream, &data_folder, &mut findings.faults);
    let is_local = matches!(upstream, Upstream::Local);
    let life = life::resolve(flags, file, written.life, is_local, &data_folder, &mut findings.faults);
    let ports = limits::of_ports(&mut written.limits, &mut findings.faults);
    let limits = limits::resolve(written.limits, &mut findings.faults);
    let settings = Settings {
        listen: addresses.listen,
        admin: addresses.admin,
        pages,
        public: addresses.public.buckets,
        public_listen: addresses.public.listen,
        trusted_proxies,
        policy: Arc::new(policy?),
        mode,
        domains,
        cors,
        keys,
        upstream,
        buckets,
        data_folder,
        audit_file,
        store,
        life,
        tls,
        http2,
        limits,
        ports,
    };
    Some(Loaded { settings, keys: Vec::new(), upstream_key, warnings: Vec::new(), files })
}

/// The settings of pages, unless flags replace them.
fn under_flags(written: WrittenPages, flags: &Flags) -> WrittenPages {
    let pages = flags.pages.map(|served| Spanned::new(served, Location::from_name("--pages")));
    let hosts = given_list("--admin-host", &flags.admin_hosts);
    WrittenPages { pages: pages.or(written.pages), hosts: hosts.or(written.hosts), ..written }
}

/// The options of the local store.
fn store(flags: &Flags, written: WrittenStore, upstream: &WrittenUpstream, findings: &mut Findings) -> Options {
    let durability = flag(&flags.durability, "--durability");
    if matches!(upstream, WrittenUpstream::Remote(_)) {
        findings.warnings.extend(without_effect(&written, durability.as_ref()));
    }
    store::options(written, durability, &mut findings.faults)
}

/// The addresses and what is served there.
struct Addresses {
    listen: Vec<SocketAddr>,
    admin: Option<SocketAddr>,
    public: Public,
}

impl Addresses {
    fn resolve(flags: &Flags, written: &mut WrittenSettings, findings: &mut Findings) -> Addresses {
        let faults = &mut findings.faults;
        let listen = address::listen(given_list("--listen", &flags.listen).or(written.listen.take()), faults);
        let admin = address::admin(flag(&flags.admin, "--admin").or(written.admin.listen.take()), &listen, faults);
        let served: Vec<_> = listen.iter().copied().chain(admin).collect();
        let public = public::resolve(
            given_list("--public", &flags.public).or(written.public.take()),
            given_list("--public-listen", &flags.public_listen).or(written.public_listen.take()),
            &served,
            findings,
        );
        Addresses { listen, admin, public }
    }

    /// All of them.
    fn all(&self) -> Vec<SocketAddr> {
        self.listen.iter().chain(&self.admin).chain(&self.public.listen).copied().collect()
    }
}

pub(super) fn upstream(
    written: WrittenUpstream,
    file: &Path,
    environment: Environment<'_>,
    served: &[SocketAddr],
    findings: &mut Findings,
) -> Option<(Upstream, Option<UpstreamKey>)> {
    match written {
        WrittenUpstream::Local { .. } => Some((Upstream::Local, None)),
        WrittenUpstream::Remote(written) => {
            let (remote, key) = remote::resolve(*written, file, environment, served, findings)?;
            Some((Upstream::Remote(Box::new(remote)), key))
        }
    }
}

/// Settings of the local store if there is a remote one.
fn without_effect(store: &WrittenStore, durability: Option<&Spanned<String>>) -> Vec<Diagnostic> {
    let fault = |location: &Location, name: &str| {
        let message = format!("{name} has no effect, as the upstream is another store");
        Diagnostic::new(location.clone(), message, "leave it out; how durable a write is depends on that store")
    };
    let table = store.location.iter().map(|location| fault(location, "[store]"));
    table.chain(durability.map(|flag| fault(&flag.location, "--durability"))).collect()
}

/// A warning if a client has the upstream's key: it can use the store directly, without policy and permissions.
fn shared_key(upstream: &UpstreamKey, clients: &[GivenKey]) -> Option<Diagnostic> {
    clients.iter().find(|given| given.key.id == upstream.id)?;
    let message = "clients have a key of the same id, and can go around r2shim where the secret is the same too";
    Some(Diagnostic::new(
        upstream.location.clone(),
        message,
        "give clients keys of their own; `r2shim keys new` makes them",
    ))
}

pub(super) fn policy(
    flags: &Flags,
    file: &Path,
    written: Option<Spanned<String>>,
    mode: Mode,
    files: &mut Vec<PathBuf>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Policy> {
    let chosen = policy::chosen(flag(&flags.policy, "--policy"), written, file, mode);
    let read = RefCell::default();
    let policy = chosen.value.load_noting(&chosen.location, &read);
    files.append(&mut read.into_inner());
    policy.map_err(|mut found| faults.append(&mut found)).ok()
}

pub(super) fn data_folder(
    flags: &Flags,
    file: &Path,
    written: &WrittenUpstream,
    faults: &mut Vec<Diagnostic>,
) -> PathBuf {
    let written = match written {
        WrittenUpstream::Local { path } => path.as_ref(),
        WrittenUpstream::Remote(_) => None,
    };
    match (&flags.data, written) {
        (Some(path), _) => path.clone(),
        (None, Some(text)) if text.value.is_empty() => {
            faults.push(text.fault("the path is empty", "name a folder"));
            PathBuf::new()
        }
        (None, Some(text)) => beside(file, &text.value),
        (None, None) => PathBuf::from("./r2shim-data"),
    }
}
