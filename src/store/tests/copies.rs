//! Copies of objects and of parts: they share the bytes of their source.

use super::uploads::{MIN, completion, copy, create, delete, later, multipart_object, put_part_with};
use super::*;
use crate::s3::checksum::{Algorithm, Kind};
use crate::s3::part_checksums::Plan;

#[tokio::test]
async fn copies_share_bytes_until_the_last_is_gone() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (bytes, written) = multipart_object(&store).await;
    let copied = store.copy_object(copy("k", "copy")).await.unwrap();
    assert_eq!(copied, WriteResult { last_modified: later(1), ..written });
    assert_eq!(files(&dir).len(), 3);
    delete(&store, "k").await;
    assert!(get(&store, "copy").await.unwrap() == bytes);
    store.copy_object(copy("copy", "copy")).await.unwrap();
    assert!(get(&store, "copy").await.unwrap() == bytes);
    delete(&store, "copy").await;
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn small_objects_are_copied_too() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "small", &body(10, 1)).await.unwrap();
    put(&store, "large", &body(LARGE, 2)).await.unwrap();
    let metadata = Metadata { content_type: Some("a/b".into()), ..Metadata::default() };
    store
        .copy_object(ObjectCopy { metadata: NewMetadata::Replaced(metadata.clone()), ..copy("small", "large") })
        .await
        .unwrap();
    store.copy_object(copy("small", "small")).await.unwrap();
    delete(&store, "small").await;
    assert!(get(&store, "large").await.unwrap() == body(10, 1));
    assert_eq!(store.info(&bucket(), &key("large")).await.unwrap().metadata, metadata);
    assert!(files(&dir).is_empty());
    assert_eq!(store.copy_object(copy("small", "x")).await, Err(StoreError::NoSuchKey));
    let taken = ObjectCopy { conditions: if_free(), ..copy("large", "large") };
    assert_eq!(store.copy_object(taken).await, Err(StoreError::PreconditionFailed));
}

#[tokio::test]
async fn parts_are_copied_from_any_range() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (bytes, _) = multipart_object(&store).await;
    put(&store, "small", &body(100, 7)).await.unwrap();
    let plan = Plan::new(Algorithm::Crc32, None).unwrap();
    let upload = create(&store, "joined", Some(plan)).await;
    let range = 1000..MIN as u64 + 2000;
    let source = store.object(&bucket(), &key("k")).await.unwrap();
    let one = store.copy_part(&upload, 1, source, range, &CopyKeys::default(), NOW).await.unwrap();
    let shared = &bytes[1000..MIN + 2000];
    assert_eq!(one.etag, ETag::from_md5(Md5::digest(shared).into()));
    let source = store.object(&bucket(), &key("small")).await.unwrap();
    let two = store.copy_part(&upload, 2, source, 10..20, &CopyKeys::default(), NOW).await.unwrap();
    assert_eq!(files(&dir).len(), 4, "the first shares its bytes, the second had none to share");
    delete(&store, "k").await;
    assert_eq!(files(&dir).len(), 3);
    store.complete_upload(upload, completion(&[&one, &two])).await.unwrap();
    let joined = get(&store, "joined").await.unwrap();
    assert!(joined == [shared, &body(100, 7)[10..20]].concat());
    assert!(store.info(&bucket(), &key("joined")).await.unwrap().checksum.unwrap().value.ends_with("-2"));
}

#[tokio::test]
async fn a_part_is_copied_even_where_its_source_goes_meanwhile() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "source", &body(LARGE, 1)).await.unwrap();
    let source = store.object(&bucket(), &key("source")).await.unwrap();
    delete(&store, "source").await;
    let upload = create(&store, "k", None).await;
    let part = store.copy_part(&upload, 1, source, 0..LARGE as u64, &CopyKeys::default(), NOW).await.unwrap();
    store.complete_upload(upload, completion(&[&part])).await.unwrap();
    assert!(get(&store, "k").await.unwrap() == body(LARGE, 1));
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1);
}

