//! Files that commands write for a person.

use std::path::Path;
use std::{fs, io};

/// Writes beside the file, and puts it in its place when it is whole, so that it is never half written.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, file))
}
