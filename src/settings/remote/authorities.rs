//! The authorities by which a remote store's certificate is verified.
//!
//! The TLS connector panics if it cannot use a file. Here the file is read first, with the same parser and the same
//! function, so that such a file is a fault of the settings.

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
