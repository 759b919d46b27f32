//! The index when the power is lost: of what was not waited for, any part may be on the disk.
//!
//! A disk in memory remembers what its sectors of 512 bytes had been given since the last wait. When the power is lost,
//! each sector has one of these, or what it had before. Then the index is opened anew, and must have what was committed.

use super::pages::Pages;
use super::raw_file::RawFile;
use crate::store::numbers::Numbers;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");
const SECTOR: usize = 512;
/// In the first, some commits have no room, so redb writes pages of them early.
const CACHES: [usize; 3] = [32 << 10, 256 << 10, 8 << 20];

/// Rows by their numbers.
type Rows = BTreeMap<u64, Vec<u8>>;

/// A file on a disk that loses its power.
#[derive(Debug, Default)]
struct State {
    /// What was waited for.
    kept: Vec<u8>,
    /// What is read while there is power.
    seen: Vec<u8>,
    /// What each sector was given since the last wait.
    given: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Steps until the power is lost, and waits: whichever comes first.
    steps_left: usize,
    waits_left: usize,
    waits: u64,
}

#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// A disk that has power for so many steps and waits.
    fn new(kept: Vec<u8>, steps_left: usize, waits_left: usize) -> Disk {
        let state = State { seen: kept.clone(), kept, steps_left, waits_left, ..State::default() };
        Disk(Arc::new(Mutex::new(state)))
    }

    /// A disk that loses no power.
    fn steady(kept: Vec<u8>) -> Disk {
        Disk::new(kept, usize::MAX, usize::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Takes one of the steps for which there is power.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.steps_left = state.steps_left.checked_sub(1).ok_or_else(|| io::Error::other("there is no power"))?;
        Ok(state)
    }

    /// What is on the disk when the power comes back: of some disks nothing that was not waited for, of some all.
    fn left(&self, numbers: &mut Numbers) -> Vec<u8> {
        let state = self.state();
        let mut left = state.kept.clone();
        let luck = numbers.below(6);
        for (sector, given) in &state.given {
            let count = given.len();
            let reached = match luck {
                0 => 0,
                1 => count,
                // Most sectors have what they were given last.
                2 if numbers.below(20) > 0 => count,
                _ => numbers.below(count + 1),
            };
            let Some(last) = reached.checked_sub(1) else { continue };
            let (at, bytes) = (sector * SECTOR, &given[last]);
            left[at..at + bytes.len()].copy_from_slice(bytes);
        }
        left
    }
}

impl RawFile for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let bytes = state.seen.get(at as usize..at as usize + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.step()?;
        let State { seen, given, .. } = &mut *state;
        let (from, to) = (at as usize, at as usize + bytes.len());
        seen[from..to].copy_from_slice(bytes);
        for sector in from / SECTOR..to.div_ceil(SECTOR) {
            let now = seen[sector * SECTOR..].chunks(SECTOR).next().unwrap().to_vec();
            given.entry(sector).or_default().push(now);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.step()?;
        let length = length as usize;
        state.seen.resize(length, 0);
        state.kept.resize(length, 0);
        state.given.retain(|sector, _| *sector < length / SECTOR);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.step()?;
        let Some(left) = state.waits_left.checked_sub(1) else {
            state.steps_left = 0;
            return Err(io::Error::other("the power is lost in a wait"));
        };
        (state.waits_left, state.waits) = (left, state.waits + 1);
        state.kept = state.seen.clone();
        state.given.clear();
        Ok(())
    }
}

/// The disk as redb sees it.
#[derive(Debug)]
struct Backend(Pages<Disk>);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }
}

fn open(disk: &Disk, cache: usize) -> Result<Database, DatabaseError> {
    Builder::new().set_cache_size(cache).create_with_backend(Backend(Pages::new(disk.clone())))
}

/// All rows; the engine reads every page on the way.
fn rows(database: &mut Database) -> Rows {
    assert!(database.check_integrity().unwrap(), "the pages are those that were written");
    let Ok(table) = database.begin_read().unwrap().open_table(ROWS) else { return Rows::new() };
    let rows = table.iter().unwrap().map(|row| row.map(|(key, value)| (key.value(), value.value().to_vec())));
    rows.collect::<Result<_, _>>().unwrap()
}

