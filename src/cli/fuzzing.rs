//! The doors for the fuzzers of what people give to commands.

pub(crate) use crate::cli::audit::fuzzing::uncompressed;
pub(crate) use crate::cli::explain::fuzzing::curl_request;
