//! The server is killed under load, again and again: what it acknowledged is there, and nothing is there by halves.
//!
//! Clients write, overwrite and delete objects of a few keys that they share. After so many acknowledged operations the
//! process is killed and started again on the same folder; then every key must hold what its history allows. A failure
//! prints the seed; `R2SHIM_TEST_SEED` and `R2SHIM_TEST_CYCLES` repeat it (threads still run as they like).

mod body;
mod history;
mod random;

use crate::support::command::r2shim;
use crate::support::{Connection, Process, Request, Response};
use body::Body;
use history::{Clock, History};
use random::Random;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const CYCLES: u64 = 50;
const CLIENTS: u64 = 6;
const KEYS: u64 = 40;
/// The most operations that are acknowledged before a kill.
const OPERATIONS: u64 = 60;

/// What a client does to a key. The effect is known before; only whether it took place may stay unknown.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Put(Body),
    Delete,
}

impl Operation {
    fn draw(random: &mut Random, clock: &Clock) -> Operation {
        match random.below(4) {
            0 => Operation::Delete,
            _ => Operation::Put(Body { number: clock.next(), length: random.length() }),
        }
    }

    /// What the key holds once this is done.
    fn effect(self) -> Option<Body> {
        match self {
            Operation::Put(body) => Some(body),
            Operation::Delete => None,
        }
    }

    /// Does it: `Ok` is an acknowledgement, `Err` says that the server died over it.
    fn carry_out(self, client: &mut Client<'_>, key: &str) -> io::Result<()> {
        let (request, expected) = match self {
            Operation::Put(body) => {
                let number = body.number.to_string();
                (Request::put(&path(key)).header("x-amz-meta-number", &number).body(body.bytes()), 200)
            }
            Operation::Delete => (Request::new("DELETE", &path(key)), 204),
        };
        let answer = client.send(request)?;
        assert_eq!(answer.status, expected, "{self:?} of {key}: {}", answer.text());
        Ok(())
    }
}

fn path(key: &str) -> String {
    format!("/crash/{key}")
}

/// A client's connection, kept from request to request.
struct Client<'a> {
    server: &'a Process,
    connection: Connection,
}

impl Client<'_> {
    fn connect(server: &Process) -> io::Result<Client<'_>> {
        Ok(Client { server, connection: Connection::try_open(server.address)? })
    }

    fn send(&mut self, request: Request) -> io::Result<Response> {
        self.connection.try_send(&request.signed(self.server.address))
    }
}

/// One life of the server, until it is killed.
struct Life<'a> {
    server: &'a Process,
    clock: &'a Clock,
    histories: &'a BTreeMap<String, Mutex<History>>,
    /// Acknowledgements left until the kill.
    left: AtomicU64,
    killed: AtomicBool,
}

impl Life<'_> {
    fn run(&self, random: &mut Random) {
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let mut random = random.fork();
                scope.spawn(move || self.client(&mut random));
            }
        });
    }

    /// Works until the server dies, which it must not do by itself.
    fn client(&self, random: &mut Random) {
        let error = Client::connect(self.server).and_then(|mut client| self.work(&mut client, random));
        assert!(self.killed.load(Ordering::SeqCst), "the server failed before it was killed: {error:?}");
    }

    fn work(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        loop {
            self.step(client, random)?;
        }
    }

    fn step(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        let (key, history) = self.histories.iter().nth(random.below(KEYS) as usize).unwrap();
        if random.below(5) == 0 {
            return observe(client, key).map(drop);
        }
        let operation = Operation::draw(random, self.clock);
        let attempt = history.lock().unwrap().begin(operation.effect(), self.clock.next());
        operation.carry_out(client, key)?;
        history.lock().unwrap().acknowledge(attempt, self.clock.next());
        self.count_down();
        Ok(())
    }

    /// Whoever is acknowledged last kills.
    fn count_down(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.killed.store(true, Ordering::SeqCst);
            self.server.kill();
        }
    }
}

/// What a key holds: a whole body or nothing.
fn observe(client: &mut Client<'_>, key: &str) -> io::Result<Option<Body>> {
    let answer = client.send(Request::get(&path(key)))?;
    if answer.status == 404 {
        return Ok(None);
    }
    assert_eq!(answer.status, 200, "{key}: {}", answer.text());
    let body = Body { number: answer.header("x-amz-meta-number").parse().unwrap(), length: answer.body.len() };
    assert!(answer.body == body.bytes(), "{key} is not the whole of write {}", body.number);
    Ok(Some(body))
}

/// Holds what the server has against what it may have; from here on it has exactly that.
fn verify(server: &Process, clock: &Clock, histories: &BTreeMap<String, Mutex<History>>) {
    let mut client = Client::connect(server).unwrap();
    let mut expected = Vec::new();
    for (key, history) in histories {
        let found = observe(&mut client, key).unwrap();
        history.lock().unwrap().settle(found, clock.next()).unwrap_or_else(|refused| panic!("{key}: {refused}"));
        expected.extend(found.map(|body| (key.clone(), body.length)));
    }
    assert_eq!(listed(&mut client), expected, "the listing is not what can be read");
}

fn listed(client: &mut Client<'_>) -> Vec<(String, usize)> {
    let listing = client.send(Request::get("/crash?list-type=2")).unwrap().text();
    let between = |text: &str, open: &str| text.split(open).nth(1).unwrap().split('<').next().unwrap().to_owned();
    let entries = listing.split("<Contents>").skip(1);
    entries.map(|entry| (between(entry, "<Key>"), between(entry, "<Size>").parse().unwrap())).collect()
}

/// Start-up has put the folder right: nothing is half written, and there is a file for each larger body, no more.
fn verify_folder(data: &Path, histories: &BTreeMap<String, Mutex<History>>) {
    assert_eq!(files(&data.join("tmp")), 0, "files in tmp/");
    let large = |history: &Mutex<History>| history.lock().unwrap().settled().is_some_and(|body| body.length > 16 << 10);
    assert_eq!(files(&data.join("blobs")), histories.values().filter(|history| large(history)).count());
}

fn check_store(data: &Path) {
    let checked = r2shim(&["store", "check", "--data", data.to_str().unwrap()], &[]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.errors);
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| if entry.file_type().unwrap().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[test]
fn acknowledged_writes_survive_kills() {
    let mut random = Random::announced();
    let data = tempfile::tempdir().unwrap();
    let clock = Clock::default();
    let histories: BTreeMap<_, _> = (0..KEYS).map(|key| (format!("key-{key:02}"), Mutex::default())).collect();
    let mut server = Process::serve(data.path());
    assert_eq!(server.send(Request::put("/crash")).status, 200);
    for _ in 0..random::number("R2SHIM_TEST_CYCLES").unwrap_or(CYCLES) {
        let left = AtomicU64::new(1 + random.below(OPERATIONS));
        let killed = AtomicBool::new(false);
        Life { server: &server, clock: &clock, histories: &histories, left, killed }.run(&mut random);
        server = Process::serve(data.path());
        verify(&server, &clock, &histories);
        verify_folder(data.path(), &histories);
        // Killed once more, with nothing under way: now rows and files agree.
        server.kill();
        check_store(data.path());
        server = Process::serve(data.path());
    }
}
