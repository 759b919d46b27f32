//! Bytes on the disk that have changed are never handed out, whatever is asked for.

use super::*;
use crate::s3::precondition::ReadConditions;
use crate::store::block_sums::BLOCK;

const B: usize = BLOCK as usize;
/// More blocks than a piece has.
const LENGTH: usize = 9 * B + 100;

async fn stored(seed: u8) -> (TempDir, Store, Bytes) {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let body = body(LENGTH, seed);
    put(&store, "k", &body).await.unwrap();
    (dir, store, body)
}

fn blob(dir: &TempDir, number: usize) -> std::path::PathBuf {
    dir.path().join(format!("blobs/00/000/{number:016x}"))
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

/// What a read hands out until it ends or breaks off, and whether it broke off.
async fn read(store: &Store, name: &str, range: std::ops::Range<usize>) -> (Vec<u8>, Result<(), StoreError>) {
    let object = store.object(&bucket(), &key(name)).await.unwrap();
    let mut bytes = Vec::new();
    let mut reader = match object.read(range.start as u64..range.end as u64, None).await {
        Ok(reader) => reader,
        Err(error) => return (bytes, Err(error)),
    };
    while let Some(piece) = reader.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, Err(error)),
        }
    }
    (bytes, Ok(()))
}

fn is_damage<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Damaged(_)))
}

#[tokio::test]
async fn a_changed_block_breaks_the_reads_that_reach_into_it_and_no_other() {
    let ranges = [0..LENGTH, 0..1, B - 1..B + 1, 3 * B..4 * B, 5 * B + 7..8 * B + 1, LENGTH - 1..LENGTH, 2 * B..LENGTH];
    for block in [0, 1, 3, 7, 9] {
        let (dir, store, body) = stored(block as u8).await;
        flip(&blob(&dir, 0), block * B + 55);
        let mut met = 0;
        for range in ranges.clone() {
            let (bytes, outcome) = read(&store, "k", range.clone()).await;
            assert!(body[range.clone()].starts_with(&bytes), "{range:?}, block {block}");
            let reaches = range.start < (block + 1) * B && range.end > block * B;
            assert_eq!(is_damage(&outcome), reaches, "{range:?}, block {block}: {outcome:?}");
            assert_eq!(bytes.len() == range.len(), !reaches);
            assert!(
                !reaches || bytes.is_empty() || range.start + bytes.len() <= block * B,
                "nothing of the block is handed out"
            );
            met += u64::from(reaches);
        }
        assert_eq!(store.stats().damaged_reads, met);
    }
}

#[tokio::test]
async fn what_stands_in_the_place_of_a_blob_is_not_taken_for_it() {
    /// What is done to the file of the blob.
    type Harm = fn(&Path, &Path);
    let harms: [Harm; 6] = [
        |blob, _| fs::remove_file(blob).unwrap(),
        |blob, other| fs::copy(other, blob).map(drop).unwrap(),
        |blob, _| fs::write(blob, vec![0; LENGTH]).unwrap(),
        |blob, _| fs::write(blob, &fs::read(blob).unwrap()[..LENGTH]).unwrap(),
        |blob, _| fs::write(blob, &fs::read(blob).unwrap()[1..]).unwrap(),
        |blob, other| {
            fs::remove_file(blob).unwrap();
            std::os::unix::fs::symlink(other, blob).unwrap();
        },
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let (dir, store, _) = stored(1).await;
        put(&store, "other", &body(LENGTH, 2)).await.unwrap();
        harm(&blob(&dir, 0), &blob(&dir, 1));
        for range in [0..LENGTH, 5..6] {
            let (bytes, outcome) = read(&store, "k", range).await;
            assert!(bytes.is_empty() && is_damage(&outcome), "harm {number}: {outcome:?}");
        }
    }
}

fn copy_to(name: &str) -> ObjectCopy {
    ObjectCopy {
        bucket: bucket(),
        key: key(name),
        source_bucket: bucket(),
        source_key: key("k"),
        source_conditions: ReadConditions::default(),
        conditions: WriteConditions::default(),
        metadata: NewMetadata::Kept,
        storage_class: StorageClass::Standard,
        keys: CopyKeys::default(),
        now: NOW,
    }
}