/// Makes a few changes, or many, and commits them as the index does. `rows` has them, too.
fn change(database: &Database, rows: &mut Rows, numbers: &mut Numbers) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    let mut table = transaction.open_table(ROWS)?;
    for _ in 0..if numbers.below(10) == 0 { 300 } else { 1 + numbers.below(8) } {
        let key = numbers.below(2000) as u64;
        if numbers.below(4) == 0 {
            table.remove(key)?;
            rows.remove(&key);
        } else {
            let value = vec![numbers.below(256) as u8; numbers.below(6000)];
            table.insert(key, value.as_slice())?;
            rows.insert(key, value);
        }
    }
    drop(table);
    Ok(transaction.commit()?)
}

/// One disk through several losses of power. How many commits were found complete that were not answered, and how many not.
fn live_through(seed: u64) -> (u64, u64) {
    let mut numbers = Numbers(seed);
    let (mut kept, mut committed, mut found) = (Vec::new(), Rows::new(), (0, 0));
    for _ in 0..6 {
        let cache = CACHES[numbers.below(CACHES.len())];
        let disk = Disk::new(kept, numbers.below(1200), numbers.below(60));
        let mut attempted = committed.clone();
        if let Ok(database) = open(&disk, cache) {
            while change(&database, &mut attempted, &mut numbers).is_ok() {
                committed.clone_from(&attempted);
            }
            // Closing writes, too, and has no power.
            drop(database);
        }
        kept = disk.left(&mut numbers);
        // The power may be lost again while the index is opened.
        while numbers.below(2) == 0 {
            let disk = Disk::new(kept, numbers.below(12), numbers.below(4));
            drop(open(&disk, cache));
            kept = disk.left(&mut numbers);
        }
        let disk = Disk::steady(kept.clone());
        let Ok(mut database) = open(&disk, cache) else {
            // A file whose making broke off is made anew by the store; here it begins again.
            assert!(committed.is_empty(), "seed {seed}: the index does not open");
            kept = Vec::new();
            continue;
        };
        let left = rows(&mut database);
        assert!(left == committed || left == attempted, "seed {seed}: {} rows", left.len());
        if left == committed {
            found.1 += 1
        } else {
            found.0 += 1
        }
        committed = left;
        // The next loss of power meets the disk as this one has left it, or as it was opened.
        if numbers.below(2) == 0 {
            drop(database);
            kept = disk.state().seen.clone();
        }
    }
    found
}

/// `R2SHIM_TEST_SEED` repeats one disk, `R2SHIM_POWER_DISKS` asks for more than a test has time for.
#[test]
fn what_was_committed_is_there_after_the_power_was_lost() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let Some(seed) = number("R2SHIM_TEST_SEED") {
        live_through(seed);
        return;
    }
    let disks = number("R2SHIM_POWER_DISKS").unwrap_or(60);
    let found = (0..disks).map(live_through).fold((0, 0), |all, found| (all.0 + found.0, all.1 + found.1));
    assert!(found.0 > disks / 6 && found.1 > disks, "both are seen: {found:?}");
}

#[test]
fn a_small_commit_waits_once_for_the_disk_and_a_large_one_twice() {
    let disk = Disk::steady(Vec::new());
    let database = open(&disk, 8 << 20).unwrap();
    let commit = |count: u64| {
        let before = disk.state().waits;
        let mut transaction = database.begin_write().unwrap();
        transaction.set_quick_repair(true);
        let mut table = transaction.open_table(ROWS).unwrap();
        (0..count).for_each(|key| drop(table.insert(key, &[7; 4000][..]).unwrap()));
        drop(table);
        transaction.commit().unwrap();
        disk.state().waits - before
    };
    // The first makes the tables and the file longer.
    commit(1000);
    assert_eq!([commit(1), commit(30)], [1, 1]);
    assert!(commit(1000) >= 2);
    assert_eq!(commit(1), 1);
}
