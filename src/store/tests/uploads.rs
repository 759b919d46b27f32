//! Multipart uploads: which request wins a race, and that nothing is left on the disk.

use super::*;
use crate::s3::part_checksums::Plan;
use crate::s3::part_list::{MIN_PART, PartsFault};
use crate::s3::precondition::ReadConditions;
use crate::s3::upload_listing::{UploadPage, UploadQuery};
use crate::s3::xml::CompletedPart;

pub(super) const MIN: usize = MIN_PART as usize;
const HOUR: u64 = 3_600_000;

fn at(id: &str) -> UploadRef {
    UploadRef { bucket: bucket(), key: key("k"), id: id.to_owned() }
}

pub(super) fn later(hours: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + hours * HOUR)
}

pub(super) async fn create(store: &Store, name: &str, checksum: Option<Plan>) -> UploadRef {
    let metadata = Metadata { content_type: Some("text/plain".into()), ..Metadata::default() };
    let new =
        NewUpload { metadata, storage_class: StorageClass::default(), checksum, key: None, owner: None, now: NOW };
    let id = store.create_upload(&bucket(), &key(name), new).await.unwrap();
    UploadRef { key: key(name), ..at(&id) }
}

pub(super) async fn put_part(store: &Store, at: &UploadRef, number: u16, body: &Bytes) -> Result<PartInfo, StoreError> {
    put_part_with(store, at, number, body, None).await
}

pub(super) async fn put_part_with(
    store: &Store,
    at: &UploadRef,
    number: u16,
    body: &Bytes,
    secret: Option<&CustomerKey>,
) -> Result<PartInfo, StoreError> {
    let mut upload = store.begin_part(at, number, body.len() as u64, secret).await?;
    upload.body().push(body.clone()).await?;
    upload.commit(NewPart { etag: ETag::from_md5(Md5::digest(body).into()), checksum: None, now: NOW }).await
}

pub(super) async fn complete(store: &Store, at: &UploadRef, parts: &[&PartInfo]) -> Result<WriteResult, StoreError> {
    store.complete_upload(at.clone(), completion(parts)).await
}

pub(super) fn completion(parts: &[&PartInfo]) -> Completion {
    let listed = |part: &&PartInfo| CompletedPart {
        number: part.number.into(),
        etag: part.etag.as_str().to_owned(),
        checksums: Vec::new(),
    };
    Completion {
        parts: parts.iter().map(listed).collect(),
        rules: PartRules::default(),
        size: None,
        checksum_kind: None,
        checksum: None,
        key: None,
        conditions: WriteConditions::default(),
        now: NOW,
    }
}

pub(super) fn copy(from: &str, to: &str) -> ObjectCopy {
    ObjectCopy {
        bucket: bucket(),
        key: key(to),
        source_bucket: bucket(),
        source_key: key(from),
        source_conditions: ReadConditions::default(),
        conditions: WriteConditions::default(),
        metadata: NewMetadata::Kept,
        storage_class: StorageClass::default(),
        keys: CopyKeys::default(),
        now: later(1),
    }
}

pub(super) async fn delete(store: &Store, name: &str) {
    store.delete_object(&bucket(), &key(name)).await.unwrap();
    store.blobs().reaper.wait();
}

/// An object of two parts of 5 MiB and one of 10 bytes under `k`, and what its bytes are.
pub(super) async fn multipart_object(store: &Store) -> (Vec<u8>, WriteResult) {
    let upload = create(store, "k", None).await;
    let bodies = [body(MIN, 1), body(MIN, 2), body(10, 3)];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        parts.push(put_part(store, &upload, number, body).await.unwrap());
    }
    let written = store.complete_upload(upload, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
    (bodies.concat(), written)
}

