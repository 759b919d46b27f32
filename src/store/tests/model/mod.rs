//! The store against maps: random operations, and crashes between them and in their middle. After each the store is what
//! the maps are; of what was not acknowledged, it has all or nothing. Now and then a backup takes the store's place, and
//! the index is compacted while operations go on.
//!
//! `R2SHIM_MODEL_OPERATIONS` says how many operations, `R2SHIM_TEST_SEED` which.

mod operation;
mod map;
mod draw;
mod carry_out;

use super::crash::killed;
use super::upkeep::findings;
use super::*;
use crate::store::numbers::Numbers;
use crate::store::upkeep::{BackupPlan, Pace};
use carry_out::{carry_out, create_upload, read};
use draw::Draw;
use map::{Bucket as BucketMap, KINDS, Model, Part, Upload};
use operation::{Done, Operation};
use std::collections::BTreeMap;
use std::env;
use std::io;
use std::sync::mpsc::channel;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_blocking;

/// Operations where the environment does not say how many.
const OPERATIONS: u64 = 3_000;
/// Uploads that are open at the same time. The store of the tests has 30 at most.
const OPEN_UPLOADS: usize = 12;
/// How many answers to what happened are followed at the same time.
const POSSIBLE: usize = 8;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A store, and what it should be.
struct Run {
    dir: TempDir,
    disk: Disk,
    store: Store,
    model: Model,
    numbers: Numbers,
    /// Advances with every operation, by 50 seconds a thousand.
    done: u64,
    crashes: [u64; 3],
    backups: u64,
    compactions: [u64; 2],
    /// How often each operation was carried out and refused.
    outcomes: BTreeMap<&'static str, [u64; 2]>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let (dir, disk) = (TempDir::new().unwrap(), Disk::new(Durability::None));
        let store = open_on(&disk, &dir);
        let (model, numbers, outcomes) = (Model::default(), Numbers(seed), BTreeMap::new());
        let (crashes, compactions) = ([0; 3], [0; 2]);
        Run { dir, disk, store, model, numbers, done: 0, crashes, backups: 0, compactions, outcomes }
    }

    fn draw(&mut self) -> Operation {
        self.done += 1;
        let now = Timestamp::from_millis(NOW.millis() + self.done * 50);
        Draw { numbers: &mut self.numbers, now }.operation(&self.model)
    }

    async fn step(&mut self) {
        match self.numbers.below(400) {
            0 => self.restart().await,
            1 => self.kill().await,
            2 | 3 => self.die().await,
            4 => self.restore().await,
            5 | 6 => self.compact().await,
            7..=20 => self.open_upload().await,
            _ => {
                let operation = self.draw();
                let (expected, found) = (self.model.apply(&operation), carry_out(&self.store, &operation).await);
                assert_eq!(found, expected, "{operation:?}");
                self.outcomes.entry(operation.name()).or_default()[usize::from(found.is_err())] += 1;
            }
        }
    }

    /// The store chooses the id, so that the model cannot know it before.
    async fn open_upload(&mut self) {
        let now = Timestamp::from_millis(NOW.millis() + self.done * 50);
        let (bucket, key) = Draw { numbers: &mut self.numbers, now }.place();
        if self.model.uploads().len() >= OPEN_UPLOADS {
            return;
        }
        let created = create_upload(&self.store, &bucket, &key, now).await;
        match self.model.buckets.get_mut(&bucket) {
            None => assert_eq!(created, Err(StoreError::NoSuchBucket)),
            Some(map) => drop(map.uploads.insert(created.unwrap(), Upload { key, parts: BTreeMap::new() })),
        }
    }

    /// An orderly end.
    async fn restart(&mut self) {
        self.crashes[0] += 1;
        self.reopen(None);
        self.compare(vec![self.model.clone()]).await;
    }

    /// The process ends between two operations.
    async fn kill(&mut self) {
        self.crashes[1] += 1;
        let copy = killed(&self.dir);
        self.reopen(Some(copy));
        self.compare(vec![self.model.clone()]).await;
    }

    /// The disk takes no more writes after some, in the middle of an operation; then the process ends.
    async fn die(&mut self) {
        self.crashes[2] += 1;
        let mut possible = vec![self.model.clone()];
        self.disk.fail_after(self.numbers.below(12) as u64);
        for _ in 0..3 {
            let operation = self.draw();
            let found = carry_out(&self.store, &operation).await;
            possible = possible.into_iter().flat_map(|model| after(model, &operation, &found)).collect();
            assert!(!possible.is_empty(), "{operation:?} answered {found:?}");
        }
        let copy = (self.numbers.below(2) == 0).then(|| killed(&self.dir));
        self.reopen(copy);
        self.compare(possible).await;
    }

    /// A backup takes the store's place: what was done after it is not in it.
    async fn restore(&mut self) {
        self.backups += 1;
        let shelf = TempDir::new().unwrap();
        let plan = BackupPlan { target: shelf.path().to_owned(), link: self.backups.is_multiple_of(2), also: vec![] };
        let done = self.store.backup(&plan, Pace::default(), &mut |_| Ok(())).unwrap();
        assert_eq!(done.findings, 0);
        let at_that_moment = self.model.clone();
        let operation = self.draw();
        let _ = carry_out(&self.store, &operation).await;
        self.reopen(Some(shelf));
        self.compare(vec![at_that_moment]).await;
    }

    /// The index is written anew while operations go on. The disk may take no more writes from some moment on; then the
    /// process ends.
    async fn compact(&mut self) {
        let dies = self.numbers.below(3) == 0;
        self.compactions[usize::from(dies)] += 1;
        if dies {
            self.disk.fail_after(self.numbers.below(100) as u64);
        }
        let (store, (ask, mut asked), (go_on, may_go_on)) = (self.store.clone(), unbounded_channel(), channel());
        let compacting = spawn_blocking(move || {
            store.compact(Pace::default(), &mut |_| {
                ask.send(()).map_err(io::Error::other)?;
                may_go_on.recv().map_err(io::Error::other)
            })
        });
        let mut possible = vec![self.model.clone()];
        while asked.recv().await.is_some() {
            if possible.len() < POSSIBLE {
                let operation = self.draw();
                let found = carry_out(&self.store, &operation).await;
                possible = possible.into_iter().flat_map(|model| after(model, &operation, &found)).collect();
                assert!(!possible.is_empty(), "{operation:?} answered {found:?}");
            }
            go_on.send(()).unwrap();
        }
        let done = compacting.await.unwrap();
        assert!(dies || done.is_ok(), "{done:?}");
        if dies {
            let copy = (self.numbers.below(2) == 0).then(|| killed(&self.dir));
            self.reopen(copy);
        }
        self.compare(possible).await;
    }

    /// Closes the store and opens it again, or another folder in its place. What a check finds is nothing.
    fn reopen(&mut self, other: Option<TempDir>) {
        // The folder is free when its last owner is gone.
        let disk = Disk::new(Durability::None);
        let nowhere = TempDir::new().unwrap();
        self.store = open_on(&disk, &nowhere);
        if let Some(other) = other {
            self.dir = other;
        }
        drop(open_on(&disk, &self.dir));
        assert_eq!(findings(&self.dir), [""; 0]);
        self.store = open_on(&disk, &self.dir);
        self.disk = disk;
    }

    /// The store is one of these; that is the model from now on.
    async fn compare(&mut self, possible: Vec<Model>) {
        let seen = seen(&self.store).await;
        let found = possible.iter().position(|model| model.clone().seen() == seen);
        let Some(found) = found else { panic!("{}", difference(&possible[0].clone().seen(), &seen)) };
        self.model = possible.into_iter().nth(found).unwrap();
    }
}

