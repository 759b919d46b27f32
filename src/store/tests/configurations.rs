//! What is configured for buckets, and lifecycle rules as they are carried out.

use super::upkeep::findings;
use super::uploads::create;
use super::*;
use crate::s3::lifecycle::{LifecycleRule, When};
use crate::s3::storage_class::StorageClass;
use crate::store::index::{LifecycleChange, LifecycleStep, ObjectWalk};

const DAY: u64 = 24 * 60 * 60 * 1000;

fn days_later(days: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + days * DAY)
}

/// Keys under `prefix` expire after a day, and uploads are aborted after two.
fn rules(prefix: &str) -> String {
    let rule =
        |id: &str| LifecycleRule { id: id.into(), enabled: true, prefix: prefix.into(), ..LifecycleRule::default() };
    let expiration = Some(When::Days(1));
    let rules = vec![
        LifecycleRule { expiration, ..rule("objects") },
        LifecycleRule { abort_after: Some(2), ..rule("uploads") },
    ];
    Lifecycle { rules }.to_document()
}

async fn configure(store: &Store, kind: ConfigurationKind, document: Option<&str>) {
    store.configure(&bucket(), kind, document.map(str::to_owned)).await.unwrap();
}

async fn keys(store: &Store) -> Vec<String> {
    let page = store.list(&bucket(), "", None, None, 1000).await.unwrap();
    page.entries
        .into_iter()
        .map(|entry| match entry {
            crate::s3::listing::Entry::Object(object) => object.key,
            crate::s3::listing::Entry::Prefix(prefix) => prefix,
        })
        .collect()
}

#[tokio::test]
async fn what_is_configured_stays_until_it_is_replaced_or_removed() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for kind in ConfigurationKind::ALL {
        assert_eq!(store.configuration(&bucket(), kind).await, Ok(None));
        configure(&store, kind, Some("first")).await;
        configure(&store, kind, Some(kind.name())).await;
    }
    drop(store);
    let store = open(&dir);
    for kind in ConfigurationKind::ALL {
        assert_eq!(store.configuration(&bucket(), kind).await, Ok(Some(kind.name().to_owned())));
        assert_eq!(store.configurations(kind).unwrap(), [(bucket(), Ok(kind.name().to_owned()))]);
    }
    configure(&store, ConfigurationKind::Cors, None).await;
    assert_eq!(store.configuration(&bucket(), ConfigurationKind::Cors).await, Ok(None));
    assert!(store.configuration(&bucket(), ConfigurationKind::Lifecycle).await.unwrap().is_some());
}

#[tokio::test]
async fn a_bucket_that_is_made_anew_has_nothing_of_the_one_that_was_removed() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store.create_bucket_at(&bucket(), Some("ENAM".into()), NOW).await.unwrap();
    assert_eq!(store.configuration(&bucket(), ConfigurationKind::Location).await, Ok(Some("ENAM".into())));
    configure(&store, ConfigurationKind::Lifecycle, Some("x")).await;
    store.delete_bucket(&bucket()).await.unwrap();
    for kind in ConfigurationKind::ALL {
        assert_eq!(store.configuration(&bucket(), kind).await, Err(StoreError::NoSuchBucket));
        assert_eq!(store.configure(&bucket(), kind, Some("x".into())).await, Err(StoreError::NoSuchBucket));
    }
    store.create_bucket(&bucket(), NOW).await.unwrap();
    for kind in ConfigurationKind::ALL {
        assert_eq!(store.configuration(&bucket(), kind).await, Ok(None));
    }
}

#[tokio::test]
async fn objects_expire_and_uploads_are_aborted_by_the_rules_of_their_bucket() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for name in ["logs/small", "logs/large", "other"] {
        put(&store, name, &body(if name == "logs/large" { LARGE } else { 10 }, 1)).await.unwrap();
    }
    let uploads = [create(&store, "logs/upload", None).await, create(&store, "upload", None).await];
    configure(&store, ConfigurationKind::Lifecycle, Some(&rules("logs/"))).await;
    for (days, objects, aborted) in [(0, 0, 0), (1, 2, 0), (2, 0, 1), (400, 0, 0)] {
        assert_eq!(
            store.run_lifecycle(days_later(days)).await,
            Ok(LifecycleRun { deleted: objects, moved: 0, aborted }),
            "{days} days"
        );
    }
    assert_eq!(keys(&store).await, ["other"]);
    assert_eq!(store.upload(&uploads[0]).await, Err(StoreError::NoSuchUpload));
    assert!(store.upload(&uploads[1]).await.is_ok());
    store.blobs().reaper.wait();
    assert_eq!(files(&dir).len(), 0, "the bytes are gone too");
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
}

