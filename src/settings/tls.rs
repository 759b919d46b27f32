//! TLS towards clients: the certificate and its key, and the authorities of clients' certificates. All of it is read
//! from PEM files and checked here, so that a server never starts with files that it cannot use.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::s3::Timestamp;
use crate::settings::choice::one_of;
use crate::settings::credentials::readable;
use crate::settings::findings::Findings;
use crate::settings::flags::{Flags, flag};
use crate::settings::keys::GivenKey;
use crate::settings::paths::beside;
use crate::settings::pem;
use crate::settings::written::WrittenTls;
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A certificate that expires sooner than this is warned of: what renews certificates does so a month ahead.
const SOON_MILLIS: u64 = 14 * 24 * 60 * 60 * 1000;

/// What clients are shown, and what is asked of them.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate with its chain, and the key that belongs to it.
    pub certificate: Arc<CertifiedKey>,
    /// From when it is valid.
    pub begins: Timestamp,
    /// When it expires.
    pub expires: Timestamp,
    /// The authorities that sign the certificates of clients, if clients are asked for one.
    pub clients: Option<ClientAuthorities>,
    /// The files that all this was read from.
    pub files: Vec<PathBuf>,
    /// Where the certificate is written, for messages.
    location: Location,
}

/// Two are the same where clients see no difference. A key follows from its certificate.
impl PartialEq for Tls {
    fn eq(&self, other: &Tls) -> bool {
        let clients = |tls: &Tls| tls.clients.as_ref().map(|clients| (clients.roots.roots.clone(), clients.required));
        self.certificate.cert == other.certificate.cert && clients(self) == clients(other)
    }
}

/// The authorities that sign the certificates of clients.
#[derive(Debug, Clone)]
pub struct ClientAuthorities {
    /// Their own certificates.
    pub roots: Arc<RootCertStore>,
    /// Whether a client without a certificate is turned away.
    pub required: bool,
}

impl Tls {
    /// A warning where the certificate is not valid at this time, or not for long.
    pub fn expiry(&self, now: Timestamp) -> Option<Diagnostic> {
        let day = |time: Timestamp| time.iso_8601();
        let message = if now < self.begins {
            format!("the certificate is not valid before {}", day(self.begins))
        } else if now >= self.expires {
            format!("the certificate has expired at {}", day(self.expires))
        } else if self.expires.millis() - now.millis() < SOON_MILLIS {
            format!("the certificate expires at {}", day(self.expires))
        } else {
            return None;
        };
        let advice = "renew it; clients refuse a certificate that is not valid";
        Some(Diagnostic::new(self.location.clone(), message, advice))
    }
}

/// A fault for a key with a client certificate if no client is asked for one: no client could use the key.
pub(super) fn unusable_key(keys: &[GivenKey], tls: Option<&Tls>, settings: &Path) -> Option<Diagnostic> {
    let key = keys.iter().find(|given| given.key.client_certificate.is_some())?;
    let asks = tls.is_some_and(|tls| tls.clients.is_some());
    let message = format!("the key {:?} has a client_certificate, and no client is asked for one", key.key.id);
    let advice = "name `client_ca` in [tls]; with client_certificates = \"optional\" other keys need none";
    (!asks).then(|| Diagnostic::new(Location::file(settings), message, advice))
}

/// A path, and the value that named it.
struct Named {
    text: Spanned<String>,
    path: PathBuf,
}

impl Named {
    /// The flag's path, seen from the working folder, or that of the settings file, seen from there.
    fn resolve(
        of_flag: &Option<String>,
        name: &str,
        written: Option<Spanned<String>>,
        settings: &Path,
    ) -> Option<Named> {
        let of_file = |text: Spanned<String>| Named { path: beside(settings, &text.value), text };
        let of_flag = flag(of_flag, name).map(|text| Named { path: PathBuf::from(&text.value), text });
        of_flag.or_else(|| written.map(of_file))
    }

    fn fault(&self, what: &str, problem: &str, advice: &str) -> Diagnostic {
        self.text.fault(format!("the {what} {} {problem}", self.path.display()), advice)
    }
}

const CERTIFICATE_ADVICE: &str = "name a PEM file with the server's certificate first and its chain behind it; a path \
                                  in the settings is relative to their file";
const KEY_ADVICE: &str =
    "name a PEM file with the private key of the certificate, not encrypted (PKCS#8, SEC1 or PKCS#1)";
const CA_ADVICE: &str = "name a PEM file with the certificates of the authorities for clients and nothing else";

