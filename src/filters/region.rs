//! Filter `region`: a request must be signed for the only region, by one of its names.

use crate::filters::authenticate::Caller;
use crate::filters::request::Request;
use crate::filters::run::Examined;
use crate::s3::S3Error;

/// Finds signatures for other regions. The signature of an explained request may be missing.
pub(super) fn judge(request: &Request<'_>, caller: &Caller<'_>) -> Examined<(), S3Error> {
    let Some(claim) = caller.claim() else {
        return Examined { value: (), refusals: Vec::new(), missing: caller.missing().into_iter().collect() };
    };
    let region = request.rules.policy.regions().normalise(&claim.scope().region);
    Examined { value: (), refusals: region.err().into_iter().collect(), missing: Vec::new() }
}
