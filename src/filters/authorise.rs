//! Filter `authorise`: whether the key may do this, and do it in this bucket.
//!
//! Whoever signed is known now, so what was wrong with the query is said here.

use crate::filters::exchange::{Exchange, Identity, Refusal};
use crate::s3::Code;

/// Refuses what the key's permission and buckets do not cover.
pub(super) fn check(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    exchange.view()?;
    // A name that no bucket can have names nothing that could be protected; it is refused as a name later.
    let bucket = exchange.address.as_ref().ok().and_then(|address| address.bucket.as_ref());
    let access = exchange.row()?.access;
    match &exchange.identity {
        Some(Identity::Signer { key, .. }) if !key.allows(access, bucket) => Err(Code::ACCESS_DENIED.into()),
        _ => Ok(()),
    }
}
