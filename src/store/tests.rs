//! The store as a whole, on a temporary folder: what is written is read back, and what a crash leaves is repaired.

use super::*;
use crate::s3::etag::{ETag, ETagList};
use crate::s3::lifecycle::Lifecycle;
use crate::s3::metadata::Metadata;
use crate::s3::precondition::Conditions;
use crate::s3::storage_class::StorageClass;
use bytes::Bytes;
use md5::{Digest, Md5};
use rustix::io::Errno;
use std::fs;
use tempfile::TempDir;

mod crash;
mod listing;
mod uploads;
mod copies;
mod turns;
mod space;
mod upkeep;
mod encryption;
mod kept;
mod backup;
mod compaction;
mod scrub;
mod damage;
mod flips;
mod faults;
mod clocks;
mod configurations;
mod model;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const INLINE: usize = writer::INLINE as usize;
/// Larger than a piece and not a multiple of one.
const LARGE: usize = (1 << 20) + 12_345;

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), Options { durability: Durability::None, reserve: 0, ..Options::default() }).unwrap()
}

/// A store on a disk that can be made to fail.
fn open_on(disk: &Disk, dir: &TempDir) -> Store {
    try_open_on(disk.clone(), dir.path()).unwrap()
}

fn try_open_on(disk: Disk, dir: &Path) -> Result<Store, OpenError> {
    Store::open_on(disk, free_bytes_of(dir), dir, Options { reserve: 0, ..Options::default() })
}

async fn with_bucket(dir: &TempDir) -> Store {
    let store = open(dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    store
}

fn bucket() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

fn key(key: &str) -> ObjectKey {
    ObjectKey::parse(key).unwrap()
}

/// Bytes that differ by their offset.
fn body(length: usize, seed: u8) -> Bytes {
    (0..length).map(|i| (i % 251) as u8 ^ (i / 65_536) as u8 ^ seed).collect::<Vec<_>>().into()
}

fn new_object(body: &[u8]) -> NewObject {
    NewObject {
        metadata: Metadata { content_type: Some("text/plain".into()), ..Metadata::default() },
        storage_class: StorageClass::default(),
        etag: ETag::from_md5(Md5::digest(body).into()),
        checksum: None,
        now: NOW,
        conditions: WriteConditions::default(),
    }
}

fn if_free() -> WriteConditions {
    WriteConditions(Conditions { if_none_match: Some(ETagList::Any), ..Conditions::default() })
}

async fn put(store: &Store, name: &str, body: &Bytes) -> Result<ObjectInfo, StoreError> {
    let mut upload = store.begin(&bucket(), &key(name), body.len() as u64, &WriteConditions::default(), None).await?;
    for piece in body.chunks(100_000) {
        upload.body().push(body.slice_ref(piece)).await?;
    }
    upload.commit(new_object(body)).await
}

async fn read_all(mut reader: ObjectReader) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        assert!((1..=320 << 10).contains(&piece.len()));
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

async fn get(store: &Store, name: &str) -> Result<Vec<u8>, StoreError> {
    get_with(store, name, None).await
}

async fn get_with(store: &Store, name: &str, key_given: Option<&CustomerKey>) -> Result<Vec<u8>, StoreError> {
    read_all(store.object(&bucket(), &key(name)).await?.read(0..u64::MAX, key_given).await?).await
}

/// The key of a client.
fn secret(seed: u8) -> CustomerKey {
    CustomerKey::new([seed; 32])
}

async fn put_with(store: &Store, name: &str, body: &Bytes, secret: &CustomerKey) -> Result<ObjectInfo, StoreError> {
    let length = body.len() as u64;
    let mut upload = store.begin(&bucket(), &key(name), length, &WriteConditions::default(), Some(secret)).await?;
    for piece in body.chunks(100_000) {
        upload.body().push(Bytes::copy_from_slice(piece)).await?;
    }
    upload.commit(new_object(body)).await
}

/// All files below `tmp` and `blobs`.
fn files(dir: &TempDir) -> Vec<std::path::PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }
    let mut found = Vec::new();
    ["tmp", "blobs"].iter().for_each(|folder| walk(&dir.path().join(folder), &mut found));
    found
}

