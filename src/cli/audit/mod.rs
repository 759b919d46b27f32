//! `audit`: which requests in logs R2 would refuse.
//!
//! [`crate::audit::logs`] reads and judges. This opens files, shows the progress, and writes the findings.

pub mod arguments;
mod input;
mod progress;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use crate::access::{BucketScope, Keyring};
use crate::audit::Source;
use crate::audit::logs::{Format, Ledger, LeftOut, LogReader, SHOWN, Summary};
use crate::audit::report::Report;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::style::{DOUBT, FAINT};
use crate::cors::CorsRules;
use crate::diagnostics::{Diagnostic, Location};
use crate::filters::{Limits, Mode, Rules};
use crate::routing::TrustedProxies;
use crate::settings::PolicyReference;
use arguments::Audit;
use input::{Input, Opened, PIECE};
use progress::Progress;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Audits logs.
///
/// # Errors
/// Faults if nothing can be read or judged, [`Failure::Found`] if `--fail-on` says so.
pub(super) fn run(arguments: &Audit, out: &mut dyn Write) -> Result<(), Failure> {
    let rules = rules(arguments)?;
    let inputs = input::find(&arguments.files)?;
    if let Some(file) = &arguments.out {
        check_replaceable(file)?;
    }
    let mut ledger = Ledger::new(&rules);
    let read = read_all(&inputs, arguments.format.and_then(|chosen| chosen.0), &mut ledger);
    read.write(&mut anstream::stderr().lock())?;
    if read.judged == 0 && read.left_out.is_empty() {
        return Err(nothing_read(read.not_understood == 0).into());
    }
    if let Some(file) = &arguments.out {
        keep(file, &ledger.audit.to_json())?;
    }
    let report = Report::from(&ledger.audit);
    out.write_all(arguments.form.of(&report).as_bytes())?;
    arguments.form.judge(&report)
}

/// The rules for logs: a policy without keys, in front of the store that wrote the log.
fn rules(arguments: &Audit) -> Result<Rules, Failure> {
    Ok(Rules {
        limits: Limits::default(),
        domains: arguments.domain.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
        cors: CorsRules::default(),
        keyring: Keyring::default(),
        signing_keys: Arc::default(),
        policy: Arc::new(PolicyReference::parse(&arguments.policy).load(&Location::from_name("--policy"))?),
        public: BucketScope::none(),
        trusted_proxies: TrustedProxies::default(),
        mode: Mode::AuditRemote,
    })
}

fn nothing_read(is_empty: bool) -> Diagnostic {
    let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
    let advice =
        format!("name logs of these formats: {}; --format names the one that is not detected", names.join(", "));
    let message = if is_empty { "the input is empty" } else { "nothing of the input can be read" };
    Diagnostic::new(Location::from_name("audit"), message, advice)
}

/// The result for all files.
#[derive(Debug, Default)]
struct ReadAll {
    judged: u64,
    left_out: BTreeMap<LeftOut, u64>,
    not_understood: u64,
    /// The first places that cannot be read, and why.
    unreadable: Vec<String>,
}

fn read_all(inputs: &[Input], format: Option<Format>, ledger: &mut Ledger<'_>) -> ReadAll {
    let mut read = ReadAll::default();
    let mut progress = Progress::new(inputs.iter().map(|input| input.size).sum());
    for input in inputs {
        let (summary, broken) = read_one(input, format, ledger, &mut progress, read.judged);
        read.take(input, summary, broken);
    }
    progress.clear();
    read
}