#[tokio::test]
async fn parts_are_no_objects_until_they_are_one() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    assert_eq!(get(&store, "k").await, Err(StoreError::NoSuchKey));
    assert!(store.list(&bucket(), "", None, None, 10).await.unwrap().entries.is_empty());
    assert_eq!(store.stats().objects, 0);
    let (bytes, written) = multipart_object(&store).await;
    assert!(get(&store, "k").await.unwrap() == bytes);
    let info = store.info(&bucket(), &key("k")).await.unwrap();
    assert_eq!((info.parts.as_slice(), info.size), (&[MIN as u64, MIN as u64, 10][..], bytes.len() as u64));
    assert_eq!((info.etag.clone(), info.last_modified), (written.etag, NOW));
    assert!(info.etag.as_str().ends_with("-3"));
    assert_eq!(info.metadata.content_type.as_deref(), Some("text/plain"));
}

#[tokio::test]
async fn only_what_the_object_needs_stays_on_the_disk() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    put_part(&store, &upload, 1, &body(100, 1)).await.unwrap();
    let replacing = put_part(&store, &upload, 1, &body(200, 2)).await.unwrap();
    put_part(&store, &upload, 2, &body(300, 3)).await.unwrap();
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 2);
    for (after, most, numbers, more) in [
        (0, 10, &[1, 2][..], false),
        (0, 2, &[1, 2], false),
        (0, 1, &[1], true),
        (1, 1, &[2], false),
        (0, 0, &[], false),
    ] {
        let (parts, found_more) = store.list_parts(&upload, after, most).await.unwrap();
        let found: Vec<_> = parts.iter().map(|part| part.number).collect();
        assert_eq!((found.as_slice(), found_more), (numbers, more), "{most} after {after}");
    }
    store.complete_upload(upload, completion(&[&replacing])).await.unwrap();
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1);
    assert!(get(&store, "k").await.unwrap() == body(200, 2));
    delete(&store, "k").await;
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    let part = put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    let mut late = store.begin_part(&upload, 2, 10, None).await.unwrap();
    late.body().push(body(10, 2)).await.unwrap();
    store.abort_upload(upload.clone()).await.unwrap();
    let gone = StoreError::NoSuchUpload;
    let new = NewPart { etag: part.etag.clone(), checksum: None, now: NOW };
    assert_eq!(late.commit(new).await, Err(gone.clone()));
    assert_eq!(store.abort_upload(upload.clone()).await, Err(gone.clone()));
    assert_eq!(put_part(&store, &upload, 1, &body(1, 1)).await, Err(gone.clone()));
    assert_eq!(store.complete_upload(upload.clone(), completion(&[&part])).await, Err(gone.clone()));
    assert_eq!(store.list_parts(&upload, 0, 10).await, Err(gone));
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn an_upload_is_of_one_key_only() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    let other = UploadRef { key: key("other"), ..upload.clone() };
    for wrong in [other, at(""), at("x"), UploadRef { id: upload.id.to_uppercase() + "0", ..upload.clone() }] {
        assert_eq!(put_part(&store, &wrong, 1, &body(1, 1)).await, Err(StoreError::NoSuchUpload));
        assert_eq!(store.abort_upload(wrong).await, Err(StoreError::NoSuchUpload));
    }
    let no_bucket = UploadRef { bucket: BucketName::parse("nobody").unwrap(), ..upload };
    assert_eq!(put_part(&store, &no_bucket, 1, &body(1, 1)).await, Err(StoreError::NoSuchBucket));
}

#[tokio::test]
async fn what_is_refused_leaves_the_upload_as_it_was() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(1, 9)).await.unwrap();
    let upload = create(&store, "k", None).await;
    let small = put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    let last = put_part(&store, &upload, 2, &body(10, 2)).await.unwrap();
    let too_small = store.complete_upload(upload.clone(), completion(&[&small, &last])).await;
    assert_eq!(too_small, Err(StoreError::Parts(PartsFault::TooSmall)));
    let taken = Completion { conditions: if_free(), ..completion(&[&last]) };
    assert_eq!(store.complete_upload(upload.clone(), taken).await, Err(StoreError::PreconditionFailed));
    assert!(get(&store, "k").await.unwrap() == body(1, 9));
    store.complete_upload(upload, completion(&[&last])).await.unwrap();
    assert!(get(&store, "k").await.unwrap() == body(10, 2));
}

