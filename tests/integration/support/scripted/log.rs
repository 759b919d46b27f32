//! What the threads of a scripted store and its test know of each other.

use super::received::Received;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Nothing a test waits for takes this long; what does has hung.
pub(super) const HANG: Duration = Duration::from_secs(20);

/// What has happened so far.
#[derive(Default)]
pub(super) struct State {
    pub(super) requests: Vec<Received>,
    /// Connections that count: neither the test's own nor those of health checks.
    pub(super) opened: usize,
    /// Those of them that have ended.
    pub(super) left: usize,
    /// How many waiting steps may still go on.
    pub(super) permits: usize,
    pub(super) over: bool,
    /// Connections of which it is not known yet whether they count.
    silent: usize,
    /// The test's own connections that are not accepted yet.
    visitors: Vec<SocketAddr>,
    /// All sockets; none in the place of one that is closed.
    sockets: Vec<Option<TcpStream>>,
}

/// The state, and a condition variable that notifies of its changes.
#[derive(Default)]
pub(super) struct Log {
    state: Mutex<State>,
    bell: Condvar,
}

impl Log {
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    pub(super) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.lock());
        self.bell.notify_all();
        result
    }

    /// Waits until there is what is looked for.
    pub(super) fn wait<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut state = self.lock();
        loop {
            if let Some(found) = look(&mut state) {
                return found;
            }
            let (next, waited) = self.bell.wait_timeout(state, HANG).unwrap_or_else(PoisonError::into_inner);
            state = next;
            assert!(!waited.timed_out(), "it never came; what did: {:#?}", state.requests);
        }
    }

    /// Keeps a socket that was accepted, and gives its place; none where it is the test's own.
    pub(super) fn accepted(&self, stream: &TcpStream, peer: SocketAddr) -> Option<usize> {
        self.change(|state| {
            if let Some(at) = state.visitors.iter().position(|visitor| *visitor == peer) {
                state.visitors.swap_remove(at);
                return None;
            }
            state.silent += 1;
            state.sockets.push(Some(stream.try_clone().unwrap()));
            Some(state.sockets.len() - 1)
        })
    }

    /// Gives a connection its number once it is known whether it counts.
    pub(super) fn opened(&self, counts: bool) -> usize {
        self.change(|state| {
            state.silent -= 1;
            state.opened += usize::from(counts);
            state.opened.saturating_sub(1)
        })
    }

    /// Drops the rest of a connection.
    pub(super) fn closed(&self, socket: usize, counts: bool) {
        self.change(|state| {
            state.sockets[socket] = None;
            state.left += usize::from(counts);
        });
    }

    /// Waits until all connections are known that were opened by now. They are accepted in the order they were opened
    /// in: once a visitor is, all others are.
    pub(super) fn visit(&self, address: SocketAddr) {
        // Under the lock, so that the visitor is known before it is accepted.
        let (_visitor, from) = self.change(|state| {
            let visitor = TcpStream::connect(address).unwrap();
            let from = visitor.local_addr().unwrap();
            state.visitors.push(from);
            (visitor, from)
        });
        self.wait(|state| (!state.visitors.contains(&from) && state.silent == 0).then_some(()));
    }

    /// Ends all connections and all waiting.
    pub(super) fn let_go(&self) {
        self.change(|state| {
            state.over = true;
            // One that has ended already cannot be shut down.
            state.sockets.iter().flatten().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        });
    }

    pub(super) fn is_over(&self) -> bool {
        self.read(|state| state.over)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
