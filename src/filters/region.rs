//! Filter `region`: the region a request is signed for is the one region there is, under one of its names.

use crate::filters::authenticate::Caller;
use crate::filters::request::Request;
use crate::filters::run::Examined;
use crate::s3::S3Error;

/// Finds signatures for other regions.
pub(super) fn judge(request: &Request<'_>, caller: &Caller<'_>) -> Vec<S3Error> {
    let Some(claim) = caller.claim() else { return Vec::new() };
    let region = request.rules.policy.regions().normalise(&claim.scope().region);
    region.err().into_iter().collect()
}

/// The same of an explained request, whose signature may be missing.
pub(super) fn examine(request: &Request<'_>, caller: &Caller<'_>) -> Examined<(), S3Error> {
    let unsigned = caller.claim().is_none();
    let missing = caller.missing().filter(|_| unsigned).into_iter().collect();
    Examined { value: (), refusals: judge(request, caller), missing }
}
