//! A disk that fills up: what is refused then, and what is not.

use super::uploads::{complete, copy, create, put_part};
use super::*;

/// A store on a disk that has as many bytes free as a test says.
fn open_with(free: &Arc<AtomicU64>, dir: &TempDir) -> Store {
    let free = free.clone();
    let free_bytes = Box::new(move || Ok(free.load(Ordering::Relaxed)));
    let options = Options { reserve: 64 << 20, ..Options::default() };
    Store::open_on(Disk::new(Durability::None), free_bytes, dir.path(), options).unwrap()
}

const PLENTY: u64 = 10 << 30;

#[tokio::test]
async fn a_full_disk_takes_deletes_and_aborts_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let free = Arc::new(AtomicU64::new(PLENTY));
    let store = open_with(&free, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    put(&store, "small", &body(10, 1)).await.unwrap();
    put(&store, "large", &body(LARGE, 2)).await.unwrap();
    let upload = create(&store, "k", None).await;
    let part = put_part(&store, &upload, 1, &body(LARGE, 3)).await.unwrap();
    let large = || async { store.object(&bucket(), &key("large")).await.unwrap() };
    free.store(64 << 20, Ordering::Relaxed);
    assert!(store.stats().full);
    let new_upload = NewUpload {
        metadata: Metadata::default(),
        storage_class: StorageClass::default(),
        checksum: None,
        key: None,
        owner: None,
        now: NOW,
    };
    for result in [
        store.create_bucket(&BucketName::parse("another").unwrap(), NOW).await,
        put(&store, "small", &body(10, 4)).await.map(drop),
        put(&store, "large", &body(LARGE, 4)).await.map(drop),
        store.copy_object(copy("small", "copied")).await.map(drop),
        store.copy_object(copy("large", "copied")).await.map(drop),
        store.create_upload(&bucket(), &key("k"), new_upload).await.map(drop),
        put_part(&store, &upload, 2, &body(10, 5)).await.map(drop),
        store.copy_part(&upload, 2, large().await, 0..LARGE as u64, &CopyKeys::default(), NOW).await.map(drop),
        complete(&store, &upload, &[&part]).await.map(drop),
    ] {
        assert_eq!(result, Err(StoreError::Full));
    }
    assert!(get(&store, "large").await.unwrap() == body(LARGE, 2), "and it is read from");
    store.abort_upload(upload).await.unwrap();
    store.delete_object(&bucket(), &key("small")).await.unwrap();
    assert_eq!(store.delete_objects(&bucket(), &[key("large")]).await, Ok(vec![Ok(())]));
    store.delete_bucket(&bucket()).await.unwrap();
    free.store(PLENTY, Ordering::Relaxed);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    assert!(!store.stats().full);
}

#[tokio::test]
async fn heads_that_announce_large_bodies_do_not_keep_others_from_writing() {
    let dir = TempDir::new().unwrap();
    let free = Arc::new(AtomicU64::new(PLENTY));
    let store = open_with(&free, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let conditions = WriteConditions::default();
    let mut announced = Vec::new();
    for _ in 0..100 {
        announced.push(store.begin(&bucket(), &key("huge"), 5 << 30, &conditions, None).await.unwrap());
    }
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let too_large = store.begin(&bucket(), &key("huge"), PLENTY, &conditions, None).await;
    assert_eq!(too_large.err(), Some(StoreError::Full), "refused at the head");
}

/// Bodies that are on their way reserve ahead of themselves. Those of one key leave room for the others.
#[tokio::test]
async fn a_key_that_reserves_its_share_stops_no_other() {
    let conditions = WriteConditions::default();
    for (percent, expected) in [(Some(50), Ok(())), (None, Err(StoreError::Full))] {
        let dir = TempDir::new().unwrap();
        // 10 MiB above the reserve.
        let free = Arc::new(AtomicU64::new((64 << 20) + (10 << 20)));
        let store = open_with(&free, &dir);
        store.create_bucket(&bucket(), NOW).await.unwrap();
        let greedy = store.with_share(percent.map(|percent| Share { owner: "greedy".into(), percent }));
        let mut begun = Vec::new();
        for _ in 0..20 {
            let begins = greedy.begin(&bucket(), &key("k"), 4 << 20, &conditions, None).await;
            // Where there is no room any more, it is not begun.
            let Ok(mut upload) = begins else { break };
            for piece in 0..2 {
                upload.body().push(body(1 << 20, piece)).await.unwrap();
            }
            begun.push(upload);
        }
        assert!(begun.len() > 1);
        let other = store.begin(&bucket(), &key("k"), 4 << 20, &conditions, None).await;
        assert_eq!(other.map(drop), expected, "{percent:?}");
    }
}

#[tokio::test]
async fn there_is_a_bound_for_open_uploads() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let mut open = Vec::new();
    let refused = loop {
        let new = NewUpload {
            metadata: Metadata::default(),
            storage_class: StorageClass::default(),
            checksum: None,
            key: None,
            owner: None,
            now: NOW,
        };
        match store.create_upload(&bucket(), &key("k"), new).await {
            Ok(id) => open.push(id),
            Err(error) => break error,
        }
    };
    assert_eq!((open.len(), refused), (30, StoreError::TooManyUploads));
    let at = UploadRef { bucket: bucket(), key: key("k"), id: open.remove(0) };
    store.abort_upload(at).await.unwrap();
    create(&store, "k", None).await;
}

/// The disk fills up while a body arrives.
#[tokio::test]
async fn a_body_that_no_longer_has_room_is_broken_off() {
    let dir = TempDir::new().unwrap();
    let free = Arc::new(AtomicU64::new(PLENTY));
    let store = open_with(&free, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let conditions = WriteConditions::default();
    let mut upload = store.begin(&bucket(), &key("k"), 2 * LARGE as u64, &conditions, None).await.unwrap();
    upload.body().push(body(LARGE, 1)).await.unwrap();
    free.store(64 << 20, Ordering::Relaxed);
    let mut pushed = Ok(());
    for _ in 0..4 {
        pushed = pushed.and(upload.body().push(body(LARGE / 4, 2)).await);
    }
    assert_eq!(pushed.and(upload.commit(new_object(b"")).await.map(drop)), Err(StoreError::Full));
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}
