//! The server is killed under load, again and again. What it acknowledged is kept, and nothing is half written.
//!
//! Clients write, overwrite, upload in parts and delete objects of a few keys that they share. After so many
//! acknowledged operations the process is killed and started again on the same folder; then every key must hold what its
//! history allows. A failure prints the cycle, the seed and the server's log; `R2SHIM_TEST_SEED` and `R2SHIM_TEST_CYCLES`
//! repeat it (threads still run as they like).

mod body;
mod client;
mod history;
mod random;

use crate::support::command::r2shim;
use crate::support::{Process, Request};
use client::{Client, Operation, Uploads};
use history::{Clock, History};
use random::Random;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use tempfile::NamedTempFile;

const CYCLES: u64 = 50;
const CLIENTS: u64 = 6;
const KEYS: u64 = 40;
/// The most operations that are acknowledged before a kill.
const OPERATIONS: u64 = 60;

/// A machine that stands still for minutes fails nothing: the server waits for its clients as long as it can be told to.
const SETTINGS: &str = "[limits]\nbody_idle = 3600\nbody_window = 3600\nfirst_byte_time = 3600\nidle_time = 3600\n\
                        head_time = 3600\n";

/// What was tried on each key.
type Histories = BTreeMap<String, Mutex<History>>;

/// One life of the server, until it is killed.
struct Life<'a> {
    server: &'a Process,
    clock: &'a Clock,
    histories: &'a Histories,
    uploads: &'a Uploads,
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
        let error = Client::connect(self.server, self.uploads).and_then(|mut client| self.work(&mut client, random));
        let (killed, ended) = (self.killed.load(Ordering::SeqCst), self.server.ended());
        assert!(killed, "the server failed before it was killed: {error:?}; it has ended: {ended:?}");
    }

    fn work(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        loop {
            self.step(client, random)?;
        }
    }

    fn step(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        let (key, history) = self.histories.iter().nth(random.below(KEYS) as usize).unwrap();
        if random.below(5) == 0 {
            return client.observe(key).map(drop);
        }
        let operation = Operation::draw(random, self.clock);
        let attempt = history.lock().unwrap().begin(operation.effect(), self.clock.next());
        operation.carry_out(client, key)?;
        history.lock().unwrap().acknowledge(attempt, self.clock.next());
        self.count_down();
        Ok(())
    }

    /// The client of the last acknowledgement kills the server.
    fn count_down(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.killed.store(true, Ordering::SeqCst);
            self.server.kill();
        }
    }
}

/// Holds what the server has against what it may have; from here on it has exactly that.
fn verify(server: &Process, clock: &Clock, histories: &Histories, uploads: &Uploads) {
    let mut client = Client::connect(server, uploads).unwrap();
    let mut expected = Vec::new();
    for (key, history) in histories {
        let found = client.observe(key).unwrap();
        history.lock().unwrap().settle(found, clock.next()).unwrap_or_else(|refused| panic!("{key}: {refused}"));
        expected.extend(found.map(|body| (key.clone(), body.length)));
    }
    assert_eq!(client.listed().unwrap(), expected, "the listing is not what can be read");
    client.end_uploads().unwrap();
}

/// Start-up has repaired the folder: nothing is half written, and it has the files of the objects and no others.
fn verify_folder(data: &Path, histories: &Histories) {
    assert_eq!(files(&data.join("tmp")), 0, "files in tmp/");
    let of_key = |history: &Mutex<History>| history.lock().unwrap().settled().map_or(0, |body| body.files());
    assert_eq!(files(&data.join("blobs")), histories.values().map(of_key).sum::<usize>(), "files in blobs/");
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
    let (mut random, mut whereabouts) = Random::announced();
    let (data, settings) = (tempfile::tempdir().unwrap(), NamedTempFile::new().unwrap());
    fs::write(settings.path(), SETTINGS).unwrap();
    let serve = || Process::serve_with(data.path(), &["--config", settings.path().to_str().unwrap()]);
    let (clock, uploads) = (Clock::default(), Uploads::default());
    let histories: Histories = (0..KEYS).map(|key| (format!("key-{key:02}"), Mutex::default())).collect();
    let mut server = serve();
    assert_eq!(server.send(Request::put("/crash")).status, 200);
    for cycle in 0..random::number("R2SHIM_TEST_CYCLES").unwrap_or(CYCLES) {
        whereabouts.cycle = cycle;
        let left = AtomicU64::new(1 + random.below(OPERATIONS));
        let killed = AtomicBool::new(false);
        let life = Life { server: &server, clock: &clock, histories: &histories, uploads: &uploads, left, killed };
        life.run(&mut random);
        server = serve();
        verify(&server, &clock, &histories, &uploads);
        // Killed once more, with nothing under way: now rows and files agree.
        server.kill();
        check_store(data.path());
        server = serve();
        verify_folder(data.path(), &histories);
    }
}
