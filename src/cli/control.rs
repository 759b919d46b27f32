//! Sends commands to a running server: finds its control socket, and returns its answer.

use crate::cli::failure::Failure;
use crate::cli::sources::ServerPlace;
use crate::diagnostics::{Diagnostic, Location};
use crate::server::control::{self, Answer, AskError, Command};
use crate::settings;
use std::time::Duration;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a command to the server at this place, and returns its answer.
///
/// # Errors
/// [`Failure::Stopped`] if no server answers, and faults if the settings do not say where the socket is.
pub(super) fn ask(place: &ServerPlace, command: &Command) -> Result<Answer, Failure> {
    let flags = place.flags();
    let (socket, faults) = settings::load_control(&flags);
    let Some(socket) = socket else {
        let advice = "write control = \"PATH\" into the settings and start the server anew, or name the socket with \
                      --control";
        let none = Diagnostic::new(flags.place("--control"), "the settings give the server no control socket", advice);
        return Err(if faults.is_empty() { none.into() } else { faults.into() });
    };
    match control::ask(&socket, command, PATIENCE) {
        Ok(Answer::NotUnderstood { message }) => {
            Err(Failure::Stopped(format!("the server is of another version and does not understand this: {message}")))
        }
        Ok(Answer::Failed { message }) => Err(Failure::Stopped(message)),
        Ok(answer) => Ok(answer),
        // The path of the socket may be written after the fault.
        Err(AskError::NoServer(_)) if !faults.is_empty() => Err(faults.into()),
        Err(error) => Err(Failure::Stopped(error.to_string())),
    }
}

/// The same for an answer that does not belong to this command.
pub(super) fn no_answer() -> Failure {
    let message = "the server's answer is none to this command";
    Diagnostic::new(Location::from_name("r2shim"), message, "use the r2shim that serves").into()
}
