//! One changed bit anywhere in a data folder is an error or nothing, and never another answer.

use super::uploads::{complete, create, put_part};
use super::*;
use crate::s3::listing::Entry;
use crate::s3::upload_listing::UploadPage;
use crate::store::numbers::Numbers;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// How many bits of the index, and of the files of blobs, are flipped, one at a time.
const FLIPS_OF_INDEX: usize = 1100;
const FLIPS_OF_BLOBS: usize = 1000;

/// A large body: two blocks.
const BODY: usize = 70_000;

/// A closed folder in which much was overwritten and deleted, so that older pages of the index lie about.
async fn folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    store.create_bucket(&BucketName::parse("empty").unwrap(), NOW).await.unwrap();
    for round in 0..3 {
        for name in 0..16 {
            put(&store, &format!("small/{name}"), &body(200 + 10 * round, name as u8)).await.unwrap();
        }
        put(&store, "large", &body(BODY, round as u8)).await.unwrap();
        put(&store, &format!("gone/{round}"), &body(BODY, 3)).await.unwrap();
        store.delete_object(&bucket(), &key(&format!("gone/{round}"))).await.unwrap();
    }
    put_with(&store, "sealed", &body(BODY, 4), &secret(1)).await.unwrap();
    let whole = create(&store, "parts", None).await;
    let part = put_part(&store, &whole, 1, &body(BODY, 5)).await.unwrap();
    complete(&store, &whole, &[&part]).await.unwrap();
    let across = create(&store, "copied", None).await;
    let source = store.object(&bucket(), &key("large")).await.unwrap();
    let part = store.copy_part(&across, 1, source, 60_000..69_000, &CopyKeys::default(), NOW).await.unwrap();
    complete(&store, &across, &[&part]).await.unwrap();
    let open = create(&store, "open", None).await;
    put_part(&store, &open, 1, &body(300, 6)).await.unwrap();
    for kind in ConfigurationKind::ALL {
        store.configure(&bucket(), kind, Some(kind.name().to_owned())).await.unwrap();
    }
    store.blobs().reaper.wait();
    dir
}

/// A store that changes nothing in the folder.
fn open_to_read(dir: &TempDir) -> Result<Store, OpenError> {
    let disk = Disk::new(Durability::None);
    disk.fail_with(Some(Errno::ROFS));
    try_open_on(disk, dir.path())
}

/// What a client is answered.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Buckets(Vec<Bucket>),
    Page(Page),
    Configuration(Option<String>),
    Info(Box<ObjectInfo>),
    Uploads(UploadPage),
    /// How many bytes, and their sum.
    Bytes(usize, u64),
}

type Answers = Vec<Result<Answer, StoreError>>;

async fn rows(store: &Store, keys: &[ObjectKey]) -> Answers {
    let mut answers = vec![store.list_buckets().await.map(Answer::Buckets)];
    for (prefix, delimiter) in [("", None), ("", Some("/")), ("small/1", None)] {
        answers.push(store.list(&bucket(), prefix, delimiter, None, 1000).await.map(Answer::Page));
    }
    for kind in ConfigurationKind::ALL {
        answers.push(store.configuration(&bucket(), kind).await.map(Answer::Configuration));
    }
    for key in keys {
        answers.push(store.info(&bucket(), key).await.map(|info| Answer::Info(Box::new(info))));
    }
    answers.push(store.list_uploads(&bucket(), &uploads::query("", None, 1000)).await.map(Answer::Uploads));
    answers
}

async fn bytes(store: &Store, keys: &[ObjectKey]) -> Answers {
    let mut answers = Vec::new();
    for key in keys {
        let secret = (key.as_str() == "sealed").then(|| secret(1));
        // Those of an encrypted object are read whole: its own tags take long to compute where nothing is optimised.
        let ranges = if secret.is_some() || key.as_str().starts_with("small/") { 1 } else { 4 };
        for range in [0..u64::MAX, 150..151, 65_000..66_000, 69_999..70_000].into_iter().take(ranges) {
            let read = async {
                let object = store.object(&bucket(), key).await?;
                read_all(object.read(range, secret.as_ref()).await?).await
            };
            answers.push(read.await.map(|bytes| Answer::Bytes(bytes.len(), block_sums::sum(&bytes))));
        }
    }
    answers
}

fn is_error_of_the_store(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged(_) | StoreError::Io(_))
}

