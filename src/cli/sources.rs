//! The flags of all commands that read settings, and whether the value of a flag is from the command line or from its
//! variable.

use crate::settings::{Flags, KeyText};
use crate::store::Durability;
use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where settings come from, for all commands that read them.
#[derive(Debug, Clone, Default, Args)]
pub struct Sources {
    #[command(flatten)]
    variables: Variables,
    /// Settings file, in TOML; flags win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Policy: a built-in name, or a path (it has a '/' or ends in .toml) [default: r2, in an audit r2-2026]
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// Origin whose pages may use r2shim from a browser (CORS): http://localhost:3000; '*' is any; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub cors: Vec<String>,
    /// Carry out what the policy would refuse, if the store can, and note it with its client
    #[arg(long)]
    pub audit: bool,
}

/// Where the keys of clients come from, for commands about them: the file and the data folder, and the variables that
/// `serve` reads.
#[derive(Debug, Clone, Default, Args)]
pub struct KeySource {
    /// Settings file, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder, with the pair of the first start [default: ./r2shim-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl KeySource {
    /// The same as flags of `serve`. The keys of `--key` can only come from its variable.
    pub fn flags(&self) -> Flags {
        let variable = Flags::variable("--key");
        let keys: Vec<_> = std::env::var(&variable).iter().map(|text| KeyText::from(text.as_str())).collect();
        let variables = if keys.is_empty() { BTreeSet::new() } else { BTreeSet::from([variable]) };
        Flags { config: self.config.clone(), data: self.data.clone(), keys, variables, ..Flags::default() }
    }
}

/// The flags about serving.
#[derive(Debug, Clone, Default, Args)]
pub struct Serving {
    #[command(flatten)]
    sources: Sources,
    /// Address to serve clients at, may be repeated; port 0 picks one [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Vec<String>,
    /// Data folder [default: ./r2shim-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Bucket, or pattern such as 'site-*', whose objects anyone may read without a key; may be repeated
    #[arg(long, value_name = "BUCKET")]
    public: Vec<String>,
    /// Address at which public buckets are read, may be repeated [default: 127.0.0.1:9002]
    #[arg(long, value_name = "ADDR:PORT")]
    public_listen: Vec<String>,
    /// Address for pages, /metrics, /healthz and /readyz, or "off" [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDR:PORT|off")]
    admin: Option<String>,
    /// Host name for pages and /metrics of the admin address, besides IP addresses; may be repeated
    #[arg(long, value_name = "NAME")]
    admin_host: Vec<String>,
    /// Whether the admin address has pages [default: true if only this machine can reach it]
    #[arg(long, value_name = "true|false")]
    pages: Option<bool>,
    /// What an acknowledged write survives: power loss (fsync), or the process alone (none) [default: fsync]
    #[arg(long, value_parser = PossibleValuesParser::new(Durability::NAMES), hide_possible_values = true, value_name = "fsync|none")]
    durability: Option<String>,
    /// File of the audit [default: r2shim-audit.json, in the data folder if objects are there]
    #[arg(long, value_name = "FILE")]
    audit_file: Option<PathBuf>,
    /// Socket for commands to the server, or "off" [default: control.sock in the data folder if objects are there]
    #[arg(long, value_name = "FILE|off")]
    control: Option<PathBuf>,
    /// PEM file of the certificate clients are shown, with its chain; switches TLS on
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// PEM file of the certificate's private key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// PEM file of the authorities whose certificates clients may show
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<String>,
    /// Whether clients have a certificate: none, optional or required [default: none; required with a client CA]
    #[arg(long, value_name = "HOW")]
    tls_client_certificates: Option<String>,
    /// A bucket to make at the start if it is missing; may be repeated
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// A key for clients instead of all others, may be repeated; the process list shows the flag, but not the variable
    #[arg(long, value_name = "ID:SECRET[:PERMISSION]")]
    key: Vec<KeyText>,
}

impl Sources {
    /// The flags that choose settings file and policy.
    pub fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            policy: self.policy.clone(),
            cors: self.cors.clone(),
            audit: self.audit,
            variables: self.variables.names(),
            ..Flags::default()
        }
    }
}

impl Serving {
    /// All flags about serving.
    pub fn flags(&self) -> Flags {
        Flags {
            listen: self.listen.clone(),
            public: self.public.clone(),
            public_listen: self.public_listen.clone(),
            admin: self.admin.clone(),
            admin_hosts: self.admin_host.clone(),
            pages: self.pages,
            data: self.data.clone(),
            durability: self.durability.clone(),
            audit_file: self.audit_file.clone(),
            control: self.control.clone(),
            tls_certificate: self.tls_certificate.clone(),
            tls_key: self.tls_key.clone(),
            tls_client_ca: self.tls_client_ca.clone(),
            tls_client_certificates: self.tls_client_certificates.clone(),
            buckets: self.bucket.clone(),
            keys: self.key.clone(),
            ..self.sources.flags()
        }
    }
}

/// Where a running server is, for commands that reach it through its control socket.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerPlace {
    #[command(flatten)]
    variables: Variables,
    /// Settings file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder of the server [default: ./r2shim-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Control socket of the server [default: control.sock in the data folder]
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
}

impl ServerPlace {
    /// The flags that say where the socket is.
    pub fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            control: self.control.clone(),
            variables: self.variables.names(),
            ..Flags::default()
        }
    }
}

/// The variables whose values are used for flags that were not given. To be flattened into arguments before all others.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeSet<String>);

impl Variables {
    /// Their names.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.clone()
    }
}

impl FromArgMatches for Variables {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Variables, clap::Error> {
        let ids = matches.ids().map(clap::Id::as_str);
        let from_variables = ids.filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable));
        Ok(Variables(from_variables.map(Flags::variable).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Variables::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Variables {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
