//! `serve`: settings, log, a key if there is none, the server.

use crate::cli::arguments::Serve;
use crate::cli::check::needs_data_folder;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::welcome::Welcome;
use crate::cli::{keys, logging, variables};
use crate::server::{self, Listeners, Running};
use crate::settings;
use std::io::Write;

/// Serves until a signal stops it. What is printed on stdout is for people and comes once everything listens.
pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    if arguments.audit {
        return Err(Failure::not_yet("serve --audit"));
    }
    let mut loaded = settings::load(&arguments.serving.flags(), &|name| std::env::var(name))?;
    logging::start(arguments.log)?;
    write_warnings(&variables::all_warnings(&loaded), &mut anstream::stderr().lock())?;
    if needs_data_folder(&loaded) {
        settings::check_data_folder(&loaded.settings.data_folder)?;
    }
    // Before anything is made: a start that fails for a taken port leaves nothing behind.
    let settings = &loaded.settings;
    let listeners = Listeners::bind(&settings.listen, settings.admin)
        .and_then(|listeners| listeners.with_public(&settings.public_listen))
        .map_err(|error| Failure::Stopped(error.to_string()))?;
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
