//! `store check`: exits with 0 if it finds nothing and with 1 if it finds something.

use super::by_server::{Upkeep, here_or_by_server};
use super::printer::{Printer, counted, verdict};
use crate::cli::arguments::{StoreArguments, StoreCheck};
use crate::cli::failure::Failure;
use crate::server::control::{Answer, Command};
use crate::store::upkeep::{self, Checked};
use serde_json::json;
use std::io::Write;

/// Writes every finding on a line of its own.
pub(in crate::cli) fn check(arguments: &StoreCheck, out: &mut dyn Write) -> Result<(), Failure> {
    let StoreArguments { data, json } = &arguments.store;
    let upkeep = Upkeep {
        store: &arguments.store,
        beside: &arguments.beside,
        notice: "a server has the folder and checks it; the index engine's own check of its free pages needs a stopped server",
        broken_off: "the check is not complete; it is safe to try again",
    };
    let mut printer = Printer::new(*json, out);
    let checked = here_or_by_server(
        &upkeep,
        &mut printer,
        |pace, report| upkeep::check(data, pace, report),
        |bytes_a_second| Ok(Command::StoreCheck { bytes_a_second }),
        |answer| match answer {
            Answer::Checked(checked) => Some(checked),
            _ => None,
        },
    )?;
    printer.last(&summary(&checked), &summary_json(&checked))?;
    if checked.findings == 0 { Ok(()) } else { Err(Failure::Found) }
}

fn summary(checked: &Checked) -> String {
    let Checked { objects, parts, blobs, bytes, findings } = checked;
    let (objects, parts, blobs) = (counted(*objects, "object"), counted(*parts, "part"), counted(*blobs, "blob"));
    format!("{}: {objects} and {parts} of {}, {blobs}", verdict(*findings), counted(*bytes, "byte"))
}

fn summary_json(checked: &Checked) -> serde_json::Value {
    let Checked { objects, parts, blobs, bytes, findings } = checked;
    json!({ "objects": objects, "parts": parts, "blobs": blobs, "bytes": bytes, "findings": findings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::store::printer::plain;

    #[test]
    fn the_summary_says_what_was_looked_at() {
        let checked = Checked { objects: 3, parts: 1, blobs: 2, bytes: 70, findings: 0 };
        assert_eq!(plain(&summary(&checked)), "ok: 3 objects and 1 part of 70 bytes, 2 blobs");
        let checked = Checked { findings: 4, ..checked };
        assert_eq!(plain(&summary(&checked)), "4 findings: 3 objects and 1 part of 70 bytes, 2 blobs");
    }
}
