//! Filter `authenticate`: finds the caller of the request, by SigV4 over the request as sent.
//!
//! The order is R2's: form and syntax, key known, signature, then what the signature covers and when it holds.

use crate::access::{AccessKey, Grant, SessionToken};
use crate::filters::facts::Facts;
use crate::filters::finding::{Filter, Finding, Refusal};
use crate::filters::missing::{KnownKeys, Missing};
use crate::filters::request::Request;
use crate::filters::run::Examined;
use crate::s3::S3Error;
use crate::s3::operation::Access;
use crate::s3::query::{NotUtf8, Query};
use crate::sigv4::{self, AuthError, Claim, Verified};

/// The caller of a request.
#[derive(Debug)]
pub(super) enum Caller<'a> {
    /// The holder of a key.
    Signer(Authenticated<'a>),
    /// A browser that sends a form. It has no signature and may touch nothing.
    Anonymous,
    /// The request is explained, and its signature cannot be verified.
    Unverified(Unverified<'a>),
}

/// The holder of a key, and the proof of it.
#[derive(Debug)]
pub(super) struct Authenticated<'a> {
    /// What the holder may do.
    pub(super) grant: Grant<'a>,
    /// What was signed; its signature is the key's.
    pub(super) claim: Claim,
    /// Proof of that, and where signatures of chunks continue from.
    pub(super) verified: Verified,
}

/// What is known of the caller of an explained request.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    /// What the request claims about its signature, if it has one that can be read.
    claim: Option<Claim>,
    /// What the claimed key may do, if it is configured and there is no session token. The claims of a token cannot be
    /// verified without the secret.
    grant: Option<Grant<'a>>,
    /// What is missing for a decision.
    missing: Missing,
}

impl<'a> Caller<'a> {
    /// The id of the key that signed.
    pub(super) fn key_id(&self) -> Option<String> {
        match self {
            Caller::Signer(signer) => Some(signer.grant.key_id().to_owned()),
            Caller::Anonymous | Caller::Unverified(_) => None,
        }
    }

    /// What the request claims about its signature, verified or not.
    pub(super) fn claim(&self) -> Option<&Claim> {
        match self {
            Caller::Signer(signer) => Some(&signer.claim),
            Caller::Unverified(caller) => caller.claim.as_ref(),
            Caller::Anonymous => None,
        }
    }

    /// What the key of the signature may do, verified or not.
    pub(super) fn grant(&self) -> Option<&Grant<'a>> {
        match self {
            Caller::Signer(signer) => Some(&signer.grant),
            Caller::Unverified(caller) => caller.grant.as_ref(),
            Caller::Anonymous => None,
        }
    }

    /// What is missing to identify the key.
    pub(super) fn missing(&self) -> Option<Missing> {
        match self {
            Caller::Unverified(caller) => Some(caller.missing.clone()),
            Caller::Signer(_) | Caller::Anonymous => None,
        }
    }
}

/// Why a request is not authenticated.
#[derive(Debug)]
pub(super) struct NotAuthenticated {
    /// R2's answer. Its cause goes to the log, and names the claimed key.
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

/// Finds the caller of a request.
///
/// # Errors
/// R2's answer to a signature that does not hold.
pub(super) fn identify<'a>(
    request: &Request<'a>,
    query: &Result<Query<'_>, NotUtf8>,
    facts: &Result<Facts<'_>, S3Error>,
) -> Result<Caller<'a>, NotAuthenticated> {
    let claim = match sigv4::parse_with_query(&request.head, query) {
        Err(AuthError::NothingSupplied) if comes_unsigned(facts) => return Ok(Caller::Anonymous),
        Err(error) => return Err(NotAuthenticated::new(error, None)),
        Ok(claim) => claim,
    };
    let verified = verify(request, &claim).and_then(|signer| match check_use(request, &claim).into_iter().next() {
        Some(error) => Err(error),
        None => signer.check_end(request).map(|()| signer),
    });
    match verified {
        Ok(signer) => Ok(Caller::Signer(signer.authenticated(claim))),
        Err(error) => Err(NotAuthenticated::new(error, Some(&claim))),
    }
}

