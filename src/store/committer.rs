//! The committer: one thread through which every change goes, many to a commit.
//!
//! It takes what was queued during the last commit, so a lone writer does not wait for others. Changes are decided in
//! the order of the queue within the transaction, and acknowledged once it is on the disk. A change that is queued is
//! carried out even if its client has disconnected.

use super::blob::{Blobs, PlacedBlob};
use super::error::StoreError;
use super::folder::BlobId;
use super::guard::guarded;
use super::index::{Change, Index, IndexError, NewBody, PartBody, Tables};
use super::parts::WriteResult;
use super::reaper::Reaped;
use super::space::Promise;
use super::threads::ThreadHealth;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// The most changes in a commit.
const BATCH: usize = 512;
/// After so many counts of blobs that were changed a commit takes no more changes. Those of a batch that are left go into
/// the next, so that what was decided is acknowledged before others do much work.
pub(super) const COUNTS: usize = if cfg!(test) { 4 } else { 4096 };
/// The most changes that wait; further writers wait to queue.
const QUEUE: usize = 2 * BATCH;

/// Why the store fails without the thread.
const STOPPED: &str = "the thread that commits has stopped";

/// The outcome of a change, with what it wrote if it wrote an object or a part.
pub(super) type Outcome = Result<Option<WriteResult>, StoreError>;

/// A change on its way.
struct Queued {
    change: Change,
    reply: oneshot::Sender<Outcome>,
    /// Space for its row, released when the change is decided and before the answer, because the next write may need it.
    room: Option<Promise>,
}

/// Where to send changes; the thread ends when this is dropped and the queue is empty.
pub(super) struct Committer(mpsc::Sender<Queued>);

/// What the thread has done since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) changes: AtomicU64,
    /// The most counts of blobs that a commit has changed.
    #[cfg(test)]
    pub(super) most_counts: AtomicU64,
}

/// What the thread works with.
pub(super) struct Work {
    pub(super) index: Arc<Index>,
    pub(super) blobs: Arc<Blobs>,
    pub(super) reaped: Reaped,
    pub(super) counters: Arc<Counters>,
}

impl Committer {
    pub(super) fn start(health: &ThreadHealth, work: Work) -> io::Result<(Committer, JoinHandle<()>)> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let thread = health.start("store-committer", STOPPED, move || work.run(queue))?;
        Ok((Committer(sender), thread))
    }

    /// Queues a change; the answer comes when it is committed or refused. `room` is what is reserved for its row.
    pub(super) async fn queue(
        &self,
        change: Change,
        room: Option<Promise>,
    ) -> Result<oneshot::Receiver<Outcome>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Queued { change, reply, room }).await.map_err(|_| stopped())?;
        Ok(answer)
    }
}

/// Waits for the answer to a queued change.
pub(super) async fn answer(answer: oneshot::Receiver<Outcome>) -> Outcome {
    answer.await.unwrap_or_else(|_| Err(stopped()))
}

fn stopped() -> StoreError {
    StoreError::Io(STOPPED.into())
}

