//! `serve`: settings, log, a key if there is none, the server.

use crate::cli::arguments::Serve;
use crate::cli::failure::Failure;
use crate::cli::ready_file::ReadyFile;
use crate::cli::welcome::Welcome;
use crate::cli::{keys, logging, start};
use crate::server::{self, Inherited, Running, Served};
use std::io::Write;

/// Serves until a signal stops it. The text on stdout is for people, and is printed when everything listens.
pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    let mut loaded = start::load(arguments)?;
    logging::start(arguments.log)?;
    let found = if arguments.upgrade { start::predecessor(&loaded)? } else { None };
    let (predecessor, sockets) = found.unzip();
    let inherited = Inherited::from_manager().with(sockets.unwrap_or_default());
    let listeners = start::take(&loaded, inherited, predecessor.is_some())?;
    let place = || arguments.serving.flags().place("--ready-file");
    let named = arguments.ready_file.as_ref();
    let mut ready = named.map(|path| ReadyFile::new(path, place())).transpose()?;
    let ready_file = &mut ready;
    if loaded.keys.is_empty() {
        loaded.make_key(keys::seed()?)?;
    }
    let (welcome, scheme) = (Welcome::new(&loaded), loaded.settings.scheme());
    let on_ready = move |running: &Running| {
        let publish = |file: &mut ReadyFile| file.publish(scheme, &running.listen, &running.public, running.admin);
        if let Some(Err(error)) = ready_file.as_mut().map(publish) {
            tracing::error!("the ready file cannot be written: {error}");
        }
        let mut out = anstream::stdout().lock();
        // The server also runs if stdout is closed.
        let _ = out
            .write_all(welcome.text(&running.listen, &running.public, running.admin).as_bytes())
            .and_then(|()| out.flush());
    };
    let flags = arguments.serving.flags();
    let served = Served { settings: loaded.settings, flags, files: loaded.files, predecessor };
    server::serve(served, listeners, on_ready).map_err(|error| Failure::Stopped(error.to_string()))
}
