//! Whether requests are audited, and where the audit is kept.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::flags::Flags;
use crate::settings::paths::beside;
use crate::settings::resolved::{Mode, Upstream};
use crate::settings::written::WrittenAudit;
use std::path::{Path, PathBuf};

/// The default name of an audit's file.
const FILE: &str = "r2shim-audit.json";

/// The mode: `--audit` wins over the file.
pub(super) fn mode(flags: &Flags, written: Option<Spanned<String>>, faults: &mut Vec<Diagnostic>) -> Mode {
    let of_file = match written {
        None => Mode::Enforce,
        Some(text) => Mode::parse(&text.value).unwrap_or_else(|| {
            let advice = "write mode = \"enforce\" or mode = \"audit\"";
            faults.push(text.fault(format!("{:?} is no mode", text.value), advice));
            Mode::Enforce
        }),
    };
    if flags.audit { Mode::Audit } else { of_file }
}

/// The file of the audit: in the data folder if objects are there, else in the working folder.
pub(super) fn file(
    flags: &Flags,
    settings_file: &Path,
    written: WrittenAudit,
    upstream: &Upstream,
    data_folder: &Path,
    faults: &mut Vec<Diagnostic>,
) -> PathBuf {
    match (&flags.audit_file, written.file, upstream) {
        (Some(path), ..) => path.clone(),
        (None, Some(text), _) => {
            if text.value.is_empty() {
                faults.push(text.fault("the path is empty", "name a file"));
            }
            beside(settings_file, &text.value)
        }
        (None, None, Upstream::Local) => data_folder.join(FILE),
        (None, None, Upstream::Remote(_)) => PathBuf::from(FILE),
    }
}
