//! From flags, environment and file to settings, with every fault at once.

use crate::access::Keyring;
use crate::access::pair::SEED_BYTES;
use crate::policy::Policy;
use crate::settings::credentials;
use crate::settings::fault::{At, Fault, Place};
use crate::settings::keys::{self, GivenKey};
use crate::settings::paths::beside;
use crate::settings::resolved::{Mode, Settings, StoreOptions, Upstream};
use crate::settings::secret::Environment;
use crate::settings::written::Written;
use crate::settings::{address, domain, policy};
use crate::store::Durability;
use std::path::{Path, PathBuf};

/// What the command line says, unread: faults in it are told with those of the file.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`: the settings file.
    pub config: Option<PathBuf>,
    /// `--listen`, as often as given; empty where it was not.
    pub listen: Vec<String>,
    /// `--admin`.
    pub admin: Option<String>,
    /// `--data`: the data folder.
    pub data: Option<PathBuf>,
    /// `--policy`: a built-in name or a path.
    pub policy: Option<String>,
    /// `--durability`.
    pub durability: Option<String>,
}

/// Settings, and what the operator should hear about them.
#[derive(Debug)]
pub struct Loaded {
    /// What serving needs.
    pub settings: Settings,
    /// The keys of the ring in the order they were given, with the places of their secrets; empty where the pair of
    /// the first start is still to be made ([`Loaded::make_key`]).
    pub keys: Vec<GivenKey>,
    /// What is allowed and perhaps not meant.
    pub warnings: Vec<Fault>,
}

impl Loaded {
    /// Makes and keeps the pair of the first start where no key is given. `seed` must be random.
    pub fn make_key(&mut self, seed: [u8; SEED_BYTES]) -> Result<(), Vec<Fault>> {
        if self.keys.is_empty() {
            self.use_keys(vec![credentials::make(self.settings.upstream.data_folder(), seed)?]);
        }
        Ok(())
    }

    fn use_keys(&mut self, keys: Vec<GivenKey>) {
        self.settings.keys = keys.iter().map(|given| given.key.clone()).collect();
        self.keys = keys;
    }
}

/// Reads everything and changes nothing. Every fault there is, or settings that can be served.
pub fn load(flags: &Flags, environment: Environment<'_>) -> Result<Loaded, Vec<Fault>> {
    let mut faults = Vec::new();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let mut written = read_file(flags.config.as_deref(), &mut faults);
    let file_keys = keys::from_file(std::mem::take(&mut written.keys), file, environment, &mut faults);
    let settings = resolve(flags, file, written, &mut faults);
    let environment_key = keys::from_environment(environment, &mut faults);
    let Some(settings) = settings.filter(|_| faults.is_empty()) else { return Err(faults) };
    let mut warnings: Vec<Fault> = settings.policy.warnings().iter().cloned().map(Fault::from).collect();
    let keys = choose_keys(environment_key, file_keys, &settings, &mut warnings)?;
    let mut loaded = Loaded { settings, keys: Vec::new(), warnings };
    loaded.use_keys(keys);
    Ok(loaded)
}

/// Reads what decides over a request beside its keys, the policy and the domains, so that secrets need not be at hand.
/// Every fault there is in them and in the form of the file.
pub fn load_rules(flags: &Flags) -> Result<(Policy, Vec<String>), Vec<Fault>> {
    let mut faults = Vec::new();
    let file = flags.config.as_deref().unwrap_or(Path::new(""));
    let written = read_file(flags.config.as_deref(), &mut faults);
    let policy = policy(flags, file, written.policy, &mut faults);
    let domains = domain::domains(written.domains, &mut faults);
    match policy {
        Some(policy) if faults.is_empty() => Ok((policy, domains)),
        _ => Err(faults),
    }
}

fn read_file(path: Option<&Path>, faults: &mut Vec<Fault>) -> Written {
    let Some(path) = path else { return Written::default() };
    match std::fs::read_to_string(path) {
        Ok(text) => Written::read(path, &text, faults),
        Err(error) => {
            let advice = "name a TOML file that this user can read with --config, or leave it out for the defaults";
            faults.push(Fault::new(Place::file(path), format!("the settings file cannot be read: {error}"), advice));
            Written::default()
        }
    }
}

