//! The arguments as clap reads them; nothing is done here.

use crate::cli::audit::arguments::Audit;
use crate::cli::healthcheck::HealthCheck;
use crate::cli::keys::arguments::KeysCommand;
use crate::cli::policy::PolicyCommand;
use crate::cli::report::ReportArguments;
use crate::cli::sources::{ServerPlace, Serving, Sources};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// The version, and in brackets the commit and the date of the build.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("R2SHIM_BUILD"), ")");

/// A reverse proxy that speaks S3 and gives its clients exactly the feature subset of Cloudflare R2.
#[derive(Debug, Parser)]
#[command(name = "r2shim", version = VERSION, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  r2shim serve                            an R2 on this machine, data in ./r2shim-data
  r2shim explain PUT http://127.0.0.1:9000/media/k -H 'x-amz-acl: private'
  r2shim check --config r2shim.toml       all faults of the settings

Environment:
  R2SHIM_...   every flag: --listen is R2SHIM_LISTEN; commas between values. A flag wins over it
  R2SHIM_ACCESS_KEY_ID, R2SHIM_SECRET_ACCESS_KEY
               the only key, instead of those of the settings
  R2SHIM_LOG   what to log: error, warn, info, debug, or TARGET=LEVEL
  NO_COLOR     no colours";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve in the foreground; SIGTERM and ctrl-C let running requests end
    #[command(after_help = "\
Without --config the defaults hold. Without keys in environment or settings a pair is made at the
first start and kept in the data folder. The output ends with a line to paste: it lists the buckets.

Examples:
  r2shim serve
  r2shim serve --bucket media --bucket logs --key dev:dev-secret-dev-secret
  r2shim serve --bucket media --cors http://localhost:3000
  r2shim serve --listen 127.0.0.1:0 --admin off --durability none --data /tmp/scratch
  r2shim serve --config /etc/r2shim.toml --log json")]
    Serve(Serve),
    /// Make a running server read its settings again; requests in flight are not interrupted
    #[command(after_help = "\
The server is found by its control socket: give this command the flags of `serve` that say where the
socket is. The settings are read with the flags and the environment of the server.

Exits with 0 and prints what has changed and what needs a restart. Exits with 1 and prints every
fault if there are any; then the previous settings stay in force.

Examples:
  r2shim reload
  r2shim reload --config /etc/r2shim.toml
  r2shim reload --control /run/r2shim/control.sock")]
    Reload(Reload),
    /// Ask a running server whether it is ready: exit code 0 or 1; for containers and scripts that wait
    Healthcheck(HealthCheck),
    /// Check settings, keys and policy without starting: every fault with file, line and advice
    #[command(after_help = "\
Exits with 0 and prints what `serve` would do. Exits with 2 and prints every fault if there are any.
Exits with 1 if an address or the data folder is in use, perhaps by r2shim itself. Changes nothing.