#[tokio::test]
async fn buckets_come_and_go() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    assert_eq!(store.bucket(&bucket()).await, Err(StoreError::NoSuchBucket));
    store.create_bucket(&bucket(), NOW).await.unwrap();
    assert_eq!(store.create_bucket(&bucket(), NOW).await, Err(StoreError::BucketExists));
    let other = BucketName::parse("another").unwrap();
    store.create_bucket(&other, NOW).await.unwrap();
    let buckets = store.list_buckets().await.unwrap();
    assert_eq!(buckets, [other, bucket()].map(|name| Bucket { name, created: NOW }));
    put(&store, "k", &body(1, 0)).await.unwrap();
    assert_eq!(store.delete_bucket(&bucket()).await, Err(StoreError::BucketNotEmpty));
    store.delete_object(&bucket(), &key("k")).await.unwrap();
    store.delete_bucket(&bucket()).await.unwrap();
    assert_eq!(store.delete_bucket(&bucket()).await, Err(StoreError::NoSuchBucket));
}

#[tokio::test]
async fn objects_come_back_as_they_went_in() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [0, 1, INLINE - 1, INLINE, INLINE + 1, LARGE] {
        for seed in [1, 2] {
            let body = body(length, seed);
            let info = put(&store, "k", &body).await.unwrap();
            assert_eq!(info.size, length as u64);
            assert_eq!(store.info(&bucket(), &key("k")).await, Ok(info));
            assert_eq!(get(&store, "k").await.unwrap(), body, "{length} bytes");
        }
    }
    store.delete_object(&bucket(), &key("k")).await.unwrap();
    store.delete_object(&bucket(), &key("k")).await.unwrap();
    assert_eq!(get(&store, "k").await, Err(StoreError::NoSuchKey));
    store.blobs().reaper.wait();
    assert_eq!(files(&dir), [""; 0].map(std::path::PathBuf::from));
}

#[tokio::test]
async fn ranges_come_out_of_the_middle() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [1000, LARGE] {
        let body = body(length, 3);
        put(&store, "k", &body).await.unwrap();
        for range in [0..1, 1..999, length - 1..length, length / 2..length, 0..length, 7..7] {
            let object = store.object(&bucket(), &key("k")).await.unwrap();
            let bytes = read_all(object.read(range.start as u64..range.end as u64, None).await.unwrap()).await.unwrap();
            assert!(bytes == body[range.clone()], "{range:?} of {length}");
        }
    }
}

#[tokio::test]
async fn no_bucket_means_no_object() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    let missing = StoreError::NoSuchBucket;
    assert_eq!(put(&store, "k", &body(1, 0)).await, Err(missing.clone()));
    assert_eq!(get(&store, "k").await, Err(missing.clone()));
    assert_eq!(store.delete_object(&bucket(), &key("k")).await, Err(missing.clone()));
    assert_eq!(store.delete_objects(&bucket(), &[key("k")]).await, Err(missing.clone()));
    assert_eq!(store.list(&bucket(), "", None, None, 0).await, Err(missing));
}

#[tokio::test]
async fn many_objects_are_deleted_in_few_commits() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "a", &body(1, 0)).await.unwrap();
    put(&store, "b", &body(LARGE, 0)).await.unwrap();
    let keys: Vec<_> = ["a", "missing", "b", "a"].iter().map(|name| key(name)).collect();
    assert_eq!(store.delete_objects(&bucket(), &keys).await, Ok(vec![Ok(()); 4]));
    assert_eq!(store.stats().objects, 0);
}

#[tokio::test]
async fn a_reader_survives_overwrite_and_delete() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [100, LARGE] {
        let (old, new) = (body(length, 1), body(length, 2));
        put(&store, "k", &old).await.unwrap();
        let whole =
            || async { store.object(&bucket(), &key("k")).await.unwrap().read(0..u64::MAX, None).await.unwrap() };
        let before_overwrite = whole().await;
        put(&store, "k", &new).await.unwrap();
        let before_delete = whole().await;
        store.delete_object(&bucket(), &key("k")).await.unwrap();
        store.blobs().reaper.wait();
        assert!(read_all(before_overwrite).await.unwrap() == old);
        assert!(read_all(before_delete).await.unwrap() == new);
    }
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn a_reader_that_leaves_early_frees_what_it_held() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let mut reader = store.object(&bucket(), &key("k")).await.unwrap().read(0..u64::MAX, None).await.unwrap();
    reader.next().await.unwrap().unwrap();
    let unread = store.object(&bucket(), &key("k")).await.unwrap();
    store.delete_object(&bucket(), &key("k")).await.unwrap();
    drop(reader);
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1, "the second has it pinned");
    drop(unread);
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn of_two_that_want_a_free_key_one_wins() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for (name, length) in [("small", 10), ("large", LARGE)] {
        let mut uploads = Vec::new();
        for seed in 0..8 {
            let body = body(length, seed);
            let mut upload = store.begin(&bucket(), &key(name), length as u64, &if_free(), None).await.unwrap();
            upload.body().push(body.clone()).await.unwrap();
            uploads.push((upload, body));
        }
        let commits: Vec<_> = uploads
            .into_iter()
            .map(|(upload, body)| {
                let object = NewObject { conditions: if_free(), ..new_object(&body) };
                tokio::spawn(async move { upload.commit(object).await.map(|_| body) })
            })
            .collect();
        let mut winners = Vec::new();
        for commit in commits {
            match commit.await.unwrap() {
                Ok(body) => winners.push(body),
                Err(error) => assert_eq!(error, StoreError::PreconditionFailed),
            }
        }
        assert_eq!(winners.len(), 1);
        assert!(get(&store, name).await.unwrap() == winners[0]);
        let late = store.begin(&bucket(), &key(name), 1, &if_free(), None).await;
        assert_eq!(late.err(), Some(StoreError::PreconditionFailed));
    }
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1);
}