#[tokio::test]
async fn copies_carry_no_damage_on() {
    let (dir, store, body) = stored(1).await;
    flip(&blob(&dir, 0), 8 * B);
    // The bytes are shared, and so are their sums.
    store.copy_object(copy_to("copy")).await.unwrap();
    let (bytes, outcome) = read(&store, "copy", 0..LENGTH).await;
    assert!(body.starts_with(&bytes) && is_damage(&outcome));
    let encrypted = ObjectCopy { keys: CopyKeys { source: None, target: Some(secret(1)) }, ..copy_to("encrypted") };
    assert!(is_damage(&store.copy_object(encrypted).await));
    let at = uploads::create(&store, "part", None).await;
    let object = || async { store.object(&bucket(), &key("k")).await.unwrap() };
    // Of the whole the digests are known: it is shared without being read.
    for (range, damaged) in [
        (0..LENGTH as u64, false),
        (0..LENGTH as u64 - 1, true),
        (0..8 * BLOCK, false),
        (8 * BLOCK..8 * BLOCK + 9, true),
    ] {
        let copied = store.copy_part(&at, 1, object().await, range.clone(), &CopyKeys::default(), NOW).await;
        assert_eq!(is_damage(&copied), damaged, "{range:?}");
    }
}

#[tokio::test]
async fn a_small_body_that_has_changed_is_not_copied() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(10, 1)).await.unwrap();
    let forged = store.0.index.write(|tables| {
        tables.set_raw_body(b"bucket\0k", Some(&body(10, 2)));
        Ok(())
    });
    forged.unwrap();
    assert!(is_damage(&store.copy_object(copy_to("copy")).await));
    assert!(is_damage(&get(&store, "k").await));
}

/// Earlier versions have kept no block sums; what they have is the checksum of the whole.
#[tokio::test]
async fn a_blob_without_block_sums_is_proven_by_reads_of_the_whole() {
    let dir = kept::copy_of("4");
    let store = open(&dir);
    let length = get(&store, "large").await.unwrap().len();
    flip(&blob(&dir, 0), length - 1);
    for name in ["large", "large-copied"] {
        let (bytes, outcome) = read(&store, name, 0..length).await;
        assert!(bytes.is_empty() && is_damage(&outcome), "{name}: {outcome:?}");
    }
    assert_eq!(read(&store, "large", 0..100).await.1, Ok(()));
    let (bytes, outcome) = read(&store, "multipart", 0..1 << 30).await;
    assert!(outcome.is_ok() && bytes.len() > 5 << 20);
    let part = files(&dir).into_iter().find(|path| path.metadata().unwrap().len() == 5 << 20).unwrap();
    flip(&part, 5 << 20 >> 1);
    let (bytes, outcome) = read(&store, "multipart", 0..1 << 30).await;
    assert!(bytes.len() < 5 << 20 && is_damage(&outcome), "the last piece is withheld");
}

/// `store gc` gives them block sums; what was changed before stays as it is.
#[tokio::test]
async fn blobs_of_earlier_versions_get_their_sums() {
    for torn in [false, true] {
        let dir = kept::copy_of("4");
        drop(open(&dir));
        let blobs = files(&dir);
        let large = blob(&dir, 0);
        if torn {
            let mut bytes = fs::read(&large).unwrap();
            bytes.extend_from_slice(b"what a crash has left");
            fs::write(&large, bytes).unwrap();
        }
        let proven = crate::store::upkeep::collect(dir.path()).unwrap().proven;
        assert_eq!((proven.files, proven.failed), (blobs.len() as u64, 0));
        assert_eq!(upkeep::findings(&dir), [""; 0]);
        assert_eq!(crate::store::upkeep::collect(dir.path()).unwrap().proven.files, 0);
        let store = open(&dir);
        flip(&large, 100);
        assert!(is_damage(&read(&store, "large", 100..101).await.1), "parts of it are proven, too");
    }
    let dir = kept::copy_of("4");
    drop(open(&dir));
    flip(&blob(&dir, 0), 100);
    let proven = crate::store::upkeep::collect(dir.path()).unwrap().proven;
    assert_eq!((proven.files + 1, proven.failed), (files(&dir).len() as u64, 1));
    assert_eq!(upkeep::findings(&dir).len(), 2, "of the object and of its copy");
    let store = open(&dir);
    assert!(is_damage(&get(&store, "large").await));
    assert!(get(&store, "multipart").await.is_ok());
}
