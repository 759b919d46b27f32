//! `store gc`: removes what nothing refers to.

use super::by_server::failure;
use super::printer::counted;
use crate::cli::arguments::StoreArguments;
use crate::cli::failure::Failure;
use crate::cli::style::GOOD;
use crate::store::upkeep::{self, Freed, Tally};
use serde_json::json;
use std::io::Write;

/// Writes what it has freed.
pub(in crate::cli) fn gc(arguments: &StoreArguments, out: &mut dyn Write) -> Result<(), Failure> {
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

/// What gc removes: the name in JSON, the singular and plural in words, and how much it was.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::store::printer::plain;

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
