//! Data folders of earlier releases, kept in `tests/folders/`: every later program opens them and reads all that is in
//! them. `tests/folders/README.md` says how one is made.

use super::upkeep::findings;
use super::uploads::{complete, put_part, put_part_with};
use super::*;
use crate::s3::checksum::{Algorithm, Checksum, Kind};
use crate::s3::listing::Entry;
use crate::s3::part_checksums::Plan;
use crate::s3::part_list::MIN_PART;
use crate::s3::precondition::ReadConditions;
use std::fmt::Write as _;

/// The kept folders, oldest first. A folder is named after the version of its index.
const KEPT: [&str; 4] = ["3", "4", "5", "6"];

const SMALL: usize = 40;
/// The bytes of a body in a file of its own.
const BLOB: usize = INLINE + 4000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + seconds * 1000)
}

fn metadata() -> Metadata {
    let text = |text: &str| Some(text.to_owned());
    Metadata {
        content_type: text("text/html; charset=utf-8"),
        cache_control: text("no-cache"),
        content_disposition: text("attachment"),
        content_encoding: text("gzip"),
        content_language: text("de"),
        expires: text("Thu, 01 Dec 2033 16:00:00 GMT"),
        user: [("colour", "grün"), ("empty", "")].map(|(name, value)| (name.into(), value.into())).into(),
    }
}

async fn write(store: &Store, name: &str, body: Bytes, object: NewObject) {
    let mut upload =
        store.begin(&bucket(), &key(name), body.len() as u64, &WriteConditions::default(), None).await.unwrap();
    upload.body().push(body).await.unwrap();
    upload.commit(object).await.unwrap();
}

/// Writes one of everything that a store can hold.
pub(super) async fn fill(store: &Store) {
    store.create_bucket(&bucket(), at(0)).await.unwrap();
    store.create_bucket(&BucketName::parse("empty-bucket").unwrap(), at(1)).await.unwrap();
    for kind in ConfigurationKind::ALL {
        store.configure(&bucket(), kind, Some(format!("<{0}>ü</{0}>", kind.name()))).await.unwrap();
    }
    fill_objects(store).await;
    fill_uploads(store).await;
}

async fn fill_objects(store: &Store) {
    put(store, "empty", &Bytes::new()).await.unwrap();
    put(store, "large", &body(BLOB, 1)).await.unwrap();
    for (name, length) in [("overwritten", BLOB), ("overwritten", SMALL), ("deleted", BLOB), ("deleted-small", SMALL)] {
        put(store, name, &body(length, 2)).await.unwrap();
    }
    for name in ["deleted", "deleted-small"] {
        store.delete_object(&bucket(), &key(name)).await.unwrap();
    }
    let small = body(SMALL, 3);
    write(store, "a/ü/\u{1}", small.clone(), NewObject { metadata: metadata(), now: at(2), ..new_object(&small) })
        .await;
    for (seconds, algorithm) in (3..).zip(Algorithm::ALL) {
        let checksum = Some(Checksum::from_digest(algorithm, &vec![7; algorithm.digest_bytes()]));
        let object = NewObject { checksum, now: at(seconds), ..new_object(&small) };
        write(store, &format!("sums/{}", algorithm.name()), small.clone(), object).await;
    }
    let copy = ObjectCopy {
        bucket: bucket(),
        key: key("large-copied"),
        source_bucket: bucket(),
        source_key: key("large"),
        source_conditions: ReadConditions::default(),
        conditions: WriteConditions::default(),
        metadata: NewMetadata::Replaced(metadata()),
        storage_class: StorageClass::InfrequentAccess,
        keys: CopyKeys::default(),
        now: at(10),
    };
    store.copy_object(copy).await.unwrap();
    for (name, length) in [("encrypted", BLOB), ("encrypted-small", SMALL)] {
        put_with(store, name, &body(length, 8), &secret(8)).await.unwrap();
    }
}

