//! Compactions: the index is the same before and after, whatever is written meanwhile and whichever step fails.

use super::crash::killed;
use super::kept::{contents, fill};
use super::upkeep::findings;
use super::uploads::{complete, create, delete, put_part};
use super::*;
use crate::store::disk::Step;
use crate::store::disk::faults::{Fault, Moment};
use crate::store::index::Tables;
use crate::store::upkeep::{CompactFault, Compacted, Event, Pace, UpkeepError, compact};
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use tokio::runtime::Handle;

fn deaf(_: Event) -> io::Result<()> {
    Ok(())
}

fn compacted(store: &Store) -> Result<Compacted, UpkeepError> {
    store.compact(Pace::default(), &mut deaf)
}

/// Compacts, with `change` at each of its steps.
async fn compact_beside(
    store: &Store,
    mut change: impl AsyncFnMut(usize) + Send + 'static,
) -> Result<Compacted, UpkeepError> {
    let (store, runtime) = (store.clone(), Handle::current());
    let done = tokio::task::spawn_blocking(move || {
        let mut step = 0;
        store.compact(Pace::default(), &mut |_| {
            runtime.block_on(change(step));
            step += 1;
            Ok(())
        })
    });
    done.await.unwrap()
}

fn set_unreferenced(store: &Store, numbers: Range<u64>) {
    let write = |tables: &mut Tables<'_>| {
        numbers.for_each(|number| tables.set_unreferenced(number));
        Ok(())
    };
    store.0.index.write(write).unwrap();
}

fn place_of_index(dir: &TempDir) -> u64 {
    fs::metadata(dir.path().join("index.redb")).unwrap().ino()
}

fn left_in_tmp(dir: &TempDir) -> usize {
    fs::read_dir(dir.path().join("tmp")).unwrap().count()
}

#[tokio::test]
async fn a_compacted_index_has_all_that_a_store_can_hold() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    fill(&store).await;
    set_unreferenced(&store, 77..78);
    let expected = contents(&store).await;
    for _ in 0..2 {
        compacted(&store).unwrap();
        assert_eq!(contents(&store).await, expected);
        let unreferenced = store.0.index.write(|tables| tables.unreferenced()).unwrap();
        assert!(unreferenced.contains(&BlobId(77)), "a file that is still to be removed: {unreferenced:?}");
    }
    put(&store, "after", &body(10, 1)).await.unwrap();
    let expected = contents(&store).await;
    drop(store);
    compact(dir.path(), Pace::default(), &mut deaf).unwrap();
    let store = open(&dir);
    assert_eq!(contents(&store).await, expected);
    drop(store);
    assert_eq!((findings(&dir), left_in_tmp(&dir)), (vec![], 0));
}

#[tokio::test]
async fn what_deleted_rows_have_left_is_given_back() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for number in 0..400 {
        put(&store, &format!("{:03}", number * 7 % 400), &body(4_000, 1)).await.unwrap();
    }
    for number in 0..390 {
        delete(&store, &format!("{number:03}")).await;
    }
    let done = compacted(&store).unwrap();
    assert!(done.after < 400_000 && done.after < done.before / 4, "{done:?}");
    assert_eq!(compacted(&store).unwrap().before, done.after);
    assert!(get(&store, "395").await.unwrap() == body(4_000, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_meanwhile_is_in_the_new_index() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for name in ["kept", "deleted", "replaced"] {
        put(&store, name, &body(40_000, 1)).await.unwrap();
        put(&store, &format!("small {name}"), &body(100, 1)).await.unwrap();
    }
    let upload = create(&store, "open", None).await;
    let (writer, at) = (store.clone(), upload.clone());
    let done = compact_beside(&store, async move |step| {
        for name in ["deleted", "small deleted"] {
            put(&writer, name, &body(50, 2)).await.unwrap();
            delete(&writer, name).await;
        }
        for (name, length) in [("replaced", 50_000), ("small replaced", 200)] {
            put(&writer, name, &body(length, step as u8)).await.unwrap();
        }
        put(&writer, &format!("new {step}"), &body(300, step as u8)).await.unwrap();
        put_part(&writer, &at, 1, &body(1000, step as u8)).await.unwrap();
        assert!(matches!(writer.compact(Pace::default(), &mut deaf), Err(UpkeepError::Busy)));
    });
    let done = done.await.unwrap();
    assert!(done.followed > 10, "{done:?}");
    let (parts, _) = store.list_parts(&upload, 0, 10).await.unwrap();
    let steps = (0..).take_while(|step| dir_has(&store, *step)).count();
    assert!(steps > 5, "{steps}");
    let check = async |store: &Store| {
        let last = (steps - 1) as u8;
        assert!(get(store, "kept").await.unwrap() == body(40_000, 1));
        assert!(get(store, "replaced").await.unwrap() == body(50_000, last));
        assert!(get(store, "small replaced").await.unwrap() == body(200, last));
        assert_eq!(get(store, "deleted").await, Err(StoreError::NoSuchKey));
        assert_eq!(get(store, "small deleted").await, Err(StoreError::NoSuchKey));
        for step in 0..steps {
            assert!(get(store, &format!("new {step}")).await.unwrap() == body(300, step as u8));
        }
    };
    check(&store).await;
    store.blobs().reaper.wait();
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
    let store = open(&dir);
    check(&store).await;
    complete(&store, &upload, &[&parts[0]]).await.unwrap();
}

fn dir_has(store: &Store, step: usize) -> bool {
    store.look_up(&bucket(), &key(&format!("new {step}"))).is_ok()
}

#[tokio::test]
async fn who_has_a_view_goes_on_with_the_old_index() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(10, 1)).await.unwrap();
    let view = store.0.index.snapshot().unwrap();
    for round in 2..4 {
        compacted(&store).unwrap();
        put(&store, "k", &body(10, round)).await.unwrap();
    }
    assert!(view.inline_body(&bucket(), &key("k")).unwrap() == body(10, 1));
    assert!(get(&store, "k").await.unwrap() == body(10, 3));
}

