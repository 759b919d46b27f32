//! Threads that serve connections, each with a runtime of its own.
//!
//! In a runtime that threads share, one of them waits for all sockets and the others take over what is ready. For a small
//! request this costs a quarter of the processor time. Here a connection stays on the thread that it was given to, with the
//! connections to the store that are used for it. A new connection is given to the thread that has the fewest.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// The number of a worker. 0 is every other thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(usize);

/// What a worker knows of itself.
struct This {
    id: WorkerId,
    /// The runtime that all threads share.
    shared: Handle,
}

thread_local! {
    static THIS: RefCell<Option<This>> = const { RefCell::new(None) };
}

impl WorkerId {
    /// The worker that this thread is.
    pub fn current() -> WorkerId {
        THIS.with_borrow(|this| this.as_ref().map_or(WorkerId(0), |this| this.id))
    }
}

/// Runs a task where any thread may run it: one of several of a connection.
pub fn spawn_shared(task: impl Future<Output = ()> + Send + 'static) {
    let shared = THIS.with_borrow(|this| this.as_ref().map(|this| this.shared.clone()));
    match shared {
        Some(shared) => drop(shared.spawn(task)),
        None => drop(tokio::spawn(task)),
    }
}

/// The workers. Dropping them ends what they serve.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    /// Whose turn it is among workers that have equally many connections.
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    /// Ends the thread when it is dropped.
    _alive: oneshot::Sender<()>,
}

/// A connection that is counted as its worker's for as long as this lives.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// As many as the shared runtime, in which this is called, has threads.
    ///
    /// # Errors
    /// The system has no more threads or descriptors.
    pub fn start() -> io::Result<Workers> {
        let shared = Handle::current();
        let workers = (1..=shared.metrics().num_workers()).map(|number| Worker::start(number, shared.clone()));
        Ok(Workers { workers: workers.collect::<io::Result<_>>()?, turn: AtomicUsize::new(0) })
    }

    /// Serves a connection on the worker that has the fewest. `serve` is called there.
    pub fn serve<F: Future<Output = ()> + Send + 'static>(&self, serve: impl FnOnce() -> F + Send + 'static) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = self.workers.len().max(1);
        let in_turn = (0..count).filter_map(|number| self.workers.get((turn + number) % count));
        let Some(worker) = in_turn.min_by_key(|worker| worker.connections.load(Ordering::Relaxed)) else { return };
        worker.connections.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(worker.connections.clone());
        worker.handle.spawn(async move {
            serve().await;
            drop(counted);
        });
    }
}

impl Worker {
    fn start(number: usize, shared: Handle) -> io::Result<Worker> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, dead) = oneshot::channel();
        let this = This { id: WorkerId(number), shared };
        let name = format!("worker-{number}");
        thread::Builder::new().name(name).spawn(move || run(runtime, this, dead))?;
        Ok(Worker { handle, connections: Arc::default(), _alive: alive })
    }
}

fn run(runtime: Runtime, this: This, dead: oneshot::Receiver<()>) {
    THIS.set(Some(this));
    // The sender sends nothing: it is dropped.
    let _ = runtime.block_on(dead);
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn connections_are_spread_and_stay_where_they_are() {
        let workers = Workers::start().unwrap();
        let (to, from) = mpsc::channel();
        let mut open = Vec::new();
        let mut serve = || {
            let (end, ended) = oneshot::channel::<()>();
            let to = to.clone();
            workers.serve(|| async move {
                to.send(WorkerId::current()).unwrap();
                let _ = ended.await;
                to.send(WorkerId::current()).unwrap();
            });
            open.push(end);
            from.recv().unwrap()
        };
        let first: Vec<_> = (0..6).map(|_| serve()).collect();
        for id in 1..=3 {
            assert_eq!(first.iter().filter(|found| **found == WorkerId(id)).count(), 2);
        }
        assert_eq!(WorkerId::current(), WorkerId(0));
        drop(open.remove(4));
        assert_eq!(from.recv().unwrap(), first[4], "it has not moved");
        while workers.workers.iter().map(|worker| worker.connections.load(Ordering::Relaxed)).sum::<usize>() > 5 {
            tokio::task::yield_now().await;
        }
        let (end, ended) = oneshot::channel::<()>();
        let id = to.clone();
        workers.serve(|| async move {
            id.send(WorkerId::current()).unwrap();
            let _ = ended.await;
        });
        assert_eq!(from.recv().unwrap(), first[4], "it has the fewest");
        drop(end);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_task_can_leave_its_worker() {
        let workers = Workers::start().unwrap();
        let (to, from) = oneshot::channel();
        workers.serve(|| async move {
            spawn_shared(async move { to.send(WorkerId::current()).unwrap() });
        });
        assert_eq!(from.await, Ok(WorkerId(0)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_is_served_ends_with_the_workers() {
        let workers = Workers::start().unwrap();
        let (to, from) = oneshot::channel::<()>();
        workers.serve(|| async move {
            std::future::pending::<()>().await;
            drop(to);
        });
        drop(workers);
        assert!(from.await.is_err());
    }
}