#[tokio::test]
async fn the_same_complete_gets_the_same_answer_for_a_day() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    let (one, two) = (
        put_part(&store, &upload, 1, &body(MIN, 1)).await.unwrap(),
        put_part(&store, &upload, 2, &body(10, 1)).await.unwrap(),
    );
    let first = store.complete_upload(upload.clone(), completion(&[&one, &two])).await.unwrap();
    put(&store, "k", &body(1, 9)).await.unwrap();
    drop(store);
    let store = open(&dir);
    let again = |hours| Completion { now: later(hours), ..completion(&[&one, &two]) };
    assert_eq!(store.complete_upload(upload.clone(), again(23)).await, Ok(first));
    assert!(get(&store, "k").await.unwrap() == body(1, 9), "the answer is repeated, not the deed");
    let other = store.complete_upload(upload.clone(), completion(&[&one])).await;
    assert_eq!(other, Err(StoreError::NoSuchUpload));
    assert_eq!(store.complete_upload(upload.clone(), again(25)).await, Err(StoreError::NoSuchUpload));
    assert_eq!(store.abort_upload(upload).await, Err(StoreError::NoSuchUpload));
}

/// Complete, Abort and UploadPart at once: whichever comes first, the object is whole or not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_have_one_outcome() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for round in 0..20 {
        let upload = create(&store, "k", None).await;
        let part = put_part(&store, &upload, 1, &body(100, 1)).await.unwrap();
        let again = {
            let (store, upload) = (store.clone(), upload.clone());
            tokio::spawn(async move { put_part(&store, &upload, 1, &body(100, 2)).await })
        };
        let abort = {
            let (store, upload) = (store.clone(), upload.clone());
            tokio::spawn(async move { store.abort_upload(upload).await })
        };
        let complete = store.complete_upload(upload.clone(), completion(&[&part])).await;
        let (again, abort) = (again.await.unwrap(), abort.await.unwrap());
        match &complete {
            Ok(_) => {
                assert_eq!(abort, Err(StoreError::NoSuchUpload), "round {round}");
                assert!(get(&store, "k").await.unwrap() == body(100, 1));
            }
            Err(StoreError::NoSuchUpload) => assert_eq!(abort, Ok(())),
            Err(StoreError::Parts(PartsFault::Missing)) => assert!(again.is_ok() && abort.is_ok()),
            Err(other) => panic!("{other}"),
        }
        store.delete_object(&bucket(), &key("k")).await.unwrap();
    }
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn forgotten_uploads_are_aged_out() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    let run = |aborted| Ok(LifecycleRun { aborted, ..LifecycleRun::default() });
    assert_eq!(store.run_lifecycle(later(7 * 24)).await, run(0));
    assert_eq!(store.run_lifecycle(later(7 * 24 + 1)).await, run(1));
    assert_eq!(store.abort_upload(upload).await, Err(StoreError::NoSuchUpload));
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn an_owner_has_as_many_uploads_open_as_they_may_also_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let too_many = Err(StoreError::TooManyUploadsOfOwner);
    let (first, second) = (begin_as(&store, "a").await.unwrap(), begin_as(&store, "a").await.unwrap());
    assert_eq!(begin_as(&store, "a").await, too_many);
    let other = begin_as(&store, "b").await.unwrap();
    create(&store, "k", None).await;
    drop(store);
    let store = open(&dir);
    assert_eq!(begin_as(&store, "a").await, too_many);
    store.abort_upload(first).await.unwrap();
    let third = begin_as(&store, "a").await.unwrap();
    assert_eq!(begin_as(&store, "a").await, too_many);
    let part = put_part(&store, &second, 1, &body(10, 1)).await.unwrap();
    complete(&store, &second, &[&part]).await.unwrap();
    begin_as(&store, "a").await.unwrap();
    for upload in [third, other] {
        store.abort_upload(upload).await.unwrap();
    }
    let owners = store.0.index.read(index::Snapshot::upload_owners).unwrap();
    assert_eq!(Vec::from_iter(owners), [("a".to_owned(), 1)], "those without uploads have no row");
}

