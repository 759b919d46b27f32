//! A disk that fails at one step: each kind of change meets each fault at each of its steps.
//!
//! What was acknowledged is there, a change that failed is not (or wholly, where the index itself failed), nothing is
//! left over, and when the disk works again so does the store.

use super::upkeep::findings;
use super::uploads::{complete, copy, create, put_part};
use super::*;
use crate::s3::S3Error;
use crate::store::disk::Step;
use crate::store::disk::faults::{Fault, Moment};
use std::collections::BTreeMap;

/// Larger than what lies in the index.
const LENGTH: usize = 40_000;

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Small,
    Large,
    Part,
    Copy,
    Complete,
    Delete,
    Bucket,
}

const KINDS: [Kind; 7] = [Kind::Small, Kind::Large, Kind::Part, Kind::Copy, Kind::Complete, Kind::Delete, Kind::Bucket];

/// Steps of bodies, and then those of the index.
const STEPS: [Step; 9] = [
    Step::MakeFolder,
    Step::CreateFile,
    Step::Write,
    Step::Sync,
    Step::Rename,
    Step::SyncFolder,
    Step::ResizeIndex,
    Step::WriteIndex,
    Step::SyncIndex,
];

/// How a step fails, and whether for good.
const FAULTS: [(Errno, Moment, bool); 3] =
    [(Errno::IO, Moment::Before, true), (Errno::IO, Moment::After, false), (Errno::NOSPC, Moment::Half, false)];

fn is_of_the_index(step: Step) -> bool {
    matches!(step, Step::ResizeIndex | Step::WriteIndex | Step::SyncIndex)
}

/// All a client can see: lines of buckets, objects and parts.
type Seen = BTreeMap<String, String>;

struct Table {
    dir: TempDir,
    disk: Disk,
    store: Store,
    upload: UploadRef,
    round: u8,
    struck: usize,
}

/// A change, ready to be made.
struct Ready {
    kind: Kind,
    name: String,
    bytes: Bytes,
    upload: Option<(UploadRef, PartInfo)>,
}

impl Table {
    async fn new(kind: Kind) -> Table {
        let dir = TempDir::new().unwrap();
        let disk = Disk::new(Durability::None);
        let store = open_on(&disk, &dir);
        store.create_bucket(&bucket(), NOW).await.unwrap();
        // The first body of a folder makes the folder, which is a step to fail at, too.
        let length = if matches!(kind, Kind::Large | Kind::Part) { 100 } else { LENGTH };
        put(&store, "kept", &body(length, 77)).await.unwrap();
        let upload = create(&store, "parts", None).await;
        Table { dir, disk, store, upload, round: 0, struck: 0 }
    }

    /// What is to be there before the change is made. It is another one each time.
    async fn prepare(&mut self, kind: Kind) -> Ready {
        self.round = self.round.wrapping_add(1);
        let name = format!("{kind:?}-{}", self.round);
        let bytes = body(if kind == Kind::Small { 10 } else { LENGTH }, self.round);
        let upload = match kind {
            Kind::Complete => {
                let upload = create(&self.store, &name, None).await;
                let part = put_part(&self.store, &upload, 1, &bytes).await.unwrap();
                Some((upload, part))
            }
            Kind::Delete => {
                put(&self.store, &name, &bytes).await.unwrap();
                None
            }
            _ => None,
        };
        Ready { kind, name, bytes, upload }
    }

    async fn make(&self, ready: &Ready) -> Result<(), StoreError> {
        let store = &self.store;
        match (ready.kind, &ready.upload) {
            (Kind::Small | Kind::Large, _) => put(store, "target", &ready.bytes).await.map(drop),
            (Kind::Part, _) => put_part(store, &self.upload, 1, &ready.bytes).await.map(drop),
            (Kind::Copy, _) => store.copy_object(copy("kept", &ready.name)).await.map(drop),
            (Kind::Complete, Some((upload, part))) => complete(store, upload, &[part]).await.map(drop),
            (Kind::Complete, None) => panic!("there is an upload"),
            (Kind::Delete, _) => store.delete_object(&bucket(), &key(&ready.name)).await,
            (Kind::Bucket, _) => store.create_bucket(&bucket_of(ready), NOW).await,
        }
    }