/// However often copies are made of copies, the row of an object stays within bounds.
#[tokio::test]
async fn a_part_of_many_pieces_is_written_anew() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "source", &body(MIN, 1)).await.unwrap();
    let pieces = create(&store, "k", None).await;
    let mut parts = Vec::new();
    for number in 1..=3 {
        let source = store.object(&bucket(), &key("source")).await.unwrap();
        parts.push(store.copy_part(&pieces, number, source, 0..MIN as u64, &CopyKeys::default(), NOW).await.unwrap());
    }
    store.complete_upload(pieces, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
    assert_eq!(files(&dir).len(), 1);
    let upload = create(&store, "again", None).await;
    for (number, count, blobs) in [(1, 2, 1), (2, 3, 2)] {
        let source = store.object(&bucket(), &key("k")).await.unwrap();
        store.copy_part(&upload, number, source, 0..count * MIN as u64, &CopyKeys::default(), NOW).await.unwrap();
        assert_eq!(files(&dir).len(), blobs, "{count} pieces");
    }
}

/// How often the row of a blob is counted.
fn count(store: &Store, blob: u64) -> Option<u64> {
    store.0.index.read(|snapshot| snapshot.blob(super::super::folder::BlobId(blob))).unwrap().map(|row| row.references)
}

#[tokio::test]
async fn a_blob_is_counted_once_for_each_row_that_names_it() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "source", &body(MIN, 1)).await.unwrap();
    let upload = create(&store, "k", None).await;
    let mut parts = Vec::new();
    for number in 1..=3 {
        let source = store.object(&bucket(), &key("source")).await.unwrap();
        parts.push(store.copy_part(&upload, number, source, 0..MIN as u64, &CopyKeys::default(), NOW).await.unwrap());
        assert_eq!(count(&store, 0), Some(1 + u64::from(number)));
    }
    store.complete_upload(upload, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
    assert_eq!(count(&store, 0), Some(2), "the object has it three times");
    for (deleted, left) in [("source", Some(1)), ("k", None)] {
        store.delete_object(&bucket(), &key(deleted)).await.unwrap();
        assert_eq!(count(&store, 0), left, "without {deleted}");
    }
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

/// More blobs than a copy may count.
#[tokio::test]
async fn a_copy_of_very_many_blobs_is_written_anew_and_is_the_same() {
    for secret in [None, Some(secret(1))] {
        let dir = TempDir::new().unwrap();
        let store = with_bucket(&dir).await;
        let new = NewUpload {
            metadata: Metadata::default(),
            storage_class: StorageClass::default(),
            checksum: None,
            key: secret.clone(),
            owner: None,
            now: NOW,
        };
        let id = store.create_upload(&bucket(), &key("k"), new).await.unwrap();
        let at = UploadRef { bucket: bucket(), key: key("k"), id };
        let part = body(MIN, 1);
        let mut parts = Vec::new();
        for number in 1..=4 {
            parts.push(put_part_with(&store, &at, number, &part, secret.as_ref()).await.unwrap());
        }
        store.complete_upload(at, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
        assert_eq!(files(&dir).len(), 4);
        let keys = CopyKeys { source: secret.clone(), target: secret.clone() };
        let written = store.copy_object(ObjectCopy { keys, now: NOW, ..copy("k", "copy") }).await.unwrap();
        assert_eq!(files(&dir).len(), 5);
        let source = store.info(&bucket(), &key("k")).await.unwrap();
        assert_eq!(written.etag, source.etag);
        assert_eq!(store.info(&bucket(), &key("copy")).await, Ok(source));
        let whole = get_with(&store, "copy", secret.as_ref()).await.unwrap();
        assert!(whole == get_with(&store, "k", secret.as_ref()).await.unwrap() && whole.len() == 4 * MIN);
    }
}

/// Without reading: the file is gone.
#[tokio::test]
async fn a_part_of_a_whole_object_has_the_digests_that_are_known() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let whole = body(LARGE, 1);
    let info = put(&store, "source", &whole).await.unwrap();
    let plan = Plan { algorithm: Algorithm::Crc32, kind: Kind::Composite };
    let (upload, summed) = (create(&store, "k", None).await, create(&store, "k", Some(plan)).await);
    fs::remove_file(&files(&dir)[0]).unwrap();
    let source = || async { store.object(&bucket(), &key("source")).await.unwrap() };
    let keys = CopyKeys::default();
    let part = store.copy_part(&upload, 1, source().await, 0..LARGE as u64, &keys, NOW).await.unwrap();
    assert_eq!((part.etag, part.size), (info.etag, LARGE as u64));
    for (upload, range) in [(&upload, 0..LARGE as u64 - 1), (&summed, 0..LARGE as u64)] {
        let copied = store.copy_part(upload, 2, source().await, range, &keys, NOW).await;
        assert!(matches!(copied, Err(StoreError::Damaged(_))), "it has to be read: {copied:?}");
    }
}