#[tokio::test]
async fn a_put_that_races_the_end_of_its_bucket_is_decided_in_the_commit() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let body = body(LARGE, 0);
    let mut upload = store.begin(&bucket(), &key("k"), LARGE as u64, &WriteConditions::default(), None).await.unwrap();
    upload.body().push(body.clone()).await.unwrap();
    store.delete_bucket(&bucket()).await.unwrap();
    assert_eq!(upload.commit(new_object(&body)).await, Err(StoreError::NoSuchBucket));
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn an_upload_that_is_dropped_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [10, LARGE] {
        let mut upload =
            store.begin(&bucket(), &key("k"), length as u64, &WriteConditions::default(), None).await.unwrap();
        upload.body().push(body(length / 2, 0)).await.unwrap();
        drop(upload);
    }
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
    assert_eq!(get(&store, "k").await, Err(StoreError::NoSuchKey));
}

#[tokio::test]
async fn a_body_of_another_length_is_no_object() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [10, LARGE] {
        let begin = || async {
            store.begin(&bucket(), &key("k"), length as u64, &WriteConditions::default(), None).await.unwrap()
        };
        let mut short = begin().await;
        short.body().push(body(length - 1, 0)).await.unwrap();
        assert!(matches!(short.commit(new_object(b"")).await, Err(StoreError::Io(_))));
        assert!(matches!(begin().await.body().push(body(length + 1, 0)).await, Err(StoreError::Io(_))));
    }
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn the_time_of_a_key_never_goes_back() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let at = |seconds: u64| Timestamp::from_millis(NOW.millis() + seconds * 1000);
    for (seconds, expected) in [(5, 5), (3, 5), (5, 5), (6, 6)] {
        let mut upload = store.begin(&bucket(), &key("k"), 1, &WriteConditions::default(), None).await.unwrap();
        upload.body().push(body(1, 0)).await.unwrap();
        let answered = upload.commit(NewObject { now: at(seconds), ..new_object(b"") }).await.unwrap();
        assert_eq!(answered.last_modified, at(expected), "written at {seconds}");
        assert_eq!(store.info(&bucket(), &key("k")).await, Ok(answered));
    }
}

/// A reader gets one body or none while others write, never a mixture.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_and_writers_of_the_same_keys() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let tasks = (0..8u8).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..30 {
                let name = ["a", "b"][round % 2];
                match task % 4 {
                    0 => drop(put(&store, name, &body(LARGE / 2, task)).await.unwrap()),
                    1 => drop(put(&store, name, &body(INLINE, task)).await.unwrap()),
                    2 => store.delete_object(&bucket(), &key(name)).await.unwrap(),
                    _ => check_whole(get(&store, name).await),
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let keys = ["a", "b"].map(key);
    assert_eq!(store.delete_objects(&bucket(), &keys).await, Ok(vec![Ok(()); 2]));
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

fn check_whole(found: Result<Vec<u8>, StoreError>) {
    match found {
        Ok(bytes) => assert!(bytes == body(bytes.len(), bytes[0]) && [INLINE, LARGE / 2].contains(&bytes.len())),
        Err(error) => assert_eq!(error, StoreError::NoSuchKey),
    }
}

#[test]
fn everything_may_move_between_threads() {
    fn may_move<T: Send>() {}
    fn may_be_shared<T: Send + Sync>() {}
    may_be_shared::<Store>();
    may_move::<ObjectWriter>();
    may_move::<Object>();
    may_move::<ObjectReader>();
}