/// An object of two parts, one that is made across their border, an open upload, and one that was aborted.
async fn fill_uploads(store: &Store) {
    let min = MIN_PART as usize;
    let whole = create_in(store, "multipart", None).await;
    let first = put_part(store, &whole, 1, &Bytes::from(vec![0; min])).await.unwrap();
    let second = put_part(store, &whole, 2, &body(SMALL, 4)).await.unwrap();
    complete(store, &whole, &[&first, &second]).await.unwrap();
    let across = create_in(store, "across", None).await;
    let source = store.object(&bucket(), &key("multipart")).await.unwrap();
    let range = min as u64 - 10..min as u64 + 10;
    let part = store.copy_part(&across, 1, source, range, &CopyKeys::default(), at(11)).await.unwrap();
    complete(store, &across, &[&part]).await.unwrap();
    let plan = Plan { algorithm: Algorithm::Crc32, kind: Kind::Composite };
    let open = create_in(store, "open/upload", Some(plan)).await;
    put_part(store, &open, 1, &body(BLOB, 5)).await.unwrap();
    put_part(store, &open, 10_000, &body(SMALL, 6)).await.unwrap();
    let (storage_class, secret) = (StorageClass::InfrequentAccess, secret(8));
    let new = NewUpload {
        metadata: metadata(),
        storage_class,
        checksum: None,
        key: Some(secret.clone()),
        owner: owner(),
        now: at(0),
    };
    let id = store.create_upload(&bucket(), &key("open/encrypted"), new).await.unwrap();
    let encrypted = UploadRef { bucket: bucket(), key: key("open/encrypted"), id };
    put_part_with(store, &encrypted, 1, &body(SMALL, 9), Some(&secret)).await.unwrap();
    let aborted = create_in(store, "aborted", None).await;
    put_part(store, &aborted, 1, &body(BLOB, 7)).await.unwrap();
    store.abort_upload(aborted).await.unwrap();
}

fn owner() -> Option<UploadOwner> {
    Some(UploadOwner { id: "AK".into(), most: None })
}

/// An upload with all the metadata there is.
async fn create_in(store: &Store, name: &str, checksum: Option<Plan>) -> UploadRef {
    let new = NewUpload {
        metadata: metadata(),
        storage_class: StorageClass::default(),
        checksum,
        key: None,
        owner: owner(),
        now: at(0),
    };
    let id = store.create_upload(&bucket(), &key(name), new).await.unwrap();
    UploadRef { bucket: bucket(), key: key(name), id }
}

/// Everything in a store as text.
pub(super) async fn contents(store: &Store) -> String {
    rows(store).await + &digests(store).await
}

/// What the index says, a line each.
async fn rows(store: &Store) -> String {
    let mut text = String::new();
    for Bucket { name, created } in store.list_buckets().await.unwrap() {
        writeln!(text, "bucket {name} {}", created.millis()).unwrap();
        for kind in ConfigurationKind::ALL {
            if let Some(document) = store.configuration(&name, kind).await.unwrap() {
                writeln!(text, "  {} {document}", kind.name()).unwrap();
            }
        }
        for entry in store.list(&name, "", None, None, 1000).await.unwrap().entries {
            let Entry::Object(listed) = entry else { panic!("{entry:?}") };
            let info = store.info(&name, &key(&listed.key)).await.unwrap();
            assert_eq!((listed.size, listed.last_modified), (info.size, info.last_modified));
            assert_eq!(listed.etag, info.etag.as_str());
            describe_object(&mut text, &listed.key, &info);
        }
        describe_uploads(&mut text, store, &name).await;
    }
    text
}

/// What the objects' bytes are.
async fn digests(store: &Store) -> String {
    let mut text = String::new();
    for entry in store.list(&bucket(), "", None, None, 1000).await.unwrap().entries {
        let Entry::Object(listed) = entry else { panic!("{entry:?}") };
        let is_encrypted = store.info(&bucket(), &key(&listed.key)).await.unwrap().encryption.is_some();
        let bytes = get_with(store, &listed.key, is_encrypted.then(|| secret(8)).as_ref()).await.unwrap();
        writeln!(text, "md5 {:?} {}", listed.key, hex::encode(Md5::digest(bytes))).unwrap();
    }
    text
}

