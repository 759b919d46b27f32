//! `serve`: settings, log, a key if there is none, the server.

use crate::cli::arguments::Serve;
use crate::cli::failure::Failure;
use crate::cli::welcome::Welcome;
use crate::cli::{keys, logging, start};
use crate::server::{self, Running};
use std::io::Write;

/// Serves until a signal stops it. What is printed on stdout is for people and comes once everything listens.
pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    let mut loaded = start::load(arguments)?;
    logging::start(arguments.log)?;
    let listeners = start::take(&loaded)?;
    if loaded.keys.is_empty() {
        loaded.make_key(keys::seed()?)?;
    }
    let welcome = Welcome::new(&loaded);
    let on_ready = move |running: &Running| {
        let mut out = anstream::stdout().lock();
        // A start script that closed our stdout still wants to be served.
        let _ = out
            .write_all(welcome.text(&running.listen, &running.public, running.admin).as_bytes())
            .and_then(|()| out.flush());
    };
    server::serve(loaded.settings, listeners, on_ready).map_err(|error| Failure::Stopped(error.to_string()))
}