/// Reads a file as far as possible. Returns why the rest cannot be read.
fn read_one(
    input: &Input,
    format: Option<Format>,
    ledger: &mut Ledger<'_>,
    progress: &mut Progress,
    before: u64,
) -> (Summary, Option<String>) {
    let opened = match input.open(progress.counter()) {
        Ok(opened) => opened,
        Err(error) => return (unknown(input, ledger), Some(error.to_string())),
    };
    match format.or_else(|| Format::of(&opened.beginning)) {
        Some(format) => {
            let mut reader = LogReader::new(format, &opened.beginning);
            let broken = feed(opened, &mut reader, ledger, &mut |judged| progress.tick(before + judged));
            let broken = broken.err().map(|error| format!("the rest cannot be read: {error}"));
            if broken.is_some() {
                reader.note_cut();
            }
            (reader.finish(&input.argument, ledger), broken)
        }
        None if opened.beginning.is_empty() && opened.broken.is_none() => Default::default(),
        None => {
            let why = opened.broken.map(|error| format!("it cannot be read: {error}"));
            (unknown(input, ledger), Some(why.unwrap_or_else(|| "it is no log of a known format".to_owned())))
        }
    }
}

/// Passes a file to its reader, and reports after each piece how many requests were judged.
fn feed(
    mut opened: Opened,
    reader: &mut LogReader,
    ledger: &mut Ledger<'_>,
    judged: &mut dyn FnMut(u64),
) -> io::Result<()> {
    reader.feed(&opened.beginning, ledger);
    opened.broken.map_or(Ok(()), Err)?;
    let mut piece = vec![0; PIECE];
    loop {
        judged(reader.summary().coverage.judged);
        match opened.rest.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => reader.feed(&piece[..count], ledger),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Notes in the audit that a file could not be read.
fn unknown(input: &Input, ledger: &mut Ledger<'_>) -> Summary {
    let mut source = Source { name: input.argument.clone(), format: "unknown".to_owned(), ..Source::default() };
    source.coverage.not_understood = 1;
    let summary = Summary { coverage: source.coverage, ..Summary::default() };
    ledger.audit.add_source(source);
    summary
}

impl ReadAll {
    fn take(&mut self, input: &Input, summary: Summary, broken: Option<String>) {
        let name = input.name();
        self.judged += summary.coverage.judged;
        self.not_understood += summary.coverage.not_understood;
        for (why, count) in summary.left_out {
            *self.left_out.entry(why).or_default() += count;
        }
        let records = summary.unreadable.iter().map(|(place, why)| match place.line {
            1 if place.number > 1 => format!("{name}:1: record {}: {why}", place.number),
            line => format!("{name}:{line}: {why}"),
        });
        let all = records.chain(broken.map(|why| format!("{name}: {why}")));
        let room = SHOWN.saturating_sub(self.unreadable.len());
        self.unreadable.extend(all.take(room));
    }

    /// Reports what could not be read, and what was not judged.
    fn write(&self, errors: &mut dyn Write) -> io::Result<()> {
        for text in &self.unreadable {
            writeln!(errors, "{DOUBT}not understood{DOUBT:#}: {text}")?;
        }
        let more = self.not_understood.saturating_sub(self.unreadable.len() as u64);
        if more > 0 {
            writeln!(errors, "{DOUBT}not understood{DOUBT:#}: {more} more")?;
        }
        for (why, count) in &self.left_out {
            writeln!(errors, "{FAINT}left out: {why}: {count}{FAINT:#}")?;
        }
        Ok(())
    }
}

/// Refuses to overwrite a file that is not an audit.
fn check_replaceable(file: &Path) -> Result<(), Diagnostic> {
    let fault = |message: &str, advice: &str| Diagnostic::new(Location::file(file), message, advice);
    let is_audit = |bytes: &[u8]| str::from_utf8(bytes).is_ok_and(|text| crate::audit::Audit::from_json(text).is_ok());
    match fs::read(file) {
        Ok(bytes) if !is_audit(&bytes) => {
            Err(fault("it is there, and it is no audit", "name another file with --out, or move that one away"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(fault(&error.to_string(), "name a file that this user can write with --out"))
        }
        _ => Ok(()),
    }
}

fn keep(file: &Path, text: &str) -> Result<(), Failure> {
    output::replace(file, text)
        .map_err(|error| Failure::Stopped(format!("{} cannot be written: {error}", file.display())))
}

#[cfg(test)]
mod tests;
