//! The interfaces for the fuzzers of the input of commands.

pub(crate) use crate::cli::audit::fuzzing::uncompressed;
pub(crate) use crate::cli::explain::fuzzing::curl_request;
