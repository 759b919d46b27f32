//! Listings against a model so naive that it is plainly right.

use super::*;
use crate::s3::listing::{Entry, ListedObject};
use crate::store::numbers::Numbers;
use std::collections::BTreeSet;

/// What a page should hold: all keys in order, every rule applied to each.
pub(super) fn naive(
    keys: &BTreeSet<String>,
    prefix: &str,
    delimiter: Option<&str>,
    start: Option<&Position>,
    max_keys: usize,
) -> (Vec<String>, bool) {
    let mut lines: Vec<String> = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let skipped = match start {
            None => false,
            Some(Position::AfterKey(after)) => key.as_bytes() <= after.as_bytes(),
            Some(Position::AfterPrefix(after)) => key.starts_with(after.as_str()) || key.as_bytes() <= after.as_bytes(),
        };
        if skipped {
            continue;
        }
        let cut = delimiter.and_then(|d| key[prefix.len()..].find(d).map(|at| prefix.len() + at + d.len()));
        let line = cut.map_or(key.clone(), |end| format!("{}…", &key[..end]));
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    let truncated = max_keys > 0 && lines.len() > max_keys;
    lines.truncate(max_keys);
    (lines, truncated)
}

pub(super) fn lines(page: &Page) -> Vec<String> {
    let line = |entry: &Entry| match entry {
        Entry::Object(object) => object.key.clone(),
        Entry::Prefix(prefix) => format!("{prefix}…"),
    };
    page.entries.iter().map(line).collect()
}

impl Numbers {
    fn key(&mut self) -> String {
        let length = 1 + self.below(5);
        (0..length).map(|_| ["a", "b", "/", "//", "é", "\u{10ffff}", "\0", "-"][self.below(8)]).collect()
    }
}

async fn with_keys(dir: &TempDir, keys: &BTreeSet<String>) -> Store {
    let store = with_bucket(dir).await;
    // Neighbours whose names begin alike must not show.
    for name in ["bucke", "bucket-", "bucket0", "buckets"] {
        let name = BucketName::parse(&format!("{name}1")).unwrap();
        store.create_bucket(&name, NOW).await.unwrap();
        let upload = store.begin(&name, &key("a/stranger"), 0, &WriteConditions::default(), None).await.unwrap();
        upload.commit(new_object(b"")).await.unwrap();
    }
    let puts = keys.iter().map(|name| put(&store, name, &EMPTY));
    for put in puts {
        put.await.unwrap();
    }
    store
}

static EMPTY: Bytes = Bytes::new();

#[tokio::test]
async fn pages_are_those_of_the_naive_model() {
    let mut numbers = Numbers(7);
    for _ in 0..4 {
        let keys: BTreeSet<String> = (0..60).map(|_| numbers.key()).collect();
        let dir = TempDir::new().unwrap();
        let store = with_keys(&dir, &keys).await;
        for prefix in ["", "a", "a/", "/", "é", "b//", "\u{10ffff}", "zz"] {
            for delimiter in [None, Some("/"), Some("//"), Some("a"), Some("é/"), Some("\0")] {
                for max_keys in [0, 1, 2, 7, 1000] {
                    walk(&store, &keys, prefix, delimiter, max_keys).await;
                }
                for _ in 0..8 {
                    let start = match numbers.below(2) {
                        0 => Position::AfterKey(numbers.key()),
                        _ => Position::AfterPrefix(numbers.key()),
                    };
                    one(&store, &keys, prefix, delimiter, Some(&start), 3).await;
                }
            }
        }
    }
}

/// Follows the pages to the end.
async fn walk(store: &Store, keys: &BTreeSet<String>, prefix: &str, delimiter: Option<&str>, max_keys: usize) {
    let (mut start, mut seen) = (None, Vec::new());
    loop {
        let page = one(store, keys, prefix, delimiter, start.as_ref(), max_keys).await;
        seen.extend(lines(&page));
        match page.next {
            Some(next) => start = Some(next),
            None => break,
        }
    }
    if max_keys > 0 {
        assert_eq!(seen, naive(keys, prefix, delimiter, None, usize::MAX).0, "{prefix:?} {delimiter:?} {max_keys}");
    }
}

async fn one(
    store: &Store,
    keys: &BTreeSet<String>,
    prefix: &str,
    delimiter: Option<&str>,
    start: Option<&Position>,
    max_keys: usize,
) -> Page {
    let page = store.list(&bucket(), prefix, delimiter, start, max_keys).await.unwrap();
    let expected = naive(keys, prefix, delimiter, start, max_keys);
    let found = (lines(&page), page.next.is_some());
    assert_eq!(found, expected, "prefix {prefix:?} delimiter {delimiter:?} start {start:?} max {max_keys}");
    page
}

#[tokio::test]
async fn keys_no_file_system_could_hold() {
    let dir = TempDir::new().unwrap();
    let longest = "é".repeat(512);
    let names = ["a", "a/", "a/b", "a//", "..", "../x", "/", "\n", "A", longest.as_str()];
    let keys: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let store = with_keys(&dir, &keys).await;
    for name in names {
        let body = body(name.len(), 0);
        put(&store, name, &body).await.unwrap();
        assert_eq!(get(&store, name).await.unwrap(), body, "{name:?}");
    }
    walk(&store, &keys, "", None, 3).await;
    walk(&store, &keys, "", Some("/"), 1).await;
    walk(&store, &keys, "a/", Some("/"), 1).await;
}

#[tokio::test]
async fn a_line_tells_what_a_listing_shows() {
    let dir = TempDir::new().unwrap();
    let store = with_bucket(&dir).await;
    let info = put(&store, "k", &body(LARGE, 0)).await.unwrap();
    let page = store.list(&bucket(), "", Some(""), None, 10).await.unwrap();
    let listed = ListedObject {
        key: "k".into(),
        size: LARGE as u64,
        etag: info.etag.as_str().into(),
        last_modified: NOW,
        checksum: None,
        storage_class: StorageClass::default(),
    };
    assert_eq!(page.entries, [Entry::Object(listed)]);
}

/// The cost of a page is the page: rows read, not time, so that the machine does not matter.
#[tokio::test]
async fn folders_are_jumped_over() {
    for in_each in [3, 300] {
        let dir = TempDir::new().unwrap();
        let store = with_bucket(&dir).await;
        for folder in 0..3 {
            let puts = (0..in_each).map(|n| {
                let store = store.clone();
                tokio::spawn(async move { put(&store, &format!("{folder}/{n}"), &EMPTY).await })
            });
            for put in puts.collect::<Vec<_>>() {
                put.await.unwrap().unwrap();
            }
        }
        let page = store.list(&bucket(), "", Some("/"), None, 1000).await.unwrap();
        assert_eq!(lines(&page), ["0/…", "1/…", "2/…"]);
        assert_eq!(store.stats().rows_listed, 3, "{in_each} objects in each folder");
        store.list(&bucket(), "", Some("/"), None, 2).await.unwrap();
        assert_eq!(store.stats().rows_listed, 3 + 3, "two, and one to know that there is more");
        store.list(&bucket(), "1/", None, None, 2).await.unwrap();
        assert_eq!(store.stats().rows_listed, 3 + 3 + 3);
    }
}
