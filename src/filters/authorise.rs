//! Filter `authorise`: whether the key may do this, and do it in this bucket, and whether the session token of
//! temporary credentials lets it. The source of a copy is read, and must be allowed like a read.

use crate::access::{Grant, Wanted};
use crate::filters::authenticate::Caller;
use crate::filters::certificate;
use crate::filters::facts::Facts;
use crate::filters::request::Request;
use crate::filters::rules::Mode;
use crate::filters::run::Examined;
use crate::filters::unknown;
use crate::s3::copy_source::CopySource;
use crate::s3::names::ObjectKey;
use crate::s3::operation::{Access, Target};
use crate::s3::{Code, S3Error};

/// Refuses what the key's permission and buckets do not cover. The key of an explained request may not be known.
pub(super) fn check(request: &Request<'_>, facts: &Facts<'_>, caller: &Caller<'_>) -> Examined<(), S3Error> {
    if let Some(examined) = certificate::check(request, caller) {
        return examined;
    }
    let Some(grant) = caller.grant() else {
        return Examined { value: (), refusals: Vec::new(), missing: caller.missing().into_iter().collect() };
    };
    let mode = request.rules.mode;
    let refusal = match allows(grant, facts) {
        true => unknown::check(mode, grant, facts).and_then(|()| check_paths(mode, grant, facts)).err(),
        false => Some(Code::ACCESS_DENIED.into()),
    };
    Examined { value: (), refusals: refusal.into_iter().collect(), missing: Vec::new() }
}

fn allows(grant: &Grant<'_>, facts: &Facts<'_>) -> bool {
    // A name that no bucket can have protects nothing; filter `names` refuses it.
    let address = facts.address.as_ref().ok();
    let mut prefixes = facts.view.parameters().filter(|(name, _)| *name == "prefix").map(|(_, value)| value);
    let prefix = prefixes.next().unwrap_or_default();
    let wanted = Wanted {
        spec: facts.spec,
        bucket: address.and_then(|address| address.bucket.as_ref()),
        key: address.and_then(|address| address.key.as_ref()).map(ObjectKey::as_str),
        // If there are two, a store could take the other one.
        prefix: Some(prefix).filter(|_| prefixes.next().is_none()),
    };
    // The source is checked for every operation, because the policy, which comes later, can make a copy of another
    // operation. A source that names no object is refused by `names`.
    let source = facts.source().value.ok().flatten();
    let may_read = |source: CopySource| grant.may_copy_from(&source.bucket, source.key.as_str());
    grant.permits(&wanted) && source.is_none_or(may_read)
}

/// Refuses requests that could leave the paths of a session token when a store gets them unchanged: documents that
/// r2shim does not read, and keys that some stores read as other keys.
fn check_paths(mode: Mode, grant: &Grant<'_>, facts: &Facts<'_>) -> Result<(), S3Error> {
    if mode != Mode::AuditRemote || !grant.is_limited_to_paths() {
        return Ok(());
    }
    let key = facts.address.as_ref().ok().and_then(|address| address.key.as_ref());
    let has_dots = key.is_some_and(|key| key.as_str().split('/').any(|segment| matches!(segment, "." | "..")));
    let writes_many = facts.spec.target == Target::Bucket && facts.spec.access == Access::WriteObjects;
    match writes_many || has_dots {
        true => {
            Err(S3Error::new(Code::ACCESS_DENIED).cause("an audit cannot hold it to the paths of the session token"))
        }
        false => Ok(()),
    }
}
