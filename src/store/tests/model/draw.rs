//! How operations are drawn: most are about what there is.

use super::map::{KINDS, Model, tag};
use super::operation::Operation;
use crate::s3::Timestamp;
use crate::s3::etag::ETagList;
use crate::s3::listing::Position;
use crate::s3::precondition::{ConditionDate, Conditions, WriteConditions};
use crate::store::numbers::Numbers;
use crate::store::tests::body;
use bytes::Bytes;
use std::sync::LazyLock;

/// A body of 5 MiB, from which parts are copied.
static LARGE: LazyLock<Bytes> = LazyLock::new(|| body(5 << 20, 1));

/// Draws operations on a model.
pub(super) struct Draw<'a> {
    pub(super) numbers: &'a mut Numbers,
    pub(super) now: Timestamp,
}

impl Draw<'_> {
    /// An operation, one of a model's own buckets, keys and uploads in most cases.
    pub(super) fn operation(&mut self, model: &Model) -> Operation {
        let ((bucket, key), now) = (self.place(), self.now);
        match self.numbers.below(100) {
            0 => Operation::CreateBucket { bucket: self.short_lived() },
            1 => Operation::DeleteBucket { bucket: self.short_lived() },
            2..=26 => {
                let (body, conditions, content_type) =
                    (self.body(), self.conditions(model, &bucket, &key), self.text());
                Operation::Put { bucket, key, body, conditions, content_type, now }
            }
            27..=36 => {
                let conditions = self.conditions(model, &bucket, &key);
                let (from, content_type) = (self.place(), self.text());
                Operation::Copy { bucket, key, from, conditions, content_type, now }
            }
            37..=54 => {
                let (start, length) = (self.numbers.below(20_000), self.numbers.below(200_000));
                let range = if length % 2 == 0 { 0..usize::MAX } else { start..start + length };
                Operation::Get { bucket, key, range }
            }
            55..=62 => Operation::Delete { bucket, key },
            63 => Operation::DeleteMany { bucket, keys: (0..5).map(|_| self.key()).collect() },
            64..=71 => self.list(bucket),
            72..=74 => {
                let document = self.text();
                Operation::Configure { bucket, kind: KINDS[self.numbers.below(KINDS.len())], document }
            }
            75 => Operation::Configuration { bucket, kind: KINDS[self.numbers.below(KINDS.len())] },
            _ => self.on_upload(model),
        }
    }

    fn on_upload(&mut self, model: &Model) -> Operation {
        let (uploads, now) = (model.uploads(), self.now);
        let none = [self.bucket(), self.key(), "none".to_owned()];
        let found = if uploads.is_empty() { None } else { uploads.get(self.numbers.below(uploads.len() + 1)) };
        let [bucket, key, id] = found.map_or(none, |upload| upload.map(str::to_owned));
        let number = 1 + self.numbers.below(4) as u16;
        match self.numbers.below(24) {
            0..=9 => {
                let body = if self.numbers.below(60) == 0 { LARGE.clone() } else { self.body() };
                Operation::PutPart { bucket, key, id, number, body, now }
            }
            10..=12 => {
                let (from, start) = (self.key(), self.numbers.below(1000));
                let range = if start % 2 == 0 { 0..usize::MAX } else { start..start + 30_000 };
                Operation::CopyPart { bucket, key, id, number, from, range, now }
            }
            13..=18 => self.complete(model, [bucket, key, id]),
            19 | 20 => Operation::Abort { bucket, key, id },
            _ => Operation::Parts { bucket, key, id },
        }
    }

    /// Most lists are of parts that there are.
    fn complete(&mut self, model: &Model, [bucket, key, id]: [String; 3]) -> Operation {
        let conditions = self.conditions(model, &bucket, &key);
        let upload = model.buckets.get(&bucket).and_then(|bucket| bucket.uploads.get(&id));
        let there = upload.map(|upload| &upload.parts);
        let mut parts: Vec<u16> = there.iter().flat_map(|parts| parts.keys().copied()).collect();
        if self.numbers.below(3) > 0 {
            let kept = self.numbers.below(4) as u16 + 1;
            parts.retain(|number| *number == kept);
        }
        if self.numbers.below(20) == 0 {
            parts.push(9);
        }
        let tag_of = |number: &u16| there.and_then(|parts| parts.get(number)).map(|part| part.etag.as_str().to_owned());
        let tags = parts.iter().map(|number| tag_of(number).unwrap_or_else(|| "none".to_owned())).collect();
        Operation::Complete { bucket, key, id, parts, tags, conditions, now: self.now }
    }

    fn list(&mut self, bucket: String) -> Operation {
        let prefix = ["", "", "a", "a/", "n/", "ü", "zz"][self.numbers.below(7)].to_owned();
        let delimiter = [None, Some("/"), Some("//"), Some("0")][self.numbers.below(4)].map(str::to_owned);
        let start = match self.numbers.below(3) {
            0 => Some(Position::AfterKey(self.key())),
            1 => Some(Position::AfterPrefix("a/".to_owned())),
            _ => None,
        };
        Operation::List { bucket, prefix, delimiter, start, most: [0, 1, 3, 1000][self.numbers.below(4)] }
    }

    /// A bucket and a key. All objects of `brief` have one key, so that deletes empty it however long the run is.
    pub(super) fn place(&mut self) -> (String, String) {
        let (bucket, key) = (self.bucket(), self.key());
        let key = if bucket == "brief" { "a".to_owned() } else { key };
        (bucket, key)
    }

    fn bucket(&mut self) -> String {
        let number = self.numbers.below(300);
        ["brief", "media", "logs", "other"]
            [usize::from(number > 0) + usize::from(number > 150) + usize::from(number > 225)]
        .to_owned()
    }

    /// A bucket that comes and goes.
    fn short_lived(&mut self) -> String {
        ["brief", "brief", "brief", "media", "other"][self.numbers.below(5)].to_owned()
    }

    fn key(&mut self) -> String {
        const ODD: [&str; 10] = ["a", "a/", "a/b", "a/b/c", "a//b", "b", "ü/é", "z\u{10ffff}", "\0", " "];
        match self.numbers.below(24) {
            number @ 0..=9 => ODD[number].to_owned(),
            number => format!("n/{number:02}"),
        }
    }

    /// Small ones lie in the index, larger ones in files.
    fn body(&mut self) -> Bytes {
        let length = match self.numbers.below(12) {
            0 => 0,
            1..=6 => self.numbers.below(2_000),
            7 => (16 << 10) - 1 + self.numbers.below(3),
            8..=10 => self.numbers.below(100_000),
            _ => (1 << 20) + 12_345,
        };
        body(length, self.numbers.below(250) as u8)
    }

    fn text(&mut self) -> Option<String> {
        let number = self.numbers.below(50);
        (number > 0).then(|| format!("text/{number}"))
    }

    fn conditions(&mut self, model: &Model, bucket: &str, key: &str) -> WriteConditions {
        let existing = model.buckets.get(bucket).and_then(|bucket| bucket.objects.get(key));
        let etag = existing.map_or_else(|| tag(b"none"), |object| object.etag.clone());
        let list = Some(ETagList::parse(&etag.quoted()));
        let date = Some(ConditionDate::At(existing.map_or(self.now, |object| object.last_modified)));
        WriteConditions(match self.numbers.below(20) {
            0 => Conditions { if_none_match: Some(ETagList::Any), ..Conditions::default() },
            1 => Conditions { if_match: list, ..Conditions::default() },
            2 => Conditions { if_none_match: list, ..Conditions::default() },
            3 => Conditions { if_match: Some(ETagList::parse("\"other\"")), ..Conditions::default() },
            4 => Conditions { if_unmodified_since: date, ..Conditions::default() },
            5 => Conditions { if_modified_since: date, ..Conditions::default() },
            6 => Conditions { if_unmodified_since: Some(ConditionDate::Unreadable), ..Conditions::default() },
            _ => Conditions::default(),
        })
    }
}
