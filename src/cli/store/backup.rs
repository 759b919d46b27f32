//! `store backup`: exits with 0 if all was copied, and with 1 if something that was copied is damaged.

use super::by_server::{Upkeep, here_or_by_server};
use super::printer::{Printer, counted, verdict};
use crate::cli::arguments::{StoreArguments, StoreBackup};
use crate::cli::failure::Failure;
use crate::diagnostics::{Diagnostic, Location};
use crate::server::control::{Answer, Command};
use crate::settings::KEPT_KEY;
use crate::store::upkeep::{self, BackedUp, BackupPlan};
use serde_json::json;
use std::io::Write;
use std::path::{Path, absolute};

/// Makes the backup, and writes every finding on a line of its own.
pub(in crate::cli) fn backup(arguments: &StoreBackup, out: &mut dyn Write) -> Result<(), Failure> {
    let StoreArguments { data, json } = &arguments.store;
    let target = absolute(&arguments.folder)?;
    let plan = BackupPlan { target: target.clone(), link: arguments.link, also: vec![KEPT_KEY] };
    let upkeep = Upkeep {
        store: &arguments.store,
        beside: &arguments.beside,
        notice: "a server has the folder and copies it, as it is now; the copy is made by the server's user",
        broken_off: "no backup was made; it is safe to try again",
    };
    let mut printer = Printer::new(*json, out);
    let done = here_or_by_server(
        &upkeep,
        &mut printer,
        |pace, report| upkeep::backup(data, &plan, pace, report),
        |bytes_a_second| command(&target, arguments.link, bytes_a_second),
        |answer| match answer {
            Answer::BackedUp(done) => Some(done),
            _ => None,
        },
    )?;
    printer.last(&summary(&done, &target), &summary_json(&done, &target))?;
    if done.findings == 0 { Ok(()) } else { Err(Failure::Found) }
}

/// What a server is asked for.
fn command(target: &Path, link: bool, bytes_a_second: u64) -> Result<Command, Failure> {
    let Some(folder) = target.to_str().map(str::to_owned) else {
        let message = "a server cannot get a path that is not UTF-8";
        return Err(Diagnostic::new(Location::file(target), message, "name another").into());
    };
    Ok(Command::StoreBackup { folder, link, bytes_a_second })
}

fn summary(done: &BackedUp, target: &Path) -> String {
    let BackedUp { objects, blobs, bytes, linked, findings } = done;
    let links = if *linked > 0 { format!(", {linked} of them linked") } else { String::new() };
    let (objects, blobs, bytes) = (counted(*objects, "object"), counted(*blobs, "blob"), counted(*bytes, "byte"));
    let damage = match findings {
        0 => String::new(),
        _ => {
            format!("\nthe copy has the same damage; `r2shim store check --data {}` says whose it is", target.display())
        }
    };
    format!("{}: {objects}, {blobs} of {bytes}{links}, in {}{damage}", verdict(*findings), target.display())
}

fn summary_json(done: &BackedUp, target: &Path) -> serde_json::Value {
    let BackedUp { objects, blobs, bytes, linked, findings } = done;
    let folder = target.display().to_string();
    json!({
        "backup": folder, "objects": objects, "blobs": blobs, "bytes": bytes, "linked": linked, "findings": findings
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_was_copied() {
        let plain = |done: &BackedUp| {
            let text = summary(done, Path::new("/b/r2"));
            anstream::adapter::strip_str(&text).to_string()
        };
        let done = BackedUp { objects: 3, blobs: 1, bytes: 70, linked: 0, findings: 0 };
        assert_eq!(plain(&done), "ok: 3 objects, 1 blob of 70 bytes, in /b/r2");
        let done = BackedUp { linked: 1, findings: 2, ..done };
        assert_eq!(
            plain(&done),
            "2 findings: 3 objects, 1 blob of 70 bytes, 1 of them linked, in /b/r2\n\
             the copy has the same damage; `r2shim store check --data /b/r2` says whose it is"
        );
        assert_eq!(summary_json(&done, Path::new("/b/r2"))["linked"], 1);
    }
}
