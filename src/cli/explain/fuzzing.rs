//! The interface for the fuzzer of curl's command lines.

use crate::cli::explain::{Request, curl};
use crate::diagnostics::Diagnostic;
use crate::s3::Timestamp;

/// The request of a pasted command line; a file has as many bytes as its name.
pub(crate) fn curl_request(text: &str, now: Timestamp) -> Result<Request, Vec<Diagnostic>> {
    let words = curl::words(text).map_err(|fault| vec![fault])?;
    curl::request(&words, &|name| Some(name.len() as u64), now)
}
