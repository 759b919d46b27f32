//! Checks and garbage collection of folders that are sound, damaged, or left by a crash.

use super::crash::killed;
use super::uploads::{create, put_part};
use super::*;
use crate::store::index::Tables;
use crate::store::upkeep::{Checked, Event, Freed, Pace, Tally, UpkeepError, check, collect};
use std::path::PathBuf;

/// Where the only blob of [`sample`] is.
pub(super) const BLOB: &str = "blobs/00/000/0000000000000000";

/// A closed folder with a small object, a large one and a deleted one.
async fn sample() -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "large", &body(LARGE, 1)).await.unwrap();
    put(&store, "small", &body(10, 2)).await.unwrap();
    put(&store, "gone", &body(LARGE, 3)).await.unwrap();
    store.delete_object(&bucket(), &key("gone")).await.unwrap();
    dir
}

/// A line for each finding, its kind in front.
pub(super) fn findings(dir: &TempDir) -> Vec<String> {
    findings_in(dir.path())
}

pub(super) fn findings_in(dir: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let checked = check(dir, Pace::default(), &mut |event| {
        if let Event::Found(finding) = event {
            lines.push(format!("{} {finding}", finding.kind.name()));
        }
        Ok(())
    });
    assert_eq!(checked.unwrap().findings, lines.len() as u64);
    lines
}

fn forge(dir: &TempDir, change: impl FnOnce(&mut Tables<'_>)) {
    let store = open(dir);
    let forged = store.0.index.write(|tables| {
        change(tables);
        Ok(())
    });
    forged.unwrap();
}

pub(super) fn change_blob(dir: &TempDir, change: impl FnOnce(&mut Vec<u8>)) {
    let path = dir.path().join(BLOB);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// The file of blob 0 with these bytes.
fn file_of(bytes: &[u8]) -> Vec<u8> {
    let mut sums = block_sums::BlockSums::default();
    sums.update(bytes);
    [bytes, &sums.finish(BlobId(0)).1].concat()
}

/// All bytes below a folder.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bytes =
        |path: PathBuf| if path.is_dir() { contents(&path) } else { vec![(path.clone(), fs::read(path).unwrap())] };
    paths.flat_map(bytes).collect()
}

#[tokio::test]
async fn an_intact_folder_has_no_defects() {
    let dir = sample().await;
    let mut progress = Vec::new();
    let checked = check(dir.path(), Pace::default(), &mut |event| {
        if let Event::Progress { done, of } = event {
            progress.push((done, of));
        }
        Ok(())
    });
    let expected = Checked { objects: 2, parts: 0, blobs: 1, bytes: LARGE as u64 + 10, findings: 0 };
    assert_eq!(checked.unwrap(), expected);
    assert_eq!(progress.last(), Some(&(LARGE as u64, LARGE as u64)));
}

/// Damage to a sample, and the findings then.
type Case = (fn(&TempDir), &'static [&'static str]);