/// Begins an upload of an owner who may have two open.
async fn begin_as(store: &Store, owner: &str) -> Result<UploadRef, StoreError> {
    let owner = Some(UploadOwner { id: owner.into(), most: Some(2) });
    let (metadata, storage_class) = (Metadata::default(), StorageClass::default());
    let new = NewUpload { metadata, storage_class, checksum: None, key: None, owner, now: NOW };
    store.create_upload(&bucket(), &key("k"), new).await.map(|id| at(&id))
}

#[tokio::test]
async fn open_uploads_end_with_their_bucket() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for name in ["a", "b"] {
        let upload = create(&store, name, None).await;
        put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    }
    store.delete_bucket(&bucket()).await.unwrap();
    store.create_bucket(&bucket(), NOW).await.unwrap();
    assert_eq!(uploads(&store, "", None).await, UploadPage::default());
    store.blobs().reaper.wait();
    assert!(files(&dir).is_empty());
}

#[tokio::test]
async fn uploads_outlive_a_restart_and_leave_nothing_unfinished() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    let part = put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    let mut unfinished = store.begin_part(&upload, 2, 10, None).await.unwrap();
    unfinished.body().push(body(5, 1)).await.unwrap();
    let copy = super::crash::killed(&dir);
    let again = open(&copy);
    assert_eq!(files(&copy).len(), 1);
    assert_eq!(again.list_parts(&upload, 0, 10).await, Ok((vec![part.clone()], false)));
    again.complete_upload(upload, completion(&[&part])).await.unwrap();
    assert!(get(&again, "k").await.unwrap() == body(10, 1));
}

async fn uploads(store: &Store, prefix: &str, delimiter: Option<&str>) -> UploadPage {
    store.list_uploads(&bucket(), &query(prefix, delimiter, 1000)).await.unwrap()
}

pub(super) fn query(prefix: &str, delimiter: Option<&str>, max_uploads: u64) -> UploadQuery {
    UploadQuery {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        url_encoded: false,
        key_marker: String::new(),
        upload_id_marker: String::new(),
        max_uploads,
    }
}

/// Uploads and common prefixes over all pages of so many entries.
async fn paged(store: &Store, prefix: &str, delimiter: Option<&str>, at_once: u64) -> Vec<String> {
    let (mut query, mut found) = (query(prefix, delimiter, at_once), Vec::new());
    loop {
        let page = store.list_uploads(&bucket(), &query).await.unwrap();
        let mut names: Vec<_> = page.uploads.iter().map(|upload| upload.key.clone()).collect();
        names.extend(page.common_prefixes);
        assert!(names.len() as u64 <= at_once);
        names.sort();
        found.extend(names);
        let Some(next) = page.next else { return found };
        let (key, id) = next.markers();
        (query.key_marker, query.upload_id_marker) = (key.to_owned(), id.to_owned());
    }
}

