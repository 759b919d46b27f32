//! The arguments of `policy`.

use crate::cli::policy::format::ShowFormat;
use clap::Subcommand;
use std::path::PathBuf;

/// `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List the built-in policies
    #[command(after_help = "Example:\n  r2shim policy list")]
    List,
    /// Print a policy as a table like R2's page: operations, headers and parameters, and how each is refused
    #[command(after_help = "\
Examples:
  r2shim policy show r2-2026
  r2shim policy show ./mine.toml --format html > mine.html")]
    Show {
        /// A built-in name, or a path
        #[arg(value_name = "NAME|FILE")]
        name: String,
        /// How it is written; text has the line of every ruling
        #[arg(long, value_name = "F", default_value = "text")]
        format: ShowFormat,
    },
    /// Print the differences between two policies
    #[command(after_help = "Example:\n  r2shim policy diff r2 ./mine.toml")]
    Diff {
        /// A built-in name, or a path
        #[arg(value_name = "A")]
        left: String,
        /// A built-in name, or a path
        #[arg(value_name = "B")]
        right: String,
    },
    /// Print every fault of a policy's file, and the lines without effect
    #[command(after_help = "Example:\n  r2shim policy lint ./mine.toml")]
    Lint {
        /// The policy's file, or a built-in name
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
