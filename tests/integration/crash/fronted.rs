//! The same in front of a store: the server, the store behind it, or both are killed.
//!
//! While the store is away, every request fails, and no answer says that there is nothing. What a server that was killed
//! has passed on may still be carried out by the store; everything else is as with a local store.

use super::history::Unacknowledged;
use super::life::World;
use super::random::{self, Random};
use super::{PATIENT, check_store, verify_folder};
use crate::support::service::eventually;
use crate::support::stores::{Kind, RealStore, STORE_KEY_ID, STORE_REGION, STORE_SECRET, reserved_address};
use crate::support::{KEY_ID, Process, Request, SECRET};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

const CYCLES: u64 = 30;
/// Fewer where a store takes seconds to start.
const CYCLES_OF_OTHERS: u64 = 10;

/// Which of them is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Server,
    Store,
    Both,
}

impl Victim {
    fn draw(random: &mut Random) -> Victim {
        match random.below(5) {
            0..2 => Victim::Server,
            2..4 => Victim::Store,
            _ => Victim::Both,
        }
    }
}

/// The store behind.
trait Store: Sync {
    fn kill(&self);

    /// Starts it again at the same address.
    fn start(&mut self);
}

impl Store for RealStore {
    fn kill(&self) {
        RealStore::kill(self);
    }

    fn start(&mut self) {
        self.restart();
    }
}

/// A local store of our own.
struct Own {
    address: SocketAddr,
    folder: TempDir,
    process: Process,
}

impl Own {
    fn new() -> Own {
        let (address, folder) = (reserved_address(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("r2shim.toml"), PATIENT).unwrap();
        let process = Own::process(address, folder.path());
        Own { address, folder, process }
    }

    fn process(address: SocketAddr, folder: &Path) -> Process {
        let settings = folder.join("r2shim.toml");
        Process::serve_at(address, &folder.join("data"), &["--config", settings.to_str().unwrap()])
    }
}

impl Store for Own {
    fn kill(&self) {
        self.process.kill();
    }

    fn start(&mut self) {
        self.process = Own::process(self.address, self.folder.path());
    }
}

/// A server in front of a store.
struct Pair<S> {
    store: S,
    folder: TempDir,
    server: Process,
    world: World,
}

impl<S: Store> Pair<S> {
    /// Has a server start in front of the store, with a bucket in it. `upstream` are its settings.
    fn new(store: S, upstream: &str) -> Pair<S> {
        let folder = tempfile::tempdir().unwrap();
        let timeouts = "first_byte_timeout = 3600\nidle_timeout = 3600\n";
        let settings = format!("{PATIENT}[upstream]\nkind = \"s3\"\n{upstream}{timeouts}");
        fs::write(folder.path().join("r2shim.toml"), settings).unwrap();
        let server = serve(folder.path());
        assert_eq!(server.send(Request::put("/crash")).status, 200);
        Pair { store, folder, server, world: World::new() }
    }

    fn cycle(&mut self, random: &mut Random) {
        let victim = Victim::draw(random);
        self.world.live(random, self.server.address, &|| self.kill(victim));
        if victim == Victim::Store {
            self.world.verify_absent(self.server.address);
        }
        if victim != Victim::Server {
            self.store.start();
        }
        if victim != Victim::Store {
            self.server = serve(self.folder.path());
        }
        self.wait_until_served();
        // What the store was doing ended with it.
        let is_over = victim != Victim::Server;
        let unacknowledged = if is_over { Unacknowledged::IsOver } else { Unacknowledged::MayCome };
        self.world.verify(self.server.address, unacknowledged);
    }

    fn kill(&self, victim: Victim) {
        if victim != Victim::Store {
            self.server.kill();
        }
        if victim != Victim::Server {
            self.store.kill();
        }
    }

    /// Waits until the server has found the store again.
    fn wait_until_served(&self) {
        eventually("the store is served", || {
            (self.server.send(Request::get("/crash?list-type=2")).status == 200).then_some(())
        });
    }

    /// Kills the store with nothing under way and starts it again, so that all is settled.
    fn settle(&mut self) {
        self.store.kill();
        self.store.start();
        self.wait_until_served();
        self.world.verify(self.server.address, Unacknowledged::IsOver);
    }
}

fn serve(folder: &Path) -> Process {
    let settings = folder.join("r2shim.toml");
    Process::serve_with(&folder.join("data"), &["--config", settings.to_str().unwrap()])
}

fn run<S: Store>(pair: &mut Pair<S>, cycles: u64) {
    let (mut random, mut whereabouts) = Random::announced();
    for cycle in 0..random::number("R2SHIM_TEST_CYCLES").unwrap_or(cycles) {
        whereabouts.cycle = cycle;
        pair.cycle(&mut random);
    }
    pair.settle();
}

fn upstream(address: SocketAddr, dialect: &str, region: &str, key: (&str, &str)) -> String {
    let (id, secret) = key;
    format!(
        "endpoints = [\"http://{address}\"]\ndialect = \"{dialect}\"\nregion = \"{region}\"\n\
         access_key_id = \"{id}\"\nsecret_access_key = \"{secret}\"\n"
    )
}

#[test]
fn in_front_of_a_store_either_is_killed_and_acknowledged_writes_survive() {
    let store = Own::new();
    let upstream = upstream(store.address, "aws", "auto", (KEY_ID, SECRET));
    let mut pair = Pair::new(store, &upstream);
    run(&mut pair, CYCLES);
    let data = pair.store.folder.path().join("data");
    verify_folder(&data, &pair.world);
    pair.store.kill();
    check_store(&data);
}

#[test]
#[ignore = "needs a built MinIO: run by tests/run"]
fn over_minio_either_is_killed_and_acknowledged_writes_survive() {
    let store = RealStore::start(Kind::Minio);
    let upstream = upstream(store.address, "minio", STORE_REGION, (STORE_KEY_ID, STORE_SECRET));
    run(&mut Pair::new(store, &upstream), CYCLES_OF_OTHERS);
}
