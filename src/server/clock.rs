//! The clock: the one place where requests learn what time it is.
//!
//! A request is held against the moment its head was there; what it writes gets the moment its body was.

use crate::s3::Timestamp;
use std::time::SystemTime;

/// The present moment.
pub(super) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
