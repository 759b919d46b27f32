//! `store compact`: writes the index anew. Exits with 0 if that is done.

use super::by_server::{self, Request, bytes, failure};
use super::printer::{Printer, verdict};
use crate::cli::arguments::{StoreArguments, StoreCompact};
use crate::cli::failure::Failure;
use crate::server::control::{Answer, Command};
use crate::store::OpenError;
use crate::store::upkeep::{self, Compacted, Pace, UpkeepError};
use serde_json::json;
use std::io::Write;

/// Compacts, and writes what that has freed.
pub(in crate::cli) fn compact(arguments: &StoreCompact, out: &mut dyn Write) -> Result<(), Failure> {
    // The index's engine may panic over a damaged page: that is an error, and needs no message on stderr.
    std::panic::set_hook(Box::new(|_| ()));
    let StoreArguments { data, json } = &arguments.store;
    let mut printer = Printer::new(*json, out);
    let pace = Pace::new(arguments.beside.rate.map(bytes));
    let done = match upkeep::compact(data, pace, &mut |event| printer.event(event)) {
        Err(in_use @ UpkeepError::Open(OpenError::InUse(_))) => compact_by_server(arguments, in_use, &mut printer)?,
        done => done.map_err(|error| failure(data, error))?,
    };
    printer.last(&summary(&done), &summary_json(&done))?;
    Ok(())
}

/// Has the server compact that has the folder.
fn compact_by_server(
    arguments: &StoreCompact,
    in_use: UpkeepError,
    printer: &mut Printer<'_>,
) -> Result<Compacted, Failure> {
    let request = Request {
        data: &arguments.store.data,
        control: arguments.beside.control.as_deref(),
        command: Command::StoreCompact { bytes_a_second: by_server::rate(arguments.beside.rate) },
        notice: "a server has the folder and compacts its index",
        broken_off: "what the index holds is as it was; it is safe to try again",
    };
    by_server::ask(&request, in_use, printer, |answer| match answer {
        Answer::Compacted(done) => Some(done),
        _ => None,
    })
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
