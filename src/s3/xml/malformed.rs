//! The error for an XML answer that cannot be read.

use crate::s3::S3Error;
use std::borrow::Cow;
use std::fmt;

/// An answer that is not well-formed XML, that exceeds a limit, or that is another document than expected. The reason
/// is for the log; the caller decides what the client sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(Cow<'static, str>);

impl Malformed {
    pub(super) fn new(why: impl Into<Cow<'static, str>>) -> Malformed {
        Malformed(why.into())
    }
}

/// The reader of documents speaks of malformed requests; here it has read an answer.
impl From<S3Error> for Malformed {
    fn from(error: S3Error) -> Malformed {
        Malformed::new(error.cause.unwrap_or_else(|| error.message.into_owned()))
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed XML: {}", self.0)
    }
}

impl std::error::Error for Malformed {}
