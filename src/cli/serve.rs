//! `serve`: settings, log, a key if there is none, the server.

use crate::cli::arguments::Serve;
use crate::cli::check::needs_data_folder;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::ready_file::ReadyFile;
use crate::cli::welcome::Welcome;
use crate::cli::{keys, logging, variables};
use crate::server::{self, Listeners};
use crate::settings;
use std::io::Write;

/// Serves until a signal stops it. What is printed on stdout is for people and comes once everything listens.
pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    if arguments.audit {
        return Err(Failure::not_yet("serve --audit"));
    }
    let flags = arguments.serving.flags();
    let mut loaded = settings::load(&flags, &|name| std::env::var(name))?;
    logging::start(arguments.log)?;
    write_warnings(&variables::all_warnings(&loaded), &mut anstream::stderr().lock())?;
    if needs_data_folder(&loaded) {
        settings::check_data_folder(&loaded.settings.data_folder)?;
    }
    // Before anything is made: a start that fails for a taken port leaves nothing behind.
    let listeners = Listeners::bind(&loaded.settings.listen, loaded.settings.admin)
        .map_err(|error| Failure::Stopped(error.to_string()))?;
    let named = arguments.ready_file.as_ref();
    let mut ready = named.map(|path| ReadyFile::new(path, flags.place("--ready-file"))).transpose()?;
    let ready_file = &mut ready;
    if loaded.keys.is_empty() {
        loaded.make_key(keys::seed()?)?;
    }
    let welcome = Welcome::new(&loaded);
    let on_ready = move |listen: &[_], admin: Option<_>| {
        if let Some(Err(error)) = ready_file.as_mut().map(|file| file.publish(listen, admin)) {
            tracing::error!("the ready file cannot be written: {error}");
        }
        let mut out = anstream::stdout().lock();
        // A start script that closed our stdout still wants to be served.
        let _ = out.write_all(welcome.text(listen, admin).as_bytes()).and_then(|()| out.flush());
    };
    server::serve(loaded.settings, listeners, on_ready).map_err(|error| Failure::Stopped(error.to_string()))
}
