//! Upkeep of the local store beside requests, on threads that serve none.

use crate::server::control::Answer;
use crate::store::Store;
use crate::store::upkeep::{BackupPlan, Compacted, Event, Pace, UpkeepError};
use std::io;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines that wait for who asked.
const LINES: usize = 16;

/// Checks the store, and says what it finds and how far it is. It stops when the receiver is dropped.
pub(super) fn check(store: Store, bytes_a_second: u64) -> Receiver<Answer> {
    work(move |lines| {
        let checked = store.check(Pace::new(Some(bytes_a_second)), &mut |event| lines.event(event))?;
        tracing::info!(objects = checked.objects, findings = checked.findings, "the store is checked");
        Ok(Answer::Checked(checked))
    })
}

/// Copies the store. It stops when the receiver is dropped, and then leaves no copy.
pub(super) fn backup(store: Store, plan: BackupPlan, bytes_a_second: u64) -> Receiver<Answer> {
    work(move |lines| {
        let done = store.backup(&plan, Pace::new(Some(bytes_a_second)), &mut |event| lines.event(event))?;
        let folder = plan.target.display();
        tracing::info!(%folder, objects = done.objects, findings = done.findings, "the store is copied");
        Ok(Answer::BackedUp(done))
    })
}

/// Compacts the index of the store. It stops when the receiver is dropped, and then nothing has changed.
pub(super) fn compact(store: Store, bytes_a_second: u64) -> Receiver<Answer> {
    work(move |lines| {
        let done = store.compact(Pace::new(Some(bytes_a_second)), &mut |event| lines.event(event))?;
        let Compacted { before, after, followed, held } = done;
        tracing::info!(before, after, followed, held_us = held, "the index of the store is compacted");
        Ok(Answer::Compacted(done))
    })
}

/// Works on a thread that serves no requests.
fn work(work: impl FnOnce(&mut Said) -> Result<Answer, UpkeepError> + Send + 'static) -> Receiver<Answer> {
    let (sender, receiver) = channel(LINES);
    tokio::task::spawn_blocking(move || {
        let mut lines = Said { lines: sender, percent: None };
        let last = work(&mut lines).unwrap_or_else(|error| Answer::Failed { message: error.to_string() });
        let _ = lines.say(last);
    });
    receiver
}

/// Lines that are said.
struct Said {
    lines: Sender<Answer>,
    /// How far it was when that was said.
    percent: Option<u64>,
}

impl Said {
    fn event(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Found(defect) => {
                tracing::error!(finding = %defect, "the store has damage");
                self.say(Answer::Found(defect))
            }
            Event::Progress { done, of } => {
                let percent = Some(done.saturating_mul(100) / of.max(1));
                if self.percent == percent {
                    return if self.lines.is_closed() { Err(nobody_listens()) } else { Ok(()) };
                }
                self.percent = percent;
                self.say(Answer::Progress { done, of })
            }
        }
    }

    fn say(&self, answer: Answer) -> io::Result<()> {
        self.lines.blocking_send(answer).map_err(|_| nobody_listens())
    }
}

fn nobody_listens() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "who asked has left")
}
