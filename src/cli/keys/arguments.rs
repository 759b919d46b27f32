//! The arguments of `keys` as clap reads them; nothing is done here.

use crate::access::{BucketPattern, Permission, token};
use crate::cli::sources::KeySource;
use crate::s3::Operation;
use crate::s3::names::{BucketName, ObjectKey};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::fmt;

/// `keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a pair in R2's shape, to paste into the settings file; nothing is stored
    #[command(after_help = "\
Examples:
  r2shim keys new --permission object-read-write --bucket media --bucket 'logs-*' >> r2shim.toml
  r2shim keys new --permission admin-read-write --json")]
    New(NewKey),
    /// Make temporary credentials of a key, as R2 has them: for one bucket, until a time; nothing is stored
    #[command(after_help = "\
Writes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. They allow
what both the key and these flags allow, and expire at the latest with the key.

Examples:
  r2shim keys temporary --config r2shim.toml --key app --bucket media --scope object-read-only
  r2shim keys temporary --key app --bucket media --action GetObject --prefix users/7/ --expires 1h --json")]
    Temporary(TemporaryKey),
    /// List the keys of the settings, without their secrets
    #[command(after_help = "\
Examples:
  r2shim keys list --config r2shim.toml
  r2shim keys list --config r2shim.toml --json")]
    List(ListKeys),
    /// Show which key of the settings a client's credentials belong to, and what they may do
    #[command(after_help = "\
Exits with 0 if requests with these credentials would be accepted, and with 1 if not.

Examples:
  AWS_ACCESS_KEY_ID=app AWS_SECRET_ACCESS_KEY=... r2shim keys check --config r2shim.toml")]
    Check(CheckPair),
}

/// `keys temporary`.
#[derive(Debug, Args)]
pub struct TemporaryKey {
    /// Where the keys are.
    #[command(flatten)]
    pub source: KeySource,
    /// The id of the key [default: the only one]
    #[arg(long, value_name = "ID")]
    pub key: Option<String>,
    /// The bucket the credentials are for
    #[arg(long, value_name = "B", value_parser = bucket_name)]
    pub bucket: BucketName,
    /// What they may do
    #[arg(long, value_name = "P", value_parser = permission_parser(), required_unless_present = "action")]
    pub scope: Option<Permission>,
    /// Allow only this operation, for example GetObject; may be repeated
    #[arg(long = "action", id = "action", value_name = "A", value_parser = action_parser())]
    pub actions: Vec<Operation>,
    /// Allow object keys with this prefix; may be repeated [default: every key]
    #[arg(long = "prefix", value_name = "P")]
    pub prefixes: Vec<String>,
    /// Allow this object key; may be repeated
    #[arg(long = "object", value_name = "KEY", value_parser = object_key)]
    pub objects: Vec<ObjectKey>,
    /// How long they are valid: 90s, 15m, 12h; at most 7d
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = seconds)]
    pub expires: u64,
    /// Write JSON, in the fields of R2's API
    #[arg(long)]
    pub json: bool,
}

/// `keys list`.
#[derive(Debug, Args)]
pub struct ListKeys {
    /// Where the keys are.
    #[command(flatten)]
    pub source: KeySource,
    /// Write JSON, an object a line
    #[arg(long)]
    pub json: bool,
}

/// `keys check`. Its Debug shows no secret.
#[derive(Args)]
pub struct CheckPair {
    /// Where the keys are.
    #[command(flatten)]
    pub source: KeySource,
    /// The access key id
    #[arg(long, value_name = "ID")]
    pub id: String,
    /// The secret access key; the process list shows the flag, but not the variable
    #[arg(long, value_name = "SECRET")]
    pub secret: String,
    /// The session token of temporary credentials
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
}

impl fmt::Debug for CheckPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckPair").field("id", &self.id).finish_non_exhaustive()
    }
}

fn bucket_name(text: &str) -> Result<BucketName, &'static str> {
    BucketName::parse(text).map_err(|_| "no bucket can have this name")
}

fn object_key(text: &str) -> Result<ObjectKey, &'static str> {
    ObjectKey::parse(text).map_err(|_| "no object can have this key")
}

fn action_parser() -> impl TypedValueParser<Value = Operation> {
    let unknown = |name: String| token::action(&name).ok_or("no action of this name");
    PossibleValuesParser::new(token::ACTIONS.map(|(name, _)| name)).try_map(unknown)
}

/// Reads a number and a unit as seconds, from 1 to those of seven days (the most that R2's API gives).
fn seconds(text: &str) -> Result<u64, &'static str> {
    const DAY: u64 = 86_400;
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', DAY)];
    let read = units.iter().find_map(|(unit, factor)| {
        text.strip_suffix(*unit)?.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor))
    });
    match read {
        Some(seconds @ 1..=604_800) => Ok(seconds),
        Some(_) => Err("temporary credentials hold from a second to seven days"),
        None => Err("write a number and s, m, h or d, as 15m"),
    }
}

/// `keys new`.
#[derive(Debug, Args)]
pub struct NewKey {
    /// What the key may do
    #[arg(long, value_name = "P", default_value = "object-read-write", value_parser = permission_parser())]
    pub permission: Permission,
    /// A bucket the key is for, or a pattern such as 'logs-*'; may be repeated [default: all buckets]
    #[arg(long = "bucket", value_name = "B", value_parser = BucketPattern::parse)]
    pub buckets: Vec<BucketPattern>,
    /// Write JSON instead of TOML
    #[arg(long)]
    pub json: bool,
}

fn permission_parser() -> impl TypedValueParser<Value = Permission> {
    let unknown = |name: String| Permission::parse(&name).ok_or("no permission of this name");
    PossibleValuesParser::new(Permission::ALL.map(Permission::name)).try_map(unknown)
}
