//! What people paste into `explain`: command lines of curl.

use super::head::now;
use crate::cli::fuzzing::curl_request;
use crate::filters::{Known, KnownKeys, explain};

/// A command line that reads is a request that can be explained. Faults say what to do.
pub fn command(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match curl_request(text, now()) {
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.advice.is_empty())),
        Ok(request) => {
            let head = request.head();
            assert!(head.path.starts_with('/') && head.header("host").is_some(), "{head:?}");
            let known = Known { keys: KnownKeys::Nothing, body: request.body() };
            let _ = explain(&super::chain::RULES[0], head, now(), known);
        }
    }
}