async fn expect(cases: &[Case]) {
    for (damage, expected) in cases {
        let dir = sample().await;
        damage(&dir);
        let before = contents(dir.path());
        assert_eq!(findings(&dir), *expected);
        assert!(contents(dir.path()) == before, "a check changes nothing");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_blob_is_told_under_the_name_of_whoever_has_it() {
    const CASES: &[Case] = &[
        (|dir| fs::remove_file(dir.path().join(BLOB)).unwrap(), &["missing bucket/large: blob 0 is missing"]),
        (
            |dir| change_blob(dir, |bytes| bytes.truncate(bytes.len() - 1)),
            &["length bucket/large: the file of blob 0 has 1061104 bytes, and not 1061105"],
        ),
        (
            |dir| change_blob(dir, |bytes| bytes[LARGE - 1] ^= 1),
            &["checksum bucket/large: the bytes of blob 0 are not those that were written"],
        ),
        (
            |dir| change_blob(dir, |bytes| bytes[LARGE] ^= 1),
            &["checksum bucket/large: the block sums of blob 0 are not those that were written"],
        ),
        (
            |dir| change_blob(dir, |bytes| *bytes.last_mut().unwrap() ^= 1),
            &["checksum bucket/large: the block sums of blob 0 are not those that were written"],
        ),
        (
            |dir| change_blob(dir, |bytes| bytes.truncate(LARGE)),
            &["length bucket/large: the file of blob 0 has 1060921 bytes, and not 1061105"],
        ),
        (|dir| fs::remove_dir_all(dir.path().join("blobs")).unwrap(), &["missing bucket/large: blob 0 is missing"]),
        (
            |dir| {
                fs::remove_file(dir.path().join(BLOB)).unwrap();
                fs::create_dir(dir.path().join(BLOB)).unwrap();
            },
            &["unreadable bucket/large: blob 0 cannot be read: not a regular file"],
        ),
        (
            |dir| {
                for orphan in ["blobs/00/000/0000000000000fff", "tmp/0"] {
                    fs::write(dir.path().join(orphan), b"torn").unwrap();
                }
            },
            &[
                "orphan blobs/00/000/0000000000000fff: no row names it (4 bytes)",
                "orphan tmp/0: an upload that did not end has left it (4 bytes)",
            ],
        ),
    ];
    expect(CASES).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_row_is_told() {
    const CASES: &[Case] = &[
        (
            |dir| forge(dir, |tables| tables.set_raw_object(b"bucket\0torn", b"torn").unwrap()),
            &["unreadable bucket/torn: damaged: a row of the index does not read"],
        ),
        (
            |dir| {
                forge(dir, |tables| {
                    tables.copy_raw_object(b"bucket\0small", b"nobody\0small");
                    tables.set_raw_body(b"nobody\0small", Some(&body(10, 2)));
                });
            },
            &["dangling nobody/small: the bucket or the upload it is in is not there"],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_body(b"bucket\0small", None)),
            &["missing bucket/small: its bytes are missing from the index"],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_body(b"bucket\0small", Some(b"short"))),
            &["length bucket/small: it has 5 bytes in the index, and its row says 10"],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_body(b"bucket\0small", Some(&[0; 10]))),
            &["checksum bucket/small: its bytes in the index are not those that were written"],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_body(b"bucket\0large", Some(b"x"))),
            &["dangling bucket/large: the index has bytes of it that its row does not name"],
        ),
    ];
    expect(CASES).await;
}

#[tokio::test]
async fn blobs_and_those_who_name_them_are_held_against_each_other() {
    const CASES: &[Case] = &[
        (
            |dir| forge(dir, |tables| tables.copy_raw_object(b"bucket\0large", b"bucket\0twin")),
            &["references blob 0: its row counts 1 uses, and there are 2"],
        ),
        (
            |dir| {
                forge(dir, |tables| tables.copy_raw_object(b"bucket\0large", b"bucket\0twin"));
                fs::remove_file(dir.path().join(BLOB)).unwrap();
            },
            &[
                "missing bucket/large: blob 0 is missing",
                "missing bucket/twin: blob 0 is missing",
                "references blob 0: its row counts 1 uses, and there are 2",
            ],
        ),
        (
            |dir| forge(dir, |tables| tables.remove_raw_blob(0)),
            &["missing bucket/large: blob 0 has no row in the index"],
        ),
        (
            |dir| {
                forge(dir, |tables| tables.change_blob(0, |row| row.length -= 1));
                change_blob(dir, |bytes| *bytes = file_of(&body(LARGE, 1)[..LARGE - 1]));
                forge(dir, |tables| {
                    tables.change_blob(0, |row| row.crc = block_sums::sum(&body(LARGE, 1)[..LARGE - 1]))
                });
            },
            &["length bucket/large: it reaches beyond the end of blob 0"],
        ),
        (
            |dir| forge(dir, |tables| tables.copy_raw_object(b"bucket\0small", b"bucket\0large")),
            &[
                "missing bucket/large: its bytes are missing from the index",
                "references blob 0: its row counts 1 uses, and there are 0",
            ],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_blob(0, b"torn")),
            &["unreadable bucket/large: the row of blob 0 does not read"],
        ),
        (
            |dir| forge(dir, |tables| tables.set_raw_bucket("bucket", b"torn")),
            &["checksum index.redb: a row of the index does not read"],
        ),
        (
            |dir| {
                forge(dir, |tables| tables.set_unreferenced(0));
            },
            &["dangling blob 0: it is noted for removal and has a row"],
        ),
    ];
    expect(CASES).await;
}

#[tokio::test]
async fn a_page_of_the_index_that_rots_is_found() {
    let dir = sample().await;
    let path = dir.path().join("index.redb");
    let mut bytes = fs::read(&path).unwrap();
    let small = body(10, 2);
    let places: Vec<_> = (0..bytes.len() - 10).filter(|at| bytes[*at..at + 10] == small[..]).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    fs::write(path, bytes).unwrap();
    let found = findings(&dir);
    assert!(found[0].starts_with("checksum index.redb: page "), "{found:?}");
}