/// `None` only where there is a fault.
fn resolve(flags: &Flags, file: &Path, written: Written, faults: &mut Vec<Fault>) -> Option<Settings> {
    let listen = address::listen(given_listen(flags).or(written.listen), faults);
    let admin = address::admin(flag(&flags.admin, "--admin").or(written.admin), &listen, faults);
    let policy = policy(flags, file, written.policy, faults);
    let mode = mode(written.mode, faults);
    let domains = domain::domains(written.domains, faults);
    let upstream = Upstream::Local { path: data_folder(flags, file, written.upstream_path, faults) };
    let store = StoreOptions {
        durability: durability(flag(&flags.durability, "--durability").or(written.durability), faults),
        index_cache: index_cache(written.index_cache, faults),
        upload_age: upload_age(written.upload_age, faults),
    };
    Some(Settings { listen, admin, policy: policy?, mode, domains, keys: Keyring::default(), upstream, store })
}

/// The environment's key alone where it gives one, else the file's, else the pair kept at the first start.
fn choose_keys(
    environment_key: Option<GivenKey>,
    file_keys: Vec<GivenKey>,
    settings: &Settings,
    warnings: &mut Vec<Fault>,
) -> Result<Vec<GivenKey>, Vec<Fault>> {
    match environment_key {
        Some(key) => {
            warnings.extend(overruled(file_keys.len()));
            Ok(vec![key])
        }
        None if !file_keys.is_empty() => Ok(file_keys),
        None => Ok(credentials::read(settings.upstream.data_folder(), warnings)?.into_iter().collect()),
    }
}

fn overruled(count: usize) -> Option<Fault> {
    let keys = match count {
        0 => return None,
        1 => "the key".to_owned(),
        _ => format!("the {count} keys"),
    };
    let message = format!("the environment gives the key, so {keys} of the settings file will not be accepted");
    Some(Fault::new(Place::named("R2SHIM_ACCESS_KEY_ID"), message, "unset it to use those of the file"))
}

fn flag(value: &Option<String>, name: &str) -> Option<At<String>> {
    value.clone().map(|value| At::new(value, Place::named(name)))
}

fn given_listen(flags: &Flags) -> Option<Vec<At<String>>> {
    let at = |text: &String| At::new(text.clone(), Place::named("--listen"));
    (!flags.listen.is_empty()).then(|| flags.listen.iter().map(at).collect())
}

fn policy(flags: &Flags, file: &Path, written: Option<At<String>>, faults: &mut Vec<Fault>) -> Option<Policy> {
    let chosen = policy::chosen(flag(&flags.policy, "--policy"), written, file);
    chosen.value.load(&chosen.place).map_err(|mut found| faults.append(&mut found)).ok()
}

fn mode(written: Option<At<String>>, faults: &mut Vec<Fault>) -> Mode {
    match written {
        Some(text) if text.value == "audit" => faults.push(Fault::not_yet(text.place, "`mode = \"audit\"`")),
        Some(text) if text.value != "enforce" => {
            faults.push(text.fault(format!("{:?} is no mode", text.value), "write mode = \"enforce\""));
        }
        _ => {}
    }
    Mode::Enforce
}

fn data_folder(flags: &Flags, file: &Path, written: Option<At<String>>, faults: &mut Vec<Fault>) -> PathBuf {
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

fn durability(written: Option<At<String>>, faults: &mut Vec<Fault>) -> Durability {
    let Some(text) = written else { return Durability::Fsync };
    Durability::parse(&text.value).unwrap_or_else(|| {
        let message = format!("{:?} is no durability", text.value);
        faults.push(text.fault(message, "write \"fsync\", or \"none\" for data that may be lost with the machine"));
        Durability::Fsync
    })
}

/// The index's engine needs some room to work in; below this it only thrashes.
const LEAST_INDEX_CACHE: u64 = 1024 * 1024;

fn index_cache(written: Option<At<u64>>, faults: &mut Vec<Fault>) -> Option<u64> {
    let number = written?;
    if number.value < LEAST_INDEX_CACHE {
        let message = format!("an index_cache of {} bytes is too small", number.value);
        faults
            .push(number.fault(message, format!("it is in bytes: write {LEAST_INDEX_CACHE} or more, or leave it out")));
    }
    Some(number.value)
}

/// An hour: an age given in days or hours by mistake would end uploads that are on their way.
const LEAST_UPLOAD_AGE: u64 = 60 * 60;

fn upload_age(written: Option<At<u64>>, faults: &mut Vec<Fault>) -> Option<u64> {
    let number = written?;
    if number.value < LEAST_UPLOAD_AGE {
        let message = format!("an upload_age of {} seconds is too small", number.value);
        faults.push(
            number.fault(message, format!("it is in seconds: write {LEAST_UPLOAD_AGE} or more, or leave it out")),
        );
    }
    Some(number.value)
}
