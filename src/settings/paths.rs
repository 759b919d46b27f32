//! Paths as written in settings, and whether the data folder can be used.

use crate::diagnostics::{Diagnostic, Location};
use rustix::fs::{Access, access};
use std::path::{Component, Path, PathBuf};

/// A path written in a settings file, seen from the working folder: relative to the folder of that file.
pub(super) fn beside(file: &Path, written: &str) -> PathBuf {
    // Joining an absolute path replaces the folder.
    let path = file.parent().unwrap_or(Path::new("")).join(written);
    if path.components().any(|part| part == Component::ParentDir) { without_detours(&path) } else { path }
}

/// The path without `folder/..`, if the folder is not a link.
fn without_detours(path: &Path) -> PathBuf {
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let mut short = PathBuf::new();
    for part in path.components() {
        let ends_in_name = matches!(short.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && ends_in_name && is_folder(&short) {
            short.pop();
        } else {
            short.push(part);
        }
    }
    if short.as_os_str().is_empty() { PathBuf::from(".") } else { short }
}

/// Whether the data folder can be written to or made; changes nothing.
pub fn check_data_folder(folder: &Path) -> Result<(), Diagnostic> {
    let existing = folder.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    let existing = existing.unwrap_or(Path::new("."));
    if !existing.is_dir() {
        let message = format!("the data folder cannot be made: {} is not a folder", existing.display());
        return Err(Diagnostic::new(Location::file(folder), message, "name another with --data"));
    }
    access(existing, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        let message = format!("the data folder cannot be written: {}: {error}", existing.display());
        Diagnostic::new(
            Location::file(folder),
            message,
            "give this user the right to write there, or name another with --data",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_settings_file_without_detours() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("real/examples")).unwrap();
        std::os::unix::fs::symlink(at("real/examples"), at("link")).unwrap();
        for (file, written, expected) in [
            ("real/examples/r2shim.toml", "../data", "real/data"),
            ("real/examples/r2shim.toml", "./data", "real/examples/data"),
            ("real/examples/r2shim.toml", "../../data", "data"),
            // The parent of a link's target is not the folder of the link.
            ("link/r2shim.toml", "../data", "link/../data"),
            ("real/missing/r2shim.toml", "../data", "real/missing/../data"),
        ] {
            assert_eq!(beside(&at(file), written), at(expected), "{file} {written}");
        }
        assert_eq!(beside(Path::new("r2shim.toml"), "data"), Path::new("data"));
        assert_eq!(beside(Path::new("r2shim.toml"), "../data"), Path::new("../data"));
        assert_eq!(beside(Path::new("/etc/r2shim.toml"), "/data"), Path::new("/data"));
    }
}
