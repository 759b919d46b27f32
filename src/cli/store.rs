//! `store check` and `store gc`: maintenance of a local store. A server that has it open checks it itself.
//!
//! `check` exits with 0 if it finds nothing and with 1 if it finds something; an error that stops either command exits
//! with 2.

use crate::cli::arguments::{StoreArguments, StoreCheck};
use crate::cli::control;
use crate::cli::failure::Failure;
use crate::cli::style::{BAD, GOOD};
use crate::diagnostics::{Diagnostic, Location};
use crate::server::control::{Answer, AskError, Command, Lines};
use crate::settings::control_in;
use crate::store::upkeep::{self, Checked, Event, Freed, Pace, Tally, UpkeepError};
use crate::store::{Defect, DefectSubject, OpenError};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// How many MiB a second a server reads for a check, if nothing is said.
const RATE: u64 = 64;

/// Writes every finding on a line of its own.
pub(super) fn check(arguments: &StoreCheck, out: &mut dyn Write) -> Result<(), Failure> {
    // The index's engine may panic over a damaged page: that is a finding, and needs no message on stderr.
    std::panic::set_hook(Box::new(|_| ()));
    let StoreArguments { data, json } = &arguments.store;
    let mut told = Told { json: *json, out, progress: Progress::default() };
    let pace = Pace::new(arguments.rate.map(bytes));
    let checked = match upkeep::check(data, pace, &mut |event| told.event(event)) {
        Err(in_use @ UpkeepError::Open(OpenError::InUse(_))) => check_by_server(arguments, in_use, &mut told)?,
        checked => checked.map_err(|error| failure(data, error))?,
    };
    told.progress.clear()?;
    told.last(&checked)?;
    if checked.findings == 0 { Ok(()) } else { Err(Failure::Found) }
}

fn bytes(mebibytes: u64) -> u64 {
    mebibytes << 20
}

/// Has the server check that has the folder.
fn check_by_server(arguments: &StoreCheck, in_use: UpkeepError, told: &mut Told<'_>) -> Result<Checked, Failure> {
    let data = &arguments.store.data;
    let socket = arguments.control.clone().unwrap_or_else(|| control_in(data));
    let command = Command::StoreCheck { bytes_a_second: bytes(arguments.rate.unwrap_or(RATE)) };
    let stopped = |error: AskError| Failure::Stopped(error.to_string());
    let mut lines = match Lines::of(&socket, &command) {
        Err(AskError::NoServer(_)) => return Err(failure(data, in_use)),
        lines => lines.map_err(stopped)?,
    };
    writeln!(io::stderr(), "a server has the folder and checks it; a check without it also reads the whole index")?;
    loop {
        match lines.next_line() {
            Ok(Answer::Progress { done, of }) => told.event(Event::Progress { done, of })?,
            Ok(Answer::Found(finding)) => told.event(Event::Found(finding))?,
            Ok(Answer::Checked(checked)) => return Ok(checked),
            Ok(Answer::Failed { message }) => return Err(unchecked(data, message)),
            Ok(_) => return Err(control::no_answer()),
            Err(error) => return Err(unchecked(data, error.to_string())),
        }
    }
}

/// The server could not go on: the same exit code as where the command itself cannot.
fn unchecked(data: &Path, message: String) -> Failure {
    Diagnostic::new(Location::file(data), message, "the folder is not checked to its end; it is safe to try again")
        .into()
}

/// What is told of a check.
struct Told<'a> {
    json: bool,
    out: &'a mut dyn Write,
    progress: Progress,
}

impl Told<'_> {
    fn event(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Progress { done, of } => self.progress.show(done, of),
            Event::Found(finding) => {
                self.progress.clear()?;
                write_finding(&finding, self.json, self.out)
            }
        }
    }

    fn last(&mut self, checked: &Checked) -> io::Result<()> {
        let line = if self.json { summary_json(checked).to_string() } else { summary(checked) };
        writeln!(self.out, "{line}")
    }
}

