//! The certificates that a remote store's own are held against.
//!
//! The TLS connector panics over a file it cannot use. It reads PEM with the same parser and trusts with the same
//! function as is done here first, so that whatever it would stumble over is a fault of the settings.

use crate::diagnostics::Spanned;
use crate::settings::findings::Findings;
use crate::settings::paths::beside;
use crate::settings::pem;
use std::path::{Path, PathBuf};

/// The path of a file that can be used, if one is written; `None` only if there is a fault.
pub(super) fn resolve(
    written: Option<Spanned<String>>,
    settings: &Path,
    any_tls: bool,
    findings: &mut Findings,
) -> Option<Option<PathBuf>> {
    let Some(text) = written else { return Some(None) };
    let path = beside(settings, &text.value);
    if let Err(problem) = pem::authorities(&path) {
        let advice = "name a PEM file of the certificates to trust and nothing else; the path is relative to the \
                      settings file";
        findings.faults.push(text.fault(format!("the ca_file {} {problem}", path.display()), advice));
        return None;
    }
    if !any_tls {
        let advice = "write https:// where the store speaks TLS, or leave it out";
        findings.warnings.push(text.fault("ca_file has no effect, as no endpoint is https", advice));
    }
    Some(Some(path))
}
