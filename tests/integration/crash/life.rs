//! Clients that write, overwrite, upload in parts and delete objects of a few keys that they share, until what serves
//! them is killed; then every key must hold what its history allows.

use super::client::{Client, Operation, Uploads};
use super::history::{Clock, History, Unacknowledged};
use super::random::Random;
use crate::support::service::eventually;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const CLIENTS: u64 = 6;
const KEYS: u64 = 40;
/// The most operations that are acknowledged before a kill.
const OPERATIONS: u64 = 60;

/// What is known of everything that was tried.
pub struct World {
    clock: Clock,
    /// What was tried on each key.
    pub histories: BTreeMap<String, Mutex<History>>,
    uploads: Uploads,
}

impl World {
    /// Nothing was tried yet.
    pub fn new() -> World {
        let histories = (0..KEYS).map(|key| (format!("key-{key:02}"), Mutex::default())).collect();
        World { clock: Clock::default(), histories, uploads: Uploads::default() }
    }

    /// Has clients work at this address until some operations are acknowledged, and then calls `kill`.
    pub fn live(&self, random: &mut Random, address: SocketAddr, kill: &(dyn Fn() + Sync)) {
        let left = AtomicU64::new(1 + random.below(OPERATIONS));
        let life = Life { world: self, address, kill, left, killed: AtomicBool::new(false) };
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let (life, mut random) = (&life, random.fork());
                scope.spawn(move || life.client(&mut random));
            }
        });
    }

    /// Holds what there is against what may be; from here on there is exactly that, and what may still come.
    pub fn verify(&self, address: SocketAddr, unacknowledged: Unacknowledged) {
        let mut client = Client::connect(address, &self.uploads).unwrap();
        match unacknowledged {
            Unacknowledged::IsOver => assert!(self.agree(&mut client, unacknowledged), "{LISTING}"),
            Unacknowledged::MayCome => eventually(LISTING, || self.agree(&mut client, unacknowledged).then_some(())),
        }
        client.end_uploads(unacknowledged).unwrap();
    }

    /// Settles each key, and says whether the listing has what they hold.
    fn agree(&self, client: &mut Client<'_>, unacknowledged: Unacknowledged) -> bool {
        let mut expected = Vec::new();
        for (key, history) in &self.histories {
            let found = client.observe(key).unwrap();
            let settled = history.lock().unwrap().settle(found, self.clock.next(), unacknowledged);
            settled.unwrap_or_else(|refused| panic!("{key}: {refused}"));
            expected.extend(found.map(|body| (key.clone(), body.length)));
        }
        client.listed().unwrap() == expected
    }

    /// Asks for everything while it cannot be had: an answer that it is not there would be wrong.
    pub fn verify_absent(&self, address: SocketAddr) {
        let mut client = Client::connect(address, &self.uploads).unwrap();
        for key in self.histories.keys() {
            let observed = client.observe(key);
            assert!(observed.is_err(), "{key}: its content cannot be known: {observed:?}");
        }
        let listed = client.listed();
        assert!(listed.is_err(), "the list cannot be known: {listed:?}");
    }
}

const LISTING: &str = "the listing is what can be read";

/// One life of what serves, until it is killed.
struct Life<'a> {
    world: &'a World,
    address: SocketAddr,
    kill: &'a (dyn Fn() + Sync),
    /// Acknowledgements left until the kill.
    left: AtomicU64,
    killed: AtomicBool,
}

impl Life<'_> {
    /// Works until requests fail, which they must not do before the kill.
    fn client(&self, random: &mut Random) {
        let connected = Client::connect(self.address, &self.world.uploads);
        let error = connected.and_then(|mut client| self.work(&mut client, random));
        assert!(self.killed.load(Ordering::SeqCst), "a request failed before the kill: {error:?}");
    }

    fn work(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        loop {
            self.step(client, random)?;
        }
    }

    fn step(&self, client: &mut Client<'_>, random: &mut Random) -> io::Result<()> {
        let World { clock, histories, .. } = self.world;
        let (key, history) = histories.iter().nth(random.below(KEYS) as usize).unwrap();
        if random.below(5) == 0 {
            return client.observe(key).map(drop);
        }
        let operation = Operation::draw(random, clock);
        let attempt = history.lock().unwrap().begin(operation.effect(), clock.next());
        operation.carry_out(client, key)?;
        history.lock().unwrap().acknowledge(attempt, clock.next());
        self.count_down();
        Ok(())
    }

    /// The client of the last acknowledgement kills.
    fn count_down(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.killed.store(true, Ordering::SeqCst);
            (self.kill)();
        }
    }
}
