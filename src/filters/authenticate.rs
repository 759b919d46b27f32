//! Filter `authenticate`: who the request is from, by SigV4 over the request as sent.
//!
//! The order is R2's: form and syntax, key known, signature, then what the signature covers and when it holds.

use crate::access::AccessKey;
use crate::filters::facts::Facts;
use crate::filters::finding::{Filter, Finding, Refusal};
use crate::filters::request::Request;
use crate::s3::S3Error;
use crate::s3::operation::Access;
use crate::sigv4::{self, AuthError, Claim, Verified};

/// Who a request is from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and never a list of them")]
pub(super) enum Caller<'a> {
    /// The holder of a key.
    Signer(Authenticated<'a>),
    /// A browser that sends a form: it carries no signature and may touch nothing.
    Anonymous,
    /// Not known: the request is explained, not sent.
    Unverified,
}

/// The holder of a key, and the proof of it.
#[derive(Debug)]
pub(super) struct Authenticated<'a> {
    /// The key.
    pub(super) key: &'a AccessKey,
    /// What was signed; its signature is the key's.
    pub(super) claim: Claim,
    /// Proof of that, and where signatures of chunks continue from.
    pub(super) verified: Verified,
}

impl Caller<'_> {
    /// The id of the key that signed.
    pub(super) fn key_id(&self) -> Option<String> {
        match self {
            Caller::Signer(signer) => Some(signer.key.id.clone()),
            Caller::Anonymous | Caller::Unverified => None,
        }
    }
}

/// Why a request is not authenticated.
#[derive(Debug)]
pub(super) struct NotAuthenticated {
    /// R2's answer. Its cause, which goes to the log, names the key that the request claims.
    error: S3Error,
    /// The kind of failure.
    label: &'static str,
}

impl NotAuthenticated {
    fn new(error: AuthError, claim: Option<&Claim>) -> NotAuthenticated {
        let (label, cause) = (error.label(), error.cause());
        let claimed = claim.map(|claim| format!("; the request claims {}", claim.summary())).unwrap_or_default();
        NotAuthenticated { error: S3Error::from(error).cause(cause + &claimed), label }
    }
}

impl Refusal for NotAuthenticated {
    fn found_by(self, filter: Filter) -> Finding {
        Finding { filter, error: self.error, rule: None, label: Some(self.label) }
    }
}

/// Who a request is from. Where it `has_signature`, that is verified; one that is only explained has none.
///
/// # Errors
/// R2's answer to a signature that does not hold.
pub(super) fn identify<'a>(
    request: &Request<'a>,
    facts: &Result<Facts<'_>, S3Error>,
    has_signature: bool,
) -> Result<Caller<'a>, NotAuthenticated> {
    match sigv4::parse(&request.head) {
        Err(AuthError::NothingSupplied) if comes_unsigned(facts) => Ok(Caller::Anonymous),
        _ if !has_signature => Ok(Caller::Unverified),
        Err(error) => Err(NotAuthenticated::new(error, None)),
        Ok(claim) => match verify(request, &claim) {
            Ok((key, verified)) => Ok(Caller::Signer(Authenticated { key, claim, verified })),
            Err(error) => Err(NotAuthenticated::new(error, Some(&claim))),
        },
    }
}

fn verify<'a>(request: &Request<'a>, claim: &Claim) -> Result<(&'a AccessKey, Verified), AuthError> {
    let (head, rules) = (&request.head, request.rules);
    let id = claim.access_key_id();
    let key = rules.keyring.find(id).ok_or_else(|| sigv4::unknown_key(id, rules.keyring.ids()))?;
    let verified = sigv4::verify(claim, head, &key.secret, &rules.signing_keys)?;
    sigv4::check_signed_headers(claim, head)?;
    sigv4::check_clock(claim, request.now)?;
    Ok((key, verified))
}

/// Whether the operation is one that browsers send without a signature.
fn comes_unsigned(facts: &Result<Facts<'_>, S3Error>) -> bool {
    facts.as_ref().is_ok_and(|facts| facts.spec.access == Access::Unsigned)
}
