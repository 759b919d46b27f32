//! Clients that send one request after the other and never send one again: whatever fails is seen.

use super::client::{Connection, Request, Response};
use super::service::eventually;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// How many clients there are. Every second one keeps its connection while the server does.
const CLIENTS: usize = 6;

/// A body that comes in many pieces.
const LARGE: usize = 300 << 10;

/// Clients at work; they stop with [`Load::finish`].
pub struct Load {
    answered: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Sets them to work on objects in this bucket, which exists.
    pub fn on(address: SocketAddr, bucket: &'static str) -> Load {
        let (answered, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let client = |number| {
            let (answered, stop) = (answered.clone(), stop.clone());
            thread::spawn(move || Client { number, address, bucket, connection: None }.work(&answered, &stop))
        };
        let clients = (0..CLIENTS).map(client).collect();
        Load { answered, stop, clients }
    }

    /// Waits until so many more requests are answered.
    pub fn wait_for(&self, requests: u64) {
        let until = self.answered.load(Ordering::Relaxed) + requests;
        eventually("requests are answered", || {
            let has_ended = self.clients.iter().any(JoinHandle::is_finished);
            (has_ended || self.answered.load(Ordering::Relaxed) >= until).then_some(())
        });
    }

    /// Stops them. How many requests were answered, and what failed.
    pub fn finish(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        (self.answered.load(Ordering::Relaxed), failures)
    }
}

struct Client {
    number: usize,
    address: SocketAddr,
    bucket: &'static str,
    connection: Option<Connection>,
}

impl Client {
    /// Works until it is told to stop, or something fails.
    fn work(mut self, answered: &AtomicU64, stop: &AtomicBool) -> Vec<String> {
        for round in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match self.round(round) {
                Ok(answer) if answer.status == 200 => answered.fetch_add(1, Ordering::Relaxed),
                Ok(answer) => return vec![format!("round {round}: {} {}", answer.status, answer.text())],
                Err(error) => return vec![format!("round {round}, client {}: {error:?}", self.number)],
            };
        }
        Vec::new()
    }

    fn round(&mut self, round: u64) -> io::Result<Response> {
        let target = format!("/{}/{}", self.bucket, self.number);
        let request = match round % 8 {
            0 => Request::put(&target).body(vec![b'x'; LARGE]),
            4 => Request::put(&target).body("small"),
            _ => Request::get(&target),
        };
        let keeps = self.number.is_multiple_of(2);
        let request = if keeps { request } else { request.header("connection", "close") }.signed(self.address);
        // As all clients do before they use a connection once more.
        let kept = self.connection.take().filter(|connection| !connection.has_been_closed());
        let mut connection = kept.map_or_else(|| Connection::try_open(self.address), Ok)?;
        let answer = connection.try_send(&request)?;
        let closes = answer.header("connection").eq_ignore_ascii_case("close");
        self.connection = Some(connection).filter(|_| keeps && !closes);
        Ok(answer)
    }
}
