//! `store compact`: writes the index anew. Exits with 0 if that is done.

use super::by_server::{Upkeep, here_or_by_server};
use super::printer::{Printer, verdict};
use crate::cli::arguments::{StoreArguments, StoreCompact};
use crate::cli::failure::Failure;
use crate::server::control::{Answer, Command};
use crate::store::upkeep::{self, Compacted};
use serde_json::json;
use std::io::Write;

/// Compacts, and writes what that has freed.
pub(in crate::cli) fn compact(arguments: &StoreCompact, out: &mut dyn Write) -> Result<(), Failure> {
    let StoreArguments { data, json } = &arguments.store;
    let upkeep = Upkeep {
        store: &arguments.store,
        beside: &arguments.beside,
        notice: "a server has the folder and compacts its index",
        broken_off: "what the index holds is as it was; it is safe to try again",
    };
    let mut printer = Printer::new(*json, out);
    let done = here_or_by_server(
        &upkeep,
        &mut printer,
        |pace, report| upkeep::compact(data, pace, report),
        |bytes_a_second| Ok(Command::StoreCompact { bytes_a_second }),
        |answer| match answer {
            Answer::Compacted(done) => Some(done),
            _ => None,
        },
    )?;
    printer.last(&summary(&done), &summary_json(&done))?;
    Ok(())
}

fn summary(done: &Compacted) -> String {
    let Compacted { before, after, held, .. } = done;
    let held = held.div_ceil(1000);
    format!("{}: the index takes {after} bytes, and took {before}; writes waited {held} ms", verdict(0))
}

fn summary_json(done: &Compacted) -> serde_json::Value {
    let Compacted { before, after, followed, held } = done;
    json!({ "before": before, "after": after, "followed": followed, "held_us": held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::store::printer::plain;

    #[test]
    fn the_summary_says_what_was_freed() {
        let done = Compacted { before: 500, after: 300, followed: 7, held: 1001 };
        assert_eq!(plain(&summary(&done)), "ok: the index takes 300 bytes, and took 500; writes waited 2 ms");
        assert_eq!(summary_json(&done)["followed"], 7);
    }
}
