//! The output of `store` commands: a line for each finding, and the progress.

use crate::cli::style::{BAD, GOOD};
use crate::store::upkeep::Event;
use crate::store::{Defect, DefectSubject};
use serde_json::json;
use std::io::{self, IsTerminal, Write};

/// Prints findings and progress.
pub(super) struct Printer<'a> {
    json: bool,
    out: &'a mut dyn Write,
    progress: Progress,
}

impl<'a> Printer<'a> {
    pub(super) fn new(json: bool, out: &'a mut dyn Write) -> Printer<'a> {
        Printer { json, out, progress: Progress::default() }
    }

    pub(super) fn event(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Progress { done, of } => self.progress.show(done, of),
            Event::Found(finding) => {
                self.progress.clear()?;
                write_finding(&finding, self.json, self.out)
            }
        }
    }

    /// The last line: in words, or in JSON.
    pub(super) fn last(&mut self, words: &str, json: &serde_json::Value) -> io::Result<()> {
        self.progress.clear()?;
        if self.json { writeln!(self.out, "{json}") } else { writeln!(self.out, "{words}") }
    }
}

/// A text without its colours.
#[cfg(test)]
pub(super) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The first words of the last line: `ok`, or the number of findings.
pub(super) fn verdict(findings: u64) -> String {
    match findings {
        0 => format!("{GOOD}ok{GOOD:#}"),
        _ => format!("{BAD}{}{BAD:#}", counted(findings, "finding")),
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

/// A number and what it counts.
pub(super) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A line that shows how much has been read, and is overwritten. It is shown on a terminal only.
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
}
