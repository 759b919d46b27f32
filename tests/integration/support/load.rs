//! Clients that send requests and never send one again: whatever fails is seen.

use super::client::{Connection, Request, Response};
use super::secure::{Authority, Http2Connection, SecureConnection};
use super::service::eventually;
use std::io;
use std::net::SocketAddr;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// How many clients there are. Every second one keeps its connection while the server does.
const CLIENTS: usize = 6;

/// A body that comes in many pieces.
const LARGE: usize = 300 << 10;

/// How clients reach the server.
#[derive(Clone)]
pub enum Way {
    /// HTTP/1.1, one request after the other.
    Plain,
    /// The same inside TLS, for a server whose certificate this authority has signed.
    Tls(Arc<Authority>),
    /// HTTP/2 inside TLS, several requests at once.
    Http2(Arc<Authority>),
}

/// Clients at work; they stop with [`Load::finish`].
pub struct Load {
    answered: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Sets them to work on objects in this bucket, which exists.
    pub fn on(address: SocketAddr, bucket: &'static str) -> Load {
        Load::by(&[Way::Plain], address, bucket)
    }

    /// The same, clients taking these ways in turn.
    pub fn by(ways: &[Way], address: SocketAddr, bucket: &'static str) -> Load {
        let (answered, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let client = |number: usize| {
            let (answered, stop) = (answered.clone(), stop.clone());
            // Of two clients that take the same way, one keeps its connection.
            let (way, keeps) = (ways[number % ways.len()].clone(), (number / ways.len()).is_multiple_of(2));
            let client = Client { number, address, bucket, way, keeps, link: None };
            thread::spawn(move || client.work(&answered, &stop))
        };
        let clients = (0..CLIENTS.next_multiple_of(2 * ways.len())).map(client).collect();
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
        let panicked = |_| vec!["a client panicked".to_owned()];
        let failures = self.clients.into_iter().flat_map(|client| client.join().unwrap_or_else(panicked)).collect();
        (self.answered.load(Ordering::Relaxed), failures)
    }
}

struct Client {
    number: usize,
    address: SocketAddr,
    bucket: &'static str,
    way: Way,
    keeps: bool,
    link: Option<Link>,
}

impl Client {
    /// Works until it is stopped, or until something fails.
    fn work(mut self, answered: &AtomicU64, stop: &AtomicBool) -> Vec<String> {
        for round in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let requests = self.requests(round);
            for answer in self.send(&requests) {
                match answer {
                    Ok(answer) if answer.status == 200 => answered.fetch_add(1, Ordering::Relaxed),
                    Ok(answer) => return vec![format!("round {round}: {} {}", answer.status, answer.text())],
                    Err(error) => return vec![format!("round {round}, client {}: {error:?}", self.number)],
                };
            }
        }
        Vec::new()
    }

    /// What is sent next: one request, or with HTTP/2 some, once there is what they read.
    fn requests(&self, round: u64) -> Vec<Request> {
        let target = format!("/{}/{}", self.bucket, self.number);
        let request = match round % 8 {
            0 => Request::put(&target).body(vec![b'x'; LARGE]),
            4 => Request::put(&target).body("small"),
            _ => Request::get(&target),
        };
        let beside = if matches!(self.way, Way::Http2(_)) && round > 0 { 2 } else { 0 };
        let requests = std::iter::once(request).chain((0..beside).map(|_| Request::get(&target)));
        let closes = !self.keeps && !matches!(self.way, Way::Http2(_));
        let closing = |request: Request| if closes { request.header("connection", "close") } else { request };
        requests.map(|request| closing(request).signed(self.address)).collect()
    }

    fn send(&mut self, requests: &[Request]) -> Vec<io::Result<Response>> {
        let kept = self.link.take().and_then(|mut link| (!link.has_been_closed()).then_some(link));
        let mut link = match kept.map_or_else(|| Link::open(&self.way, self.address), Ok) {
            Ok(link) => link,
            Err(error) => return vec![Err(error)],
        };
        let mut answers = link.send(requests);
        for (answer, request) in answers.iter_mut().zip(requests).filter(|(answer, _)| was_never_sent(answer)) {
            // Since the client asked, the server has said that it takes no more.
            let other = Link::open(&self.way, self.address);
            *answer = other.and_then(|mut other| other.send(slice::from_ref(request)).remove(0));
        }
        let closes = |answer: &io::Result<Response>| match answer {
            Ok(answer) => answer.header("connection").eq_ignore_ascii_case("close"),
            Err(_) => true,
        };
        self.link = Some(link).filter(|_| self.keeps && !answers.iter().any(closes));
        answers
    }
}

/// Whether not a byte of the request was sent, so that it is no second time when another connection sends it.
fn was_never_sent(answer: &io::Result<Response>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotConnected)
}

/// A connection to the server.
enum Link {
    Plain(Connection),
    Tls(Box<SecureConnection>),
    Http2(Http2Connection),
}

impl Link {
    fn open(way: &Way, address: SocketAddr) -> io::Result<Link> {
        Ok(match way {
            Way::Plain => Link::Plain(Connection::try_open(address)?),
            Way::Tls(authority) => Link::Tls(Box::new(authority.try_connect(address, None)?)),
            Way::Http2(authority) => Link::Http2(authority.try_connect_http2(address, None)?),
        })
    }

    /// Whether the server has said that it takes no more requests. All clients ask before they send one.
    fn has_been_closed(&mut self) -> bool {
        match self {
            Link::Plain(connection) => connection.has_been_closed(),
            Link::Tls(connection) => connection.has_been_closed(),
            Link::Http2(connection) => connection.has_been_closed(),
        }
    }

    fn send(&mut self, requests: &[Request]) -> Vec<io::Result<Response>> {
        match self {
            Link::Plain(connection) => requests.iter().map(|request| connection.try_send(request)).collect(),
            Link::Tls(connection) => requests.iter().map(|request| connection.try_send(request)).collect(),
            Link::Http2(connection) => connection.try_send_all(requests),
        }
    }
}