Examples:
  r2shim check --config r2shim.toml
  r2shim check --policy my.toml --data /srv/r2")]
    Check(Check),
    /// Show policies: which ruling each operation, header and parameter gets
    Policy {
        /// The subcommand.
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Show how a request would be answered: which stage and rule decide, and R2's answer; nothing is sent
    #[command(after_help = "\
The request is METHOD and URL, or a curl command line. The URL may be a path alone. The curl command
line follows `explain`, in quotes or not, or is read from stdin by `explain -`. URLs of R2 and of
Amazon S3 are understood.

With --config the request is judged by the keys of the settings, too; their secrets may be missing.
The output names what is missing for a decision, for example a signature, the key or the body.

Exits with 0 if the request passes or is undecided, with 1 if it would be refused, and with 2 if it
cannot be read.

Examples:
  r2shim explain PUT http://127.0.0.1:9000/media/k -H 'x-amz-acl: private'
  r2shim explain GET '/media/k?tagging' --json
  r2shim explain GET 'https://media.ACCOUNT.r2.cloudflarestorage.com/k?X-Amz-Algorithm=...'
  r2shim explain curl -X PUT -H 'x-amz-tagging: a=b' http://127.0.0.1:9000/media/k")]
    Explain(Explain),
    /// Read existing logs: which of their requests R2 would refuse, and why
    Audit(Audit),
    /// Write the readiness report of audits: which clients R2 serves, and what the others must change
    #[command(after_help = "\
Exits with 0, with 2 if a file is not an audit, and with 1 if --fail-on says so.

Examples:
  r2shim report r2shim-audit.json
  r2shim report live.json logs.json --html --out report.html
  r2shim report r2shim-audit.json --fail-on refused")]
    Report(ReportArguments),
    /// Make, list and check access keys
    Keys {
        /// The subcommand.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Check, back up or clean up the local store
    Store {
        /// The subcommand.
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Print the completion script for a shell
    #[command(after_help = "\
Examples:
  r2shim completions bash > ~/.local/share/bash-completion/completions/r2shim
  r2shim completions zsh > ~/.zfunc/_r2shim
  r2shim completions fish > ~/.config/fish/completions/r2shim.fish")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the man page, or write the pages of all commands into a folder
    #[command(after_help = "\
Examples:
  r2shim man | man -l -
  r2shim man ~/.local/share/man/man1")]
    Man(Man),
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// What flags say about serving.
    #[command(flatten)]
    pub serving: Serving,
    /// File to write when the server is ready, with its addresses; removed when it stops
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Take the place of the server that runs with the same control socket, if there is one: no request fails
    #[arg(long)]
    pub upgrade: bool,
    /// How the log on stderr is written
    #[arg(long, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    pub log: LogFormat,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// `reload`.
#[derive(Debug, Args)]
pub struct Reload {
    /// Where the server is.
    #[command(flatten)]
    pub server: ServerPlace,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The flags of `serve`.
    #[command(flatten)]
    pub serve: Serve,
    /// Try the store behind r2shim, too: nodes, credentials, region, clock, mapped buckets; nothing is written
    #[arg(long)]
    pub online: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The request's method; or a curl command line in quotes, or - to read one from stdin
    #[arg(value_name = "METHOD", required_unless_present = "command")]
    pub method: Option<String>,
    /// The request's URL, or its path and query alone
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// A curl command line
    #[arg(last = true, value_name = "curl ...")]
    pub command: Vec<String>,
    /// A header of the request, may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// Time at which the request is sent, for one from a log: 20261126T093000Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
    /// Where the rules come from.
    #[command(flatten)]
    pub sources: Sources,
}

/// `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Folder for the pages
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Find damaged bytes, orphaned files and dangling rows; reads every byte and changes nothing
    #[command(after_help = "\
Writes a line for each finding, with bucket and key. Exits with 0 if there are
none, with 1 if there are findings, and with 2 if the folder cannot be checked.
If a server has the folder open, the server makes the check, at --rate. Objects
that are written during the check are not read. Only a check without a server
includes the index engine's own check of its free pages.
After a crash, start and stop the server first: its start removes incomplete
files. A folder of an earlier release is migrated by the server's start or by
`r2shim store gc`, never by a check.

Examples:
  r2shim store check
  r2shim store check --data /srv/r2 --json
  r2shim store check --data /srv/r2 --rate 10")]
    Check(StoreCheck),
    /// Copy the whole data folder into a new one, while it is in use or not; reads every byte
    #[command(after_help = "\
The copy shows the folder at one moment, open uploads included. It is a data folder: `serve --data
DIR` serves it. DIR must not exist, or must be empty. It gets its name when the copy is complete and
on the disk. Damaged bodies are copied as they are, with a line for each finding.
Exits with 0 if there are no findings, with 1 if there are, and with 2 if no backup was made.
If a server has the folder open, the server makes the copy, at --rate, as its own user and in its
own view of the disk.
The copy contains the secret of the key of the first start: keep it as private as the folder.
With --link the copy shares its bytes with the folder, so damage to a file damages both. It is a way
back after an upgrade, and does not protect against the loss of the disk.

Examples:
  r2shim store backup /mnt/backup/r2-monday
  r2shim store backup /mnt/backup/r2-monday --data /srv/r2 --rate 10
  r2shim store backup /srv/r2-before-upgrade --data /srv/r2 --link")]
    Backup(StoreBackup),
    /// Write the index anew, so that it takes no more room than its rows; a server may have the folder open
    #[command(after_help = "\
An index whose rows were written in any order, and deleted, takes up to several times the room of its
rows. The new index is written beside the old one, so both need room for a while; what is written
meanwhile is in it. Writes wait for the last moment, in which the new one takes the place of the old
one: some milliseconds. Whatever fails, the index is as it was.
Where a server serves the folder, it is asked to compact it, at --rate.

Examples:
  r2shim store compact
  r2shim store compact --data /srv/r2 --rate 10")]
    Compact(StoreCompact),
    /// Remove files that nothing refers to and shrink the index; prints how many bytes that frees
    #[command(after_help = "\
A file that a row names is never removed, damaged or not. No server may have
the folder open.

Examples:
  r2shim store gc
  r2shim store gc --data /srv/r2 --json")]
    Gc(StoreArguments),
}

/// `store check`.
#[derive(Debug, Args)]
pub struct StoreCheck {
    /// The store.
    #[command(flatten)]
    pub store: StoreArguments,
    /// How, beside a server.
    #[command(flatten)]
    pub beside: BesideServer,
}

/// `store compact`.
#[derive(Debug, Args)]
pub struct StoreCompact {
    /// The store.
    #[command(flatten)]
    pub store: StoreArguments,
    /// How, beside a server.
    #[command(flatten)]
    pub beside: BesideServer,
}

/// `store backup`.
#[derive(Debug, Args)]
pub struct StoreBackup {
    /// The new folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Make hard links of large bodies, if DIR is on the same file system
    #[arg(long)]
    pub link: bool,
    /// The store.
    #[command(flatten)]
    pub store: StoreArguments,
    /// How, beside a server.
    #[command(flatten)]
    pub beside: BesideServer,
}

/// The arguments of commands that a running server can carry out.
#[derive(Debug, Args)]
pub struct BesideServer {
    /// MiB a second to read at most [default: 64 if a server runs, else no limit]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub rate: Option<u64>,
    /// Control socket of the server [default: control.sock in the data folder]
    #[arg(long, value_name = "FILE")]
    pub control: Option<PathBuf>,
}

/// The arguments of all commands of `store`.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = "./r2shim-data")]
    pub data: PathBuf,
    /// Write JSON, an object a line
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn help_of(words: &[&str]) -> String {
        let line = ["r2shim"].iter().chain(words).chain(&["--help"]).copied();
        Arguments::try_parse_from(line).unwrap_err().to_string()
    }

    #[test]
    fn the_definitions_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_names_every_flag_and_gives_an_example() {
        for (words, expected) in [
            (
                &[][..],
                &["serve", "check", "policy", "explain", "report", "keys", "store", "completions", "man", "Examples:"]
                    [..],
            ),
            (
                &["serve"],
                &[
                    "--config",
                    "--listen",
                    "--data",
                    "--policy",
                    "--cors",
                    "--public",
                    "--public-listen",
                    "--audit",
                    "--audit-file",
                    "--admin",
                    "--durability",
                    "--bucket",
                    "--key",
                    "--log",
                    "--upgrade",
                    "--ready-file",
                    "Examples:",
                ],
            ),
            (&["reload"], &["--config", "--data", "--control", "Examples:"]),
            (&["healthcheck"], &["--config", "--admin", "--url", "--ready-file", "--wait", "Examples:"]),
            (&["check"], &["--config", "--listen", "--data", "--policy", "--admin", "--online", "Examples:"]),
            (&["policy"], &["list", "show", "diff", "lint"]),
            (&["policy", "list"], &["Example:"]),
            (&["policy", "show"], &["<NAME|FILE>", "--format", "Examples:"]),
            (&["policy", "diff"], &["<A>", "<B>", "Example:"]),
            (&["policy", "lint"], &["<FILE>", "Example:"]),
            (&["explain"], &["[METHOD]", "[URL]", "-H", "--at", "--json", "curl", "--policy", "--config", "Examples:"]),
            (&["report"], &["<FILE>", "--json", "--markdown", "--html", "--out", "--fail-on", "Examples:"]),
            (&["keys", "new"], &["--permission", "--bucket", "--json", "object-read-only", "Examples:"]),
            (
                &["keys", "temporary"],
                &[
                    "--key",
                    "--bucket",
                    "--scope",
                    "--action",
                    "--prefix",
                    "--object",
                    "--expires",
                    "--json",
                    "Examples:",
                ],
            ),
            (&["keys", "list"], &["--config", "--json", "Examples:"]),
            (&["keys", "check"], &["--id", "--secret", "--token", "Examples:"]),
            (&["store", "check"], &["--data", "--json", "Examples:"]),
            (&["store", "backup"], &["<DIR>", "--data", "--link", "--rate", "--control", "--json", "Examples:"]),
            (&["store", "compact"], &["--data", "--rate", "--control", "--json", "Examples:"]),
            (&["completions"], &["zsh", "Examples:"]),
            (&["man"], &["[DIR]", "Examples:"]),
            (&["store", "gc"], &["--data", "--json", "Examples:"]),
        ] {
            let help = help_of(words);
            for text in expected {
                assert!(help.contains(text), "{words:?} does not mention {text}:\n{help}");
            }
        }
    }

    #[test]
    fn check_takes_the_flags_of_serve() {
        let flags = |name: &str| -> Vec<String> {
            let command = Arguments::command();
            let command = command.find_subcommand(name).unwrap().clone();
            command.get_arguments().filter_map(|flag| flag.get_long().map(str::to_owned)).collect()
        };
        let (serve, check) = (flags("serve"), flags("check"));
        assert!(serve.iter().all(|flag| check.contains(flag)), "{serve:?} {check:?}");
    }

    #[test]
    fn bad_usage_exits_with_2() {
        for words in [
            &["serve", "--durability", "some"][..],
            &["serve", "--log", "xml"],
            &["keys", "new", "--permission", "root"],
            &["keys", "new", "--bucket", "*"],
            &["keys", "temporary", "--bucket", "media"],
            &["keys", "temporary", "--bucket", "media", "--action", "GetBucketPolicy"],
            &["keys", "temporary", "--bucket", "Me dia", "--action", "GetObject"],
            &["keys", "temporary", "--bucket", "media", "--action", "GetObject", "--expires", "8d"],
            &["keys", "temporary", "--bucket", "media", "--action", "GetObject", "--expires", "15"],
            &["keys", "check", "--id", "app"],
            &["explain"],
            &["store", "backup"],
            &["sing"],
            &[],
        ] {
            let line = ["r2shim"].iter().chain(words).copied();
            assert_eq!(Arguments::try_parse_from(line).unwrap_err().exit_code(), 2, "{words:?}");
        }
    }
}
