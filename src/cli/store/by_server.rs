//! Upkeep of a folder that a server may have open: then the server is asked to do it.

use super::printer::Printer;
use crate::cli::arguments::{BesideServer, StoreArguments};
use crate::cli::control;
use crate::cli::failure::Failure;
use crate::diagnostics::{Diagnostic, Location};
use crate::server::control::{Answer, AskError, Command, Lines};
use crate::settings::control_in;
use crate::store::OpenError;
use crate::store::upkeep::{Event, Pace, UpkeepError};
use std::io::{self, Write};
use std::path::Path;

/// How many MiB a second a server reads by default.
const RATE: u64 = 64;

/// Upkeep of a folder, which is done here or by the server that has the folder open.
pub(super) struct Upkeep<'a> {
    pub(super) store: &'a StoreArguments,
    pub(super) beside: &'a BesideServer,
    /// What is printed before a server begins.
    pub(super) notice: &'static str,
    /// The advice if the server's work breaks off.
    pub(super) broken_off: &'static str,
}

/// Does the work with `here`. If a server has the folder open, sends it the command, which gets the bytes a second to read
/// at most, and prints each finding, until `last` takes an answer.
pub(super) fn here_or_by_server<T>(
    upkeep: &Upkeep<'_>,
    printer: &mut Printer<'_>,
    here: impl FnOnce(Pace, &mut dyn FnMut(Event) -> io::Result<()>) -> Result<T, UpkeepError>,
    command: impl FnOnce(u64) -> Result<Command, Failure>,
    last: impl Fn(Answer) -> Option<T>,
) -> Result<T, Failure> {
    // The index's engine may panic over a damaged page: that is a finding or an error, and needs no message on stderr.
    std::panic::set_hook(Box::new(|_| ()));
    let pace = Pace::new(upkeep.beside.rate.map(bytes));
    match here(pace, &mut |event| printer.event(event)) {
        Err(in_use @ UpkeepError::Open(OpenError::InUse(_))) => {
            let command = command(bytes(upkeep.beside.rate.unwrap_or(RATE)))?;
            ask(upkeep, &command, in_use, printer, last)
        }
        done => done.map_err(|error| failure(&upkeep.store.data, error)),
    }
}

fn bytes(mebibytes: u64) -> u64 {
    mebibytes << 20
}

/// `in_use` is the error if no server listens.
fn ask<T>(
    upkeep: &Upkeep<'_>,
    command: &Command,
    in_use: UpkeepError,
    printer: &mut Printer<'_>,
    last: impl Fn(Answer) -> Option<T>,
) -> Result<T, Failure> {
    let data = &upkeep.store.data;
    let socket = upkeep.beside.control.clone().unwrap_or_else(|| control_in(data));
    let mut lines = match Lines::of(&socket, command) {
        Err(AskError::NoServer(_)) => return Err(failure(data, in_use)),
        lines => lines.map_err(|error| Failure::Stopped(error.to_string()))?,
    };
    writeln!(io::stderr(), "{}", upkeep.notice)?;
    let stopped = |message: String| Diagnostic::new(Location::file(data), message, upkeep.broken_off).into();
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
