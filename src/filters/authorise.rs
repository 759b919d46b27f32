//! Filter `authorise`: whether the key may do this, and do it in this bucket.
//!
//! Whoever signed is known now, so what was wrong with the address or the query is said here.

use crate::filters::exchange::{Exchange, Identity, Refusal};
use crate::s3::Code;

/// Refuses what the key's permission and buckets do not cover.
pub(super) fn check(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    exchange.view()?;
    let bucket = exchange.address()?.bucket.as_ref();
    let access = exchange.row()?.access;
    match &exchange.identity {
        Some(Identity::Signer { key, .. }) if !key.allows(access, bucket) => Err(Code::ACCESS_DENIED.into()),
        _ => Ok(()),
    }
}