/// What a store may be after an operation, by its answer. What failed was done or was not.
fn after(model: Model, operation: &Operation, found: &Result<Done, StoreError>) -> Vec<Model> {
    let mut next = model.clone();
    let expected = next.apply(operation);
    match found {
        Err(StoreError::Io(_) | StoreError::ReadOnly | StoreError::Full) => match operation {
            Operation::DeleteMany { bucket, keys } => removed_in_part(model, bucket, keys),
            _ => vec![model, next],
        },
        found if *found == expected => vec![next],
        _ => Vec::new(),
    }
}

/// What a store may be if the keys were removed in several commits, the first ones first, and some of these failed.
fn removed_in_part(model: Model, bucket: &str, keys: &[String]) -> Vec<Model> {
    let mut possible = vec![model];
    for key in keys {
        let mut next = possible[possible.len() - 1].clone();
        drop(next.apply(&Operation::Delete { bucket: bucket.to_owned(), key: key.clone() }));
        possible.push(next);
    }
    possible
}

/// All of a store.
async fn seen(store: &Store) -> Model {
    let mut model = Model::default();
    for bucket in store.list_buckets().await.unwrap() {
        let (mut map, name) = (BucketMap::default(), bucket.name.as_str().to_owned());
        let page = store.list(&bucket.name, "", None, None, 1000).await.unwrap();
        for key in super::listing::lines(&page) {
            map.objects.insert(key.clone(), read(store, &name, &key, 0..u64::MAX).await.unwrap());
        }
        for kind in KINDS {
            let document = store.configuration(&bucket.name, kind).await.unwrap();
            map.configurations.extend(document.map(|document| (kind.name(), document)));
        }
        map.uploads = uploads(store, &bucket.name).await;
        model.buckets.insert(name, map);
    }
    model
}

