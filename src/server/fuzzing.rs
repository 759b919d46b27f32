//! The interface for the fuzzers of raw heads and of the inspector. The bytes of a connection go to a port that notes
//! its requests and sends empty answers.

#![allow(clippy::unwrap_used, reason = "a fuzzer sees what is wrong by a panic")]

use crate::filters::{self, Arrival, CurrentRules, Rules};
use crate::s3::{S3Error, Timestamp};
use crate::server::answer::Answer;
use crate::server::connection::client_stream::ClientStream;
use crate::server::connection::deadline::HeadLimits;
use crate::server::connection::http2::Http2Limits;
use crate::server::connection::limits::{ConnectionLimits, Connections};
use crate::server::connection::port::HttpPort;
use crate::server::connection::request_body::RequestBody;
use crate::server::exchange::{Call, Exchange, Service, Shared};
use crate::server::observe::ids::RequestIds;
use crate::server::observe::metrics::Metrics;
use crate::server::observe::record::{Port, Record};
use crate::server::recent::Recent;
use crate::settings::Http2;
use http::StatusCode;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::yield_now;

/// Room for all answers to a fuzzer, which reads them only at the end.
const ROOM: usize = 4 << 20;

/// A request as the server read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// In the order of their names, which are in lower case; those of one name in the order they were sent in.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// `None` if it was not read to its end.
    pub(crate) body: Option<Vec<u8>>,
}

/// How much of a body is read before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    All,
    FirstPiece,
    Nothing,
}

/// The result of a connection.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// The requests that were taken.
    pub(crate) received: Vec<Received>,
    /// All that was answered.
    pub(crate) answers: Vec<u8>,
}

/// A port without a socket.
pub(crate) struct Server {
    port: Arc<HttpPort<Exchange<Listener>>>,
    noted: Arc<Mutex<Noted>>,
    recent: Arc<Recent>,
    runtime: Runtime,
    stop: watch::Sender<bool>,
}

struct Noted {
    reading: Reading,
    received: Vec<Received>,
}

/// Notes requests, and what the chain says of them at a certain time.
struct Listener {
    noted: Arc<Mutex<Noted>>,
    now: Timestamp,
}

impl Server {
    /// A server whose chain has these rules and knows no other time than `now`.
    pub(crate) fn new(rules: Rules, now: Timestamp) -> Server {
        let noted = Arc::new(Mutex::new(Noted { reading: Reading::All, received: Vec::new() }));
        let (metrics, recent) = (Arc::new(Metrics::new().unwrap()), Arc::new(Recent::new(1)));
        let limits = ConnectionLimits { all: 1, per_address: 1 };
        let heads = HeadLimits::from(&rules.limits);
        let http2 = Http2Limits::new(&rules.limits, Http2::default());
        let shared = Shared {
            connections: Arc::new(Connections::new(limits, rules.trusted_proxies.clone())),
            rules: Arc::new(CurrentRules::from_pointee(rules)),
            metrics: metrics.clone(),
            notices: Arc::default(),
            ids: RequestIds::default(),
            recent: Some(recent.clone()),
        };
        let exchange = Exchange { service: Listener { noted: noted.clone(), now }, shared: Arc::new(shared) };
        Server {
            port: Arc::new(HttpPort::new(exchange, heads, http2, metrics)),
            noted,
            recent,
            runtime: Builder::new_current_thread().enable_time().build().unwrap(),
            stop: watch::channel(false).0,
        }
    }

    /// A connection on which these pieces are sent, and then no more.
    pub(crate) fn converse<'p>(&self, pieces: impl IntoIterator<Item = &'p [u8]>, reading: Reading) -> Conversation {
        *self.noted.lock().unwrap() = Noted { reading, received: Vec::new() };
        let (client, server) = duplex(ROOM);
        let answers = self.runtime.block_on(async { tokio::join!(speak(client, pieces), self.serve(server)).0 });
        let received = std::mem::take(&mut self.noted.lock().unwrap().received);
        Conversation { received, answers }
    }

    /// What the inspector keeps of the newest request, and shows in some way or other.
    pub(crate) fn kept(&self) -> String {
        format!("{:?}", self.recent.newest().seen)
    }

    async fn serve(&self, connection: DuplexStream) {
        let stopping = self.stop.subscribe();
        let mut stream: Option<Stream> = Some(Box::new(ClientStream::new(Box::new(connection))));
        while let Some(open) = stream {
            stream = self.port.process_new(open, &stopping).await;
        }
    }
}

/// Sends each piece when the one before has been seen, and gives back what was answered.
async fn speak<'p>(mut client: DuplexStream, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
    for piece in pieces {
        // A server that has closed takes no more; what it answered is still there.
        let _ = client.write_all(piece).await;
        yield_now().await;
    }
    let _ = client.shutdown().await;
    let mut answers = Vec::new();
    let _ = client.read_to_end(&mut answers).await;
    answers
}

impl Service for Listener {
    const PORT: Port = Port::S3;

    async fn answer(&self, call: &Call<'_>, body: &mut RequestBody<'_>, record: &mut Record) -> Answer {
        let arrival = Arrival { now: self.now, certificate: None };
        if let Err(finding) = filters::admit(call.rules, call.head.borrow(), arrival, &mut record.subject) {
            record.note_refusal(&finding);
        }
        let reading = self.noted.lock().unwrap().reading;
        let body = read(body, reading).await;
        let head = call.head.borrow();
        let named = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.as_str().to_owned(), value.as_bytes().to_owned())
        };
        let mut headers: Vec<_> = head.headers.iter().map(named).collect();
        headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (method, path, query) = (head.method.to_owned(), head.path.to_owned(), head.query.to_owned());
        self.noted.lock().unwrap().received.push(Received { method, path, query, headers, body });
        Answer::empty(StatusCode::OK)
    }

    fn refusal(&self, _: &S3Error) -> Answer {
        Answer::empty(StatusCode::BAD_REQUEST)
    }
}

async fn read(body: &mut RequestBody<'_>, reading: Reading) -> Option<Vec<u8>> {
    if reading == Reading::Nothing {
        return None;
    }
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await.ok()? {
        if reading == Reading::FirstPiece {
            return None;
        }
        whole.extend_from_slice(&piece);
    }
    Some(whole)
}
