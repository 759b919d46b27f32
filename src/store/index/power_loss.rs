//! The index when the power is lost: of what was not waited for, any part may be on the disk. Then the index is opened
//! anew, and must have what was committed.

use super::pages::Pages;
use super::unsteady_disk::UnsteadyDisk;
use crate::store::numbers::Numbers;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use std::collections::BTreeMap;
use std::io;

const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");
/// In the first, some commits have no room, so redb writes pages of them early.
const CACHES: [usize; 3] = [32 << 10, 256 << 10, 8 << 20];

/// Rows by their numbers.
type Rows = BTreeMap<u64, Vec<u8>>;

/// The disk as redb sees it.
#[derive(Debug)]
struct Backend(Pages<UnsteadyDisk>);

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

fn open(disk: &UnsteadyDisk, cache: usize) -> Result<Database, DatabaseError> {
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
        let disk = UnsteadyDisk::new(kept, numbers.below(1200), numbers.below(60));
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
            let disk = UnsteadyDisk::new(kept, numbers.below(12), numbers.below(4));
            drop(open(&disk, cache));
            kept = disk.left(&mut numbers);
        }
        let disk = UnsteadyDisk::steady(kept.clone());
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
            kept = disk.bytes();
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
    let disk = UnsteadyDisk::steady(Vec::new());
    let database = open(&disk, 8 << 20).unwrap();
    let commit = |count: u64| {
        let before = disk.waits();
        let mut transaction = database.begin_write().unwrap();
        transaction.set_quick_repair(true);
        let mut table = transaction.open_table(ROWS).unwrap();
        (0..count).for_each(|key| drop(table.insert(key, &[7; 4000][..]).unwrap()));
        drop(table);
        transaction.commit().unwrap();
        disk.waits() - before
    };
    // The first makes the tables and the file longer.
    commit(1000);
    assert_eq!([commit(1), commit(30)], [1, 1]);
    assert!(commit(1000) >= 2);
    assert_eq!(commit(1), 1);
}