async fn uploads(store: &Store, bucket: &BucketName) -> BTreeMap<String, Upload> {
    let view = crate::s3::view::RequestView::from_signed_headers(&NO_HEADERS, Default::default());
    let query = crate::s3::upload_listing::UploadQuery::parse(&view).unwrap();
    let mut found = BTreeMap::new();
    for upload in store.list_uploads(bucket, &query).await.unwrap().uploads {
        let at = UploadRef { bucket: bucket.clone(), key: key(&upload.key), id: upload.upload_id.clone() };
        let part = |info: PartInfo| {
            let PartInfo { number, size, etag, last_modified, .. } = info;
            (number, Part { bytes: Bytes::new(), size, etag, last_modified })
        };
        let parts = store.list_parts(&at, 0, 1000).await.unwrap().0.into_iter().map(part).collect();
        found.insert(upload.upload_id, Upload { key: upload.key, parts });
    }
    found
}

static NO_HEADERS: std::sync::LazyLock<http::HeaderMap> = std::sync::LazyLock::new(http::HeaderMap::new);

/// What differs, without the bytes.
fn difference(model: &Model, seen: &Model) -> String {
    let mut lines = Vec::new();
    for name in model.buckets.keys().chain(seen.buckets.keys()) {
        let empty = BucketMap::default();
        let (a, b) = (model.buckets.get(name).unwrap_or(&empty), seen.buckets.get(name).unwrap_or(&empty));
        for key in a.objects.keys().chain(b.objects.keys()).filter(|key| a.objects.get(*key) != b.objects.get(*key)) {
            let show = |map: &BucketMap| map.objects.get(key).map(|object| (object.bytes.len(), object.etag.clone()));
            lines.push(format!("{name}/{key}: {:?} should be {:?}", show(b), show(a)));
        }
        if (&a.uploads, &a.configurations) != (&b.uploads, &b.configurations) {
            lines.push(format!("{name}: {:?} should be {:?}", b.uploads, a.uploads));
            lines.push(format!("{name}: {:?} should be {:?}", b.configurations, a.configurations));
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_store_is_a_map_whatever_happens() {
    let (seed, operations) =
        (from_environment("R2SHIM_TEST_SEED", 1), from_environment("R2SHIM_MODEL_OPERATIONS", OPERATIONS));
    let mut run = Run::new(seed);
    for bucket in ["media", "logs"] {
        let made = Operation::CreateBucket { bucket: bucket.to_owned() };
        assert_eq!(carry_out(&run.store, &made).await, run.model.apply(&made));
    }
    while run.done < operations {
        run.step().await;
    }
    run.restart().await;
    let [restarts, kills, deaths] = run.crashes;
    let (backups, [compactions, broken_off]) = (run.backups, run.compactions);
    println!("{} operations, {restarts} restarts, {kills} kills, {deaths} dead disks, {backups} backups", run.done);
    println!("{compactions} compactions, and {broken_off} on dying disks");
    println!("carried out and refused: {:?}", run.outcomes);
    assert!(restarts > 0 && kills > 0 && deaths > 0 && backups > 0);
    assert!(compactions > 0 && broken_off > 0);
    assert!(run.outcomes.len() == 15 && run.outcomes.values().all(|[done, _]| *done > 0), "every operation is done");
}