#[tokio::test]
async fn objects_move_to_infrequent_access_and_stay_what_they_are() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for (name, length) in [("logs/small", 10), ("logs/large", LARGE), ("other", 10)] {
        put(&store, name, &body(length, 1)).await.unwrap();
    }
    let transition =
        LifecycleRule { id: "a".into(), enabled: true, prefix: "logs/".into(), ..LifecycleRule::default() };
    let rules = vec![LifecycleRule { transition: Some(When::Days(1)), ..transition }];
    configure(&store, ConfigurationKind::Lifecycle, Some(&Lifecycle { rules }.to_document())).await;
    for (days, moved) in [(0, 0), (1, 2), (2, 0)] {
        let run = LifecycleRun { moved, ..LifecycleRun::default() };
        assert_eq!(store.run_lifecycle(days_later(days)).await, Ok(run), "{days} days");
    }
    for (name, length, class) in [
        ("logs/small", 10, StorageClass::InfrequentAccess),
        ("logs/large", LARGE, StorageClass::InfrequentAccess),
        ("other", 10, StorageClass::Standard),
    ] {
        let info = store.info(&bucket(), &key(name)).await.unwrap();
        assert_eq!((info.storage_class, info.last_modified), (class, NOW), "{name}");
        assert!(get(&store, name).await.unwrap() == body(length, 1), "{name}");
    }
    drop(store);
    assert_eq!(findings(&dir), [""; 0]);
}

#[tokio::test]
async fn a_walk_sees_every_object_however_many_there_are() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    for number in 0..600 {
        put(&store, &format!("logs/{number:04}"), &body(1, 1)).await.unwrap();
    }
    configure(&store, ConfigurationKind::Lifecycle, Some(&rules("logs/0"))).await;
    assert_eq!(store.run_lifecycle(days_later(1)).await.unwrap().deleted, 600);
    assert_eq!(keys(&store).await, [""; 0]);
}

#[tokio::test]
async fn a_bucket_whose_rules_were_removed_keeps_its_uploads() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    create(&store, "k", None).await;
    configure(&store, ConfigurationKind::Lifecycle, Some("")).await;
    assert_eq!(store.run_lifecycle(days_later(400)).await, Ok(LifecycleRun::default()));
    configure(&store, ConfigurationKind::Lifecycle, None).await;
    assert_eq!(store.run_lifecycle(days_later(400)).await, Ok(LifecycleRun { aborted: 1, ..LifecycleRun::default() }));
}

/// What a client changes between the decision and the commit is not undone by it.
#[tokio::test]
async fn what_was_changed_since_is_not_removed() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(10, 1)).await.unwrap();
    let document = rules("");
    configure(&store, ConfigurationKind::Lifecycle, Some(&document)).await;
    let seen = || {
        let walk = ObjectWalk { bucket: bucket(), prefix: String::new(), after: None, most: 10 };
        store.0.index.read(|snapshot| snapshot.walk_objects(&walk)).unwrap().remove(0).1.unwrap()
    };
    let expire = async |seen, by: Option<&str>| {
        let expire = LifecycleChange { by: by.map(Into::into), step: LifecycleStep::Delete(seen) };
        store.submit(Change::Lifecycle(Box::new(expire))).await
    };
    let before = seen();
    put(&store, "k", &body(10, 2)).await.unwrap();
    assert_eq!(expire(before, Some(&document)).await, Err(StoreError::PreconditionFailed), "overwritten");
    assert_eq!(expire(seen(), None).await, Err(StoreError::PreconditionFailed), "rules were stored");
    configure(&store, ConfigurationKind::Lifecycle, Some("")).await;
    assert_eq!(expire(seen(), Some(&document)).await, Err(StoreError::PreconditionFailed), "rules were removed");
    assert!(get(&store, "k").await.unwrap() == body(10, 2));
    configure(&store, ConfigurationKind::Lifecycle, Some(&document)).await;
    let last = seen();
    assert_eq!(expire(last.clone(), Some(&document)).await, Ok(()));
    assert_eq!(expire(last, Some(&document)).await, Err(StoreError::PreconditionFailed), "gone already");
}

#[tokio::test]
async fn a_configuration_that_does_not_read_is_reported_and_nothing_expires_by_it() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "k", &body(10, 1)).await.unwrap();
    configure(&store, ConfigurationKind::Lifecycle, Some("<no rules")).await;
    assert_eq!(store.run_lifecycle(days_later(400)).await, Ok(LifecycleRun::default()));
    let kind = ConfigurationKind::Lifecycle;
    store
        .0
        .index
        .write(|tables| {
            tables.set_raw_configuration("bucket", kind, b"torn");
            Ok(())
        })
        .unwrap();
    assert!(matches!(store.configuration(&bucket(), kind).await, Err(StoreError::Damaged(_))));
    assert!(matches!(&store.configurations(kind).unwrap()[..], [(_, Err(StoreError::Damaged(_)))]));
    assert_eq!(store.run_lifecycle(days_later(400)).await, Ok(LifecycleRun::default()));
    assert_eq!(keys(&store).await, ["k"]);
    configure(&store, kind, Some(&rules(""))).await;
    assert_eq!(store.run_lifecycle(days_later(400)).await, Ok(LifecycleRun { deleted: 1, ..LifecycleRun::default() }));
    store
        .0
        .index
        .write(|tables| {
            tables.set_raw_configuration("bucket", kind, b"torn");
            Ok(())
        })
        .unwrap();
    drop(store);
    assert_eq!(findings(&dir), ["unreadable bucket bucket: its lifecycle configuration does not read"]);
}