/// How many answers became errors.
fn compare(truth: &Answers, now: Answers, flip: &str) -> usize {
    let mut errors = 0;
    for (then, now) in truth.iter().zip(now) {
        match &now {
            Err(error) if is_error_of_the_store(error) => errors += 1,
            now => assert!(now == then, "{flip}: {then:?} has become {now:?}"),
        }
    }
    errors
}

/// Flips a bit, and flips it back when dropped.
struct Flip {
    file: fs::File,
    at: u64,
    was: [u8; 1],
}

impl Flip {
    fn new(path: &Path, at: u64, bit: usize) -> Flip {
        let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut was = [0];
        file.read_exact_at(&mut was, at).unwrap();
        file.write_all_at(&[was[0] ^ (1 << bit)], at).unwrap();
        Flip { file, at, was }
    }
}

impl Drop for Flip {
    fn drop(&mut self) {
        self.file.write_all_at(&self.was, self.at).unwrap();
    }
}

async fn keys_of(store: &Store) -> Vec<ObjectKey> {
    let page = store.list(&bucket(), "", None, None, 1000).await.unwrap();
    let name = |entry| match entry {
        Entry::Object(object) => key(&object.key),
        Entry::Prefix(prefix) => panic!("{prefix}"),
    };
    page.entries.into_iter().map(name).collect()
}

/// Each flip is looked at by a store that was opened after it, as pages are kept in memory. A flip that keeps the store
/// from opening is seen by everyone. No row is hidden by any.
#[tokio::test]
async fn a_flipped_bit_in_the_index_changes_no_answer() {
    let dir = folder().await;
    let store = open_to_read(&dir).unwrap();
    let keys = keys_of(&store).await;
    let truth = [rows(&store, &keys).await, bytes(&store, &keys).await].concat();
    assert!(truth.iter().all(Result::is_ok));
    drop(store);
    let path = dir.path().join("index.redb");
    let index = fs::read(&path).unwrap();
    // Most pages of a young index are empty; half of the flips are in pages that are not.
    let written: Vec<usize> = (0..)
        .zip(index.chunks(4096))
        .filter(|(_, page)| page.iter().any(|byte| *byte != 0))
        .map(|(at, _)| at)
        .collect();
    let (mut numbers, mut closed, mut errors) = (Numbers(1), 0, 0);
    for flip in 0..FLIPS_OF_INDEX {
        let at: usize = match flip {
            // The whole of redb's header and what guards it.
            0..344 => 4096 + flip,
            _ if flip % 8 == 0 => numbers.below(index.len()),
            _ => written[numbers.below(written.len())] * 4096 + numbers.below(4096),
        };
        let bit = numbers.below(8);
        let _flip = Flip::new(&path, at as u64, bit);
        match open_to_read(&dir) {
            Ok(store) => {
                let now = [rows(&store, &keys).await, bytes(&store, &keys).await].concat();
                errors += compare(&truth, now, &format!("bit {bit} of byte {at} of the index"));
            }
            Err(_) => closed += 1,
        }
    }
    assert!(closed > 100 && errors > 100, "{closed} {errors}");
    assert_eq!(compare(&truth, rows(&open_to_read(&dir).unwrap(), &keys).await, "none"), 0);
}

#[tokio::test]
async fn a_flipped_bit_in_a_blob_changes_no_answer() {
    let dir = folder().await;
    let store = open_to_read(&dir).unwrap();
    let keys: Vec<_> = keys_of(&store).await.into_iter().filter(|key| !key.as_str().starts_with("small/")).collect();
    let truth = bytes(&store, &keys).await;
    let blobs: Vec<(PathBuf, usize)> =
        files(&dir).into_iter().map(|path| (path.clone(), path.metadata().unwrap().len() as usize)).collect();
    assert_eq!(blobs.len(), 4, "one of the open upload among them");
    let (mut numbers, mut errors) = (Numbers(2), 0);
    for flip in 0..FLIPS_OF_BLOBS {
        let (path, length) = &blobs[flip % blobs.len()];
        // Every other flip is in the last bytes: block sums, and the footer.
        let from = if flip % 2 == 0 { 0 } else { length.saturating_sub(80) };
        let (at, bit) = (from + numbers.below(length - from), numbers.below(8));
        let _flip = Flip::new(path, at as u64, bit);
        errors += compare(&truth, bytes(&store, &keys).await, &format!("bit {bit} of byte {at} of {path:?}"));
    }
    assert!(errors > FLIPS_OF_BLOBS * 3 / 4, "{errors}");
    assert_eq!(store.stats().damaged_reads, errors as u64);
}
