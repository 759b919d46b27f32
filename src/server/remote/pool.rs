//! Idle connections to the store, so that most requests need no new one.
//!
//! pingora's pool has a task for each idle connection, which is woken and waited for when the connection is used again.
//! Here a connection is looked at when it is taken, and all of them once a second.

use super::nodes::Node;
use crate::server::workers::WorkerId;
use pingora::protocols::Stream;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::time::{MissedTickBehavior, interval};

/// How long an idle connection is kept. Of the known stores MinIO is the first to close one, after 30 seconds. Closing
/// before that loses no request.
const KEPT: Duration = Duration::from_secs(25);
/// How often connections that are closed, or were kept for so long, are removed.
const SWEPT: Duration = Duration::from_secs(1);

/// What a connection leads to, and who waits for its bytes: another worker would have to be woken by that one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    worker: WorkerId,
    address: SocketAddr,
    /// The name that the certificate is for, where TLS is spoken.
    certificate: Option<Box<str>>,
}

impl Target {
    /// A node, asked for under a name by this thread.
    pub(super) fn new(node: &Node, certificate_name: &str) -> Target {
        let certificate = node.endpoint().tls.then(|| certificate_name.into());
        Target { worker: WorkerId::current(), address: node.address(), certificate }
    }
}

/// The idle connections to all nodes.
#[derive(Debug)]
pub(super) struct Pool {
    most: usize,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    count: usize,
    /// The connection that was used last is the last.
    connections: HashMap<Target, VecDeque<Connection>>,
}

#[derive(Debug)]
struct Connection {
    stream: Stream,
    idle_since: Instant,
}

impl Connection {
    /// Whether the other side has neither closed it nor sent what nobody asked for.
    fn is_usable(&mut self, now: Instant) -> bool {
        if now.duration_since(self.idle_since) >= KEPT {
            return false;
        }
        let mut byte = [0];
        let read = pin!(tokio::task::unconstrained(self.stream.read(&mut byte)));
        read.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

impl Pool {
    /// A pool of at most so many connections.
    pub(super) fn new(most: usize) -> Pool {
        Pool { most, idle: Mutex::default() }
    }

    /// The connection to the target that was used last.
    pub(super) fn take(&self, target: &Target, now: Instant) -> Option<Stream> {
        loop {
            let mut connection = self.lock().take(target)?;
            if connection.is_usable(now) {
                return Some(connection.stream);
            }
        }
    }

    /// Keeps a connection that is idle from now on. In a full pool it takes the place of the one that is idle longest.
    pub(super) fn put(&self, target: Target, stream: Stream, now: Instant) {
        let mut idle = self.lock();
        let replaced = if idle.count >= self.most { idle.take_oldest() } else { None };
        idle.count += 1;
        idle.connections.entry(target).or_default().push_back(Connection { stream, idle_since: now });
        drop(idle);
        // To close takes a system call, so it is done when others may use the pool.
        drop(replaced);
    }

    /// Removes connections that are no longer usable, until it is dropped.
    pub(super) async fn keep_swept(&self) {
        let mut ticks = interval(SWEPT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            drop(self.sweep(Instant::now()));
        }
    }

    /// The connections that are no longer usable.
    fn sweep(&self, now: Instant) -> Vec<Connection> {
        let mut idle = self.lock();
        let mut unusable = Vec::new();
        for connections in idle.connections.values_mut() {
            for mut connection in std::mem::take(connections) {
                if connection.is_usable(now) {
                    connections.push_back(connection);
                } else {
                    unusable.push(connection);
                }
            }
        }
        idle.connections.retain(|_, connections| !connections.is_empty());
        idle.count -= unusable.len();
        unusable
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn take(&mut self, target: &Target) -> Option<Connection> {
        let connection = self.connections.get_mut(target)?.pop_back()?;
        self.count -= 1;
        Some(connection)
    }

    fn take_oldest(&mut self) -> Option<Connection> {
        let since = |connections: &VecDeque<Connection>| connections.front().map(|oldest| oldest.idle_since);
        let with_oldest = self.connections.values_mut().filter(|connections| !connections.is_empty());
        let oldest = with_oldest.min_by_key(|connections| since(connections))?.pop_front()?;
        self.count -= 1;
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pingora::protocols::l4::stream::Stream as TcpConnection;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    fn target(port: u16) -> Target {
        Target { worker: WorkerId::current(), address: SocketAddr::from(([127, 0, 0, 1], port)), certificate: None }
    }

    /// Both ends of a connection.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (ours.unwrap(), theirs.unwrap().0)
    }

    fn stream(connection: TcpStream) -> Stream {
        Box::new(TcpConnection::from(connection))
    }

    fn taken(pool: &Pool, port: u16, now: Instant) -> Option<i32> {
        pool.take(&target(port), now).map(|stream| stream.id())
    }

    #[tokio::test]
    async fn the_connection_that_was_used_last_is_used_first_and_none_for_long() {
        let (pool, start) = (Pool::new(9), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut others = Vec::new();
        let mut ids = Vec::new();
        for seconds in 0..3 {
            let (ours, theirs) = connection().await;
            let ours = stream(ours);
            ids.push(ours.id());
            others.push(theirs);
            pool.put(target(1), ours, at(seconds));
        }
        assert_eq!(taken(&pool, 2, at(3)), None);
        assert_eq!(taken(&pool, 1, at(3)), Some(ids[2]));
        assert_eq!(taken(&pool, 1, at(25)), Some(ids[1]));
        assert_eq!(taken(&pool, 1, at(25)), None, "it was kept for 25 seconds");
        assert_eq!(pool.lock().count, 0);
    }

    #[tokio::test]
    async fn a_full_pool_closes_what_is_idle_longest() {
        let (pool, now) = (Pool::new(2), Instant::now());
        let mut others = Vec::new();
        for (port, seconds) in [(1, 1), (2, 0), (1, 2)] {
            let (ours, theirs) = connection().await;
            others.push(theirs);
            pool.put(target(port), stream(ours), now + Duration::from_secs(seconds));
        }
        assert_eq!(others[1].read(&mut [0]).await.unwrap(), 0, "closed");
        assert_eq!(taken(&pool, 2, now), None);
        assert!(taken(&pool, 1, now).is_some() && taken(&pool, 1, now).is_some());
    }

    #[tokio::test]
    async fn what_the_other_side_has_closed_or_written_to_is_not_used() {
        for writes in [false, true] {
            for sweeps in [false, true] {
                let (pool, now) = (Pool::new(9), Instant::now());
                let (ours, mut theirs) = connection().await;
                let (usable, _other) = connection().await;
                let usable = stream(usable);
                let usable_id = usable.id();
                pool.put(target(1), usable, now);
                if writes {
                    theirs.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
                } else {
                    drop(theirs);
                }
                ours.readable().await.unwrap();
                pool.put(target(1), stream(ours), now);
                if sweeps {
                    assert_eq!(pool.sweep(now).len(), 1);
                    assert_eq!(pool.lock().count, 1);
                }
                assert_eq!(taken(&pool, 1, now), Some(usable_id));
                assert_eq!(taken(&pool, 1, now), None);
            }
        }
    }
}
