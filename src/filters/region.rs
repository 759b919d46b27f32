//! Filter `region`: the region a request is signed for is the one region there is, under one of its names.

use crate::filters::authenticate::Caller;
use crate::filters::request::Request;
use crate::s3::S3Error;

/// Finds signatures for other regions.
pub(super) fn judge(request: &Request<'_>, caller: &Caller<'_>) -> Vec<S3Error> {
    let Caller::Signer(signer) = caller else { return Vec::new() };
    let region = request.rules.policy.regions().normalise(&signer.claim.scope().region);
    region.err().into_iter().collect()
}