impl Work {
    fn run(self, mut queue: mpsc::Receiver<Queued>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while !batch.is_empty() {
                while batch.len() < BATCH
                    && let Ok(next) = queue.try_recv()
                {
                    batch.push(next);
                }
                batch = self.commit(batch);
            }
        }
    }

    /// Commits the batch, without those of its changes that meet damage. Returns those that are left for the next commit.
    fn commit(&self, mut batch: Vec<Queued>) -> Vec<Queued> {
        self.index.revive();
        let reaped = self.reaped.take();
        let mut tried_again = false;
        loop {
            // How many changes were decided, so that one that spoils the transaction is known.
            let mut decided = 0;
            let write = || self.index.write(|tables| self.decide(tables, &batch, &reaped, &mut decided));
            let written = guarded(write).unwrap_or_else(|panic| give_up(&mut batch, panic));
            match written {
                Ok((outcomes, unreferenced)) => {
                    let left = batch.split_off(outcomes.len());
                    self.done(batch, outcomes, unreferenced);
                    return left;
                }
                // What it wrote goes with the transaction; the others have done nothing wrong.
                Err(damage @ (IndexError::Damaged(_) | IndexError::BadPage(_))) if decided < batch.len() => {
                    fail(batch.remove(decided), &damage);
                }
                // A reader that met a bad page has failed the engine for all.
                Err(IndexError::Undone(_)) if !std::mem::replace(&mut tried_again, true) => {}
                Err(failure) => {
                    batch.into_iter().for_each(|queued| fail(queued, &failure));
                    return Vec::new();
                }
            }
        }
    }

    fn done(&self, batch: Vec<Queued>, outcomes: Vec<Outcome>, unreferenced: Vec<BlobId>) {
        self.count(batch.len());
        self.blobs.reaper.unreferenced(unreferenced);
        for (queued, outcome) in batch.into_iter().zip(outcomes) {
            acknowledge(queued, outcome);
        }
    }

    fn decide(
        &self,
        tables: &mut Tables<'_>,
        batch: &[Queued],
        reaped: &[BlobId],
        decided: &mut usize,
    ) -> Result<(Vec<Outcome>, Vec<BlobId>), IndexError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for queued in batch {
            outcomes.push(match tables.apply(&queued.change) {
                Ok(written) => Ok(written),
                Err(IndexError::Refused(error)) => Err(error),
                Err(failure) => return Err(failure),
            });
            *decided += 1;
            if tables.counted() >= COUNTS {
                break;
            }
        }
        #[cfg(test)]
        self.counters.most_counts.fetch_max(tables.counted() as u64, Ordering::Relaxed);
        tables.forget_unreferenced(reaped)?;
        tables.set_watermark(self.blobs.ids.watermark())?;
        Ok((outcomes, tables.take_newly_unreferenced()))
    }

    fn count(&self, changes: usize) {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.counters.changes.fetch_add(changes as u64, Ordering::Relaxed);
    }
}

/// The engine panicked, before or after the commit reached the disk. Which is unknown, so bodies are left to the next
/// start, and the thread ends.
fn give_up(batch: &mut Vec<Queued>, panic: String) -> ! {
    let failure = IndexError::Engine(StoreError::Io(STOPPED.into()));
    batch.drain(..).for_each(|queued| fail(queued, &failure));
    resume_unwind(Box::new(panic))
}

/// The commit is done. A body that was refused is removed as it is dropped.
fn acknowledge(queued: Queued, outcome: Outcome) {
    let Queued { change, reply, room } = queued;
    if let (Ok(_), Some(blob)) = (&outcome, placed_blob(change)) {
        blob.keep();
    }
    drop(room);
    // There is no receiver if the client has disconnected.
    let _ = reply.send(outcome);
}

/// The commit failed. A body is removed as it is dropped, unless its row may be on the disk after all.
fn fail(queued: Queued, failure: &IndexError) {
    let Queued { change, reply, room } = queued;
    let body = placed_blob(change);
    drop(room);
    let error = match failure {
        IndexError::Refused(error)
        | IndexError::Damaged(error)
        | IndexError::BadPage(error)
        | IndexError::Undone(error) => {
            // Before the answer: a client that is answered that nothing was written finds nothing.
            drop(body);
            error
        }
        IndexError::Engine(error) => {
            body.into_iter().for_each(PlacedBlob::leave_to_startup);
            error
        }
    };
    let _ = reply.send(Err(error.clone()));
}

fn placed_blob(change: Change) -> Option<PlacedBlob> {
    match change {
        Change::Put(put) => match put.body {
            NewBody::Blob(blob) => Some(blob),
            NewBody::Inline(_) => None,
        },
        Change::PutPart(put) => match put.body {
            PartBody::Blob(blob) => Some(blob),
            PartBody::Shared(_) => None,
        },
        _ => None,
    }
}