    /// Everything, read back.
    async fn seen(&self) -> Seen {
        let mut seen = Seen::new();
        for bucket in self.store.list_buckets().await.unwrap() {
            seen.insert(format!("bucket {}", bucket.name.as_str()), String::new());
        }
        let page = self.store.list(&bucket(), "", None, None, 1000).await.unwrap();
        for name in super::listing::lines(&page) {
            let tag = self.store.info(&bucket(), &key(&name)).await.unwrap().etag;
            // A tag of an object that is not made of parts is of its bytes.
            if name == "kept" || name == "target" {
                let read = get(&self.store, &name).await.unwrap();
                assert_eq!(ETag::from_md5(Md5::digest(&read).into()), tag, "{name}");
            }
            seen.insert(format!("object {name}"), tag.as_str().to_owned());
        }
        for part in self.store.list_parts(&self.upload, 0, 1000).await.unwrap().0 {
            seen.insert(format!("part {}", part.number), part.etag.as_str().to_owned());
        }
        seen
    }

    /// Makes the change with a disk that fails, and then with one that does not. Returns whether the fault was met.
    async fn meet(&mut self, kind: Kind, fault: Fault) -> bool {
        let ready = self.prepare(kind).await;
        let before = self.seen().await;
        self.disk.faults().plan(Some(fault));
        let made = self.make(&ready).await;
        let during = self.seen().await;
        let says_so = self.store.stats().read_only;
        if fault.lasts && is_of_the_index(fault.step) && made.is_err() {
            assert!(says_so, "{fault:?}: the store is read-only and does not say so");
        }
        let struck = self.disk.faults().struck() > 0;
        self.disk.faults().plan(None);
        self.store.blobs().reaper.wait();
        let files_then = files(&self.dir).len();
        self.store.0.index.revive_now();
        assert!(!self.store.stats().read_only, "the disk works again");
        let seen = self.seen().await;
        assert!(during == before || during == seen, "{fault:?}: {during:?} and then {seen:?}");
        let again = self.make(&ready).await;
        let after = self.seen().await;
        match &made {
            Ok(()) => assert!(seen == after && (!struck || is_of_the_index(fault.step)), "{fault:?}: {seen:?}"),
            Err(error) => {
                assert!(struck && says_what_failed(error, fault.errno), "{fault:?}: {error:?}");
                let may_be_done = is_of_the_index(fault.step) && seen == after;
                assert!(seen == before || may_be_done, "{fault:?}: {before:?} has become {seen:?}");
            }
        }
        let is_done_already = again == Err(StoreError::BucketExists) || matches!(again, Err(StoreError::NoSuchUpload));
        assert!(again.is_ok() || is_done_already && seen == after, "{fault:?}: {again:?}");
        self.nothing_is_left(&fault, says_so, files_then);
        self.struck += usize::from(struck);
        struck
    }

    fn nothing_is_left(&self, fault: &Fault, says_so: bool, files_then: usize) {
        self.store.blobs().reaper.wait();
        assert_eq!(self.store.space().promised(), 0, "reserved space: {fault:?}");
        assert_eq!(fs::read_dir(self.dir.path().join("tmp")).unwrap().count(), 0, "temporary files: {fault:?}");
        if !is_of_the_index(fault.step) {
            assert!(!says_so, "one body that fails leaves the others to be written: {fault:?}");
            assert!(files_then <= files(&self.dir).len(), "files of bodies: {fault:?}");
        }
    }

    /// A start repairs what there is to repair, and then a check finds nothing.
    async fn end(self) -> usize {
        let seen = self.seen().await;
        let Table { dir, disk, store, upload, round, struck } = self;
        drop(store);
        let store = open_on(&disk, &dir);
        let again = Table { dir, disk, store, upload, round, struck };
        assert_eq!(again.seen().await, seen, "after a start");
        let Table { dir, store, .. } = again;
        drop(store);
        assert_eq!(findings(&dir), [""; 0]);
        struck
    }
}

