//! Asks a server to do the upkeep of a folder that it has open.

use super::printer::Printer;
use crate::cli::control;
use crate::cli::failure::Failure;
use crate::diagnostics::{Diagnostic, Location};
use crate::server::control::{Answer, AskError, Command, Lines};
use crate::settings::control_in;
use crate::store::OpenError;
use crate::store::upkeep::{Event, UpkeepError};
use std::io::{self, Write};
use std::path::Path;

/// How many MiB a second a server reads by default.
const RATE: u64 = 64;

/// Bytes a second at most, for a server.
pub(super) fn rate(mebibytes: Option<u64>) -> u64 {
    bytes(mebibytes.unwrap_or(RATE))
}

pub(super) fn bytes(mebibytes: u64) -> u64 {
    mebibytes << 20
}

/// What a server is asked for.
pub(super) struct Request<'a> {
    /// The folder, which it has open.
    pub(super) data: &'a Path,
    /// Its control socket, if that is not in the folder.
    pub(super) control: Option<&'a Path>,
    pub(super) command: Command,
    /// What is printed before the work begins.
    pub(super) notice: &'static str,
    /// The advice if the work breaks off.
    pub(super) broken_off: &'static str,
}

/// Sends the request and prints each finding, until `last` takes an answer. `in_use` is the error if no server listens.
pub(super) fn ask<T>(
    request: &Request<'_>,
    in_use: UpkeepError,
    printer: &mut Printer<'_>,
    last: impl Fn(Answer) -> Option<T>,
) -> Result<T, Failure> {
    let data = request.data;
    let socket = request.control.map_or_else(|| control_in(data), Path::to_owned);
    let mut lines = match Lines::of(&socket, &request.command) {
        Err(AskError::NoServer(_)) => return Err(failure(data, in_use)),
        lines => lines.map_err(|error| Failure::Stopped(error.to_string()))?,
    };
    writeln!(io::stderr(), "{}", request.notice)?;
    let stopped = |message: String| Diagnostic::new(Location::file(data), message, request.broken_off).into();
    loop {
        match lines.next_line() {
            Ok(Answer::Progress { done, of }) => printer.event(Event::Progress { done, of })?,
            Ok(Answer::Found(finding)) => printer.event(Event::Found(finding))?,
            Ok(Answer::Failed { message }) => return Err(stopped(message)),
            Ok(answer) => return last(answer).ok_or_else(control::no_answer),
            Err(error) => return Err(stopped(error.to_string())),
        }
    }
}

/// The cause that stopped upkeep, and what to do about it.
pub(super) fn failure(data: &Path, error: UpkeepError) -> Failure {
    let advice = match &error {
        UpkeepError::Output(_) => "",
        UpkeepError::Open(OpenError::InUse(_)) => {
            "the server that has it can do this, but none listens at the control socket; if settings name another, name it \
             with --control"
        }
        UpkeepError::Open(_) => "nothing was changed",
        UpkeepError::Busy => "it says there how far it is",
        UpkeepError::Compact(_) => "the index is as it was",
        UpkeepError::Target(_) | UpkeepError::Unsound(_) => "no backup was made",
        UpkeepError::Store(_) => "look at the disk and the system's log; it is safe to try again",
    };
    match error {
        UpkeepError::Output(error) => Failure::Output(error),
        error => Diagnostic::new(Location::file(data), error.to_string(), advice).into(),
    }
}
