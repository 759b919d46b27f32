//! Filter `limits`: how large a head may be. It comes before all other work on the head.

use crate::filters::request::Request;
use crate::s3::{Code, S3Error};

/// Refuses heads over the limits.
pub(super) fn check(request: &Request<'_>) -> Result<(), S3Error> {
    let (head, limits) = (&request.head, &request.rules.limits);
    if head.path.len() + head.query.len() > limits.target_bytes {
        return Err(S3Error::new(Code::INVALID_URI).message("The request's path and query are too long."));
    }
    if head.query.split('&').filter(|pair| !pair.is_empty()).count() > limits.parameters {
        return Err(S3Error::new(Code::INVALID_URI).message("The request has too many query parameters."));
    }
    let header_bytes: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if head.headers.len() > limits.headers || header_bytes > limits.header_bytes {
        return Err(Code::REQUEST_HEADER_SECTION_TOO_LARGE.into());
    }
    Ok(())
}
