//! The last requests, for the inspector: a bounded ring in memory. Secrets are removed from a head before it is kept.

mod secrets;

use crate::s3::secrecy::HIDDEN;
use crate::server::connection::head::OwnedHead;
use crate::server::observe::ids::RequestIds;
use crate::server::observe::record::Record;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The largest head that is kept, in bytes. Of a request with a longer head only the record is kept.
const MAX_HEAD: usize = 16 << 10;

/// The most bytes of a text in a record that a client or a store chose freely. A key has at most 1,024.
const MAX_TEXT: usize = 1024;

/// A completed request.
#[derive(Debug, Default)]
pub struct Seen {
    /// Its record, as in the log.
    pub record: Record,
    /// Its head; `None` if HTTP forbids the head, or if it was too long to be kept.
    pub head: Option<OwnedHead>,
}

/// The last requests. Their numbers count from 1 and are never reused.
#[derive(Debug)]
pub struct Recent {
    /// The id of this run of the server: numbers of another run are not valid here.
    pub run: String,
    limit: usize,
    ring: Mutex<Ring>,
    latest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    /// The number of the newest.
    latest: u64,
    /// Oldest first.
    seen: VecDeque<Arc<Seen>>,
}

/// A kept text as it is shown. The text that replaces a signature is hidden, too.
pub fn without_placeholders(text: &str) -> String {
    text.replace(secrets::NO_SIGNATURE, HIDDEN)
}

/// The requests after a certain one.
#[derive(Debug)]
pub struct News {
    /// The requests, oldest first.
    pub seen: Vec<Arc<Seen>>,
    /// How many others there were that are forgotten or left out.
    pub missed: u64,
    /// The number of the newest.
    pub latest: u64,
}

impl Recent {
    /// A ring for that many requests.
    pub fn new(limit: usize) -> Recent {
        Recent {
            run: RequestIds::default().next(),
            limit: limit.max(1),
            ring: Mutex::default(),
            latest: watch::Sender::default(),
        }
    }

    /// How many requests are kept.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Keeps a request without its secrets, and forgets the oldest if there are too many.
    pub fn remember(&self, mut seen: Seen) {
        seen.head = seen.head.filter(|head| head.bytes() <= MAX_HEAD);
        seen.head.as_mut().map(secrets::cut).unwrap_or_default();
        cut_texts(&mut seen.record);
        let seen = Arc::new(seen);
        let (latest, forgotten) = self.ring().push(seen, self.limit);
        // Its memory is given back when the ring is free again.
        drop(forgotten);
        self.latest.send_replace(latest);
    }

    /// The newest first.
    pub fn newest(&self) -> News {
        let mut news = self.since(0, self.limit);
        news.seen.reverse();
        news
    }

    /// What came after the request of that number: the newest of it, at most `most`.
    pub fn since(&self, number: u64, most: usize) -> News {
        let ring = self.ring();
        let new = ring.latest.saturating_sub(number);
        let taken = usize::try_from(new).unwrap_or(usize::MAX).min(most).min(ring.seen.len());
        let seen = ring.seen.range(ring.seen.len() - taken..).cloned().collect();
        News { seen, missed: new - taken as u64, latest: ring.latest }
    }

    /// The request with that id.
    pub fn find(&self, request_id: &str) -> Option<Arc<Seen>> {
        self.ring().seen.iter().rev().find(|seen| seen.record.request_id == request_id).cloned()
    }

    /// Receives the number of the newest request whenever it changes.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// Adds a request. Returns its number, and the oldest request if it was removed.
    fn push(&mut self, seen: Arc<Seen>, limit: usize) -> (u64, Option<Arc<Seen>>) {
        let forgotten = if self.seen.len() >= limit { self.seen.pop_front() } else { None };
        self.seen.push_back(seen);
        self.latest += 1;
        (self.latest, forgotten)
    }
}

/// Bounds the texts of a record, so that no client fills the memory.
fn cut_texts(record: &mut Record) {
    let subject = &mut record.subject;
    let given = [&mut record.cause, &mut record.message, &mut record.error, &mut record.feature, &mut record.audit];
    let named = [&mut subject.bucket, &mut subject.key, &mut subject.key_id];
    let optional = given.into_iter().chain(named).filter_map(Option::as_mut);
    for text in optional.chain([&mut record.method, &mut record.host]) {
        if text.len() > MAX_TEXT {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
            text.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: &str) -> Seen {
        Seen { record: Record { request_id: id.to_owned(), ..Record::default() }, head: None }
    }

    fn ring(limit: usize, ids: &str) -> Recent {
        let recent = Recent::new(limit);
        ids.split_whitespace().for_each(|id| recent.remember(seen(id)));
        recent
    }

    fn ids(news: &News) -> String {
        news.seen.iter().map(|seen| seen.record.request_id.as_str()).collect()
    }

    #[test]
    fn the_newest_are_kept() {
        for (limit, ids_seen, newest, missed) in [
            (3, "", "", 0),
            (3, "a b", "ba", 0),
            (3, "a b c", "cba", 0),
            (3, "a b c d e", "edc", 2),
            (0, "a b", "b", 1),
        ] {
            let news = ring(limit, ids_seen).newest();
            assert_eq!((ids(&news).as_str(), news.missed), (newest, missed), "{limit} of {ids_seen}");
        }
    }

    #[test]
    fn new_requests_come_once_and_missed_ones_are_counted() {
        let recent = ring(3, "a b c d e");
        for (number, most, expected, missed) in
            [(0, 9, "cde", 2), (3, 9, "de", 0), (5, 9, "", 0), (9, 9, "", 0), (1, 9, "cde", 1), (2, 1, "e", 2)]
        {
            let news = recent.since(number, most);
            assert_eq!((ids(&news).as_str(), news.missed, news.latest), (expected, missed, 5), "since {number}");
        }
    }

    #[test]
    fn a_request_is_found_by_its_id_until_it_is_forgotten() {
        let recent = ring(2, "a b c");
        assert_eq!(["a", "b", "c", ""].map(|id| recent.find(id).is_some()), [false, true, true, false]);
    }

    #[test]
    fn a_watcher_is_notified_of_each_request() {
        let recent = ring(2, "a");
        let mut watch = recent.watch();
        assert_eq!(*watch.borrow_and_update(), 1);
        recent.remember(seen("b"));
        assert!(watch.has_changed().unwrap() && *watch.borrow() == 2);
    }

    #[test]
    fn texts_are_bounded() {
        let long = "é".repeat(100_000);
        let record = Record { method: long.clone(), cause: Some(long), ..Record::default() };
        let recent = Recent::new(1);
        recent.remember(Seen { record, head: None });
        let kept = &recent.newest().seen[0].record;
        assert_eq!((kept.method.len(), kept.cause.as_ref().unwrap().capacity()), (1024, 1024));
    }
}
