//! A token bucket, stored as one time: when all tokens taken are paid for (the generic cell rate algorithm). Time is an
//! argument: the monotonic time since the start of the server.

use std::time::Duration;

/// The burst after a pause: the tokens of a second.
const BURST: Duration = Duration::from_secs(1);

/// The tokens taken of one rate.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    paid: Duration,
}

impl Bucket {
    /// Takes one token of `rate` a second.
    ///
    /// # Errors
    /// The time until there is a token.
    pub(super) fn take(&mut self, now: Duration, rate: u64) -> Result<(), Duration> {
        let price = price(1, rate);
        let paid = self.paid.max(now).saturating_add(price);
        let wait = paid.saturating_sub(now).saturating_sub(BURST.max(price));
        if !wait.is_zero() {
            return Err(wait);
        }
        self.paid = paid;
        Ok(())
    }

    /// Takes tokens that are used already. Returns the time until they are paid for.
    pub(super) fn owe(&mut self, now: Duration, tokens: u64, rate: u64) -> Duration {
        self.paid = self.paid.max(now).saturating_add(price(tokens, rate));
        self.debt(now)
    }

    /// The time until all tokens taken, except the burst, are paid for.
    pub(super) fn debt(&self, now: Duration) -> Duration {
        self.paid.saturating_sub(now).saturating_sub(BURST)
    }

    /// Whether it is as if nothing had ever been taken.
    pub(super) fn is_full(&self, now: Duration) -> bool {
        self.paid <= now
    }
}

/// The time in which so many tokens come.
fn price(tokens: u64, rate: u64) -> Duration {
    let nanos = u128::from(tokens).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_second_of_tokens_may_be_taken_at_once() {
        for (rate, asked_at, expected) in [
            (2, &[0, 0, 0][..], &[Ok(()), Ok(()), Err(ms(500))][..]),
            (2, &[0, 0, 499, 500, 500], &[Ok(()), Ok(()), Err(ms(1)), Ok(()), Err(ms(500))]),
            (1, &[0, 0, 1000, 1500], &[Ok(()), Err(ms(1000)), Ok(()), Err(ms(500))]),
            // A pause is worth a second, however long it is.
            (2, &[0, 60_000, 60_000, 60_000], &[Ok(()), Ok(()), Ok(()), Err(ms(500))]),
            // Refusals cost nothing.
            (1, &[0, 1, 2, 3, 1000], &[Ok(()), Err(ms(999)), Err(ms(998)), Err(ms(997)), Ok(())]),
        ] {
            let mut bucket = Bucket::default();
            let outcomes: Vec<_> = asked_at.iter().map(|at| bucket.take(ms(*at), rate)).collect();
            assert_eq!(outcomes, expected, "{rate} a second at {asked_at:?}");
        }
    }

    #[test]
    fn what_is_owed_is_paid_at_the_rate() {
        // Each step is a time and the bytes that have passed then, at 1,000 a second, and the wait that follows.
        for steps in [
            &[(0, 1000, 0), (0, 500, 500), (500, 500, 500), (1000, 0, 0)][..],
            &[(0, 10_000, 9_000), (9_000, 1_000, 1_000)],
            &[(5_000, 1000, 0), (5_000, 1, 1)],
        ] {
            let mut bucket = Bucket::default();
            for (at, bytes, wait) in steps {
                assert_eq!(bucket.owe(ms(*at), *bytes, 1000), ms(*wait), "{steps:?} at {at}");
            }
        }
    }

    #[test]
    fn an_absurd_rate_or_amount_overflows_nothing() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.owe(Duration::MAX, u64::MAX, 1), Duration::ZERO);
        assert!(bucket.take(Duration::ZERO, u64::MAX).is_err());
        assert!(Bucket::default().take(Duration::ZERO, u64::MAX).is_ok());
        assert!(Bucket::default().is_full(Duration::ZERO) && !bucket.is_full(Duration::ZERO));
    }
}
