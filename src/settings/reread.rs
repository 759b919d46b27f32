//! Reads settings so that no change of a file is missed: returns the settings, and the files as they were before.

use crate::diagnostics::{Diagnostic, Location};
use crate::settings::fingerprint::Fingerprint;
use crate::settings::flags::Flags;
use crate::settings::load::{Loaded, load};
use crate::settings::secret::Environment;

/// The most times that settings are read again because they name files that were not known. One more is usual.
const MOST_READS: usize = 3;

/// Settings, and the files that they were read from.
#[derive(Debug)]
pub struct Reread {
    /// The settings, or every fault.
    pub loaded: Result<Loaded, Vec<Diagnostic>>,
    /// The files as they were before the settings were read, so that any later change differs from this.
    pub files: Fingerprint,
}

/// Reads the settings. `known` are the files that they came from the last time.
pub fn reread(flags: &Flags, environment: Environment<'_>, known: &Fingerprint) -> Reread {
    let mut files = Fingerprint::of(flags.config.iter().chain(known.paths()).cloned());
    for _ in 0..MOST_READS {
        let loaded = readable(flags).and_then(|()| load(flags, environment));
        match &loaded {
            Ok(loaded) if !files.has_all(loaded.files.iter()) => files = Fingerprint::of(loaded.files.iter().cloned()),
            _ => return Reread { loaded, files },
        }
    }
    Reread { loaded: load(flags, environment), files }
}

/// A pipe can be read only once. A second read is empty, and must not count as an empty settings file.
fn readable(flags: &Flags) -> Result<(), Vec<Diagnostic>> {
    match flags.config.as_deref().map(|path| (path, path.metadata())) {
        Some((path, Ok(found))) if !found.is_file() => {
            let advice = "name a file with --config to change settings without a restart";
            Err(vec![Diagnostic::new(Location::file(path), "it is no regular file, and cannot be read again", advice)])
        }
        _ => Ok(()),
    }
}
