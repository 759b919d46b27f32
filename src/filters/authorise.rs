//! Filter `authorise`: whether the key may do this, and do it in this bucket. The source of a copy is read, and must be
//! allowed like a read.

use crate::access::AccessKey;
use crate::filters::authenticate::Caller;
use crate::filters::facts::Facts;
use crate::filters::request::Request;
use crate::filters::run::Examined;
use crate::filters::unknown;
use crate::s3::copy_source::CopySource;
use crate::s3::operation::Access;
use crate::s3::{Code, S3Error};

/// Refuses what the key's permission and buckets do not cover. The key of an explained request may not be known.
pub(super) fn check(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Examined<(), S3Error> {
    let Some(key) = caller.key() else {
        return Examined { value: (), refusals: Vec::new(), missing: caller.missing().into_iter().collect() };
    };
    let refusal = match allows(key, facts) {
        true => unknown::check(request.rules.mode, key, facts).err(),
        false => Some(Code::ACCESS_DENIED.into()),
    };
    Examined { value: (), refusals: refusal.into_iter().collect(), missing: Vec::new() }
}

fn allows(key: &AccessKey, facts: &Facts<'_>) -> bool {
    // A name that no bucket can have names nothing that could be protected; filter `names` refuses it.
    let bucket = facts.address.as_ref().ok().and_then(|address| address.bucket.as_ref());
    // The source is looked at whatever the operation: which requests are copies is the policy's to say too, and it has
    // not spoken yet. A source that names no object is refused by `names`.
    let source = facts.source().value.ok().flatten();
    let may_read = |source: CopySource| key.allows(Access::ReadObjects, Some(&source.bucket));
    key.allows(facts.spec.access, bucket) && source.is_none_or(may_read)
}
