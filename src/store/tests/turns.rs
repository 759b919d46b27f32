//! Changes that count many blobs: they wait for their turn, whatever they are, and no commit takes many of them.

use super::uploads::{MIN, completion, copy, create, put_part};
use super::*;
use crate::store::committer::COUNTS;
use crate::store::turns::FEW_BLOBS;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// More blobs than a change may count without a turn.
const MANY: usize = FEW_BLOBS + 1;

type Done<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + 'a>>;

async fn make_of_many(store: &Store, name: &str, bytes: &Bytes) {
    let upload = create(store, name, None).await;
    let mut parts = Vec::new();
    for number in 1..=MANY as u16 {
        parts.push(put_part(store, &upload, number, bytes).await.unwrap());
    }
    store.complete_upload(upload, completion(&parts.iter().collect::<Vec<_>>())).await.unwrap();
}

fn waits(work: Pin<&mut dyn Future<Output = Result<(), StoreError>>>) -> bool {
    work.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// Whatever replaces or removes an object of many blobs waits while others have their turn, and small changes do not.
#[tokio::test]
async fn what_frees_many_blobs_waits_for_its_turn() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    put(&store, "small", &body(10, 1)).await.unwrap();
    let large = body(MIN, 1);
    for round in 0..5 {
        make_of_many(&store, "k", &large).await;
        let upload = create(&store, "k", None).await;
        let part = put_part(&store, &upload, 1, &body(10, 1)).await.unwrap();
        let turns = [store.turn_to_count(usize::MAX).await, store.turn_to_count(usize::MAX).await];
        let small = body(10, 2);
        let (name, keys) = (key("k"), [key("k")]);
        let mut change: Done<'_> = match round {
            0 => Box::pin(async { put(&store, "k", &small).await.map(drop) }),
            1 => Box::pin(async { store.copy_object(copy("small", "k")).await.map(drop) }),
            2 => Box::pin(async { store.complete_upload(upload, completion(&[&part])).await.map(drop) }),
            3 => Box::pin(async { store.delete_object(&bucket(), &name).await }),
            _ => Box::pin(async { store.delete_objects(&bucket(), &keys).await.map(drop) }),
        };
        // What it would have queued stands before this.
        assert!(waits(change.as_mut()), "{round}");
        put(&store, "other", &small).await.unwrap();
        let info = store.info(&bucket(), &name).await.unwrap();
        assert_eq!(info.parts.len(), MANY, "{round}: it has not waited");
        drop(turns);
        change.await.unwrap();
        let left = store.info(&bucket(), &name).await.map(|info| info.size);
        assert_eq!(left, if round < 3 { Ok(10) } else { Err(StoreError::NoSuchKey) }, "{round}");
    }
}

/// However many of them are queued, a commit takes no more of them once it has done much work.
#[tokio::test]
async fn a_commit_that_has_counted_many_blobs_ends() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let names: Vec<_> = (0..5).map(|number| format!("k/{number}")).collect();
    let large = body(MIN, 1);
    for name in &names {
        make_of_many(&store, name, &large).await;
    }
    let mut answers = Vec::new();
    // The committer waits for the end of this transaction, and all are queued by then.
    let queued = store.0.index.write(|_| {
        for name in &names {
            let change = Change::DeleteObject { bucket: bucket(), key: key(name) };
            match pin!(store.0.committer.queue(change, None)).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => answers.push(answer.unwrap()),
                Poll::Pending => panic!("there is room in the queue"),
            }
        }
        Ok(())
    });
    queued.unwrap();
    for answer in answers {
        committer::answer(answer).await.unwrap();
    }
    let most = store.0.counters.most_counts.load(Ordering::Relaxed);
    assert!(most <= (COUNTS + MANY) as u64, "{most}");
    assert!(store.list(&bucket(), "", None, None, 10).await.unwrap().entries.is_empty());
}
