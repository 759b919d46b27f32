//! PEM files: certificates and private keys. The parser's messages quote the file, so no message repeats them.

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The authorities in a file that has at least one certificate and nothing else.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(&read(path)?)? {
        let number = store.len() + 1;
        store.add(certificate).map_err(|_| format!("has a certificate that cannot be read, number {number} in it"))?;
    }
    Ok(store)
}

/// A chain of certificates, the server's own first.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    certificates(&read(path)?)
}

/// The first private key of a file, which may have certificates beside it.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    if text.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
        return Err("is encrypted".to_owned());
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        Error::NoItemsFound => "has no private key in it".to_owned(),
        other => not_pem(&other),
    })
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";

fn read(path: &Path) -> Result<Vec<u8>, String> {
    if path.to_str().is_none() {
        return Err("has a path that is not UTF-8".to_owned());
    }
    std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

/// The certificates of a text, at least one, and no other PEM sections. Text around them is a comment.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_reader_iter(text) {
        let (kind, der) = section.map_err(|error| not_pem(&error))?;
        if kind != SectionKind::Certificate {
            return Err("has something else than certificates in it".to_owned());
        }
        found.push(CertificateDer::from(der));
    }
    if found.is_empty() { Err("has no certificate in it".to_owned()) } else { Ok(found) }
}

fn not_pem(error: &Error) -> String {
    match error {
        Error::MissingSectionEnd { .. } => "ends inside a section".to_owned(),
        _ => "is not PEM".to_owned(),
    }
}
