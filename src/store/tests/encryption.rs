//! Objects that are encrypted with the client's key: read with it and not without, copied, assembled, kept.

use super::crash::killed;
use super::upkeep::findings;
use super::uploads::{complete, copy, create, put_part, put_part_with};
use super::*;
use crate::s3::part_list::MIN_PART;

const NOT_THERE: StoreError = StoreError::Key(KeyFault::Object(KeyMismatch::Missing));

async fn create_with(store: &Store, name: &str, secret: &CustomerKey) -> UploadRef {
    let new = NewUpload {
        metadata: Metadata::default(),
        storage_class: StorageClass::default(),
        checksum: None,
        key: Some(secret.clone()),
        owner: None,
        now: NOW,
    };
    let id = store.create_upload(&bucket(), &key(name), new).await.unwrap();
    UploadRef { bucket: bucket(), key: key(name), id }
}

/// An object of two parts.
async fn put_parts(store: &Store, name: &str, secret: &CustomerKey) -> Vec<u8> {
    let upload = create_with(store, name, secret).await;
    let (first, second) = (body(MIN_PART as usize, 1), body(LARGE, 2));
    let one = put_part_with(store, &upload, 1, &first, Some(secret)).await.unwrap();
    let two = put_part_with(store, &upload, 2, &second, Some(secret)).await.unwrap();
    complete(store, &upload, &[&one, &two]).await.unwrap();
    [first, second].concat()
}

/// Whether the bytes lie somewhere in the folder as they are.
fn lies_open(dir: &TempDir, plain: &[u8]) -> bool {
    let mut paths = files(dir);
    paths.push(dir.path().join("index.redb"));
    let has = |bytes: &[u8]| bytes.windows(plain.len()).any(|window| window == plain);
    paths.iter().any(|path| has(&fs::read(path).unwrap()))
}

#[tokio::test]
async fn an_encrypted_object_is_read_with_its_key_only() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for length in [0, 1, INLINE, INLINE + 1, 64 << 10, (64 << 10) + 1, LARGE] {
        let body = body(length, 1);
        let info = put_with(&store, "k", &body, &secret(1)).await.unwrap();
        assert_eq!(info.size, length as u64);
        assert_ne!(info.etag, ETag::from_md5(Md5::digest(&body).into()), "the tag is no MD5 of the bytes");
        assert_eq!(store.info(&bucket(), &key("k")).await, Ok(info));
        assert!(get_with(&store, "k", Some(&secret(1))).await.unwrap() == body, "{length}");
        assert_eq!(get(&store, "k").await, Err(NOT_THERE));
        let wrong = get_with(&store, "k", Some(&secret(2))).await;
        assert_eq!(wrong, Err(StoreError::Key(KeyFault::Object(KeyMismatch::Wrong))));
    }
    put(&store, "plain", &body(1, 1)).await.unwrap();
    let not_encrypted = get_with(&store, "plain", Some(&secret(1))).await;
    assert_eq!(not_encrypted, Err(StoreError::Key(KeyFault::Object(KeyMismatch::NotApplicable))));
}

#[tokio::test]
async fn ranges_of_encrypted_objects() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let whole = put_parts(&store, "k", &secret(1)).await;
    let (min, end) = (MIN_PART as usize, whole.len());
    for range in [0..1, min - 1..min + 1, min..end, 65_535..65_537, end - 1..end, 10..end - 10, 0..end] {
        let object = store.object(&bucket(), &key("k")).await.unwrap();
        let reader = object.read(range.start as u64..range.end as u64, Some(&secret(1))).await.unwrap();
        assert!(read_all(reader).await.unwrap() == whole[range.clone()], "{range:?}");
    }
}

#[tokio::test]
async fn neither_bytes_nor_key_lie_open_in_the_folder() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (small, large) = (body(200, 1), body(LARGE, 2));
    put_with(&store, "small", &small, &secret(0xa5)).await.unwrap();
    put_with(&store, "large", &large, &secret(0xa5)).await.unwrap();
    put(&store, "plain", &body(200, 3)).await.unwrap();
    drop(store);
    assert!(lies_open(&dir, &body(200, 3)[..32]), "the test can find what lies open");
    for secret in [&small[..32], &large[..32], &large[LARGE - 32..], &[0xa5; 32][..]] {
        assert!(!lies_open(&dir, secret));
    }
}

#[tokio::test]
async fn encrypted_objects_survive_a_kill_and_are_sound() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (small, large) = (body(10, 1), body(LARGE, 2));
    put_with(&store, "small", &small, &secret(1)).await.unwrap();
    put_with(&store, "large", &large, &secret(1)).await.unwrap();
    let whole = put_parts(&store, "parts", &secret(1)).await;
    let open_upload = create_with(&store, "open", &secret(1)).await;
    let part = put_part_with(&store, &open_upload, 1, &large, Some(&secret(1))).await.unwrap();
    let copy = killed(&dir);
    let again = open(&copy);
    for (name, expected) in [("small", &small[..]), ("large", &large), ("parts", &whole)] {
        assert!(get_with(&again, name, Some(&secret(1))).await.unwrap() == expected, "{name}");
        assert_eq!(get(&again, name).await, Err(NOT_THERE));
    }
    complete(&again, &open_upload, &[&part]).await.unwrap();
    assert!(get_with(&again, "open", Some(&secret(1))).await.unwrap() == large);
    drop(again);
    assert_eq!(findings(&copy), [""; 0]);
}