fn describe_object(text: &mut String, key: &str, info: &ObjectInfo) {
    let ObjectInfo { size, etag, last_modified, metadata, storage_class, checksum, parts, encryption } = info;
    writeln!(text, "object {key:?} {size} {} {}", etag.as_str(), last_modified.millis()).unwrap();
    describe_checksum(text, checksum.as_ref());
    describe_kept(text, *storage_class, encryption.as_ref());
    if !parts.is_empty() {
        writeln!(text, "  parts {parts:?}").unwrap();
    }
    let headers = [
        ("content-type", &metadata.content_type),
        ("cache-control", &metadata.cache_control),
        ("content-disposition", &metadata.content_disposition),
        ("content-encoding", &metadata.content_encoding),
        ("content-language", &metadata.content_language),
        ("expires", &metadata.expires),
    ];
    for (name, value) in headers {
        value.iter().for_each(|value| writeln!(text, "  {name}: {value}").unwrap());
    }
    metadata.user.iter().for_each(|(name, value)| writeln!(text, "  x-amz-meta-{name}: {value}").unwrap());
}

fn describe_kept(text: &mut String, storage_class: StorageClass, encryption: Option<&KeyCheck>) {
    if storage_class != StorageClass::default() {
        writeln!(text, "  {}", storage_class.name()).unwrap();
    }
    if let Some(check) = encryption {
        assert!(check.accepts(&secret(8)));
        writeln!(text, "  encrypted").unwrap();
    }
}

fn describe_checksum(text: &mut String, checksum: Option<&Checksum>) {
    if let Some(Checksum { algorithm, kind, value }) = checksum {
        writeln!(text, "  {} {} {value}", algorithm.name(), kind.name()).unwrap();
    }
}

async fn describe_uploads(text: &mut String, store: &Store, bucket: &BucketName) {
    for upload in store.list_uploads(bucket, &uploads::query("", None, 1000)).await.unwrap().uploads {
        let at = UploadRef { bucket: bucket.clone(), key: key(&upload.key), id: upload.upload_id };
        writeln!(text, "upload {:?} {}", upload.key, upload.initiated.millis()).unwrap();
        let UploadInfo { storage_class, checksum, encryption } = store.upload(&at).await.unwrap();
        describe_kept(text, storage_class, encryption.as_ref());
        if let Some(Plan { algorithm, kind }) = checksum {
            writeln!(text, "  {} {}", algorithm.name(), kind.name()).unwrap();
        }
        for part in store.list_parts(&at, 0, 1000).await.unwrap().0 {
            let (etag, millis) = (part.etag.as_str(), part.last_modified.millis());
            writeln!(text, "  part {} {} {etag} {millis}", part.number, part.size).unwrap();
            describe_checksum(text, part.checksum.as_ref());
        }
    }
}

/// Makes the folder named by `R2SHIM_KEPT`, to be kept.
#[tokio::test]
#[ignore = "makes test data"]
async fn make() {
    let path = std::env::var_os("R2SHIM_KEPT").expect("R2SHIM_KEPT names the folder to make");
    let path = Path::new(&path);
    let store = Store::open(&path.join("data"), Options { reserve: 0, ..Options::default() }).unwrap();
    fill(&store).await;
    fs::write(path.join("contents.txt"), contents(&store).await).unwrap();
    store.blobs().reaper.wait();
    drop(store);
    crate::store::upkeep::collect(&path.join("data")).unwrap();
}

fn kept(version: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders").join(version)
}