/// Writes what it has freed.
pub(super) fn gc(arguments: &StoreArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let freed = upkeep::collect(&arguments.data).map_err(|error| failure(&arguments.data, error))?;
    let text = if arguments.json { format!("{}\n", freed_json(&freed)) } else { freed_text(&freed) };
    out.write_all(text.as_bytes())?;
    let failed: u64 = tallies(&freed).iter().map(|(_, _, tally)| tally.failed).sum();
    match (failed, freed.unreadable) {
        (0, 0) => Ok(()),
        (0, rows) => Err(Failure::Stopped(format!(
            "{rows} rows do not read, and which blobs they name is unknown: no blob was removed as an orphan; \
             `r2shim store check` lists the rows"
        ))),
        (files, _) => Err(Failure::Stopped(format!("{files} files could not be removed; check their folders' mode"))),
    }
}

fn write_finding(finding: &Defect, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
    if as_json { writeln!(out, "{}", finding_json(finding)) } else { writeln!(out, "{finding}") }
}

fn finding_json(finding: &Defect) -> serde_json::Value {
    let mut line = match &finding.place {
        DefectSubject::Object { bucket, key } => json!({ "bucket": bucket, "key": key }),
        DefectSubject::Part { bucket, key, upload, number } => {
            json!({ "bucket": bucket, "key": key, "upload": upload, "part": number })
        }
        DefectSubject::Bucket(name) => json!({ "bucket": name }),
        DefectSubject::Blob(number) => json!({ "blob": format!("{number:x}") }),
        DefectSubject::File(path) => json!({ "file": path }),
    };
    line["kind"] = finding.kind.name().into();
    line["text"] = finding.text.as_str().into();
    line
}

fn summary(checked: &Checked) -> String {
    let Checked { objects, parts, blobs, bytes, findings } = checked;
    let (objects, parts, blobs) = (counted(*objects, "object"), counted(*parts, "part"), counted(*blobs, "blob"));
    let looked_at = format!("{objects} and {parts} of {}, {blobs}", counted(*bytes, "byte"));
    match findings {
        0 => format!("{GOOD}ok{GOOD:#}: {looked_at}"),
        _ => format!("{BAD}{}{BAD:#}: {looked_at}", counted(*findings, "finding")),
    }
}

/// A number and what it counts.
fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

fn summary_json(checked: &Checked) -> serde_json::Value {
    let Checked { objects, parts, blobs, bytes, findings } = checked;
    json!({ "objects": objects, "parts": parts, "blobs": blobs, "bytes": bytes, "findings": findings })
}