#[tokio::test]
async fn rot_is_found_by_the_reader_and_by_the_check() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put_with(&store, "k", &body(LARGE, 1), &secret(1)).await.unwrap();
    let path = files(&dir).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[500_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let read = get_with(&store, "k", Some(&secret(1))).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))));
    let object = store.object(&bucket(), &key("k")).await.unwrap();
    let sound = read_all(object.read(0..100, Some(&secret(1))).await.unwrap()).await;
    assert!(sound.unwrap() == body(LARGE, 1)[..100], "what is sound is still read");
    drop(store);
    assert_eq!(findings(&dir).len(), 1);
}

#[tokio::test]
async fn parts_need_the_key_of_their_upload() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (encrypted, plain) = (create_with(&store, "k", &secret(1)).await, create(&store, "p", None).await);
    let fault = |fault| Err(StoreError::Key(KeyFault::Upload(fault)));
    let small = body(10, 1);
    for (upload, given, expected) in [
        (&encrypted, None, fault(KeyMismatch::Missing)),
        (&encrypted, Some(secret(2)), fault(KeyMismatch::Wrong)),
        (&encrypted, Some(secret(1)), Ok(())),
        (&plain, Some(secret(1)), fault(KeyMismatch::NotApplicable)),
        (&plain, None, Ok(())),
    ] {
        let part = put_part_with(&store, upload, 1, &small, given.as_ref()).await;
        assert_eq!(part.map(drop), expected, "{given:?}");
    }
    assert_eq!(store.list_parts(&encrypted, 0, 10).await.unwrap().0[0].size, 10);
}

#[tokio::test]
async fn copies_change_the_key() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (small, large) = (body(10, 1), body(LARGE, 2));
    for body in [&small, &large] {
        put(&store, "plain", body).await.unwrap();
        put_with(&store, "one", body, &secret(1)).await.unwrap();
        for (from, source, target) in [
            ("plain", None, Some(secret(1))),
            ("one", Some(secret(1)), Some(secret(1))),
            ("one", Some(secret(1)), Some(secret(2))),
            ("one", Some(secret(1)), None),
        ] {
            let keys = CopyKeys { source, target: target.clone() };
            store.copy_object(ObjectCopy { keys, ..copy(from, "to") }).await.unwrap();
            assert!(get_with(&store, "to", target.as_ref()).await.unwrap() == *body, "{from} {target:?}");
            assert_eq!(get(&store, "to").await.err(), target.map(|_| NOT_THERE));
        }
        let same = CopyKeys { source: Some(secret(1)), target: Some(secret(2)) };
        store.copy_object(ObjectCopy { keys: same, ..copy("one", "one") }).await.unwrap();
        assert!(get_with(&store, "one", Some(&secret(2))).await.unwrap() == *body);
    }
}

#[tokio::test]
async fn a_copy_needs_the_key_of_its_source() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "plain", &body(10, 1)).await.unwrap();
    put_with(&store, "one", &body(10, 1), &secret(1)).await.unwrap();
    for (from, source, fault) in [
        ("one", None, KeyMismatch::Missing),
        ("one", Some(secret(2)), KeyMismatch::Wrong),
        ("plain", Some(secret(1)), KeyMismatch::NotApplicable),
    ] {
        for target in [None, source.clone(), Some(secret(3))] {
            let keys = CopyKeys { source: source.clone(), target };
            let copied = store.copy_object(ObjectCopy { keys, ..copy(from, "to") }).await;
            assert_eq!(copied, Err(StoreError::Key(KeyFault::Object(fault))), "{from}");
        }
    }
    assert_eq!(get(&store, "to").await, Err(StoreError::NoSuchKey));
}

#[tokio::test]
async fn parts_are_copied_from_one_key_to_another() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let large = body(LARGE, 1);
    put(&store, "plain", &large).await.unwrap();
    put_with(&store, "one", &large, &secret(1)).await.unwrap();
    for (from, source, target) in [
        ("plain", None, Some(secret(2))),
        ("one", Some(secret(1)), Some(secret(2))),
        ("one", Some(secret(1)), Some(secret(1))),
        ("one", Some(secret(1)), None),
    ] {
        let upload = match &target {
            Some(target) => create_with(&store, "to", target).await,
            None => create(&store, "to", None).await,
        };
        let object = store.object(&bucket(), &key(from)).await.unwrap();
        let keys = CopyKeys { source, target: target.clone() };
        let part = store.copy_part(&upload, 1, object, 100..500_000, &keys, NOW).await.unwrap();
        complete(&store, &upload, &[&part]).await.unwrap();
        let copied = get_with(&store, "to", target.as_ref()).await.unwrap();
        assert!(copied == large[100..500_000], "{from} {target:?}");
    }
    let upload = create(&store, "to", None).await;
    put_part(&store, &upload, 1, &body(1, 1)).await.unwrap();
    let object = store.object(&bucket(), &key("one")).await.unwrap();
    let without = store.copy_part(&upload, 2, object, 0..10, &CopyKeys::default(), NOW).await;
    assert_eq!(without, Err(NOT_THERE));
}
