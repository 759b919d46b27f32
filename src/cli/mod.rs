//! The command line: `serve`, `reload`, `healthcheck`, `check`, `policy`, `explain`, `audit`, `report`, `keys`,
//! `store`, `completions`, `man`.
//!
//! A command reads its arguments, calls the module that does the work, and writes the result. Exit codes: 0 for
//! success; 2 if usage, settings or a policy have faults; 1 if anything else failed, if `store check` or `store backup`
//! has findings, if `reload` is refused, or if `explain`, `audit` or `keys check` finds that requests would be refused.

pub mod style;
pub mod failure;
mod sources;
mod url;
mod healthcheck;
mod output;
pub mod report;
pub mod audit;
pub mod policy;
mod shell;
pub mod keys;
pub mod arguments;
mod variables;
pub mod logging;
mod ready_file;
mod upstream;
mod start;
mod welcome;
mod check;
mod serve;
mod control;
mod reload;
pub mod explain;
mod store;
mod generated;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use crate::cli::arguments::{Arguments, Command, StoreCommand};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use clap::FromArgMatches;
use std::io::Write;
use std::process::ExitCode;

/// Carries out the command line.
pub fn run() -> ExitCode {
    let matches = variables::command().try_get_matches_from(explain::with_curl_set_apart(std::env::args_os()));
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    match dispatch(arguments.command, &mut Output::new(anstream::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&mut anstream::stderr().lock()),
    }
}

/// Help and version are such "errors" too; clap knows the stream and the code of each.
fn misused(error: &clap::Error) -> ExitCode {
    if let Some(fault) = variables::fault_of(error, std::env::args_os()) {
        return Failure::from(fault).report(&mut anstream::stderr().lock());
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn dispatch(command: Command, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Reload(arguments) => reload::run(&arguments, out),
        Command::Healthcheck(arguments) => healthcheck::run(&arguments, out),
        Command::Check(arguments) => check::run(&arguments, out),
        Command::Policy { command } => policy::run(&command, out),
        Command::Explain(arguments) => explain::run(&arguments, out),
        Command::Audit(arguments) => audit::run(&arguments, out),
        Command::Report(arguments) => report::run(&arguments, out),
        Command::Keys { command } => keys::run(&command, out),
        Command::Completions { shell } => generated::completions(shell, out),
        Command::Man(arguments) => generated::man(&arguments, out),
        Command::Store { command: StoreCommand::Check(arguments) } => store::check(&arguments, out),
        Command::Store { command: StoreCommand::Backup(arguments) } => store::backup(&arguments, out),
        Command::Store { command: StoreCommand::Compact(arguments) } => store::compact(&arguments, out),
        Command::Store { command: StoreCommand::Gc(arguments) } => store::gc(&arguments, out),
    }
}