fn bucket_of(ready: &Ready) -> BucketName {
    BucketName::parse(&ready.name.to_lowercase()).unwrap()
}

/// What a client is answered is an error of the server's, and of the right kind.
fn says_what_failed(error: &StoreError, errno: Errno) -> bool {
    let answer = S3Error::from(error.clone());
    let status = answer.status.as_u16();
    match error {
        StoreError::Full => errno == Errno::NOSPC && status == 503,
        StoreError::Io(_) => errno == Errno::IO && status == 500,
        _ => false,
    }
}

/// Of each kind, each step that it takes fails once in each way; a kind that does not take the step never fails.
#[tokio::test]
async fn a_step_that_fails_fails_one_change_and_no_more() {
    let mut struck = BTreeMap::new();
    for kind in KINDS {
        for step in STEPS {
            for (errno, moment, lasts) in FAULTS {
                let mut table = Table::new(kind).await;
                for taken in 0.. {
                    if !table.meet(kind, Fault { step, taken, errno, moment, lasts }).await {
                        break;
                    }
                }
                *struck.entry((format!("{kind:?}"), format!("{step:?}"))).or_insert(0) += table.end().await;
            }
        }
    }
    println!("{struck:?}");
    for kind in KINDS {
        for step in STEPS {
            let is_of_bodies = !is_of_the_index(step);
            let has_body = matches!(kind, Kind::Large | Kind::Part);
            let is_certain = step != Step::ResizeIndex && (!is_of_bodies || has_body);
            let met = struck[&(format!("{kind:?}"), format!("{step:?}"))];
            assert!(
                if is_certain { met >= FAULTS.len() } else { !is_of_bodies || met == 0 },
                "{kind:?} {step:?} {met}"
            );
        }
    }
}

/// A row that was committed and a file that never got its name: a file system that keeps no order, or a folder that was
/// copied while it was written to.
#[tokio::test]
async fn a_body_whose_rename_was_lost_is_never_served() {
    type Loss = fn(&Path, &TempDir);
    let losses: [(&str, Loss); 4] = [
        ("the file is gone", |blob, _| fs::remove_file(blob).unwrap()),
        ("it has its temporary name", |blob, dir| fs::rename(blob, dir.path().join("tmp/0")).unwrap()),
        ("its bytes are not there", |blob, _| drop(fs::File::create(blob).unwrap())),
        ("zeros are in their place", |blob, _| {
            fs::write(blob, vec![0; fs::metadata(blob).unwrap().len() as usize]).unwrap();
        }),
    ];
    for (what, lose) in losses {
        let dir = TempDir::new().unwrap();
        let store = with_bucket(&dir).await;
        put(&store, "lost", &body(LENGTH, 1)).await.unwrap();
        let blob = files(&dir).remove(0);
        put(&store, "kept", &body(LENGTH, 2)).await.unwrap();
        drop(store);
        lose(&blob, &dir);
        // Before a start and after it.
        for _ in 0..2 {
            let found = findings(&dir);
            assert!(found.iter().any(|line| line.contains("lost")), "{what}: {found:?}");
            assert!(!found.iter().any(|line| line.contains("kept")), "{what}: {found:?}");
            let store = open(&dir);
            let read = get(&store, "lost").await;
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{what}: {read:?}");
            assert!(get(&store, "kept").await.unwrap() == body(LENGTH, 2));
            let next = put(&store, "next", &body(LENGTH, 3)).await;
            assert!(next.is_ok() && get(&store, "next").await.unwrap() == body(LENGTH, 3), "{what}");
        }
        let store = open(&dir);
        put(&store, "lost", &body(LENGTH, 4)).await.unwrap();
        assert!(get(&store, "lost").await.unwrap() == body(LENGTH, 4), "a new write mends it");
        drop(store);
        drop(open(&dir));
        assert_eq!(findings(&dir), [""; 0], "{what}");
    }
}
