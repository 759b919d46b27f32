//! Filter `authenticate`: who the request is from, by SigV4 over the request as sent.
//!
//! The order is R2's: form and syntax, key known, signature, then what the signature covers and when it holds.

use crate::filters::exchange::{Exchange, Identity, Refusal};
use crate::s3::S3Error;
use crate::s3::operation::Access;
use crate::sigv4::{self, AuthError};

/// Fills in the identity.
pub(super) fn verify(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let (head, rules) = (&exchange.head, exchange.rules);
    let claim = match sigv4::parse(head) {
        Ok(claim) => claim,
        Err(AuthError::NothingSupplied) if comes_unsigned(exchange) => {
            exchange.identity = Some(Identity::Anonymous);
            return Ok(());
        }
        Err(error) => return Err(S3Error::from(error).into()),
    };
    let id = claim.access_key_id();
    let key = rules.keyring.find(id).ok_or_else(|| S3Error::from(sigv4::unknown_key(id)))?;
    let verified = sigv4::verify(&claim, head, &key.secret, &rules.signing_keys).map_err(S3Error::from)?;
    sigv4::check_signed_headers(&claim, head).map_err(S3Error::from)?;
    sigv4::check_clock(&claim, exchange.now).map_err(S3Error::from)?;
    exchange.identity = Some(Identity::Signer { key, claim, verified });
    Ok(())
}

/// Whether the operation is one that browsers send without a signature.
fn comes_unsigned(exchange: &Exchange<'_>) -> bool {
    exchange.row.is_some_and(|row| row.access == Access::Unsigned)
}
