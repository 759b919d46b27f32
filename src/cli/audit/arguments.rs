//! The arguments of `audit` as clap reads them.

use crate::audit::logs::Format;
use crate::cli::report::ReportForm;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Formats, detected from the beginning of each file:
  s3-access-log   server access logs of Amazon S3
  cloudtrail      CloudTrail's data events, as it delivers them or an event a line
  minio           MinIO's audit log, and what `mc admin trace --json` prints; best with --verbose
  har             the network log of a browser (HTTP Archive)
  r2shim          the log of `r2shim serve --log json`

Files may be compressed with gzip. Folders are searched for files. `-` is stdin. Nothing is sent.
The report contains no signatures or tokens of a log.

Exits with 0, with 1 if --fail-on says so, and with 2 if nothing of the input can be read.

Examples:
  r2shim audit examples/logs/minio-audit.json
  r2shim audit logs/ --out audit.json
  r2shim audit access.log.gz --html > report.html
  mc admin trace --json --verbose play | r2shim audit -
  r2shim audit access.log.gz --fail-on refused")]
pub struct Audit {
    /// Logs, or folders of them; - is stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The format of all files; `auto` detects it from the beginning of each [default: auto]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), hide_possible_values = true)]
    pub format: Option<Chosen>,
    /// Policy that judges: a built-in name, or a path (it has a '/' or ends in .toml)
    #[arg(long, value_name = "NAME|FILE", default_value = "r2-2026")]
    pub policy: String,
    /// Domain of your own store, for a HAR in which hosts name buckets below it; may be repeated
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Vec<String>,
    /// How the report is written.
    #[command(flatten)]
    pub form: ReportForm,
    /// Write the audit to this file, for `r2shim report`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A format, or `None` if it is to be detected.
#[derive(Debug, Clone, Copy)]
pub struct Chosen(pub Option<Format>);

const AUTO: &str = "auto";

fn format_parser() -> impl TypedValueParser<Value = Chosen> {
    let names = [AUTO].into_iter().chain(Format::ALL.map(Format::name));
    let known = |name: String| match Format::parse(&name) {
        None if name != AUTO => Err("no format of this name"),
        format => Ok(Chosen(format)),
    };
    PossibleValuesParser::new(names).try_map(known)
}
