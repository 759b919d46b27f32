//! The certificates that a remote store's own are held against.
//!
//! The TLS connector panics over a file it cannot use. It reads PEM with the same parser and trusts with the same
//! function as is done here first, so that whatever it would stumble over is a fault of the settings.

use crate::diagnostics::Spanned;
use crate::settings::findings::Findings;
use crate::settings::paths::beside;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error, PemObject, SectionKind};
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
    if let Err(problem) = check(&path) {
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

fn check(path: &Path) -> Result<(), String> {
    if path.to_str().is_none() {
        return Err("has a path that is not UTF-8".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    check_pem(&bytes)
}

/// Whether the text has certificates, at least one, and nothing else that PEM knows. Text around them is a comment.
fn check_pem(bytes: &[u8]) -> Result<(), String> {
    let mut store = RootCertStore::empty();
    for section in <(SectionKind, Vec<u8>)>::pem_reader_iter(bytes) {
        let (kind, der) = section.map_err(|error| not_pem(&error))?;
        if kind != SectionKind::Certificate {
            return Err("has something else than certificates in it".to_owned());
        }
        let trusted = store.add(CertificateDer::from(der));
        trusted.map_err(|_| format!("has a certificate that cannot be read, number {} in it", store.len() + 1))?;
    }
    if store.is_empty() { Err("has no certificate in it".to_owned()) } else { Ok(()) }
}

/// The parser's own words quote the file, which may hold a private key.
fn not_pem(error: &Error) -> String {
    match error {
        Error::MissingSectionEnd { .. } => "ends inside a section".to_owned(),
        _ => "is not PEM".to_owned(),
    }
}
