//! Backups: each is the folder at one moment, whatever is done to it meanwhile; where the disk fails there is none.

use super::kept::{contents, copy_of, fill};
use super::upkeep::{BLOB as BLOB_FILE, change_blob, findings, findings_in};
use super::uploads::{complete, create, delete, put_part};
use super::*;
use crate::store::disk::Step;
use crate::store::disk::faults::{Fault, Moment};
use crate::store::upkeep::{BackedUp, BackupPlan, Event, Pace, TargetFault, UpkeepError, backup};
use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use tokio::runtime::Handle;

/// Larger than what lies in the index.
const BLOB: usize = 40_000;

/// A place for backups.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Shelf {
        Shelf(TempDir::new().unwrap())
    }

    fn plan(&self, name: &str) -> BackupPlan {
        BackupPlan { target: self.0.path().join(name), link: false, also: vec!["credentials.toml"] }
    }

    /// What is on it.
    fn names(&self) -> BTreeSet<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }
}

fn deaf(_: Event) -> io::Result<()> {
    Ok(())
}

fn open_at(path: &Path) -> Store {
    Store::open(path, Options { durability: Durability::None, reserve: 0, ..Options::default() }).unwrap()
}

/// Makes a backup and checks it.
fn copy_store(store: &Store, plan: &BackupPlan) -> BackedUp {
    let done = store.backup(plan, Pace::default(), &mut deaf).unwrap();
    assert_eq!(findings_in(&plan.target), [""; 0]);
    done
}

#[tokio::test]
async fn a_backup_has_all_that_a_store_can_hold() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = open(&dir);
    fill(&store).await;
    let expected = contents(&store).await;
    let done = copy_store(&store, &shelf.plan("running"));
    assert_eq!(done.objects, store.stats().objects);
    assert_eq!((done.blobs, done.linked, done.findings), (store_blobs(&store), 0, 0));
    drop(store);
    let stopped = backup(dir.path(), &shelf.plan("stopped"), Pace::default(), &mut deaf).unwrap();
    assert_eq!(stopped, done);
    for name in ["running", "stopped"] {
        let target = shelf.plan(name).target;
        assert_eq!(findings_in(&target), [""; 0], "{name}");
        assert_eq!(contents(&open_at(&target)).await, expected, "{name}");
    }
}

fn store_blobs(store: &Store) -> u64 {
    store.0.index.read(|snapshot| Ok(snapshot.blobs()?.count() as u64)).unwrap()
}

#[tokio::test]
async fn folders_of_earlier_versions_are_copied_once_they_are_migrated() {
    for version in ["3", "4"] {
        let (dir, shelf) = (copy_of(version), Shelf::new());
        let refused = backup(dir.path(), &shelf.plan("early"), Pace::default(), &mut deaf);
        assert!(matches!(refused, Err(UpkeepError::Open(OpenError::NotMigrated { .. }))), "{refused:?}");
        let store = open(&dir);
        copy_store(&store, &shelf.plan("late"));
        assert_eq!(contents(&open_at(&shelf.plan("late").target)).await, contents(&store).await);
        assert_eq!(shelf.names(), ["late".to_owned()].into());
    }
}

/// What is done after the moment is not in the copy, and what is removed after it is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_while_it_is_copied_is_in_the_copy() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    for number in 0..5u8 {
        put(&store, &number.to_string(), &body(BLOB, number)).await.unwrap();
    }
    let upload = create(&store, "open", None).await;
    let part = put_part(&store, &upload, 1, &body(BLOB, 7)).await.unwrap();
    let (source, plan) = (store.clone(), shelf.plan("copy"));
    let same = upload.clone();
    let done = on_blocking(move || {
        let mut begun = false;
        let change = async || {
            for number in 0..5u8 {
                delete(&source, &number.to_string()).await;
            }
            put(&source, "late", &body(BLOB, 9)).await.unwrap();
            source.abort_upload(same.clone()).await.unwrap();
            source.blobs().reaper.wait();
        };
        source.backup(&plan, Pace::default(), &mut |_| {
            if !std::mem::replace(&mut begun, true) {
                Handle::current().block_on(change());
            }
            Ok(())
        })
    });
    let done = done.await.unwrap();
    assert_eq!(done, BackedUp { objects: 5, blobs: 6, bytes: 6 * BLOB as u64, linked: 0, findings: 0 });
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 1, "once it is copied, nothing keeps it");
    let target = shelf.plan("copy").target;
    assert_eq!(findings_in(&target), [""; 0]);
    let copy = open_at(&target);
    for number in 0..5u8 {
        assert!(get(&copy, &number.to_string()).await.unwrap() == body(BLOB, number));
    }
    assert_eq!(get(&copy, "late").await, Err(StoreError::NoSuchKey));
    complete(&copy, &upload, &[&part]).await.unwrap();
    assert!(get(&copy, "open").await.unwrap() == body(BLOB, 7));
}

