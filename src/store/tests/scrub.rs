//! The scrub of a store that is in use: blobs of earlier versions get their block sums, and damage is found.

use super::kept::{contents, copy_of};
use super::upkeep::{BLOB, change_blob, findings};
use super::uploads::{delete, later};
use super::*;
use crate::store::upkeep::{Event, Pace, ScrubRun, Tally, UpkeepError};
use std::io;
use tokio::runtime::Handle;

fn scrub(store: &Store) -> ScrubRun {
    store.scrub(Pace::default(), &mut |_| Ok(())).unwrap()
}

fn proven_from(store: &Store) -> BlobId {
    store.0.index.read(index::Snapshot::proven_from).unwrap()
}

#[tokio::test]
async fn blobs_of_earlier_versions_get_their_block_sums_while_they_are_read() {
    for version in ["3", "4"] {
        let dir = copy_of(version);
        let store = open(&dir);
        assert_ne!(proven_from(&store), BlobId(0));
        let expected = contents(&store).await;
        let object = store.object(&bucket(), &key("large")).await.unwrap();
        let mut reader = object.read(0..u64::MAX, None).await.unwrap();
        let first = scrub(&store);
        let bytes = reader.next().await.unwrap().unwrap();
        assert!(bytes == body(bytes.len(), 1), "what was open before goes on");
        assert!(first.proven.files > 0 && first.proven.failed == 0, "{first:?}");
        assert_eq!((first.checked.findings, proven_from(&store)), (0, BlobId(0)));
        let second = scrub(&store);
        assert_eq!((second.proven, second.checked), (Tally::default(), first.checked));
        assert_eq!(first.read, 2 * second.read, "once to add the sums and once to check them");
        assert_eq!(contents(&store).await, expected, "version {version}");
        drop(reader);
        drop(store);
        assert_eq!(findings(&dir), [""; 0], "version {version}");
    }
}

#[tokio::test]
async fn a_damaged_blob_of_an_earlier_version_is_found_and_stays_as_it_is() {
    let dir = copy_of("4");
    let store = open(&dir);
    let path = files(&dir).into_iter().find(|path| fs::metadata(path).unwrap().len() > 10_000).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[7] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let run = scrub(&store);
    assert_eq!(run.proven.failed, 1);
    assert!(run.checked.findings > 0);
    assert!(fs::read(&path).unwrap() == bytes);
    assert_ne!(proven_from(&store), BlobId(0), "it is still read as one without sums");
}

/// At each moment that a scrub reports, in turn, what is not read yet is removed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_meanwhile_is_no_finding() {
    for moment in 0.. {
        let dir = copy_of("4");
        let store = open(&dir);
        let scrubbed = store.clone();
        let run = tokio::task::spawn_blocking(move || {
            let mut reported = 0;
            let run = scrubbed.scrub(Pace::default(), &mut |_| {
                if reported == moment {
                    Handle::current().block_on(async {
                        for name in ["large", "large-copied", "multipart", "across", "encrypted"] {
                            delete(&scrubbed, name).await;
                        }
                    });
                }
                reported += 1;
                Ok(())
            });
            (run.unwrap(), reported)
        });
        let (run, reported) = run.await.unwrap();
        assert_eq!((run.checked.findings, run.proven.failed), (0, 0), "at {moment}");
        drop(store);
        assert_eq!(findings(&dir), [""; 0], "at {moment}");
        if moment >= reported {
            assert!(reported > 5, "{reported}");
            break;
        }
    }
}

#[tokio::test]
async fn damage_is_found_where_the_next_scrub_looks() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let run = scrub(&store);
    assert_eq!((run.read, run.checked.findings), (LARGE as u64, 0));
    change_blob(&dir, |bytes| bytes[LARGE / 2] ^= 1);
    let mut lines = Vec::new();
    let found = store.scrub(Pace::default(), &mut |event| {
        if let Event::Found(finding) = event {
            lines.push(finding.to_string());
        }
        Ok(())
    });
    assert_eq!(found.unwrap().checked.findings, 1);
    assert_eq!(lines, ["bucket/k: the bytes of blob 0 are not those that were written"]);
    assert_eq!(files(&dir), [dir.path().join(BLOB)]);
}

