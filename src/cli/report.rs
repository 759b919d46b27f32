//! `report`: audits as a page, as text, or as data.

use crate::audit::Audit;
use crate::audit::report::{Form, Report};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::diagnostics::{Diagnostic, Location};
use clap::{Args, ValueEnum};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// Files of `r2shim audit` or of a server in audit mode, which are added up; - reads one from stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How it is written.
    #[command(flatten)]
    pub form: ReportForm,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The format of a report, which is text by default, and which reports make a command fail.
#[derive(Debug, Args)]
pub struct ReportForm {
    /// Write JSON
    #[arg(long, conflicts_with_all = ["markdown", "html", "counters"])]
    pub json: bool,
    /// Write Markdown
    #[arg(long, conflicts_with_all = ["html", "counters"])]
    pub markdown: bool,
    /// Write a page of HTML, in one file that needs no network
    #[arg(long, conflicts_with = "counters")]
    pub html: bool,
    /// Write counts by rule and key for Prometheus
    #[arg(long = "prometheus")]
    pub counters: bool,
    /// Exit with 1 if a client must change (refused), or if some of the input was not read or not visible (unknown)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
}

/// What makes a command that writes a report exit with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A client must change
    Refused,
    /// Some of the input was not read, or does not show all of a request
    Unknown,
}

/// Carries out `report`.
pub(super) fn run(arguments: &ReportArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let report = Report::from(&merged(&arguments.files)?);
    let written = arguments.form.of(&report);
    match &arguments.out {
        Some(file) => put(file, &written)?,
        None => out.write_all(written.as_bytes())?,
    }
    arguments.form.judge(&report)
}

impl FailOn {
    fn holds(self, report: &Report) -> bool {
        match self {
            FailOn::Refused => report.clients_ready < report.clients_total,
            FailOn::Unknown => report.has_unknowns(),
        }
    }
}

impl ReportForm {
    /// [`Failure::Found`] for a report with what `--fail-on` names.
    pub fn judge(&self, report: &Report) -> Result<(), Failure> {
        if self.fail_on.iter().any(|what| what.holds(report)) { Err(Failure::Found) } else { Ok(()) }
    }

    /// The report in this form.
    pub fn of(&self, report: &Report) -> String {
        let form = match self {
            ReportForm { json: true, .. } => Form::Json,
            ReportForm { markdown: true, .. } => Form::Markdown,
            ReportForm { html: true, .. } => Form::Html,
            ReportForm { counters: true, .. } => Form::Prometheus,
            _ => Form::Text,
        };
        form.of(report)
    }
}

fn merged(files: &[PathBuf]) -> Result<Audit, Failure> {
    let mut sum: Option<Audit> = None;
    for file in files {
        let audit = read(file)?;
        match &mut sum {
            None => sum = Some(audit),
            Some(sum) => sum.merge(audit).map_err(|error| {
                Diagnostic::new(
                    of(file),
                    error.to_string(),
                    "make a report of each, or audit all with the same --policy",
                )
            })?,
        }
    }
    Ok(sum.unwrap_or_else(|| Audit::new("")))
}

fn read(file: &Path) -> Result<Audit, Failure> {
    let text = if file == Path::new("-") { from_stdin() } else { fs::read_to_string(file) };
    let text = text.map_err(|error| {
        Diagnostic::new(of(file), format!("cannot be read: {error}"), "name a file that an audit has written")
    })?;
    let advice = "name what a server in audit mode or `r2shim audit --out` has written; logs are for `r2shim audit`";
    Ok(Audit::from_json(&text).map_err(|error| Diagnostic::new(of(file), error.to_string(), advice))?)
}

fn from_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn put(file: &Path, text: &str) -> Result<(), Failure> {
    Ok(output::replace(file, text).map_err(|error| {
        Diagnostic::new(of(file), format!("cannot be written: {error}"), "name a file in a folder that can be written")
    })?)
}

fn of(file: &Path) -> Location {
    Location::file(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        report: ReportArguments,
    }

    fn report(words: &[&str]) -> (Result<(), Failure>, String) {
        let arguments = Line::try_parse_from(["report"].iter().chain(words)).unwrap().report;
        let mut out = Vec::new();
        let done = run(&arguments, &mut out);
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn audits_that_do_not_add_up_or_are_none_are_named() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).to_str().unwrap().to_owned()
        };
        let (r2, open) = (file("a", &Audit::new("r2").to_json()), file("b", &Audit::new("open").to_json()));
        let old = file("c", "{\"format\": \"r2shim-audit\", \"version\": 9}");
        for (words, at, message) in [
            (vec![r2.as_str(), &open], &open, "they do not add up"),
            (vec![&old], &old, "has version 9 of the form"),
            (vec!["/no/such"], &"/no/such".to_owned(), "cannot be read"),
        ] {
            let (Err(Failure::Faults(faults)), _) = report(&words) else { panic!("{words:?} was read") };
            assert!(faults[0].message.contains(message), "{faults:?}");
            assert_eq!(faults[0].location.to_string(), *at);
        }
        assert!(report(&[&r2, &r2]).0.is_ok());
    }

    #[test]
    fn a_report_goes_into_a_file_and_says_by_its_exit_code_what_ci_asks() {
        let folder = tempfile::TempDir::new().unwrap();
        let (from, to) = (folder.path().join("audit.json"), folder.path().join("page.html"));
        fs::write(&from, Audit::new("r2").to_json()).unwrap();
        let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
        let (done, out) = report(&[from, "--html", "--out", to, "--fail-on", "refused"]);
        assert!(done.is_ok() && out.is_empty(), "{done:?} {out}");
        assert!(fs::read_to_string(to).unwrap().starts_with("<!doctype html>"));
        assert!(matches!(report(&[from, "--fail-on", "refused,unknown"]).0, Err(Failure::Found)));
    }
}
