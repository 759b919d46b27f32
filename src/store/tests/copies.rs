//! Copies of objects and of parts: they share the bytes of their source.

use super::uploads::{MIN, completion, copy, create, delete, later, multipart_object};
use super::*;
use crate::s3::checksum::Algorithm;
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
    for number in 1..=17 {
        let source = store.object(&bucket(), &key("source")).await.unwrap();
        parts.push(store.copy_part(&pieces, number, source, 0..MIN as u64, &CopyKeys::default(), NOW).await.unwrap());
    }
    store.complete_upload(pieces, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
    assert_eq!(files(&dir).len(), 1);
    let upload = create(&store, "again", None).await;
    for (number, count, blobs) in [(1, 16, 1), (2, 17, 2)] {
        let source = store.object(&bucket(), &key("k")).await.unwrap();
        store.copy_part(&upload, number, source, 0..count * MIN as u64, &CopyKeys::default(), NOW).await.unwrap();
        assert_eq!(files(&dir).len(), blobs, "{count} pieces");
    }
}
