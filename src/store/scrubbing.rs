//! When a store is scrubbed ([`super::upkeep`]), and what is known of the last time.

use crate::s3::Timestamp;
use std::time::Duration;

/// How often a store is scrubbed, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrubPlan {
    /// From the end of a scrub to the next.
    pub interval: Duration,
    /// How many bytes are read in a second at most.
    pub bytes_a_second: u64,
}

impl ScrubPlan {
    /// How long it is until the next scrub. One that was never done is due; so is one whose last end lies in the future,
    /// as then the clock was wrong, or is.
    pub fn due_in(&self, last: Option<Timestamp>, now: Timestamp) -> Duration {
        let since = last.and_then(|last| now.millis().checked_sub(last.millis()));
        since.map_or(Duration::ZERO, |since| self.interval.saturating_sub(Duration::from_millis(since)))
    }
}

/// The last scrub that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastScrub {
    /// When it ended.
    pub ended: Timestamp,
    /// Bytes of blobs that it read.
    pub read: u64,
    /// What it found.
    pub findings: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrub_is_due_an_interval_after_the_last() {
        let plan = ScrubPlan { interval: Duration::from_secs(100), bytes_a_second: 1 };
        let at = |seconds: u64| Timestamp::from_millis(1_700_000_000_000 + seconds * 1000);
        for (last, now, expected) in [
            (None, 0, 0),
            (Some(0), 0, 100),
            (Some(0), 99, 1),
            (Some(0), 100, 0),
            (Some(0), 1_000_000, 0),
            (Some(7), 6, 0),
        ] {
            assert_eq!(plan.due_in(last.map(at), at(now)), Duration::from_secs(expected), "{last:?} {now}");
        }
    }
}
