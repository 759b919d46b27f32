//! What the store does when processes end, disks fail and folders are not what they should be.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::io::ErrorKind;

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let dir = TempDir::new().unwrap();
    let (small, large) = (body(10, 1), body(LARGE, 2));
    for _ in 0..2 {
        let store = open(&dir);
        let _ = store.create_bucket(&bucket(), NOW).await;
        put(&store, "small", &small).await.unwrap();
        put(&store, "large", &large).await.unwrap();
    }
    let store = open(&dir);
    assert!(get(&store, "small").await.unwrap() == small && get(&store, "large").await.unwrap() == large);
    assert_eq!(files(&dir).len(), 1);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let large = body(LARGE, 2);
    let store = with_bucket(&dir).await;
    for name in ["a", "b", "c"] {
        put(&store, name, &large).await.unwrap();
    }
    drop(store);
    // Blob 3 was in its place without a row, and far behind it another; a third body was still being written.
    for orphan in ["blobs/00/000/0000000000000003", "blobs/00/000/0000000000000fff", "tmp/0"] {
        fs::write(dir.path().join(orphan), b"torn").unwrap();
    }
    let store = open(&dir);
    assert_eq!(files(&dir).len(), 3);
    put(&store, "d", &large).await.unwrap();
    for name in ["a", "b", "c", "d"] {
        assert!(get(&store, name).await.unwrap() == large, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_ours_in_the_folder_does_not_keep_it_from_opening() {
    let dir = TempDir::new().unwrap();
    drop(with_bucket(&dir).await);
    fs::create_dir_all(dir.path().join("tmp/lost+found/full")).unwrap();
    fs::write(dir.path().join("tmp/0"), b"torn").unwrap();
    drop(open(&dir));
    assert!(dir.path().join("tmp/lost+found/full").exists() && files(&dir).is_empty());
}

#[tokio::test]
async fn a_blob_with_the_last_number_there_is_is_said_to_be_damage() {
    let dir = TempDir::new().unwrap();
    drop(with_bucket(&dir).await);
    fs::create_dir_all(dir.path().join("blobs/00/000")).unwrap();
    let forged = dir.path().join("blobs/00/000/ffffffffffffffff");
    fs::write(&forged, b"forged").unwrap();
    let error = Store::open(dir.path(), Options::default()).err().unwrap().to_string();
    assert!(error.contains("the last number there is"), "{error}");
    assert!(forged.exists());
}

/// A copy of the files of a running store: what is left where the process is killed.
pub(super) fn killed(dir: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    for file in files(dir).into_iter().chain([dir.path().join("index.redb")]) {
        let place = copy.path().join(file.strip_prefix(dir.path()).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match fs::copy(file, place) {
            // A file that nothing refers to is removed at any time.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            copied => drop(copied.unwrap()),
        }
    }
    copy
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (small, large) = (body(10, 1), body(LARGE, 2));
    put(&store, "small", &small).await.unwrap();
    put(&store, "large", &large).await.unwrap();
    let mut unfinished =
        store.begin(&bucket(), &key("unfinished"), LARGE as u64, &WriteConditions::default(), None).await.unwrap();
    unfinished.body().push(large.clone()).await.unwrap();
    let copy = killed(&dir);
    assert_eq!(files(&copy).len(), 2);

    let disk = Disk::new(Durability::None);
    disk.fail_with(Some(Errno::ROFS));
    let reading = open_on(&disk, &copy);
    assert!(get(&reading, "small").await.unwrap() == small && get(&reading, "large").await.unwrap() == large);
    drop(reading);
    assert_eq!(files(&copy).len(), 2, "a folder that cannot be written to is not repaired");

    let again = open(&copy);
    assert!(get(&again, "small").await.unwrap() == small && get(&again, "large").await.unwrap() == large);
    assert_eq!(get(&again, "unfinished").await, Err(StoreError::NoSuchKey));
    assert_eq!(files(&copy).len(), 1);
}

#[tokio::test]
async fn unreferenced_blobs_are_removed_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let saved = fs::read(&files(&dir)[0]).unwrap();
    let path = files(&dir).remove(0);
    store.delete_object(&bucket(), &key("k")).await.unwrap();
    drop(store);
    assert!(files(&dir).is_empty());
    // As if the process had ended between the commit and the removal.
    fs::write(&path, saved).unwrap();
    drop(open(&dir));
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn a_missing_or_short_body_is_an_error_not_an_object() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let path = files(&dir).remove(0);
    let object = || async { store.object(&bucket(), &key("k")).await.unwrap() };
    let mut what_is_there = object().await.read(0..LARGE as u64, None).await.unwrap();
    let shorten = |length| fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    shorten(LARGE as u64 - 1);
    assert!(matches!(object().await.read(0..LARGE as u64, None).await.err(), Some(StoreError::Damaged(_))));
    shorten(0);
    what_is_there.next().await.unwrap().unwrap();
    assert!(matches!(what_is_there.next().await, Some(Err(StoreError::Damaged(_)))));
    assert!(what_is_there.next().await.is_none());
    fs::remove_file(&path).unwrap();
    assert!(matches!(get(&store, "k").await, Err(StoreError::Damaged(_))));
    store.delete_object(&bucket(), &key("k")).await.unwrap();
}

/// Only a process that can write to the data folder can do this; a read must neither follow a link nor wait for a pipe.
#[tokio::test]
async fn only_a_regular_file_is_a_blob() {
    let forgeries: [fn(&Path, &Path); 3] = [
        |blob, outside| std::os::unix::fs::symlink(outside, blob).unwrap(),
        |blob, _| mknodat(CWD, blob, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
        |blob, _| fs::create_dir(blob).unwrap(),
    ];
    for forge in forgeries {
        let dir = TempDir::new().unwrap();
        let store = with_bucket(&dir).await;
        put(&store, "k", &body(LARGE, 1)).await.unwrap();
        let (blob, outside) = (files(&dir).remove(0), dir.path().join("outside"));
        fs::rename(&blob, &outside).unwrap();
        forge(&blob, &outside);
        assert_eq!(get(&store, "k").await, Err(StoreError::Damaged("blob 0 is not a regular file".into())));
    }
}

#[tokio::test]
async fn a_data_folder_has_one_owner() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    let second = Store::open(dir.path(), Options::default());
    assert_eq!(second.err(), Some(OpenError::InUse(dir.path().to_owned())));
    drop(store);
    open(&dir);
}

#[tokio::test]
async fn the_reserve_is_not_for_bodies() {
    let dir = TempDir::new().unwrap();
    drop(with_bucket(&dir).await);
    let store = Store::open(dir.path(), Options { reserve: u64::MAX, ..Options::default() }).unwrap();
    assert_eq!(put(&store, "k", &body(1, 0)).await, Err(StoreError::Full));
    store.delete_bucket(&bucket()).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_fails_fails_the_write_and_no_more() {
    let dir = TempDir::new().unwrap();
    let disk = Disk::new(Durability::None);
    let store = open_on(&disk, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let (kept, large) = (body(10, 1), body(LARGE, 2));
    put(&store, "kept", &kept).await.unwrap();
    for (fault, expected) in [
        (Errno::NOSPC, StoreError::Full),
        (Errno::ROFS, StoreError::ReadOnly),
        (Errno::IO, StoreError::Io(std::io::Error::from(Errno::IO).into())),
    ] {
        let mut upload =
            store.begin(&bucket(), &key("large"), LARGE as u64, &WriteConditions::default(), None).await.unwrap();
        upload.body().push(large.slice(..10)).await.unwrap();
        disk.fail_with(Some(fault));
        assert_eq!(upload.body().push(large.slice(10..)).await, Err(expected.clone()));
        drop(upload);
        disk.fail_with(None);
        store.blobs().reaper.wait();
        assert!(files(&dir).is_empty());
        assert!(get(&store, "kept").await.unwrap() == kept);
    }
    put(&store, "large", &large).await.unwrap();
}

#[tokio::test]
async fn an_index_that_fails_goes_on_reading_and_writes_again_later() {
    let dir = TempDir::new().unwrap();
    let disk = Disk::new(Durability::None);
    let store = open_on(&disk, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let (small, large) = (body(10, 1), body(LARGE, 2));
    put(&store, "small", &small).await.unwrap();
    put(&store, "large", &large).await.unwrap();
    let mut upload =
        store.begin(&bucket(), &key("begun"), LARGE as u64, &WriteConditions::default(), None).await.unwrap();
    upload.body().push(large.clone()).await.unwrap();
    disk.fail_with(Some(Errno::NOSPC));
    assert_eq!(put(&store, "other", &small).await, Err(StoreError::Full));
    assert!(store.stats().read_only);
    disk.fail_with(None);
    assert_eq!(upload.commit(new_object(&large)).await, Err(StoreError::ReadOnly));
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1, "what was certainly not committed is removed");
    assert_eq!(put(&store, "other", &small).await, Err(StoreError::ReadOnly));
    assert!(get(&store, "small").await.unwrap() == small && get(&store, "large").await.unwrap() == large);
    assert_eq!(store.list(&bucket(), "", None, None, 10).await.unwrap().entries.len(), 2);
    disk.fail_with(None);
    assert_eq!(put(&store, "late", &small).await, Err(StoreError::ReadOnly), "not tried again at once");
    store.0.index.revive_now();
    put(&store, "other", &large).await.unwrap();
    assert!(!store.stats().read_only);
}

#[tokio::test]
async fn a_committer_that_panics_is_told_of_and_removes_nothing() {
    let dir = TempDir::new().unwrap();
    let disk = Disk::new(Durability::None);
    let store = open_on(&disk, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let large = body(LARGE, 1);
    put(&store, "before", &large).await.unwrap();
    let mut upload = store.begin(&bucket(), &key("k"), LARGE as u64, &WriteConditions::default(), None).await.unwrap();
    upload.body().push(large.clone()).await.unwrap();
    assert_eq!(store.stats().failure, None);
    disk.panic_once();
    let reason = "the thread that commits has stopped";
    let stopped = StoreError::Io(reason.into());
    assert_eq!(upload.commit(new_object(&large)).await, Err(stopped.clone()));
    // The thread answers before it ends.
    while store.stats().failure.is_none() {
        std::thread::yield_now();
    }
    assert_eq!(store.stats().failure, Some(reason));
    assert_eq!(store.delete_object(&bucket(), &key("k")).await, Err(stopped.clone()));
    assert_eq!(put(&store, "k", &large).await.err(), Some(stopped));
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 2, "the row may have reached the disk");
    assert!(get(&store, "before").await.unwrap() == large);
    drop(store);
    let store = open(&dir);
    let there = get(&store, "k").await.is_ok_and(|found| found == large);
    assert_eq!(files(&dir).len(), if there { 2 } else { 1 });
    assert!(get(&store, "before").await.unwrap() == large);
}

#[tokio::test]
async fn a_read_only_folder_is_read() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let large = body(LARGE, 2);
    put(&store, "k", &large).await.unwrap();
    drop(store);
    let disk = Disk::new(Durability::Fsync);
    disk.fail_with(Some(Errno::ROFS));
    let store = open_on(&disk, &dir);
    assert!(get(&store, "k").await.unwrap() == large);
    assert_eq!(put(&store, "k", &large).await, Err(StoreError::ReadOnly));
    assert_eq!(store.delete_object(&bucket(), &key("k")).await, Err(StoreError::ReadOnly));
    let empty = TempDir::new().unwrap();
    let fresh = try_open_on(disk, &empty.path().join("new"));
    assert!(matches!(fresh.err(), Some(OpenError::Unusable { .. })));
}

#[tokio::test]
async fn a_folder_of_another_version_is_left_alone() {
    let folder = |dir: &TempDir| dir.path().to_owned();
    let too_new = |dir: &TempDir| OpenError::TooNew { folder: folder(dir), found: 7, current: 6 };
    let too_old = |dir: &TempDir| OpenError::TooOld { folder: folder(dir), found: 2, current: 6 };
    for (found, expected) in [(7, &too_new as &dyn Fn(&TempDir) -> OpenError), (2, &too_old)] {
        let dir = TempDir::new().unwrap();
        let store = open(&dir);
        store.0.index.write(|tables| tables.set_schema(found)).unwrap();
        drop(store);
        assert_eq!(Store::open(dir.path(), Options::default()).err(), Some(expected(&dir)));
    }
}

#[tokio::test]
async fn an_index_that_is_none_is_said_to_be_none() {
    for (forged, writable) in [(&b"not an index at all"[..], true), (b"", false)] {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("index.redb"), forged).unwrap();
        let disk = Disk::new(Durability::None);
        disk.fail_with((!writable).then_some(Errno::ROFS));
        let error = try_open_on(disk, dir.path()).err();
        assert!(matches!(error, Some(OpenError::Unusable { .. })), "{error:?}");
        assert_eq!(fs::read(dir.path().join("index.redb")).unwrap(), forged, "and is left alone");
    }
}

#[tokio::test]
async fn a_row_that_does_not_read_is_damaged() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "good", &body(1, 0)).await.unwrap();
    store.0.index.write(|tables| tables.set_raw_object(b"bucket\0torn", b"torn")).unwrap();
    for result in [
        get(&store, "torn").await.map(drop),
        put(&store, "torn", &body(1, 0)).await.map(drop),
        store.delete_object(&bucket(), &key("torn")).await,
        store.list(&bucket(), "", None, None, 10).await.map(drop),
    ] {
        assert!(matches!(result, Err(StoreError::Damaged(_))), "{result:?}");
    }
    get(&store, "good").await.unwrap();
}
