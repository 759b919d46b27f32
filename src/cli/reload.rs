//! `reload`: a running server reads its settings again.

use crate::cli::arguments::Reload;
use crate::cli::control;
use crate::cli::failure::{Failure, write_fault, write_warnings};
use crate::diagnostics::Diagnostic;
use crate::server::control::{Answer, Command, Fault};
use std::io::Write;

/// Sends the command to the server, and prints the result.
pub(super) fn run(arguments: &Reload, out: &mut dyn Write) -> Result<(), Failure> {
    let errors = &mut anstream::stderr().lock();
    match control::ask(&arguments.server, &Command::Reload {})? {
        Answer::Reloaded { swapped, needs_restart, warnings } => {
            write_warnings(&diagnostics(warnings), errors)?;
            writeln!(out, "{}", summary(&swapped, &needs_restart))?;
            Ok(())
        }
        Answer::Refused { faults } => {
            diagnostics(faults).iter().try_for_each(|fault| write_fault(fault, errors))?;
            writeln!(errors, "nothing is reloaded: the settings before stay in force")?;
            Err(Failure::Found)
        }
        _ => Err(control::no_answer()),
    }
}

fn diagnostics(sent: Vec<Fault>) -> Vec<Diagnostic> {
    sent.into_iter().map(Diagnostic::from).collect()
}

fn summary(swapped: &[String], needs_restart: &[String]) -> String {
    let swapped = if swapped.is_empty() { "nothing".to_owned() } else { swapped.join(", ") };
    let reloaded = format!("reloaded: {swapped}");
    if needs_restart.is_empty() {
        reloaded
    } else {
        format!("{reloaded}\nneeds a restart: {}", needs_restart.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_has_changed_and_what_has_not() {
        for (swapped, needs_restart, expected) in [
            (&[][..], &[][..], "reloaded: nothing"),
            (&["key", "cors"], &[], "reloaded: key, cors"),
            (&["key"], &["listen", "admin"], "reloaded: key\nneeds a restart: listen, admin"),
        ] {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            assert_eq!(summary(&names(swapped), &names(needs_restart)), expected);
        }
    }
}
