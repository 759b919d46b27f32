//! The pages of buckets and objects of the local store.

use crate::s3::Timestamp;
use crate::s3::listing::{Entry, Page as Listed, Position};
use crate::s3::metadata::Metadata;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::query::Query;
use crate::server::pages::frame::Frame;
use crate::server::pages::text::{in_query, shown, size, thousands};
use crate::store::{Bucket, ObjectInfo};
use askama::Template;

/// The number of entries on a page of a bucket.
pub(super) const ENTRIES: usize = 200;

/// The separator of folders in a key.
pub(super) const DELIMITER: &str = "/";

/// The subject of a page of buckets, from its address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Buckets,
    Bucket(BucketName),
    Object(BucketName, ObjectKey),
    Download(BucketName, ObjectKey),
}

impl Place {
    /// The subject for a path and a query; `None` if there is no such page.
    pub(super) fn find(path: &str, query: &Query<'_>) -> Option<Place> {
        let path = path.strip_prefix("/buckets")?;
        let Some(path) = path.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
            return matches!(path, "" | "/").then_some(Place::Buckets);
        };
        let (bucket, what) = path.split_once('/').unwrap_or((path, ""));
        let bucket = BucketName::of_other_store(bucket).ok()?;
        let key = || ObjectKey::parse(query.get("key")?).ok();
        match what {
            "" => Some(Place::Bucket(bucket)),
            "object" => Some(Place::Object(bucket, key()?)),
            "download" => Some(Place::Download(bucket, key()?)),
            _ => None,
        }
    }
}

/// All buckets.
#[derive(Template)]
#[template(path = "admin/buckets.html")]
pub(super) struct BucketsPage {
    frame: Frame,
    buckets: Vec<ShownBucket>,
}

struct ShownBucket {
    name: String,
    created: String,
}

/// What is in a bucket below a prefix.
#[derive(Template)]
#[template(path = "admin/objects.html")]
pub(super) struct ObjectsPage {
    frame: Frame,
    bucket: String,
    prefix: String,
    /// The folders that the prefix leads through: name, and prefix as a parameter.
    folders: Vec<(String, String)>,
    entries: Vec<ShownEntry>,
    next: Option<String>,
}

struct ShownEntry {
    name: String,
    address: String,
    size: String,
    written: String,
}