/// What gc removes: the name in JSON, one of it in words, and how much it was.
fn tallies(freed: &Freed) -> [(&'static str, (&'static str, &'static str), Tally); 3] {
    [
        ("temporary", ("unfinished upload", ""), freed.temporary),
        ("unreferenced", ("blob", " of deleted objects"), freed.unreferenced),
        ("orphans", ("blob", " that no row names"), freed.orphans),
    ]
}

fn freed_text(freed: &Freed) -> String {
    let files = tallies(freed)
        .map(|(_, (one, of), tally)| format!("{:>14} bytes  {}{of}\n", tally.bytes, counted(tally.files, one)));
    let total = tallies(freed).iter().map(|(_, _, tally)| tally.bytes).sum::<u64>() + freed.index;
    let proven = match freed.proven {
        Tally { files: 0, failed: 0, .. } => String::new(),
        Tally { files, failed: 0, .. } => {
            format!("{} of an earlier version can be checked by block now\n", counted(files, "blob"))
        }
        Tally { failed, .. } => {
            format!(
                "{} of an earlier version cannot be checked by block: `r2shim store check` says why\n",
                counted(failed, "blob")
            )
        }
    };
    format!("{}{:>14} bytes  index\n{total:>14} bytes  {GOOD}freed{GOOD:#}\n{proven}", files.concat(), freed.index)
}

fn freed_json(freed: &Freed) -> serde_json::Value {
    let mut line = json!({ "index": { "bytes": freed.index }, "unreadable_rows": freed.unreadable });
    let proven = ("proven", ("", ""), freed.proven);
    for (name, _, Tally { files, bytes, failed }) in tallies(freed).into_iter().chain([proven]) {
        line[name] = json!({ "files": files, "bytes": bytes, "failed": failed });
    }
    line
}

fn failure(data: &Path, error: UpkeepError) -> Failure {
    let advice = match &error {
        UpkeepError::Output(_) => "",
        UpkeepError::Open(OpenError::InUse(_)) => {
            "a server checks its own folder, but none listens at the control socket; if settings name another, name it with \
             --control"
        }
        UpkeepError::Open(_) => "nothing was changed",
        UpkeepError::Busy => "it says there how far it is",
        UpkeepError::Store(_) => "look at the disk and the system's log; it is safe to try again",
    };
    match error {
        UpkeepError::Output(error) => Failure::Output(error),
        error => Diagnostic::new(Location::file(data), error.to_string(), advice).into(),
    }
}

/// How much is read, on a terminal only: a line that is written over.
#[derive(Default)]
struct Progress {
    shown: Option<u64>,
}

impl Progress {
    fn show(&mut self, done: u64, of: u64) -> io::Result<()> {
        let percent = done.saturating_mul(100) / of.max(1);
        if self.shown == Some(percent) || !io::stderr().is_terminal() {
            return Ok(());
        }
        self.shown = Some(percent);
        write!(io::stderr(), "\r{percent:>3} % of {} MiB read", of >> 20)
    }

    fn clear(&mut self) -> io::Result<()> {
        match self.shown.take() {
            Some(_) => write!(io::stderr(), "\r\x1b[K"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DefectKind;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_finding_can_be_json() {
        let object = DefectSubject::Object { bucket: "media".into(), key: "a\nb".into() };
        let part = DefectSubject::Part { bucket: "m".into(), key: "k".into(), upload: "u".into(), number: 7 };
        for (place, expected) in [
            (object, json!({ "bucket": "media", "key": "a\nb", "kind": "missing", "text": "gone" })),
            (part, json!({ "bucket": "m", "key": "k", "upload": "u", "part": 7, "kind": "missing", "text": "gone" })),
            (DefectSubject::Blob(0x1f), json!({ "blob": "1f", "kind": "missing", "text": "gone" })),
            (DefectSubject::File("tmp/0".into()), json!({ "file": "tmp/0", "kind": "missing", "text": "gone" })),
        ] {
            assert_eq!(finding_json(&Defect { place, kind: DefectKind::Missing, text: "gone".into() }), expected);
        }
    }

    #[test]
    fn the_summary_says_what_was_looked_at() {
        let checked = Checked { objects: 3, parts: 1, blobs: 2, bytes: 70, findings: 0 };
        assert_eq!(plain(&summary(&checked)), "ok: 3 objects and 1 part of 70 bytes, 2 blobs");
        let checked = Checked { findings: 4, ..checked };
        assert_eq!(plain(&summary(&checked)), "4 findings: 3 objects and 1 part of 70 bytes, 2 blobs");
    }

    #[test]
    fn what_was_freed_adds_up() {
        let tally = |files, bytes| Tally { files, bytes, failed: 0 };
        let freed = Freed { temporary: tally(1, 10), orphans: tally(2, 300), index: 4096, ..Freed::default() };
        let text = plain(&freed_text(&freed));
        let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(
            words.collect::<Vec<_>>(),
            [
                "10 bytes 1 unfinished upload",
                "0 bytes 0 blobs of deleted objects",
                "300 bytes 2 blobs that no row names",
                "4096 bytes index",
                "4406 bytes freed",
            ]
        );
        assert_eq!(freed_json(&freed)["orphans"], json!({ "files": 2, "bytes": 300, "failed": 0 }));
    }
}
