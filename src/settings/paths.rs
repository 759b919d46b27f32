//! Paths as settings give them, and whether the data folder will do.

use crate::settings::fault::{Fault, Place};
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};

/// A path written in a settings file, seen from the working folder: relative to the folder of that file.
pub(super) fn beside(file: &Path, written: &str) -> PathBuf {
    // Joining an absolute path replaces the folder.
    file.parent().unwrap_or(Path::new("")).join(written)
}

/// Whether the data folder can be written to or made; changes nothing.
pub fn check_data_folder(folder: &Path) -> Result<(), Fault> {
    let existing = folder.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    let existing = existing.unwrap_or(Path::new("."));
    if !existing.is_dir() {
        let message = format!("the data folder cannot be made: {} is not a folder", existing.display());
        return Err(Fault::new(Place::file(folder), message, "name another with --data"));
    }
    access(existing, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        let message = format!("the data folder cannot be written: {}: {error}", existing.display());
        Fault::new(Place::file(folder), message, "give this user the right to write there, or name another with --data")
    })
}
