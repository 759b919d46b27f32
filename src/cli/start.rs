//! The checks before a server runs. `serve` and `check` both use them, so that they report the same faults.

use crate::cli::arguments::Serve;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::ready_file::ReadyFile;
use crate::cli::{logging, variables};
use crate::diagnostics::{Diagnostic, Location};
use crate::s3::Timestamp;
use crate::server::control::Predecessor;
use crate::server::{Addresses, BindError, Inherited, Listeners};
use crate::settings::{self, Loaded, Upstream};
use crate::store::{OpenError, Store};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::SystemTime;

/// Reads everything that the start depends on and writes the warnings.
///
/// # Errors
/// Every fault in flags, environment and file.
pub(super) fn load(arguments: &Serve) -> Result<Loaded, Failure> {
    let flags = arguments.serving.flags();
    let loaded = settings::load(&flags, &|name| std::env::var(name))?;
    logging::check()?;
    if let Some(path) = &arguments.ready_file {
        ReadyFile::look(path, flags.place("--ready-file"))?;
    }
    let now = Timestamp::from(SystemTime::now());
    let ending = settings::expiring(&loaded.keys, now);
    let certificate = loaded.settings.tls.as_ref().and_then(|tls| tls.expiry(now)).into_iter().collect();
    let warnings = [variables::all_warnings(&loaded), ending, certificate].concat();
    write_warnings(&warnings, &mut anstream::stderr().lock())?;
    Ok(loaded)
}

/// Binds the addresses, and checks that the data folder can be used. Nothing is made, so a start that fails here leaves
/// nothing behind. `succeeds` is whether the server replaces another one, which still has the folder.
///
/// # Errors
/// [`Failure::Stopped`] for an address or a folder that is in use, faults for one that cannot be used.
pub(super) fn take(loaded: &Loaded, inherited: Inherited, succeeds: bool) -> Result<Listeners, Failure> {
    let folder = &loaded.settings.data_folder;
    if needs_data_folder(loaded) {
        settings::check_data_folder(folder)?;
    }
    let settings = &loaded.settings;
    let addresses = Addresses { s3: &settings.listen, public: &settings.public_listen, admin: settings.admin };
    let listeners = Listeners::take(&addresses, inherited)?;
    if matches!(loaded.settings.upstream, Upstream::Local) {
        match Store::look(folder) {
            // The previous server closes it soon.
            Err(OpenError::InUse(_)) if succeeds || listeners.are_inherited() => {}
            looked => looked.map_err(|error| cannot_open(folder, &error))?,
        }
    }
    Ok(listeners)
}

/// The server that runs with the same control socket, and its listening sockets; `None` if there is none.
///
/// # Errors
/// Settings that give no control socket, and a server that does not hand its sockets over.
pub(super) fn predecessor(loaded: &Loaded) -> Result<Option<(Predecessor, Vec<OwnedFd>)>, Failure> {
    let Some(path) = &loaded.settings.life.control else {
        let advice = "write control = \"PATH\" into the settings of both servers, or name the socket with --control";
        let message = "the server that runs is found by its control socket, and the settings give it none";
        return Err(Diagnostic::new(Location::from_name("--upgrade"), message, advice).into());
    };
    Predecessor::at(path).map_err(|error| Failure::Stopped(error.to_string()))
}

/// In front of another store the data folder has only the pair of the first start.
pub(super) fn needs_data_folder(loaded: &Loaded) -> bool {
    loaded.keys.is_empty() || matches!(loaded.settings.upstream, Upstream::Local)
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Failure {
        if error.is_in_use() {
            return Failure::Stopped(error.to_string());
        }
        let advice = "name an address of this machine and a port that this user may listen on";
        Diagnostic::new(Location::from_name("listen"), error.to_string(), advice).into()
    }
}

fn cannot_open(folder: &Path, error: &OpenError) -> Failure {
    let text = error.to_string();
    if matches!(error, OpenError::InUse(_)) {
        return Failure::Stopped(text);
    }
    // Each says what is wrong, and then what to do.
    let (message, advice) = text.split_once("; ").unwrap_or((&text, "name another folder with --data"));
    Diagnostic::new(Location::file(folder), message, advice).into()
}