#[tokio::test]
async fn open_uploads_are_listed_page_by_page() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for name in ["a", "a", "a\0", "b/1", "b/2", "b/c/3", "c", "é"] {
        create(&store, name, None).await;
    }
    store.create_bucket(&BucketName::parse("bucket2").unwrap(), NOW).await.unwrap();
    for at_once in [1, 2, 3, 1000] {
        for (prefix, delimiter, expected) in [
            ("", None, &["a", "a", "a\0", "b/1", "b/2", "b/c/3", "c", "é"][..]),
            ("", Some("/"), &["a", "a", "a\0", "b/", "c", "é"]),
            ("b/", Some("/"), &["b/1", "b/2", "b/c/"]),
            ("a", None, &["a", "a", "a\0"]),
            ("x", Some("/"), &[]),
        ] {
            assert_eq!(paged(&store, prefix, delimiter, at_once).await, expected, "{prefix} {delimiter:?} {at_once}");
        }
    }
    let none = store.list_uploads(&bucket(), &query("", None, 0)).await.unwrap();
    assert_eq!(none, UploadPage::default());
}

#[tokio::test]
async fn a_disk_that_is_full_ends_the_part_and_not_the_upload() {
    let dir = TempDir::new().unwrap();
    let disk = Disk::new(Durability::None);
    let store = open_on(&disk, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    let upload = create(&store, "k", None).await;
    let first = put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
    let mut part = store.begin_part(&upload, 1, LARGE as u64, None).await.unwrap();
    disk.fail_with(Some(Errno::NOSPC));
    assert_eq!(part.body().push(body(LARGE, 2)).await, Err(StoreError::Full));
    drop(part);
    disk.fail_with(None);
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1);
    store.complete_upload(upload, completion(&[&first])).await.unwrap();
    assert!(get(&store, "k").await.unwrap() == body(10, 1));
}

#[tokio::test]
async fn parts_copies_and_completed_objects_are_no_older_than_what_they_replace() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "source", &body(1, 0)).await.unwrap();
    store.copy_object(copy("source", "k")).await.unwrap();
    let early = ObjectCopy { now: NOW, ..copy("source", "k") };
    assert_eq!(store.copy_object(early).await.unwrap().last_modified, later(1));

    let at = create(&store, "k", None).await;
    let new_part = |now| NewPart { etag: ETag::from_md5(Md5::digest([7]).into()), checksum: None, now };
    let mut answered = Vec::new();
    for now in [later(1), NOW] {
        let mut upload = store.begin_part(&at, 1, 1, None).await.unwrap();
        upload.body().push(Bytes::from_static(&[7])).await.unwrap();
        answered.push(upload.commit(new_part(now)).await.unwrap());
    }
    assert_eq!(answered[1].last_modified, later(1));
    assert_eq!(store.list_parts(&at, 0, 9).await.unwrap().0, answered[1..]);
    let written = store.complete_upload(at.clone(), completion(&[&answered[1]])).await.unwrap();
    assert_eq!(written.last_modified, later(1));
    assert_eq!(store.complete_upload(at, completion(&[&answered[1]])).await, Ok(written));
}

#[tokio::test]
async fn a_change_that_meets_damage_halfway_is_not_made_at_all_and_others_are() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let (first, torn) = (create(&store, "a", None).await, create(&store, "b", None).await);
    let part = put_part(&store, &first, 1, &body(10, 0)).await.unwrap();
    let forged = store.0.index.write(|tables| {
        tables.set_raw_part(&torn.id, 1, b"torn");
        Ok(())
    });
    forged.unwrap();
    // It ends the first upload before it comes to the torn one.
    let [before, spoilt, behind] = ["before", "bucket", "behind"].map(|name| BucketName::parse(name).unwrap());
    let (before, removed, behind) = tokio::join!(
        store.create_bucket(&before, NOW),
        store.delete_bucket(&spoilt),
        store.create_bucket(&behind, NOW),
    );
    assert!(matches!(removed, Err(StoreError::Damaged(_))), "{removed:?}");
    assert_eq!((before, behind), (Ok(()), Ok(())));
    assert_eq!(store.list_parts(&first, 0, 9).await, Ok((vec![part.clone()], false)));
    store.complete_upload(first, completion(&[&part])).await.unwrap();
    assert!(get(&store, "a").await.unwrap() == body(10, 0));
}
