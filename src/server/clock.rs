//! The clock: the only place where requests read the time of day.
//!
//! A request is judged by the time at which its head was complete. An object gets the time at which its body was
//! complete.

use crate::s3::Timestamp;
use std::time::SystemTime;

/// The present time.
pub(super) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
