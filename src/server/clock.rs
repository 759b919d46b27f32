//! The clock: the one place where requests learn what time it is.
//!
//! A request is judged by the time its head was complete; what it writes gets the time its body was complete.

use crate::s3::Timestamp;
use std::time::SystemTime;

/// The present time.
pub(super) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
