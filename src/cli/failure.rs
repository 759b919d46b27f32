//! Why a command failed, and how the failure is reported.

use crate::cli::style::{BAD, DOUBT, FAINT};
use crate::diagnostics::Diagnostic;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Usage, settings or policies have faults.
    Faults(Vec<Diagnostic>),
    /// The command could not go on: the message.
    Stopped(String),
    /// A check found something and has printed it.
    Found,
    /// The output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Prints the failure and returns the exit code.
    pub fn report(&self, errors: &mut dyn Write) -> ExitCode {
        // If this cannot be written either, the exit code still reports the failure.
        let _ = self.write(errors);
        match self {
            Failure::Faults(_) => ExitCode::from(2),
            Failure::Stopped(_) | Failure::Found | Failure::Output(_) => ExitCode::FAILURE,
        }
    }

    fn write(&self, errors: &mut dyn Write) -> io::Result<()> {
        match self {
            Failure::Faults(faults) => faults.iter().try_for_each(|fault| write_fault(fault, errors)),
            Failure::Stopped(message) => writeln!(errors, "{BAD}r2shim{BAD:#}: {message}"),
            Failure::Found => Ok(()),
            Failure::Output(error) => writeln!(errors, "{BAD}r2shim{BAD:#}: the output cannot be written: {error}"),
        }
    }
}

/// `FILE:LINE: message`, then the advice.
pub fn write_fault(fault: &Diagnostic, errors: &mut dyn Write) -> io::Result<()> {
    writeln!(errors, "{BAD}{}{BAD:#}: {}", fault.location, fault.message)?;
    writeln!(errors, "  {FAINT}{}{FAINT:#}", fault.advice)
}

/// Prints warnings about settings that are allowed but may be mistakes.
pub fn write_warnings(warnings: &[Diagnostic], errors: &mut dyn Write) -> io::Result<()> {
    warnings.iter().try_for_each(|warning| {
        writeln!(errors, "{DOUBT}warning{DOUBT:#}: {}: {}", warning.location, warning.message)?;
        writeln!(errors, "  {FAINT}{}{FAINT:#}", warning.advice)
    })
}

impl From<Vec<Diagnostic>> for Failure {
    /// Faults in a useful order: file by file, from the top.
    fn from(mut faults: Vec<Diagnostic>) -> Failure {
        faults.sort_by(|a, b| (&a.location.file, a.location.line).cmp(&(&b.location.file, b.location.line)));
        Failure::Faults(faults)
    }
}

impl From<Diagnostic> for Failure {
    fn from(fault: Diagnostic) -> Failure {
        Failure::Faults(vec![fault])
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Location;

    fn reported(failure: &Failure) -> String {
        let mut errors = Vec::new();
        failure.report(&mut errors);
        anstream::adapter::strip_str(&String::from_utf8(errors).unwrap()).to_string()
    }

    #[test]
    fn each_fault_is_printed_with_its_place_and_advice() {
        let location = Location { file: "r2shim.toml".into(), line: Some(3) };
        let first = Diagnostic::new(location, "unknown setting `listn`", "did you mean `listen`?");
        let second = Diagnostic::new(Location::from_name("--admin"), "\"x\" is no address", "write one");
        assert_eq!(
            reported(&Failure::Faults(vec![first, second])),
            "r2shim.toml:3: unknown setting `listn`\n  did you mean `listen`?\n\
             --admin: \"x\" is no address\n  write one\n"
        );
    }

    #[test]
    fn faults_are_printed_from_the_top_of_each_file() {
        let at = |file: &str, line| Diagnostic::new(Location { file: file.into(), line }, "bad", "better");
        let faults = vec![at("b.toml", Some(10)), at("b.toml", Some(9)), at("b.toml", None), at("a.toml", Some(11))];
        let Failure::Faults(faults) = Failure::from(faults) else { panic!("faults are faults") };
        let places: Vec<_> = faults.iter().map(|fault| fault.location.to_string()).collect();
        assert_eq!(places, ["a.toml:11", "b.toml", "b.toml:9", "b.toml:10"]);
    }
}