/// What was in a kept folder when it was made.
fn expected(version: &str) -> String {
    fs::read_to_string(kept(version).join("contents.txt")).unwrap()
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A copy of a kept folder, blobs and all.
pub(super) fn copy_of(version: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    copy_all(&kept(version).join("data"), dir.path());
    dir
}

/// A copy of the index only: the bytes of large objects are missing.
fn index_of(version: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::copy(kept(version).join("data/index.redb"), dir.path().join("index.redb")).unwrap();
    dir
}

#[tokio::test]
async fn every_kept_folder_reads_as_it_was_written() {
    for version in KEPT {
        let dir = copy_of(version);
        for _ in 0..2 {
            assert_eq!(contents(&open(&dir)).await, expected(version), "version {version}");
            assert_eq!(findings(&dir), [""; 0], "version {version}");
        }
    }
}

#[tokio::test]
async fn every_kept_folder_is_written_to() {
    for version in KEPT {
        let dir = copy_of(version);
        let store = open(&dir);
        let new = body(BLOB, 9);
        for name in ["large", "new", "a/ü/\u{1}"] {
            put(&store, name, &new).await.unwrap();
            assert!(get(&store, name).await.unwrap() == new, "{name}");
        }
        let copied = hex::encode(Md5::digest(get(&store, "large-copied").await.unwrap()));
        assert!(expected(version).contains(&format!("md5 \"large-copied\" {copied}")));
        store.delete_object(&bucket(), &key("large-copied")).await.unwrap();
        store.delete_object(&bucket(), &key("multipart")).await.unwrap();
        let across = get(&store, "across").await.unwrap();
        assert_eq!(across, [&[0; 10][..], &body(SMALL, 4)[..10]].concat());
        store.delete_bucket(&BucketName::parse("empty-bucket").unwrap()).await.unwrap();
        drop(store);
        assert_eq!(findings(&dir), [""; 0], "version {version}");
    }
}

/// Every write to the disk may be the last one before a crash.
#[tokio::test]
async fn a_migration_that_is_interrupted_anywhere_goes_on_and_loses_nothing() {
    let expected = expected("3");
    let (rows_then, _) = expected.split_once("md5 ").unwrap();
    let mut interrupted = 0;
    for writes in 0.. {
        let dir = index_of("3");
        let disk = Disk::new(Durability::None);
        disk.fail_after(writes);
        let opened = try_open_on(disk, dir.path());
        if opened.is_ok() {
            break;
        }
        interrupted += 1;
        assert_eq!(rows(&open(&dir)).await, rows_then, "after {writes} writes");
    }
    assert!(interrupted > 3, "{interrupted}");
}

#[tokio::test]
async fn a_folder_of_the_version_before_that_cannot_be_written_to_is_refused() {
    let dir = copy_of("4");
    let disk = Disk::new(Durability::None);
    disk.fail_with(Some(Errno::ROFS));
    let refused = OpenError::NotMigrated { folder: dir.path().to_owned(), current: 6 };
    assert_eq!(try_open_on(disk, dir.path()).err(), Some(refused.clone()));
    let checked = crate::store::upkeep::check(dir.path(), crate::store::upkeep::Pace::default(), &mut |_| Ok(()));
    assert!(matches!(checked, Err(crate::store::upkeep::UpkeepError::Open(error)) if error == refused));
    assert_eq!(fs::read(dir.path().join("index.redb")).unwrap(), fs::read(kept("4").join("data/index.redb")).unwrap());
}

/// The open uploads of earlier versions have no owner.
#[tokio::test]
async fn open_uploads_are_counted_for_their_owner_since_version_6() {
    for version in KEPT {
        let counted = open(&copy_of(version)).0.index.read(index::Snapshot::upload_owners).unwrap();
        let expected = if version < "6" { vec![] } else { vec![("AK".to_owned(), 2)] };
        assert_eq!(Vec::from_iter(counted), expected, "version {version}");
    }
}

/// The index remembers what CompleteMultipartUpload answered, and so does the migrated one.
#[tokio::test]
async fn completed_uploads_are_remembered_across_a_migration() {
    for version in KEPT {
        let dir = copy_of(version);
        let store = open(&dir);
        let completed = store.0.index.read(index::Snapshot::completed_ids).unwrap();
        assert_eq!(completed.len(), 2);
        let etags =
            [vec![0; MIN_PART as usize], body(SMALL, 4).to_vec()].map(|body| ETag::from_md5(Md5::digest(body).into()));
        let parts: Vec<_> = (1..)
            .zip(etags)
            .map(|(number, etag)| PartInfo { number, size: 0, etag, last_modified: NOW, checksum: None })
            .collect();
        let mut answers = 0;
        for id in completed {
            let at = UploadRef { bucket: bucket(), key: key("multipart"), id };
            answers += usize::from(complete(&store, &at, &[&parts[0], &parts[1]]).await.is_ok());
        }
        assert_eq!(answers, 1, "version {version}");
    }
}
