//! Upkeep of the local store while requests are served, on threads that serve none.

use crate::server::control::Answer;
use crate::store::Store;
use crate::store::upkeep::{BackupPlan, Compacted, Event, Pace, UpkeepError};
use std::io;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many lines may wait for the command to read them.
const LINES: usize = 16;

/// Checks the store, and sends findings and progress. It stops when the receiver is dropped.
pub(super) fn check(store: Store, bytes_a_second: u64) -> Receiver<Answer> {
    work(move |reporter| {
        let checked = store.check(Pace::new(Some(bytes_a_second)), &mut |event| reporter.event(event))?;
        tracing::info!(objects = checked.objects, findings = checked.findings, "the store is checked");
        Ok(Answer::Checked(checked))
    })
}

/// Copies the store. It stops when the receiver is dropped, and then leaves no copy.
pub(super) fn backup(store: Store, plan: BackupPlan, bytes_a_second: u64) -> Receiver<Answer> {
    work(move |reporter| {
        let done = store.backup(&plan, Pace::new(Some(bytes_a_second)), &mut |event| reporter.event(event))?;
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
fn work(work: impl FnOnce(&mut Reporter) -> Result<Answer, UpkeepError> + Send + 'static) -> Receiver<Answer> {
    let (sender, receiver) = channel(LINES);
    tokio::task::spawn_blocking(move || {
        let mut reporter = Reporter { lines: sender, percent: None };
        let last = work(&mut reporter).unwrap_or_else(|error| Answer::Failed { message: error.to_string() });
        let _ = reporter.send(last);
    });
    receiver
}

/// Sends findings and progress to the command that asked.
struct Reporter {
    lines: Sender<Answer>,
    /// The progress that was sent last.
    percent: Option<u64>,
}

impl Reporter {
    fn event(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Found(defect) => {
                tracing::error!(finding = %defect, "the store has damage");
                self.send(Answer::Found(defect))
            }
            Event::Progress { done, of } => {
                let percent = Some(done.saturating_mul(100) / of.max(1));
                if self.percent == percent {
                    return if self.lines.is_closed() { Err(receiver_gone()) } else { Ok(()) };
                }
                self.percent = percent;
                self.send(Answer::Progress { done, of })
            }
        }
    }

    fn send(&self, answer: Answer) -> io::Result<()> {
        self.lines.blocking_send(answer).map_err(|_| receiver_gone())
    }
}

fn receiver_gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the command that asked has ended")
}
