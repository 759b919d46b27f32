//! The reaper: one thread that removes files that are no longer needed.
//!
//! Removing a large file can take long, so threads that serve requests do not do it. The queue is bounded by the number
//! of blobs on the disk.

use super::folder::{BlobId, Folder};
use super::ids::Ids;
use super::pins::Pins;
use super::threads::ThreadHealth;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Why the store fails without the thread: what is deleted would fill the disk.
const STOPPED: &str = "the thread that removes files has stopped";

/// Where to send what is to be removed. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Reaper(Sender<Task>);

#[derive(Debug)]
enum Task {
    /// Blobs whose rows are gone: remove those that have no reader.
    Unreferenced(Vec<BlobId>),
    /// A blob that never got a row.
    Uncommitted(BlobId),
    /// A temporary file.
    Temporary(PathBuf),
    /// The store is closed; what comes after is left to the next start.
    Stop,
    /// Answered when everything before it is done.
    #[cfg(test)]
    Barrier(Sender<()>),
}

/// The unreferenced blobs whose files are gone, and whose rows the next commit may drop.
#[derive(Debug, Clone, Default)]
pub(super) struct Reaped(Arc<Mutex<Vec<BlobId>>>);

impl Reaped {
    fn push(&self, id: BlobId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }

    pub(super) fn take(&self) -> Vec<BlobId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reaper {
    /// Starts the thread, which ends with [`Reaper::stop`].
    pub(super) fn start(
        health: &ThreadHealth,
        folder: Arc<Folder>,
        ids: Arc<Ids>,
        pins: Arc<Pins>,
        reaped: Reaped,
    ) -> io::Result<(Reaper, JoinHandle<()>)> {
        let (sender, tasks) = channel();
        let work = Work { folder, ids, pins, reaped };
        let thread = health.start("store-reaper", STOPPED, move || work.run(&tasks))?;
        Ok((Reaper(sender), thread))
    }

    pub(super) fn unreferenced(&self, blobs: Vec<BlobId>) {
        if !blobs.is_empty() {
            self.send(Task::Unreferenced(blobs));
        }
    }

    pub(super) fn uncommitted(&self, id: BlobId) {
        self.send(Task::Uncommitted(id));
    }

    pub(super) fn temporary(&self, path: PathBuf) {
        self.send(Task::Temporary(path));
    }

    /// Ends the thread once everything sent so far is done.
    pub(super) fn stop(&self) {
        self.send(Task::Stop);
    }

    /// Waits until everything sent so far is done.
    #[cfg(test)]
    pub(super) fn wait(&self) {
        let (done, answer) = channel();
        self.send(Task::Barrier(done));
        answer.recv().unwrap();
    }

    /// If the thread has ended, the next start does its work.
    fn send(&self, task: Task) {
        let _ = self.0.send(task);
    }
}

struct Work {
    folder: Arc<Folder>,
    ids: Arc<Ids>,
    pins: Arc<Pins>,
    reaped: Reaped,
}

impl Work {
    fn run(&self, tasks: &Receiver<Task>) {
        for task in tasks {
            match task {
                Task::Unreferenced(blobs) => self.reap(blobs),
                Task::Uncommitted(id) => self.forget(id),
                Task::Temporary(path) => {
                    remove(&path);
                }
                Task::Stop => return,
                #[cfg(test)]
                Task::Barrier(done) => done.send(()).unwrap(),
            }
        }
    }

    fn reap(&self, unreferenced: Vec<BlobId>) {
        for id in self.pins.free_of_readers(unreferenced) {
            if remove(&self.folder.blob(id)) {
                self.reaped.push(id);
            }
        }
    }

    /// A number stays in flight while its file exists, so that the next start finds the file.
    fn forget(&self, id: BlobId) {
        if remove(&self.folder.blob(id)) {
            self.ids.land(id);
        }
    }
}

/// Whether the file is gone. If not, the next start tries again.
pub(super) fn remove(path: &Path) -> bool {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file that is no longer needed could not be removed");
            false
        }
        _ => true,
    }
}