/// Judges the signature of an explained request by what is known about the keys.
pub(super) fn examine<'a>(
    request: &Request<'a>,
    query: &Result<Query<'_>, NotUtf8>,
    facts: &Result<Facts<'_>, S3Error>,
    keys: KnownKeys<'_>,
) -> Examined<Caller<'a>, NotAuthenticated> {
    let unsigned = || Caller::Unverified(Unverified { claim: None, grant: None, missing: Missing::Signature });
    let (value, refusals, missing) = match sigv4::parse_with_query(&request.head, query) {
        Ok(claim) => return examine_claim(request, claim, keys),
        Err(AuthError::NothingSupplied) if comes_unsigned(facts) => (Caller::Anonymous, None, None),
        Err(AuthError::NothingSupplied) => (unsigned(), None, Some(Missing::Signature)),
        Err(error) => (unsigned(), Some(NotAuthenticated::new(error, None)), None),
    };
    Examined { value, refusals: refusals.into_iter().collect(), missing: missing.into_iter().collect() }
}

fn examine_claim<'a>(
    request: &Request<'a>,
    claim: Claim,
    keys: KnownKeys<'_>,
) -> Examined<Caller<'a>, NotAuthenticated> {
    let missing = missing_of(request, &claim, keys);
    let verified = if missing.is_none() { Some(verify(request, &claim)) } else { None };
    let (signer, unverified) = match verified {
        Some(Ok(signer)) => (Some(signer), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let over = signer.as_ref().and_then(|signer| signer.check_end(request).err());
    let errors = unverified.into_iter().chain(check_use(request, &claim)).chain(over);
    let refusals = errors.map(|error| NotAuthenticated::new(error, Some(&claim))).collect();
    let value = match signer {
        Some(signer) => Caller::Signer(signer.authenticated(claim)),
        None => {
            let key = request.rules.keyring.find(claim.access_key_id()).filter(|_| claim.session_token().is_none());
            let missing = missing.clone().unwrap_or(Missing::Signature);
            Caller::Unverified(Unverified { claim: Some(claim), grant: key.map(Grant::of_key), missing })
        }
    };
    Examined { value, refusals, missing: missing.into_iter().collect() }
}

/// What is missing to verify a claim; `None` if nothing is missing, or if its key does not exist.
fn missing_of(request: &Request<'_>, claim: &Claim, keys: KnownKeys<'_>) -> Option<Missing> {
    let id = claim.access_key_id();
    let KnownKeys::OfRules { without_secret } = keys else { return Some(Missing::Key(id.to_owned())) };
    request.rules.keyring.find(id)?;
    if without_secret.iter().any(|without| without == id) {
        return Some(Missing::Secret(id.to_owned()));
    }
    let absent = claim.signed_header_names().find(|name| !request.head.headers.contains_key(*name));
    absent.map(|name| Missing::Header(name.to_owned()))
}

/// The signer: the key, its session token if there is one, and the proof.
struct Signer<'a> {
    key: &'a AccessKey,
    token: Option<SessionToken>,
    verified: Verified,
}

impl<'a> Signer<'a> {
    /// Checks that the token has not expired. Only its bearer can see this error: the signature is verified before.
    fn check_end(&self, request: &Request<'_>) -> Result<(), AuthError> {
        let Some(token) = &self.token else { return Ok(()) };
        token.check_end(request.now).map_err(AuthError::SessionTokenExpired)
    }

    fn authenticated(self, claim: Claim) -> Authenticated<'a> {
        let (key, verified) = (self.key, self.verified);
        let grant = self.token.map_or_else(|| Grant::of_key(key), |token| Grant::of_token(key, token.scope));
        Authenticated { grant, claim, verified }
    }
}

/// A key that has expired is treated as unknown.
fn verify<'a>(request: &Request<'a>, claim: &Claim) -> Result<Signer<'a>, AuthError> {
    let (head, rules) = (&request.head, request.rules);
    let id = claim.access_key_id();
    let key = rules.keyring.find(id).ok_or_else(|| sigv4::unknown_key(id, rules.keyring.ids()))?;
    key.check_end(request.now).map_err(AuthError::KeyExpired)?;
    let token = claim.session_token().map(|text| SessionToken::verify(text, key, request.now)).transpose();
    let token = token.map_err(|bad| AuthError::SessionToken(bad.to_string()))?;
    let secret = token.as_ref().map_or(&key.secret, |token| &token.secret);
    let verified = sigv4::verify(claim, head, secret, &rules.signing_keys)?;
    Ok(Signer { key, token, verified })
}

/// The faults of a claim that do not depend on the signer: headers that it does not sign, and its time.
fn check_use(request: &Request<'_>, claim: &Claim) -> Vec<AuthError> {
    let covered = sigv4::check_signed_headers(claim, &request.head);
    covered.err().into_iter().chain(sigv4::check_clock(claim, request.now).err()).collect()
}

/// Whether browsers send this operation without a signature.
fn comes_unsigned(facts: &Result<Facts<'_>, S3Error>) -> bool {
    facts.as_ref().is_ok_and(|facts| facts.spec.access == Access::Unsigned)
}
