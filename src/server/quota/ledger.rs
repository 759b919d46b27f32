//! Counts what is in use, in all and by key, and decides whether another request is allowed. It has no clock and no
//! lock: time is an argument.

use super::bucket::Bucket;
use crate::access::KeyLimits;
use crate::s3::Limit;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// If a key is this far behind its bandwidth, its new requests with bodies are refused, because those under way would
/// wait too long.
const MOST_DEBT: Duration = Duration::from_secs(10);
/// When to retry if the time at which something ends is not known.
const SOON: Duration = Duration::from_secs(1);

/// The direction of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}

impl Direction {
    /// Its limit.
    pub fn limit(self) -> Limit {
        match self {
            Direction::In => Limit::BytesIn,
            Direction::Out => Limit::BytesOut,
        }
    }
}

/// A request that wants to be carried out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The key it counts for, and the limits of the key; `None` for unsigned requests.
    pub(super) key: Option<(&'a str, KeyLimits)>,
    /// Whether it copies.
    pub(super) is_copy: bool,
    /// Requests that may be in flight in all; 0 is no limit.
    pub(super) requests: u64,
    /// Copies that may be under way in all; 0 is no limit.
    pub(super) copies: u64,
}

/// The limit that a request is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    /// Which.
    pub(super) limit: Limit,
    /// When to retry.
    pub(super) wait: Duration,
}

/// What is in use.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    requests: u64,
    copies: u64,
    keys: HashMap<Arc<str>, Usage>,
}

/// What a key uses.
#[derive(Debug, Default)]
struct Usage {
    requests: u64,
    copies: u64,
    rate: Bucket,
    bytes_in: Bucket,
    bytes_out: Bucket,
}

impl Ledger {
    /// Counts a request as under way, until [`Ledger::leave`]. Returns the key's id, shared.
    ///
    /// # Errors
    /// The limit that it is over; then nothing is counted.
    pub(super) fn enter(&mut self, ask: &Ask<'_>, now: Duration) -> Result<Option<Arc<str>>, Over> {
        require(self.requests, ask.requests, Limit::Requests)?;
        if ask.is_copy {
            require(self.copies, ask.copies, Limit::Copies)?;
        }
        let key = match ask.key {
            Some((id, limits)) => {
                let (id, usage) = self.usage(id, now);
                usage.enter(&limits, ask.is_copy, now)?;
                Some(id)
            }
            None => None,
        };
        self.requests += 1;
        self.copies += u64::from(ask.is_copy);
        Ok(key)
    }

    /// Ends what [`Ledger::enter`] began.
    pub(super) fn leave(&mut self, key: Option<&str>, is_copy: bool) {
        self.requests = self.requests.saturating_sub(1);
        self.copies = self.copies.saturating_sub(u64::from(is_copy));
        if let Some(usage) = key.and_then(|key| self.keys.get_mut(key)) {
            usage.requests = usage.requests.saturating_sub(1);
            usage.copies = usage.copies.saturating_sub(u64::from(is_copy));
        }
    }

    /// Notes that bytes of a body have moved, of which `rate` a second may. Returns how long the next ones have to
    /// wait.
    pub(super) fn moved(&mut self, key: &str, way: Direction, bytes: u64, rate: u64, now: Duration) -> Duration {
        let Some(usage) = self.keys.get_mut(key) else { return Duration::ZERO };
        match way {
            Direction::In => usage.bytes_in.owe(now, bytes, rate),
            Direction::Out => usage.bytes_out.owe(now, bytes, rate),
        }
    }

    /// The use of the key. When a key is added, keys without use are removed, so that keys of earlier settings do not
    /// stay.
    fn usage(&mut self, id: &str, now: Duration) -> (Arc<str>, &mut Usage) {
        let known = self.keys.get_key_value(id).map(|(id, _)| id.clone());
        let id = known.unwrap_or_else(|| {
            self.keys.retain(|_, usage| !usage.is_idle(now));
            id.into()
        });
        (id.clone(), self.keys.entry(id).or_default())
    }
}

impl Usage {
    fn enter(&mut self, limits: &KeyLimits, is_copy: bool, now: Duration) -> Result<(), Over> {
        require(self.requests, limits.requests.unwrap_or(0), Limit::KeyRequests)?;
        if is_copy {
            require(self.copies, limits.copies.unwrap_or(0), Limit::KeyCopies)?;
        }
        require_paid(&self.bytes_in, limits.bytes_in, Direction::In, now)?;
        require_paid(&self.bytes_out, limits.bytes_out, Direction::Out, now)?;
        // This check is the last, so that a refused request takes no token.
        if let Some(rate) = limits.request_rate.filter(|rate| *rate > 0) {
            self.rate.take(now, rate).map_err(|wait| Over { limit: Limit::RequestRate, wait })?;
        }
        self.requests += 1;
        self.copies += u64::from(is_copy);
        Ok(())
    }

    fn is_idle(&self, now: Duration) -> bool {
        let buckets = [&self.rate, &self.bytes_in, &self.bytes_out];
        self.requests == 0 && buckets.into_iter().all(|bucket| bucket.is_full(now))
    }
}

fn require(used: u64, most: u64, limit: Limit) -> Result<(), Over> {
    if most > 0 && used >= most { Err(Over { limit, wait: SOON }) } else { Ok(()) }
}

fn require_paid(bucket: &Bucket, rate: Option<u64>, way: Direction, now: Duration) -> Result<(), Over> {
    // After a reload has removed a limit, its debt remains.
    let debt = if rate.unwrap_or(0) > 0 { bucket.debt(now) } else { Duration::ZERO };
    match debt.checked_sub(MOST_DEBT).filter(|wait| !wait.is_zero()) {
        Some(wait) => Err(Over { limit: way.limit(), wait }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
