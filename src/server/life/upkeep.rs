//! Upkeep of the local store beside requests, on threads that serve none.

use crate::server::control::Answer;
use crate::store::Store;
use crate::store::upkeep::{Event, Pace};
use std::io;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines that wait for who asked.
const LINES: usize = 16;

/// Checks the store, and says what it finds and how far it is. It stops when the receiver is dropped.
pub(super) fn check(store: Store, bytes_a_second: u64) -> Receiver<Answer> {
    let (sender, receiver) = channel(LINES);
    tokio::task::spawn_blocking(move || {
        let mut lines = Said { lines: sender, percent: None };
        let checked = store.check(Pace::new(Some(bytes_a_second)), &mut |event| lines.event(event));
        let last = match checked {
            Ok(checked) => {
                tracing::info!(objects = checked.objects, findings = checked.findings, "the store is checked");
                Answer::Checked(checked)
            }
            Err(error) => Answer::Failed { message: error.to_string() },
        };
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
                tracing::error!(finding = %defect, "the check of the store has found damage");
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