/// The page of the file that has this row, and no other that is in use: the others are of earlier commits.
fn damage_rows(dir: &TempDir, names: &[&str]) {
    let path = dir.path().join("index.redb");
    let mut bytes = fs::read(&path).unwrap();
    for name in names {
        let row = [bucket().as_str().as_bytes(), b"\0", name.as_bytes()].concat();
        let places: Vec<_> =
            bytes.windows(row.len()).enumerate().filter(|(_, at)| *at == row).map(|(at, _)| at).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| bytes[at + row.len() - 1] ^= 1);
    }
    fs::write(path, bytes).unwrap();
}

/// A check goes on behind a bad page: it names each that it meets, and what cannot be verified.
#[tokio::test]
async fn a_check_goes_on_behind_bad_pages() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let mut names = Vec::new();
    for number in 0..300 {
        names.push(format!("name/{number:03}"));
        put(&store, names.last().unwrap(), &body(10, 1)).await.unwrap();
    }
    for number in 0..3 {
        put(&store, &format!("zz/{number}"), &body(LARGE, number)).await.unwrap();
    }
    drop(store);
    damage_rows(&dir, &["name/050", "name/200"]);
    fs::remove_file(dir.path().join("blobs/00/000/0000000000000001")).unwrap();
    let found = findings(&dir);
    let with = |text: &str| found.iter().filter(|line| line.contains(text)).count();
    assert!(with("checksum index.redb: page ") >= 2, "{found:?}");
    let gaps: Vec<_> = found.iter().filter(|line| line.contains("what is between bucket/name/0")).collect();
    assert!(!gaps.is_empty() && with("what is between bucket/name/1") > 0, "{found:?}");
    assert_eq!(with(" objects cannot be read"), 1, "{found:?}");
    assert_eq!(with("missing bucket/zz/1: blob 1 is missing"), 1, "what is behind is looked at, too: {found:?}");
    assert!(found.len() <= 110, "{found:?}");
}

/// Of most pages of a new index nothing is in use.
#[tokio::test]
async fn every_page_that_is_in_use_is_proven() {
    let dir = sample().await;
    let path = dir.path().join("index.redb");
    let good = fs::read(&path).unwrap();
    let mut found = 0;
    for page in good.chunks_exact(4096).enumerate().map(|(number, _)| number * 4096) {
        let mut bad = good.clone();
        bad[page..][..4096].fill(0x55);
        fs::write(&path, &bad).unwrap();
        match check(dir.path(), Pace::default(), &mut |_| Ok(())) {
            Err(UpkeepError::Open(OpenError::Unusable { .. })) => assert_eq!(page, 0, "it is no index any more"),
            checked => found += u64::from(checked.unwrap().findings > 0),
        }
    }
    assert!(found > 5, "{found}");
}

#[tokio::test]
async fn what_a_crash_left_can_be_checked_and_collected() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "large", &body(LARGE, 1)).await.unwrap();
    let copy = killed(&dir);
    fs::create_dir(copy.path().join("tmp")).unwrap();
    fs::write(copy.path().join("tmp/0"), b"torn").unwrap();
    fs::write(copy.path().join("blobs/00/000/0000000000000fff"), b"orphan").unwrap();
    assert_eq!(findings(&copy).len(), 2);
    let freed = collect(copy.path()).unwrap();
    let tally = |bytes| Tally { files: 1, bytes, failed: 0 };
    assert_eq!((freed.temporary, freed.unreferenced, freed.orphans), (tally(4), Tally::default(), tally(6)));
    assert_eq!(findings(&copy), [""; 0]);
    assert!(get(&open(&copy), "large").await.unwrap() == body(LARGE, 1));
}

#[tokio::test]
async fn a_collection_finishes_what_is_unreferenced_and_shrinks_the_index() {
    let dir = sample().await;
    let store = open(&dir);
    for name in 0..300 {
        put(&store, &name.to_string(), &body(INLINE, 0)).await.unwrap();
    }
    // The last one stays: the end of the file is in use, and closing alone does not shrink it.
    for name in 0..299 {
        store.delete_object(&bucket(), &key(&name.to_string())).await.unwrap();
    }
    drop(store);
    forge(&dir, |tables| tables.set_unreferenced(0xfff));
    fs::write(dir.path().join("blobs/00/000/0000000000000fff"), b"unreferenced").unwrap();
    assert_eq!(findings(&dir), [""; 0], "what is to be removed is no finding");
    let before = fs::metadata(dir.path().join("index.redb")).unwrap().len();
    let freed = collect(dir.path()).unwrap();
    let after = fs::metadata(dir.path().join("index.redb")).unwrap().len();
    assert_eq!(freed.unreferenced, Tally { files: 1, bytes: 12, failed: 0 });
    assert_eq!(freed.index, before - after);
    assert!(freed.index > 512 << 10, "{freed:?}");
    assert_eq!(collect(dir.path()).unwrap(), Freed::default());
    assert!(get(&open(&dir), "large").await.unwrap() == body(LARGE, 1));
}

