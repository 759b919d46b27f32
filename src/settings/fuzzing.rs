//! The interface for the fuzzer of settings files: reads a text without other files, and with a small policy, because a
//! large policy would take most of the time.

use crate::diagnostics::Diagnostic;
use crate::settings::findings::Findings;
use crate::settings::flags::Flags;
use crate::settings::load::resolve;
use crate::settings::{keys, written::WrittenSettings};
use std::env::VarError;
use std::path::Path;

/// Warnings, or every fault.
pub(crate) fn load_text(text: &str) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let (mut findings, file) = (Findings::default(), Path::new("/nowhere/r2shim.toml"));
    let environment = |_: &str| Err(VarError::NotPresent);
    let flags = Flags { policy: Some("open".to_owned()), ..Flags::default() };
    let mut written = WrittenSettings::read(file, text, &mut findings.faults);
    keys::from_file(std::mem::take(&mut written.keys), file, &environment, &mut findings.faults);
    let loaded = resolve(&flags, file, written, &environment, &mut findings);
    if loaded.is_some() && findings.faults.is_empty() { Ok(findings.warnings) } else { Err(findings.faults) }
}