async fn on_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The numbers of `first`, `second` and `third` never rise, as they are written in this order; uploads and copies too.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_beside_writers_is_of_one_moment() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    write_round(&store, 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        async move {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                write_round(&store, round).await;
            }
        }
    });
    for number in 0..4 {
        let (source, plan) = (store.clone(), shelf.plan(&number.to_string()));
        on_blocking(move || copy_store(&source, &plan)).await;
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    for number in 0..4 {
        let copy = open_at(&shelf.plan(&number.to_string()).target);
        let mut rounds = Vec::new();
        for name in ["first", "copied", "parts", "small"] {
            let bytes = get(&copy, name).await.unwrap();
            let round = u64::from_be_bytes(*bytes.first_chunk().unwrap());
            assert!(bytes == of_round(round, bytes.len()), "{name} is whole");
            rounds.push(round);
        }
        assert!(rounds.is_sorted_by(|a, b| a >= b) && rounds[0] - rounds[3] <= 1, "{number}: {rounds:?}");
    }
}

fn of_round(round: u64, length: usize) -> Bytes {
    let rest = body(length - 8, round as u8);
    [&round.to_be_bytes()[..], &rest].concat().into()
}

async fn write_round(store: &Store, round: u64) {
    let bytes = of_round(round, BLOB);
    put(store, "first", &bytes).await.unwrap();
    store.copy_object(super::uploads::copy("first", "copied")).await.unwrap();
    let upload = create(store, "parts", None).await;
    let part = put_part(store, &upload, 1, &bytes).await.unwrap();
    complete(store, &upload, &[&part]).await.unwrap();
    put(store, "small", &of_round(round, 100)).await.unwrap();
    store.delete_object(&bucket(), &key("copied-before")).await.unwrap();
    store.copy_object(super::uploads::copy("copied", "copied-before")).await.unwrap();
}

/// Whichever step fails and however, there is a whole backup or none, and nothing beside it.
#[tokio::test]
async fn a_disk_that_fails_leaves_no_backup() {
    const STEPS: [Step; 9] = [
        Step::MakeFolder,
        Step::CreateFile,
        Step::Write,
        Step::Sync,
        Step::Rename,
        Step::SyncFolder,
        Step::OpenIndex,
        Step::ResizeIndex,
        Step::WriteIndex,
    ];
    let (dir, disk) = (TempDir::new().unwrap(), Disk::new(Durability::None));
    let store = open_on(&disk, &dir);
    store.create_bucket(&bucket(), NOW).await.unwrap();
    put(&store, "k", &body(BLOB, 1)).await.unwrap();
    put(&store, "small", &body(10, 2)).await.unwrap();
    fs::write(dir.path().join("credentials.toml"), "secret").unwrap();
    for step in STEPS {
        let mut met = 0;
        for moment in [Moment::Before, Moment::Half, Moment::After] {
            for taken in 0.. {
                let shelf = Shelf::new();
                let fault = Fault { step, taken, errno: Errno::NOSPC, moment, lasts: false };
                disk.faults().plan(Some(fault));
                let made = store.backup(&shelf.plan("copy"), Pace::default(), &mut deaf);
                let struck = disk.faults().struck() > 0;
                disk.faults().plan(None);
                met += usize::from(struck);
                match made {
                    Ok(_) => {
                        assert_eq!(shelf.names(), ["copy".to_owned()].into(), "{fault:?}");
                        assert_eq!(findings_in(&shelf.plan("copy").target), [""; 0], "{fault:?}");
                    }
                    Err(UpkeepError::Target(_)) => assert_eq!(shelf.names(), [].into(), "{fault:?}"),
                    Err(error) => panic!("{fault:?}: {error}"),
                }
                if !struck {
                    break;
                }
            }
        }
        assert!(met >= 3, "{step:?}: {met}");
    }
    assert!(get(&store, "k").await.unwrap() == body(BLOB, 1));
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
}