/// The process ends in the middle of each step of a compaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_a_whole_index() {
    let dir = Arc::new(TempDir::new().unwrap());
    let store = open(&dir);
    fill(&store).await;
    let (seen, folder, running) = (Arc::new(Mutex::new(0)), dir.clone(), store.clone());
    let counter = seen.clone();
    let done = compact_beside(&store, async move |step| {
        put(&running, "step", &body(10, step as u8)).await.unwrap();
        let copy = killed(&folder);
        assert!(files(&copy).iter().any(|file| file.ends_with("tmp/index.redb")), "{step}");
        let again = open(&copy);
        assert_eq!(left_in_tmp(&copy), 0);
        assert_eq!(contents(&again).await, contents(&running).await, "{step}");
        drop(again);
        assert_eq!(findings(&copy), [""; 0]);
        *counter.lock().unwrap() += 1;
    });
    done.await.unwrap();
    assert!(*seen.lock().unwrap() > 5);
    let copy = killed(&dir);
    assert_eq!(contents(&open(&copy)).await, contents(&store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_changes_meanwhile_leave_the_old_index() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(10, 1)).await.unwrap();
    let writer = store.clone();
    let done = compact_beside(&store, async move |_| {
        set_unreferenced(&writer, 0..2000);
    });
    let refused = done.await.unwrap_err();
    assert!(matches!(refused, UpkeepError::Compact(CompactFault::TooManyChanges)), "{refused}");
    assert!(get(&store, "k").await.unwrap() == body(10, 1));
    assert_eq!(left_in_tmp(&dir), 0);
    compacted(&store).unwrap();
}

const STEPS: [Step; 7] =
    [Step::OpenIndex, Step::ResizeIndex, Step::WriteIndex, Step::SyncIndex, Step::Sync, Step::Rename, Step::SyncFolder];

/// How a step fails, and whether for good.
const FAULTS: [(Errno, Moment, bool); 3] =
    [(Errno::IO, Moment::Before, true), (Errno::IO, Moment::After, false), (Errno::NOSPC, Moment::Half, false)];

/// Whatever the disk does, nothing changes; and what is acknowledged after it is in the index that a kill leaves.
#[tokio::test]
async fn a_step_that_fails_leaves_the_index_whole() {
    for step in STEPS {
        for (errno, moment, lasts) in FAULTS {
            let (dir, disk) = (TempDir::new().unwrap(), Disk::new(Durability::None));
            let store = open_on(&disk, &dir);
            store.create_bucket(&bucket(), NOW).await.unwrap();
            put(&store, "large", &body(40_000, 1)).await.unwrap();
            let (mut met, mut uncertain) = (0, 0);
            for taken in [0, 1, 2, 5, 13, 34] {
                let fault = Fault { step, taken, errno, moment, lasts };
                put(&store, "small", &body(10, taken as u8)).await.unwrap();
                let old = place_of_index(&dir);
                disk.faults().plan(Some(fault));
                let done = compacted(&store);
                let struck = disk.faults().struck() > 0;
                met += usize::from(struck);
                assert!(done.is_ok() || struck, "{fault:?}: {done:?}");
                assert!(get(&store, "small").await.unwrap() == body(10, taken as u8), "{fault:?}");
                let meanwhile = put(&store, "meanwhile", &body(10, taken as u8)).await;
                let copy = killed(&dir);
                disk.faults().plan(None);
                assert_eq!(left_in_tmp(&dir), 0, "{fault:?}");
                let again = open(&copy);
                assert!(get(&again, "small").await.unwrap() == body(10, taken as u8), "{fault:?}");
                assert!(get(&again, "large").await.unwrap() == body(40_000, 1), "{fault:?}");
                if meanwhile.is_ok() {
                    assert!(get(&again, "meanwhile").await.unwrap() == body(10, taken as u8), "{fault:?}");
                }
                if done.is_err() && lasts && place_of_index(&dir) != old {
                    // It is not certain which index a loss of power leaves.
                    assert_eq!(meanwhile.map(drop), Err(StoreError::ReadOnly), "{fault:?}");
                    uncertain += 1;
                } else if !lasts {
                    meanwhile.unwrap();
                }
                store.0.index.revive_now();
                put(&store, "then", &body(10, 1)).await.unwrap();
            }
            assert!(met > 0, "{step:?} {errno} {moment:?}");
            assert_eq!(uncertain > 0, lasts && step == Step::SyncFolder, "{step:?} {errno} {moment:?}");
            compacted(&store).unwrap();
            drop(store);
            assert_eq!(findings(&dir), [""; 0], "{step:?}");
            let store = open_on(&disk, &dir);
            assert!(get(&store, "large").await.unwrap() == body(40_000, 1));
        }
    }
}
