//! Filter `authorise`: whether the key may do this, and do it in this bucket. The source of a copy is read, and must be
//! allowed like a read.

use crate::filters::authenticate::Caller;
use crate::filters::facts::Facts;
use crate::filters::run::Examined;
use crate::s3::copy_source::CopySource;
use crate::s3::operation::Access;
use crate::s3::{Code, S3Error};

/// Refuses what the key's permission and buckets do not cover.
pub(super) fn check(facts: &Facts<'_>, caller: &Caller<'_>) -> Result<(), S3Error> {
    let Some(key) = caller.key() else { return Ok(()) };
    // A name that no bucket can have names nothing that could be protected; filter `names` refuses it.
    let bucket = facts.address.as_ref().ok().and_then(|address| address.bucket.as_ref());
    // The source is looked at whatever the operation: which requests are copies is the policy's to say too, and it has
    // not spoken yet. A source that names no object is refused by `names`.
    let source = CopySource::from_view(&facts.view).ok().flatten();
    let may_read = |source: CopySource| key.allows(Access::ReadObjects, Some(&source.bucket));
    let allowed = key.allows(facts.spec.access, bucket) && source.is_none_or(may_read);
    if allowed { Ok(()) } else { Err(Code::ACCESS_DENIED.into()) }
}

/// The same of an explained request, whose key may not be known.
pub(super) fn examine(facts: &Facts<'_>, caller: &Caller<'_>) -> Examined<(), S3Error> {
    let unknown = caller.key().is_none();
    let missing = caller.missing().filter(|_| unknown).into_iter().collect();
    Examined { value: (), refusals: check(facts, caller).err().into_iter().collect(), missing }
}
