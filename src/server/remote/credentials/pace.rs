//! When credentials are fetched again. Pure: the time is an argument.

use crate::s3::Timestamp;
use std::time::Duration;

/// How long before they expire credentials are replaced. AWS has new ones of a role that long before the old ones end
/// (Amazon EC2 User Guide, "Retrieve security credentials from instance metadata").
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// When credentials that say no end are looked at again: a file may have been written anew.
const ENDLESS: Duration = Duration::from_secs(15 * 60);

/// No two fetches are closer, however soon the credentials expire.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How long after a fetch that succeeded at `now` the next one is due: five minutes before the credentials expire, or
/// when half of the life they have left is over, if that is later.
pub(super) fn next_refresh(now: Timestamp, expires: Option<Timestamp>) -> Duration {
    let Some(expires) = expires else { return ENDLESS };
    let left = Duration::from_millis(expires.millis().saturating_sub(now.millis()));
    left.saturating_sub(MARGIN).max(left / 2).max(SHORTEST)
}

/// How long after the `failures`-th failure in a row the next try is due: 1 s, 2 s, 4 s and so on, at most 60 s.
pub(super) fn next_try(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1);
    2_u32.checked_pow(doublings).map_or(LONGEST_RETRY, |times| SHORTEST.saturating_mul(times).min(LONGEST_RETRY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_fetched_again_before_they_expire() {
        let (minute, hour) = (60, 60 * 60);
        for (left, wait) in [
            (6 * hour, 6 * hour - 5 * minute),
            (hour, 55 * minute),
            (11 * minute, 6 * minute),
            (10 * minute, 5 * minute),
            (5 * minute, 150),
            (minute, 30),
            (2, 1),
            (1, 1),
            (0, 1),
            (-hour, 1),
        ] {
            let now = 1_800_000_000;
            let at = |seconds: i64| Timestamp::from_millis(u64::try_from(seconds * 1000).unwrap());
            let found = next_refresh(at(now), Some(at(now + left)));
            assert_eq!(found, Duration::from_secs(u64::try_from(wait).unwrap()), "{left} s left");
        }
        let (start, end) = (Timestamp::from_millis(0), Timestamp::from_millis(u64::MAX));
        assert_eq!(next_refresh(start, Some(end)), Duration::from_millis(u64::MAX) - MARGIN);
        assert_eq!(next_refresh(end, Some(start)), SHORTEST);
        assert_eq!(next_refresh(start, None), ENDLESS);
    }

    #[test]
    fn pauses_between_failures_grow_to_a_minute() {
        let waits: Vec<u64> = (1..=8).map(|failures| next_try(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(next_try(0), SHORTEST);
        assert_eq!(next_try(u32::MAX), LONGEST_RETRY);
    }
}
