//! The possible states of a key, given the writes to it, and when each began and was acknowledged.

use super::body::Body;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts events, so that "before" has a meaning across threads.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Everything that was tried on one key since its state was last certain, that state first.
#[derive(Debug)]
pub struct History(Vec<Attempt>);

#[derive(Debug)]
struct Attempt {
    effect: Option<Body>,
    began: u64,
    acknowledged: Option<u64>,
}

/// What is known of attempts that were not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unacknowledged {
    /// The store was killed: a write that has not happened by now never will.
    IsOver,
    /// The proxy was killed: the store may still carry them out.
    MayCome,
}

impl Default for History {
    fn default() -> History {
        History(vec![Attempt { effect: None, began: 0, acknowledged: Some(0) }])
    }
}

impl History {
    /// Something is about to be tried. The answer names the attempt.
    pub fn begin(&mut self, effect: Option<Body>, now: u64) -> usize {
        self.0.push(Attempt { effect, began: now, acknowledged: None });
        self.0.len() - 1
    }

    pub fn acknowledge(&mut self, attempt: usize, now: u64) {
        self.0[attempt].acknowledged = Some(now);
    }

    /// After a crash the key holds `found`. Refused where no order of the attempts ends so.
    pub fn settle(&mut self, found: Option<Body>, now: u64, others: Unacknowledged) -> Result<(), String> {
        let may_be_last = |attempt: &&Attempt| attempt.effect == found && !self.is_overwritten(attempt);
        if self.0.iter().find(may_be_last).is_none() {
            return Err(format!("it holds {found:?} after {:#?}", self.0));
        }
        // No write happens twice, but deletes cannot be distinguished.
        let may_come =
            |attempt: &Attempt| attempt.acknowledged.is_none() && (found.is_none() || attempt.effect != found);
        self.0.retain(|attempt| others == Unacknowledged::MayCome && may_come(attempt));
        self.0.insert(0, Attempt { effect: found, began: now, acknowledged: Some(now) });
        Ok(())
    }

    /// What the key holds for certain: the state that was found last.
    pub fn settled(&self) -> Option<Body> {
        self.0[0].effect
    }

    /// Whether an acknowledged attempt began after this one was acknowledged.
    fn is_overwritten(&self, attempt: &Attempt) -> bool {
        let Some(acknowledged) = attempt.acknowledged else { return false };
        self.0.iter().any(|other| other.acknowledged.is_some() && other.began > acknowledged)
    }
}

#[test]
fn a_history_allows_what_may_be_and_nothing_else() {
    let body = |number| Some(Body { number, length: 1, parts: 0 });
    // Effect, beginning, acknowledgement of each attempt; what the key may hold then.
    type Case = (&'static [(u64, u64, Option<u64>)], &'static [u64]);
    let cases: [Case; 6] = [
        (&[], &[0]),
        (&[(1, 1, None)], &[0, 1]),
        (&[(1, 1, Some(2))], &[1]),
        (&[(1, 1, Some(2)), (2, 3, None)], &[1, 2]),
        (&[(1, 1, Some(3)), (2, 2, Some(4))], &[1, 2]),
        (&[(1, 1, None), (2, 2, Some(3)), (0, 4, Some(5))], &[0, 1]),
    ];
    for (attempts, allowed) in cases {
        for found in 0..3 {
            let effect = |number| if number == 0 { None } else { body(number) };
            let mut history = History::default();
            for (number, began, acknowledged) in attempts {
                let attempt = history.begin(effect(*number), *began);
                acknowledged.iter().for_each(|now| history.acknowledge(attempt, *now));
            }
            let settled = history.settle(effect(found), 9, Unacknowledged::IsOver);
            assert_eq!(settled.is_ok(), allowed.contains(&found), "{attempts:?} {found}");
        }
    }
}

#[test]
fn writes_that_may_still_happen_are_kept() {
    let body = |number| Some(Body { number, length: 1, parts: 0 });
    for (others, allowed) in
        [(Unacknowledged::IsOver, [false, false, true]), (Unacknowledged::MayCome, [false, true, true])]
    {
        // 1 was acknowledged, then 2 and 3 were not; 3 is found first.
        for (number, allowed) in (1..).zip(allowed) {
            let mut history = History::default();
            let first = history.begin(body(1), 1);
            history.acknowledge(first, 2);
            history.begin(body(2), 3);
            history.begin(body(3), 4);
            history.settle(body(3), 5, others).unwrap();
            assert_eq!(history.settle(body(number), 6, others).is_ok(), allowed, "{others:?}: {number}");
        }
    }
}