#[tokio::test]
async fn a_place_that_is_taken_or_none_is_refused() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    let at = |name: &str| shelf.0.path().join(name);
    fs::write(at("file"), "precious").unwrap();
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/file"), "precious").unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
    fs::write(at(".blocked.unfinished"), "precious").unwrap();
    std::os::unix::fs::symlink(dir.path(), at(".diverted.unfinished")).unwrap();
    fs::create_dir(at(".busy.unfinished")).unwrap();
    let busy = fs::File::open(at(".busy.unfinished")).unwrap();
    busy.try_lock().unwrap();
    let before = shelf.names();
    type Expected = fn(&TargetFault) -> bool;
    let cases: [(PathBuf, Expected); 10] = [
        (at("file"), |fault| matches!(fault, TargetFault::Taken(_))),
        (at("full"), |fault| matches!(fault, TargetFault::Taken(_))),
        (at("link"), |fault| matches!(fault, TargetFault::Taken(_))),
        (at("busy"), |fault| matches!(fault, TargetFault::UnderWay(_))),
        (at("blocked"), |fault| matches!(fault, TargetFault::Io { .. })),
        (at("diverted"), |fault| matches!(fault, TargetFault::Io { .. })),
        (at("missing/copy"), |fault| matches!(fault, TargetFault::Io { .. })),
        (at(".."), |fault| matches!(fault, TargetFault::NoName(_))),
        (dir.path().join("copy"), |fault| matches!(fault, TargetFault::Inside(_))),
        (dir.path().join("blobs/copy"), |fault| matches!(fault, TargetFault::Inside(_))),
    ];
    for (target, expected) in cases {
        let plan = BackupPlan { target, ..shelf.plan("") };
        let refused = store.backup(&plan, Pace::default(), &mut deaf);
        assert!(matches!(&refused, Err(UpkeepError::Target(fault)) if expected(fault)), "{plan:?}: {refused:?}");
    }
    assert_eq!(shelf.names(), before);
    assert_eq!(fs::read_to_string(at("full/file")).unwrap(), "precious");
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
}

#[tokio::test]
async fn a_backup_takes_the_place_of_an_empty_folder_and_of_a_draft_that_was_left() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(BLOB, 1)).await.unwrap();
    fs::create_dir(shelf.0.path().join("copy")).unwrap();
    fs::create_dir_all(shelf.0.path().join(".copy.unfinished/blobs")).unwrap();
    fs::write(shelf.0.path().join(".copy.unfinished/index.redb"), "torn").unwrap();
    copy_store(&store, &shelf.plan("copy"));
    assert_eq!(shelf.names(), ["copy".to_owned()].into());
    assert!(get(&open_at(&shelf.plan("copy").target), "k").await.unwrap() == body(BLOB, 1));
}

/// The caller stops the backup at each call in turn.
#[tokio::test]
async fn a_backup_that_nobody_waits_for_leaves_nothing() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(LARGE, 1)).await.unwrap();
    let mut stopped = 0;
    for calls in 0.. {
        let mut left = calls;
        let made = store.backup(&shelf.plan("copy"), Pace::default(), &mut |_| {
            left -= 1;
            if left < 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        });
        match made {
            Err(UpkeepError::Output(_)) => assert_eq!(shelf.names(), [].into()),
            made => {
                made.unwrap();
                break;
            }
        }
        stopped += 1;
    }
    assert!(stopped > 5, "{stopped}");
}