/// An object.
#[derive(Template)]
#[template(path = "admin/object.html")]
pub(super) struct ObjectPage {
    frame: Frame,
    bucket: String,
    key: String,
    folders: Vec<(String, String)>,
    facts: Vec<(&'static str, String)>,
    metadata: Vec<(String, String)>,
    download: Download,
}

/// Whether an object can be downloaded.
enum Download {
    At(String),
    Encrypted,
    Off,
}

impl BucketsPage {
    pub(super) fn new(frame: Frame, buckets: &[Bucket]) -> BucketsPage {
        let shown = |bucket: &Bucket| ShownBucket { name: bucket.name.to_string(), created: time(bucket.created) };
        BucketsPage { frame, buckets: buckets.iter().map(shown).collect() }
    }
}

impl ObjectsPage {
    pub(super) fn new(frame: Frame, bucket: &str, prefix: &str, listed: &Listed) -> ObjectsPage {
        let next = |next: &Position| {
            format!("/buckets/{bucket}?prefix={}&after={}", in_query(prefix), in_query(&next.to_token()))
        };
        ObjectsPage {
            frame,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            folders: folders(prefix),
            entries: listed.entries.iter().map(|entry| ShownEntry::new(bucket, prefix, entry)).collect(),
            next: listed.next.as_ref().map(next),
        }
    }
}

impl ShownEntry {
    fn new(bucket: &str, prefix: &str, entry: &Entry) -> ShownEntry {
        let name = |key: &str| shown(key.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(key));
        match entry {
            Entry::Object(object) => ShownEntry {
                name: name(&object.key),
                address: address(bucket, "object", &object.key),
                size: size(object.size),
                written: time(object.last_modified),
            },
            Entry::Prefix(folder) => ShownEntry {
                name: name(folder),
                address: format!("/buckets/{bucket}?prefix={}", in_query(folder)),
                size: String::new(),
                written: String::new(),
            },
        }
    }
}

impl ObjectPage {
    pub(super) fn new(frame: Frame, bucket: &str, key: &str, info: &ObjectInfo, can_download: bool) -> ObjectPage {
        let folder = key.rfind(DELIMITER).map_or("", |end| &key[..=end]);
        ObjectPage {
            frame,
            bucket: bucket.to_owned(),
            key: shown(key),
            folders: folders(folder),
            facts: facts(info),
            metadata: info.metadata.user.iter().map(|(name, value)| (shown(name), shown(value))).collect(),
            download: if info.encryption.is_some() {
                Download::Encrypted
            } else if can_download {
                Download::At(address(bucket, "download", key))
            } else {
                Download::Off
            },
        }
    }
}

fn address(bucket: &str, what: &str, key: &str) -> String {
    format!("/buckets/{bucket}/{what}?key={}", in_query(key))
}

/// The folders on the way to a prefix: `a/b/c` leads through `a/` and `a/b/`.
fn folders(prefix: &str) -> Vec<(String, String)> {
    let ends = prefix.match_indices(DELIMITER).map(|(at, _)| at + DELIMITER.len());
    let starts = std::iter::once(0).chain(ends.clone());
    starts.zip(ends).map(|(start, end)| (shown(&prefix[start..end]), in_query(&prefix[..end]))).collect()
}

fn facts(info: &ObjectInfo) -> Vec<(&'static str, String)> {
    let Metadata {
        content_type, cache_control, content_disposition, content_encoding, content_language, expires, ..
    } = &info.metadata;
    let parts = (!info.parts.is_empty()).then(|| thousands(info.parts.len() as u64));
    let checksum = info.checksum.as_ref().map(|checksum| format!("{} {}", checksum.algorithm.name(), checksum.value));
    let all = [
        ("Size", Some(format!("{} ({} bytes)", size(info.size), thousands(info.size)))),
        ("Written", Some(time(info.last_modified))),
        ("ETag", Some(info.etag.to_string())),
        ("Parts", parts),
        ("Checksum", checksum),
        ("Content-Type", content_type.clone()),
        ("Cache-Control", cache_control.clone()),
        ("Content-Disposition", content_disposition.clone()),
        ("Content-Encoding", content_encoding.clone()),
        ("Content-Language", content_language.clone()),
        ("Expires", expires.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, shown(&value?)))).collect()
}

/// `2026-06-12 10:11:12`
fn time(time: Timestamp) -> String {
    time.iso_8601().get(..19).unwrap_or_default().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_places() {
        let (bucket, key) = (BucketName::parse("media").unwrap(), ObjectKey::parse("../a").unwrap());
        for (target, expected) in [
            ("/buckets", Some(Place::Buckets)),
            ("/buckets/", Some(Place::Buckets)),
            ("/bucketsmedia", None),
            ("/buckets/media", Some(Place::Bucket(bucket.clone()))),
            ("/buckets/media/", Some(Place::Bucket(bucket.clone()))),
            ("/buckets//media", None),
            // An audit may have made it.
            ("/buckets/Media", Some(Place::Bucket(BucketName::of_other_store("Media").unwrap()))),
            ("/buckets/..", None),
            ("/buckets/media/object?key=..%2Fa", Some(Place::Object(bucket.clone(), key.clone()))),
            ("/buckets/media/download?key=../a", Some(Place::Download(bucket, key))),
            ("/buckets/media/object", None),
            ("/buckets/media/object?key=", None),
            ("/buckets/media/../a", None),
            ("/media", None),
        ] {
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            assert_eq!(Place::find(path, &Query::parse(query).unwrap()), expected, "{target}");
        }
    }

    #[test]
    fn a_prefix_leads_through_folders() {
        let shown =
            |prefix| folders(prefix).into_iter().map(|(name, prefix)| format!("{name}={prefix}")).collect::<Vec<_>>();
        for (prefix, expected) in [
            ("", &[][..]),
            ("a", &[]),
            ("a/", &["a/=a%2F"]),
            ("a/b c/d", &["a/=a%2F", "b c/=a%2Fb%20c%2F"]),
            ("//", &["/=%2F", "/=%2F%2F"]),
        ] {
            assert_eq!(shown(prefix), expected, "{prefix}");
        }
    }
}
