//! The minimum rate of an answer: how much of it a client has to take while the server waits for it.
//!
//! A limit on each wait is not enough: a client that takes a byte a minute would hold a connection and the source of
//! its answer without end. pingora's own minimum rate is not used, because it limits the time of each piece, and pieces
//! differ in size. Only waits for the client count: a client that the limit of its key slows down is not slow.

use crate::server::connection::pace::{MinimumRate, Pace, TooSlow};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// The pace of the answer under way. Without a rate there is none.
#[derive(Debug, Clone, Default)]
pub struct AnswerPace(Arc<Mutex<Option<Pace>>>);

impl AnswerPace {
    /// Requires this rate of the client, beginning with its next bytes.
    pub fn hold(&self, least: MinimumRate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Pace::new(least));
    }

    fn left(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Pace::left)
    }

    fn took(&self, bytes: u64, waited: Duration) -> Result<(), TooSlow> {
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pace) = pace.as_mut() else { return Ok(()) };
        pace.received(bytes, waited);
        pace.check()
    }
}

/// Times the writes of one connection or stream.
#[derive(Debug, Default)]
pub struct HeldWrites {
    pace: AnswerPace,
    waiting: Option<Waiting>,
    is_over: bool,
}

/// A write that waits for the client.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    end_of_window: Pin<Box<Sleep>>,
}

impl HeldWrites {
    /// Writes at the pace that others set.
    pub fn new(pace: AnswerPace) -> HeldWrites {
        HeldWrites { pace, ..HeldWrites::default() }
    }

    /// Whether the client was too slow.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Notes the result of a write, with the number of `bytes` that were taken. If the write waits, this wakes its task
    /// at the end of the window.
    ///
    /// # Errors
    /// `TooSlow` if the client took too little in a window.
    pub fn held<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<T>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<Result<T, TooSlow>> {
        let Poll::Ready(written) = written else { return self.poll_too_slow(cx).map(Err) };
        let taken = self.took(bytes(&written) as u64);
        Poll::Ready(taken.map(|()| written))
    }

    /// Ready when the client is too slow.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<TooSlow> {
        loop {
            let Some(left) = self.pace.left() else { return Poll::Pending };
            let begin = || Waiting { since: Instant::now(), end_of_window: Box::pin(sleep(left)) };
            ready!(self.waiting.get_or_insert_with(begin).end_of_window.as_mut().poll(cx));
            if let Err(slow) = self.took(0) {
                return Poll::Ready(slow);
            }
        }
    }

    fn took(&mut self, bytes: u64) -> Result<(), TooSlow> {
        let waited = self.waiting.take().map(|waiting| waiting.since.elapsed()).unwrap_or_default();
        let taken = self.pace.took(bytes, waited);
        self.is_over |= taken.is_err();
        taken
    }
}