/// What flags and file say; `None` where TLS is off, or there is a fault.
pub(super) fn resolve(flags: &Flags, settings: &Path, written: WrittenTls, findings: &mut Findings) -> Option<Tls> {
    let certificate = Named::resolve(&flags.tls_certificate, "--tls-certificate", written.certificate, settings);
    let key = Named::resolve(&flags.tls_key, "--tls-key", written.key, settings);
    let client_ca = Named::resolve(&flags.tls_client_ca, "--tls-client-ca", written.client_ca, settings);
    let asked = flag(&flags.tls_client_certificates, "--tls-client-certificates").or(written.client_certificates);
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => {
            let place = client_ca.map(|named| named.text.location).or(asked.map(|text| text.location));
            findings.faults.extend(place.or(written.location).map(without_certificate));
            return None;
        }
        (Some(one), None) => return half(&one, "key", findings),
        (None, Some(one)) => return half(&one, "certificate", findings),
    };
    let named = [&certificate, &key].into_iter().chain(&client_ca);
    let files = named.map(|named| named.path.clone()).collect();
    let clients = clients(client_ca, asked, findings);
    findings.warnings.extend(readable(&key.path, 0o004));
    let identity = findings.good(identity(&certificate, &key));
    let (identity, clients) = (identity?, clients?);
    Some(Tls {
        certificate: Arc::new(identity.certified),
        begins: identity.begins,
        expires: identity.expires,
        clients,
        files,
        location: certificate.text.location,
    })
}

fn without_certificate(location: Location) -> Diagnostic {
    Diagnostic::new(location, "TLS has no certificate", "name `certificate` and `key` in [tls]")
}

fn half(one: &Named, missing: &str, findings: &mut Findings) -> Option<Tls> {
    let message = format!("TLS needs `{missing}`, too");
    findings.faults.push(one.text.fault(message, "a certificate and its key are named together"));
    None
}

/// Whether clients are asked for certificates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    None,
    Optional,
    Required,
}

const WAYS: &[(&str, Asked)] = &[("none", Asked::None), ("optional", Asked::Optional), ("required", Asked::Required)];

/// Which certificates of clients are asked for; `None` only if there is a fault.
fn clients(
    client_ca: Option<Named>,
    asked: Option<Spanned<String>>,
    findings: &mut Findings,
) -> Option<Option<ClientAuthorities>> {
    let wanted = match &asked {
        Some(text) => findings.good(one_of(text, "way to ask for certificates", WAYS))?,
        None if client_ca.is_some() => Asked::Required,
        None => Asked::None,
    };
    match (client_ca, wanted) {
        (None, Asked::None) => Some(None),
        (Some(ca), Asked::None) => {
            let message = "client_ca has no effect, as no client is asked for a certificate";
            findings.warnings.push(ca.text.fault(message, "leave it out, or ask: client_certificates = \"required\""));
            Some(None)
        }
        (None, _) => {
            let advice = "name `client_ca`, the PEM file of the authorities for clients";
            findings
                .faults
                .extend(asked.map(|text| text.fault("no authority is named for certificates of clients", advice)));
            None
        }
        (Some(ca), wanted) => {
            let roots = pem::authorities(&ca.path).map_err(|problem| ca.fault("client_ca", &problem, CA_ADVICE));
            let roots = Arc::new(findings.good(roots)?);
            Some(Some(ClientAuthorities { roots, required: wanted == Asked::Required }))
        }
    }
}

/// A certificate, its key, and when it is valid.
struct Identity {
    certified: CertifiedKey,
    begins: Timestamp,
    expires: Timestamp,
}

fn identity(certificate: &Named, key: &Named) -> Result<Identity, Diagnostic> {
    let bad_certificate = |problem: String| certificate.fault("certificate", &problem, CERTIFICATE_ADVICE);
    let bad_key = |problem: String| key.fault("key", &problem, KEY_ADVICE);
    let chain = pem::chain(&certificate.path).map_err(bad_certificate)?;
    let (begins, expires) = validity(&chain).map_err(bad_certificate)?;
    let private = pem::private_key(&key.path).map_err(bad_key)?;
    let certified = certified(chain, private).map_err(|fault| match fault {
        Unfit::Key => bad_key("has a key of a kind that cannot be used".to_owned()),
        Unfit::Pair => {
            let problem = format!("does not belong to the certificate {}", certificate.path.display());
            key.fault("key", &problem, "name the key that the certificate was made for")
        }
    })?;
    Ok(Identity { certified, begins, expires })
}

/// Why a certificate and a key are no pair.
enum Unfit {
    Key,
    Pair,
}

fn certified(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, Unfit> {
    let signing = default_provider().key_provider.load_private_key(key).map_err(|_| Unfit::Key)?;
    let certified = CertifiedKey::new(chain, signing);
    certified.keys_match().map_err(|_| Unfit::Pair)?;
    Ok(certified)
}

/// From when until when the first certificate is valid.
fn validity(chain: &[CertificateDer<'static>]) -> Result<(Timestamp, Timestamp), String> {
    let first = chain.first().ok_or("has no certificate in it")?;
    let (_, read) = x509_parser::parse_x509_certificate(first).map_err(|_| "has a certificate that cannot be read")?;
    let at = |seconds: i64| Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000));
    let validity = read.validity();
    Ok((at(validity.not_before.timestamp()), at(validity.not_after.timestamp())))
}