#[tokio::test]
async fn a_copy_is_for_its_owner_alone_and_shares_nothing() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(BLOB, 1)).await.unwrap();
    let credentials = dir.path().join("credentials.toml");
    fs::write(&credentials, "secret").unwrap();
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(dir.path().join("notes.txt"), "not ours").unwrap();
    copy_store(&store, &shelf.plan("copy"));
    let target = shelf.plan("copy").target;
    let names: BTreeSet<_> = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["blobs", "credentials.toml", "index.redb", "tmp"].map(Into::into).into());
    let blob = BLOB_FILE;
    for (name, mode) in
        [("", 0o700), ("blobs", 0o700), (blob, 0o600), ("index.redb", 0o600), ("credentials.toml", 0o600)]
    {
        assert_eq!(fs::metadata(target.join(name)).unwrap().mode() & 0o777, mode, "{name}");
    }
    assert_eq!(fs::read_to_string(target.join("credentials.toml")).unwrap(), "secret");
    let inode = |root: &Path| fs::metadata(root.join(blob)).unwrap().ino();
    assert_ne!(inode(&target), inode(dir.path()));
    let linked = copy_store(&store, &BackupPlan { link: true, ..shelf.plan("linked") });
    assert_eq!(linked, BackedUp { objects: 1, blobs: 1, bytes: BLOB as u64, linked: 1, findings: 0 });
    assert_eq!(inode(&shelf.plan("linked").target), inode(dir.path()));
    // What is removed on one side stays on the other.
    delete(&store, "k").await;
    assert!(get(&open_at(&shelf.plan("linked").target), "k").await.unwrap() == body(BLOB, 1));
}

#[tokio::test]
async fn damage_is_reported_and_copied_as_it_is() {
    type Damage = (fn(&TempDir), &'static str, &'static str);
    let cases: [Damage; 3] = [
        (
            |dir| change_blob(dir, |bytes| bytes[7] ^= 1),
            "blob 0: the bytes of blob 0 are not those that were written",
            "checksum bucket/k: the bytes of blob 0 are not those that were written",
        ),
        (
            |dir| change_blob(dir, |bytes| bytes.truncate(100)),
            "blob 0: the file of blob 0 has 100 bytes, and not 40056",
            "length bucket/k: the file of blob 0 has 100 bytes, and not 40056",
        ),
        (
            |dir| fs::remove_file(dir.path().join(BLOB_FILE)).unwrap(),
            "blob 0: blob 0 is missing",
            "missing bucket/k: blob 0 is missing",
        ),
    ];
    for (damage, reported, found) in cases {
        let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
        let store = with_bucket(&dir).await;
        put(&store, "k", &body(BLOB, 1)).await.unwrap();
        damage(&dir);
        let mut lines = Vec::new();
        let done = store.backup(&shelf.plan("copy"), Pace::default(), &mut |event| {
            if let Event::Found(finding) = event {
                lines.push(finding.to_string());
            }
            Ok(())
        });
        assert_eq!((done.unwrap().findings, lines), (1, vec![reported.to_owned()]));
        assert_eq!(findings_in(&shelf.plan("copy").target), [found]);
    }
}

#[tokio::test]
async fn a_damaged_index_makes_no_backup() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(BLOB, 1)).await.unwrap();
    drop(store);
    let path = dir.path().join("index.redb");
    let good = fs::read(&path).unwrap();
    let mut refused = 0;
    for page in (2..good.len() / 4096).map(|number| number * 4096) {
        let mut bad = good.clone();
        bad[page..][..4096].fill(0x55);
        fs::write(&path, &bad).unwrap();
        match backup(dir.path(), &shelf.plan(&page.to_string()), Pace::default(), &mut deaf) {
            Ok(_) => assert_eq!(findings_in(&shelf.plan(&page.to_string()).target), [""; 0], "page {page}"),
            Err(UpkeepError::Unsound(_) | UpkeepError::Open(OpenError::Damaged { .. })) => refused += 1,
            Err(error) => panic!("page {page}: {error}"),
        }
    }
    assert!(refused > 3, "{refused}");
}

#[tokio::test]
async fn a_backup_and_a_check_exclude_each_other() {
    let (dir, shelf) = (TempDir::new().unwrap(), Shelf::new());
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(BLOB, 1)).await.unwrap();
    let mut tried = 0;
    store
        .backup(&shelf.plan("first"), Pace::default(), &mut |_| {
            let busy = |error: UpkeepError| matches!(error, UpkeepError::Busy);
            assert!(store.check(Pace::default(), &mut deaf).is_err_and(busy));
            assert!(store.backup(&shelf.plan("second"), Pace::default(), &mut deaf).is_err_and(busy));
            tried += 1;
            Ok(())
        })
        .unwrap();
    assert!(tried > 0);
    assert_eq!(shelf.names(), ["first".to_owned()].into());
    let in_use = backup(dir.path(), &shelf.plan("second"), Pace::default(), &mut deaf);
    assert!(matches!(in_use, Err(UpkeepError::Open(OpenError::InUse(_)))));
}