#[tokio::test]
async fn a_collection_removes_nothing_that_a_row_names() {
    type Damage = fn(&TempDir);
    let cases: [Damage; 4] = [
        // An object names the blob, which has no row of its own.
        |dir| forge(dir, |tables| tables.remove_raw_blob(0)),
        // The blob has a row, and no object names it.
        |dir| forge(dir, |tables| tables.copy_raw_object(b"bucket\0small", b"bucket\0large")),
        |dir| forge(dir, |tables| tables.set_unreferenced(0)),
        // Which blob an object references is unknown.
        |dir| {
            forge(dir, |tables| {
                tables.set_raw_object(b"bucket\0large", b"torn").unwrap();
                tables.remove_raw_blob(0);
            });
        },
    ];
    for (case, damage) in cases.iter().enumerate() {
        let dir = sample().await;
        damage(&dir);
        let freed = collect(dir.path()).unwrap();
        assert_eq!((freed.orphans, freed.unreferenced), (Tally::default(), Tally::default()), "{case}");
        assert_eq!(files(&dir).len(), 1, "{case}");
    }
}

#[tokio::test]
async fn upkeep_and_serving_exclude_each_other() {
    let dir = sample().await;
    let store = open(&dir);
    let in_use = |error: UpkeepError| matches!(error, UpkeepError::Open(OpenError::InUse(_)));
    assert!(check(dir.path(), Pace::default(), &mut |_| Ok(())).is_err_and(in_use));
    assert!(collect(dir.path()).is_err_and(in_use));
    drop(store);
    // The check holds the folder while it reports progress.
    let serve = |_| {
        let served = Store::open(dir.path(), Options::default()).map(drop);
        assert_eq!(served, Err(OpenError::InUse(dir.path().to_owned())));
        Ok(())
    };
    check(dir.path(), Pace::default(), &mut { serve }).unwrap();
}

#[test]
fn a_folder_that_is_none_is_not_made() {
    let dir = TempDir::new().unwrap();
    let none = dir.path().join("mistyped");
    let no_index = |error: UpkeepError| matches!(error, UpkeepError::Open(OpenError::NoIndex(_)));
    assert!(check(&none, Pace::default(), &mut |_| Ok(())).is_err_and(no_index));
    assert!(collect(&none).is_err_and(no_index));
    assert!(!none.exists());
}

#[tokio::test]
async fn a_check_that_cannot_tell_stops() {
    let dir = sample().await;
    fs::remove_file(dir.path().join(BLOB)).unwrap();
    let stopped = check(dir.path(), Pace::default(), &mut |_| Err(std::io::ErrorKind::BrokenPipe.into()));
    assert!(matches!(stopped, Err(UpkeepError::Output(_))));
}

#[tokio::test]
async fn parts_of_open_uploads_are_rows_like_any_other() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let upload = create(&store, "k", None).await;
    put_part(&store, &upload, 7, &body(LARGE, 1)).await.unwrap();
    drop(store);
    let checked = check(dir.path(), Pace::default(), &mut |_| Ok(())).unwrap();
    assert_eq!(checked, Checked { objects: 0, parts: 1, blobs: 1, bytes: LARGE as u64, findings: 0 });
    forge(&dir, |tables| tables.remove_raw_blob(0));
    assert_eq!(collect(dir.path()).unwrap().orphans, Tally::default());
    let id = upload.id;
    assert_eq!(findings(&dir), [format!("missing bucket/k: part 7 of upload {id}: blob 0 has no row in the index")]);
}

#[tokio::test]
async fn an_owner_whose_uploads_are_counted_wrong_is_found() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    create(&store, "k", None).await;
    store.0.index.write(|tables| tables.set_uploads_of_owner("AK", 3)).unwrap();
    drop(store);
    assert_eq!(
        findings(&dir),
        ["references index.redb: it counts the open uploads of keys as {\"AK\": 3}, and they are {}"]
    );
}
