//! Filter `authorise`: whether the key may do this, and do it in this bucket.
//!
//! Whoever signed is known now, so what was wrong with the query is said here. The source of a copy is read, and must be
//! allowed like a read.

use crate::filters::exchange::{Exchange, Identity, Refusal};
use crate::s3::Code;
use crate::s3::copy_source::CopySource;
use crate::s3::operation::Access;
use crate::s3::view::RequestView;

/// Refuses what the key's permission and buckets do not cover.
pub(super) fn check(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let source = copy_source(exchange.view()?);
    // A name that no bucket can have names nothing that could be protected; it is refused as a name later.
    let bucket = exchange.address.as_ref().ok().and_then(|address| address.bucket.as_ref());
    let access = exchange.row()?.access;
    let Some(Identity::Signer { key, .. }) = &exchange.identity else { return Ok(()) };
    let may_read = |source: CopySource| key.allows(Access::ReadObjects, Some(&source.bucket));
    let allowed = key.allows(access, bucket) && source.is_none_or(may_read);
    if allowed { Ok(()) } else { Err(Code::ACCESS_DENIED.into()) }
}

/// The source, whatever the operation: which requests are copies is the policy's to say too, and it has not spoken yet.
/// One that names no object is refused as a name later.
fn copy_source(view: &RequestView<'_>) -> Option<CopySource> {
    CopySource::of_request(view).ok().flatten()
}
