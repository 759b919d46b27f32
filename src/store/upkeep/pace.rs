//! How fast upkeep reads, so that requests are served beside it.

use std::time::{Duration, Instant};

/// Bytes a second that may be read, and when the next may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// `None` where there is no bound.
    bytes_a_second: Option<u64>,
    next: Option<Instant>,
}

impl Pace {
    /// At most so many bytes a second; without a number as fast as the disk. 0 counts as 1.
    #[must_use]
    pub fn new(bytes_a_second: Option<u64>) -> Pace {
        Pace { bytes_a_second: bytes_a_second.map(|rate| rate.max(1)), next: None }
    }

    /// How long to wait after these bytes, which were read at `now`. Time that was not used is not made up for.
    fn wait(&mut self, bytes: u64, now: Instant) -> Duration {
        let Some(rate) = self.bytes_a_second else { return Duration::ZERO };
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
        let takes = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let next = self.next.map_or(now, |next| next.max(now)).checked_add(takes).unwrap_or(now);
        self.next = Some(next);
        next.duration_since(now)
    }

    /// Waits as long as these bytes may take.
    pub(super) fn spend(&mut self, bytes: u64) {
        let wait = self.wait(bytes, Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_what_was_idle_is_lost() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pace = Pace::new(Some(1000));
        for (bytes, now, expected) in [(100, 0, 100), (100, 50, 150), (100, 200, 100), (100, 900, 100)] {
            assert_eq!(pace.wait(bytes, at(now)), Duration::from_millis(expected), "{now}");
        }
        assert_eq!(Pace::new(None).wait(u64::MAX, start), Duration::ZERO);
    }
}
