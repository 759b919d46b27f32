//! The certificate in force, and the requirements for client certificates.

use crate::s3::Timestamp;
use crate::settings::Tls;
use arc_swap::ArcSwap;
use rustls::crypto::ring::default_provider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;

/// The protocols inside TLS, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// The certificate, key and authorities for the next handshake. All ports of a server share them.
///
/// They are replaced together, so no handshake sees a mixture of old and new. Open connections keep the ones that they
/// began with.
#[derive(Debug)]
pub struct Certificates {
    current: ArcSwap<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    expires: Timestamp,
}

/// A certificate that is prepared, so putting it in force cannot fail.
#[derive(Debug)]
pub struct Prepared(Arc<Current>);

/// Why no handshake can be made with settings.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be used: {0}")]
pub struct CertificatesError(String);

impl From<rustls::Error> for CertificatesError {
    fn from(error: rustls::Error) -> CertificatesError {
        CertificatesError(error.to_string())
    }
}

impl From<VerifierBuilderError> for CertificatesError {
    fn from(error: VerifierBuilderError) -> CertificatesError {
        CertificatesError(error.to_string())
    }
}

impl Certificates {
    /// Those of settings.
    ///
    /// # Errors
    /// Nothing that settings let through.
    pub fn new(tls: &Tls) -> Result<Certificates, CertificatesError> {
        Ok(Certificates { current: ArcSwap::from_pointee(current(tls)?) })
    }

    /// Makes others ready, and changes nothing.
    ///
    /// # Errors
    /// As [`Certificates::new`].
    pub fn prepare(tls: &Tls) -> Result<Prepared, CertificatesError> {
        current(tls).map(Arc::new).map(Prepared)
    }

    /// Puts the prepared ones in force from the next handshake on.
    pub fn replace(&self, prepared: Prepared) {
        self.current.store(prepared.0);
    }

    /// When the certificate in force expires.
    pub fn expires(&self) -> Timestamp {
        self.current.load().expires
    }

    /// The configuration for a handshake now.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.current.load().config.clone()
    }
}

fn current(tls: &Tls) -> Result<Current, CertificatesError> {
    Ok(Current { config: Arc::new(config(tls)?), expires: tls.expires })
}

fn config(tls: &Tls) -> Result<ServerConfig, CertificatesError> {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(VERSIONS)?;
    let certificate = Arc::new(SingleCertAndKey::from(Arc::clone(&tls.certificate)));
    let mut config = match verifier(tls)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier).with_cert_resolver(certificate),
        None => builder.with_no_client_auth().with_cert_resolver(certificate),
    };
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    if tls.clients.is_some() {
        // A session that is resumed is not verified again, so it would outlive the client's certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

fn verifier(tls: &Tls) -> Result<Option<Arc<dyn ClientCertVerifier>>, CertificatesError> {
    let Some(clients) = &tls.clients else { return Ok(None) };
    let roots = Arc::clone(&clients.roots);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider()));
    let builder = if clients.required { builder } else { builder.allow_unauthenticated() };
    Ok(Some(builder.build()?))
}