/// A page that the server has in memory is read from the disk all the same.
#[tokio::test]
async fn a_page_of_the_index_that_has_changed_on_the_disk_is_found() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let small = body(INLINE, 7);
    put(&store, "small", &small).await.unwrap();
    assert_eq!(scrub(&store).checked.findings, 0);
    let index = dir.path().join("index.redb");
    let mut bytes = fs::read(&index).unwrap();
    let at = bytes.windows(64).position(|window| window == &small[..64]).unwrap();
    bytes[at] ^= 1;
    fs::write(&index, bytes).unwrap();
    let mut lines = Vec::new();
    let found = store.scrub(Pace::default(), &mut |event| {
        if let Event::Found(finding) = event {
            lines.push(finding.to_string());
        }
        Ok(())
    });
    assert_eq!(found.unwrap().checked.findings, 1);
    assert!(lines[0].starts_with("index.redb: page ") && lines[0].ends_with("not what was written"), "{lines:?}");
    assert!(get(&store, "small").await.unwrap() == small, "it is still in memory");
    put(&store, "small", &small).await.unwrap();
}

/// The index grows and shrinks at each moment that a scrub reports.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_meanwhile_is_no_finding() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for number in 0..200 {
        put(&store, &format!("before/{number}"), &body(INLINE, number as u8)).await.unwrap();
    }
    let scrubbed = store.clone();
    let run = tokio::task::spawn_blocking(move || {
        let mut reported = 0;
        let run = scrubbed.scrub(Pace::default(), &mut |_| {
            Handle::current().block_on(async {
                put(&scrubbed, &format!("meanwhile/{}", reported % 50), &body(INLINE, 1)).await.unwrap();
                delete(&scrubbed, &format!("before/{}", reported % 200)).await;
            });
            reported += 1;
            Ok(())
        });
        (run.unwrap(), reported)
    });
    let (run, reported) = run.await.unwrap();
    assert_eq!(run.checked.findings, 0);
    assert!(reported > 50, "{reported}");
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
}

#[tokio::test]
async fn a_scrub_that_is_stopped_anywhere_leaves_a_store_that_can_be_scrubbed() {
    let dir = copy_of("4");
    let store = open(&dir);
    let expected = contents(&store).await;
    let mut stopped = 0;
    loop {
        let mut left = stopped;
        let run = store.scrub(Pace::default(), &mut |_| {
            left -= 1;
            if left < 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        });
        match run {
            Err(UpkeepError::Output(_)) => stopped += 1,
            run => {
                assert_eq!(run.unwrap().checked.findings, 0);
                break;
            }
        }
    }
    assert!(stopped > 3, "{stopped}");
    assert_eq!(contents(&store).await, expected);
    assert_eq!(proven_from(&store), BlobId(0));
}

#[tokio::test]
async fn the_last_scrub_is_known_after_a_start() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    assert_eq!((store.last_scrub(), store.stats().scrub), (Ok(None), None));
    for hours in [1, 2] {
        store.note_scrub(&scrub(&store), later(hours)).unwrap();
    }
    drop(store);
    let last = LastScrub { ended: later(2), read: LARGE as u64, findings: 0 };
    assert_eq!(open(&dir).stats().scrub, Some(last));
}

/// The blobs of earlier versions stay as they are where nothing can be written, and are read all the same.
#[tokio::test]
async fn a_store_that_cannot_be_written_to_is_scrubbed() {
    let dir = copy_of("4");
    drop(open(&dir));
    let disk = Disk::new(Durability::None);
    disk.fail_with(Some(Errno::ROFS));
    let store = open_on(&disk, &dir);
    let run = scrub(&store);
    assert_eq!((run.proven, run.checked.findings), (Tally::default(), 0));
    assert!(run.read > 0);
    assert_eq!(store.note_scrub(&run, NOW), Err(StoreError::ReadOnly));
}
