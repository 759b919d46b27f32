//! A clock that jumps: what times keys get then, and what a jump makes the lifecycle rules do.

use super::uploads::{completion, copy, create, put_part};
use super::*;
use crate::s3::lifecycle::{LifecycleRule, When};

const DAY: i64 = 24 * 3600 * 1000;

fn at(days: i64) -> Timestamp {
    Timestamp::from_millis(NOW.millis().checked_add_signed(days * DAY).unwrap())
}

/// How a key is written.
#[derive(Debug, Clone, Copy)]
enum Way {
    Put,
    Copy,
    Complete,
}

async fn write(store: &Store, way: Way, now: Timestamp) -> Timestamp {
    match way {
        Way::Put => {
            let mut upload = store.begin(&bucket(), &key("k"), 1, &WriteConditions::default(), None).await.unwrap();
            upload.body().push(body(1, 0)).await.unwrap();
            upload.commit(NewObject { now, ..new_object(b"") }).await.unwrap();
        }
        Way::Copy => drop(store.copy_object(ObjectCopy { now, ..copy("source", "k") }).await.unwrap()),
        Way::Complete => {
            let upload = create(store, "k", None).await;
            let part = put_part(store, &upload, 1, &body(10, 1)).await.unwrap();
            store.complete_upload(upload, Completion { now, ..completion(&[&part]) }).await.unwrap();
        }
    }
    store.info(&bucket(), &key("k")).await.unwrap().last_modified
}

/// A clock that was far ahead for a while leaves its time behind, and later writes keep it: never back, and never more
/// than was once said.
#[tokio::test]
async fn the_time_of_a_key_never_goes_back_however_far_the_clock_jumps() {
    for way in [Way::Put, Way::Copy, Way::Complete] {
        let dir = TempDir::new().unwrap();
        let store = with_bucket(&dir).await;
        put(&store, "source", &body(10, 1)).await.unwrap();
        for (days, expected) in [(0, 0), (-30, 0), (-1, 0), (1, 1), (0, 1), (3650, 3650), (2, 3650), (3651, 3651)] {
            assert_eq!(write(&store, way, at(days)).await, at(expected), "{way:?} at {days} days");
        }
    }
}

/// Rules speak of days since a time that was written down. A clock that goes back makes nothing due. One that goes ahead
/// makes due what has that age by the clock, once and for good: the clock is believed, as R2 believes its own.
#[tokio::test]
async fn a_jump_makes_the_rules_do_what_they_say_and_no_more() {
    let rule = |id: &str, prefix: &str| LifecycleRule {
        id: id.into(),
        enabled: true,
        prefix: prefix.into(),
        ..LifecycleRule::default()
    };
    let rules = vec![
        LifecycleRule { expiration: Some(When::Days(30)), ..rule("short", "short/") },
        LifecycleRule { expiration: Some(When::Days(20_000)), ..rule("long", "long/") },
        LifecycleRule { abort_after: Some(7), ..rule("uploads", "") },
    ];
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    store.configure(&bucket(), ConfigurationKind::Lifecycle, Some(Lifecycle { rules }.to_document())).await.unwrap();
    for name in ["short/a", "short/b", "long/a", "none"] {
        put(&store, name, &body(10, 1)).await.unwrap();
    }
    create(&store, "open", None).await;
    for (days, deleted, aborted) in
        [(0, 0, 0), (-4000, 0, 0), (29, 0, 1), (-1, 0, 0), (3650, 2, 0), (-3650, 0, 0), (3650, 0, 0)]
    {
        let run = store.run_lifecycle(at(days)).await.unwrap();
        assert_eq!((run.deleted, run.aborted), (deleted, aborted), "{days} days");
    }
    let left = super::listing::lines(&store.list(&bucket(), "", None, None, 10).await.unwrap());
    assert_eq!(left, ["long/a", "none"]);
}
