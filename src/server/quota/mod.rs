//! How much of the server requests may use, in all and by key. A request over a limit of the operator gets `SlowDown`.
//! The check comes after authentication and before the body is read. Counts survive a reload. The limits themselves
//! come with each request, from the rules that it began with.
//!
//! [`Pass`] is held until the answer is sent. Limits before authentication, of connections and heads, are in
//! [`connection`](crate::server::connection).

mod bucket;
mod ledger;

pub use ledger::Direction;

use crate::access::KeyLimits;
use crate::filters::Admitted;
use crate::s3::{Limit, S3Error};
use ledger::{Ask, Ledger, Over};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The longest wait of a piece of a body. Clients give up on a connection that is idle for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// The longest that clients are asked to wait.
const LONGEST_RETRY: u64 = 60;

/// The use of all requests.
#[derive(Debug)]
pub struct Quotas {
    ledger: Mutex<Ledger>,
    started: Instant,
}

/// A request that counts as in flight until this is dropped.
#[derive(Debug)]
pub struct Pass {
    quotas: Arc<Quotas>,
    key: Option<(Arc<str>, KeyLimits)>,
    is_copy: bool,
}

/// Slows the bytes of one body down to the rate of its key.
#[derive(Debug)]
pub struct Throttle {
    quotas: Arc<Quotas>,
    key: Arc<str>,
    way: Direction,
    rate: u64,
    /// When the next bytes may pass; `None` for at once.
    next: Option<Instant>,
    has_waited: bool,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas { ledger: Mutex::default(), started: Instant::now() }
    }
}

impl Quotas {
    /// Allows a request to be carried out.
    ///
    /// # Errors
    /// `SlowDown` if it is over a limit.
    pub fn admit(self: &Arc<Self>, request: &Admitted<'_>) -> Result<Pass, S3Error> {
        let (key, limits) = (request.limited_key(), &request.rules.limits.requests);
        let is_copy = request.copy_source.is_some();
        let ask = Ask { key, is_copy, requests: limits.requests, copies: limits.copies };
        let id = self.lock().enter(&ask, self.started.elapsed()).map_err(|over| refusal(&over))?;
        let key = id.zip(key.map(|(_, limits)| limits));
        Ok(Pass { quotas: self.clone(), key, is_copy })
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(over: &Over) -> S3Error {
    let seconds = over.wait.as_millis().div_ceil(1000).clamp(1, LONGEST_RETRY.into());
    S3Error::slow_down(over.limit, "Please reduce your request rate.").header("retry-after", seconds.to_string())
}

impl Pass {
    /// What slows the bytes of a body down; `None` where the key has no such limit.
    pub fn throttle(&self, way: Direction) -> Option<Throttle> {
        let (key, limits) = self.key.as_ref()?;
        let rate = match way {
            Direction::In => limits.bytes_in,
            Direction::Out => limits.bytes_out,
        };
        let rate = rate.filter(|rate| *rate > 0)?;
        Some(Throttle { quotas: self.quotas.clone(), key: key.clone(), way, rate, next: None, has_waited: false })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let key = self.key.as_ref().map(|(id, _)| &**id);
        self.quotas.lock().leave(key, self.is_copy);
    }
}

impl Throttle {
    /// Notes that bytes have passed.
    pub fn passed(&mut self, bytes: usize) {
        let now = self.quotas.started.elapsed();
        let wait = self.quotas.lock().moved(&self.key, self.way, bytes as u64, self.rate, now);
        self.next = (!wait.is_zero()).then(|| Instant::now() + wait.min(LONGEST_PAUSE));
        self.has_waited |= !wait.is_zero();
    }

    /// Waits until the next bytes may pass. It can be cancelled and called again.
    pub async fn ready(&mut self) {
        if let Some(next) = self.next {
            sleep_until(next).await;
            self.next = None;
        }
    }

    /// The limit that the body was slowed down by; `None` where it was not.
    pub fn limit(&self) -> Option<Limit> {
        self.has_waited.then(|| self.way.limit())
    }
}
