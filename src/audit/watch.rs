//! Finds what a single request does not show: unequal parts, too many writes to one key, deletes of very many keys.
//!
//! The memory is bounded: of many keys, uploads and parts the oldest are forgotten first, in halves. Findings can be
//! missed in this way, but every finding is true.

use crate::audit::observation::Verdict;
use crate::audit::rule::{RuleId, UNEQUAL_PARTS};
use crate::s3::operation::Operation;
use crate::s3::part_list::PartsFault;
use crate::s3::{Code, S3Error, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::mem;

/// More than one write a second to one key (D, R2's page of limits).
pub const WRITES_PER_KEY: RuleId = RuleId::named("rate/writes-per-key");
/// DeleteObjects with more than 700 keys, which users saw fail with an InternalError (U, apache/opendal 2227).
pub const MANY_DELETES: RuleId = RuleId::named("delete/over-700-keys");

/// Keys of one DeleteObjects that R2 takes without trouble.
const DELETES: usize = 700;
/// Milliseconds between two writes to one key.
const WRITE_INTERVAL: u64 = 1000;
/// Keys remembered, twice: about 3 MiB.
const MAX_KEYS: usize = 32 << 10;
/// Uploads remembered, twice.
const MAX_UPLOADS: usize = 2 << 10;
/// Parts that S3 takes.
const MAX_PARTS: usize = 10_000;
/// Parts remembered of all uploads, twice: about 8 MiB.
const MAX_ALL_PARTS: usize = 128 << 10;

/// What a request did that counts together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// An object was written.
    Write {
        /// The bucket.
        bucket: &'a str,
        /// The key.
        key: &'a str,
    },
    /// A part was uploaded.
    Part {
        /// The upload's id.
        upload: &'a str,
        /// The part's number.
        number: u16,
        /// Its bytes.
        bytes: u64,
    },
    /// An upload was completed; a write too.
    Complete {
        /// The bucket.
        bucket: &'a str,
        /// The key.
        key: &'a str,
        /// The upload's id.
        upload: &'a str,
        /// The numbers of the parts that it names; `None` where they are not known, and all count.
        parts: Option<&'a [u16]>,
    },
    /// An upload was aborted.
    Abort {
        /// The upload's id.
        upload: &'a str,
    },
    /// Several objects were deleted.
    Deletes {
        /// How many.
        keys: usize,
    },
}

impl<'a> Event<'a> {
    /// What a request that was carried out counts as, by what its head says; `None` if it counts alone. `bytes` is the
    /// length of the object or part in its body. How many keys DeleteObjects names, and which parts
    /// CompleteMultipartUpload, stands in their bodies: a caller with the body makes these events more precise.
    pub fn of(
        operation: Operation,
        [bucket, key]: [&'a str; 2],
        (upload, part): (Option<&'a str>, Option<u16>),
        bytes: u64,
    ) -> Option<Event<'a>> {
        Some(match operation {
            Operation::PutObject | Operation::CopyObject => Event::Write { bucket, key },
            Operation::UploadPart => Event::Part { upload: upload?, number: part?, bytes },
            Operation::CompleteMultipartUpload => Event::Complete { bucket, key, upload: upload?, parts: None },
            Operation::AbortMultipartUpload => Event::Abort { upload: upload? },
            _ => return None,
        })
    }
}

/// Remembers, within bounds, what it has seen.
#[derive(Debug, Default)]
pub struct Watch {
    writes: Halves<u64>,
    uploads: Halves<HashMap<u16, u64>>,
    parts: usize,
}

/// A map that forgets its older half when the newer is full.
#[derive(Debug)]
struct Halves<T> {
    newer: HashMap<u64, T>,
    older: HashMap<u64, T>,
}

impl<T> Default for Halves<T> {
    fn default() -> Halves<T> {
        Halves { newer: HashMap::new(), older: HashMap::new() }
    }
}

impl<T> Halves<T> {
    fn take(&mut self, key: u64) -> Option<T> {
        self.newer.remove(&key).or_else(|| self.older.remove(&key))
    }

    fn turn(&mut self) {
        self.older = mem::take(&mut self.newer);
    }
}

impl Watch {
    /// Takes in an event of a request that came at this time. Returns what is found with it.
    pub fn see(&mut self, time: Timestamp, event: &Event<'_>) -> Vec<Verdict> {
        match event {
            Event::Write { bucket, key } => self.write(time, bucket, key).into_iter().collect(),
            Event::Part { upload, number, bytes } => {
                self.part(hash(upload), *number, *bytes);
                Vec::new()
            }
            Event::Complete { bucket, key, upload, parts } => {
                let unequal = self.complete(hash(upload), *parts);
                unequal.into_iter().chain(self.write(time, bucket, key)).collect()
            }
            Event::Abort { upload } => {
                self.forget(hash(upload));
                Vec::new()
            }
            Event::Deletes { keys } if *keys > DELETES => {
                vec![Verdict::new(MANY_DELETES, &Code::INTERNAL_ERROR.into())]
            }
            Event::Deletes { .. } => Vec::new(),
        }
    }

    fn write(&mut self, time: Timestamp, bucket: &str, key: &str) -> Option<Verdict> {
        let id = hash(&(bucket, key));
        let before = self.writes.take(id);
        if self.writes.newer.len() >= MAX_KEYS {
            self.writes.turn();
        }
        self.writes.newer.insert(id, before.unwrap_or_default().max(time.millis()));
        let too_soon = before.is_some_and(|before| before.abs_diff(time.millis()) < WRITE_INTERVAL);
        too_soon.then(|| Verdict::new(WRITES_PER_KEY, &too_many_writes()))
    }

    fn part(&mut self, upload: u64, number: u16, bytes: u64) {
        let mut parts = self.uploads.take(upload).unwrap_or_default();
        if self.uploads.newer.len() >= MAX_UPLOADS || self.parts >= MAX_ALL_PARTS {
            self.uploads.turn();
            self.parts = 0;
        }
        if parts.len() < MAX_PARTS {
            parts.insert(number, bytes);
        }
        self.parts += 1;
        self.uploads.newer.insert(upload, parts);
    }

    fn complete(&mut self, upload: u64, named: Option<&[u16]>) -> Option<Verdict> {
        let parts = self.forget(upload)?;
        let is_named = |number: &u16| named.is_none_or(|named| named.contains(number));
        let mut sizes: Vec<(u16, u64)> = parts.into_iter().filter(|(number, _)| is_named(number)).collect();
        sizes.sort_unstable();
        // A part that was not seen says nothing of the others.
        let (last, others) = sizes.split_last()?;
        let first = others.first()?;
        let unequal = others.iter().any(|part| part.1 != first.1) || last.1 > first.1;
        unequal.then(|| Verdict::new(UNEQUAL_PARTS, &PartsFault::Unequal.into()))
    }

    fn forget(&mut self, upload: u64) -> Option<HashMap<u16, u64>> {
        let parts = self.uploads.take(upload)?;
        self.parts = self.parts.saturating_sub(parts.len());
        Some(parts)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// R2's words on the S3 API (U); its table of codes says `TooManyRequests`.
fn too_many_writes() -> S3Error {
    let mut error = S3Error::new(Code::SERVICE_UNAVAILABLE)
        .message("Reduce your concurrent request rate for the same object.")
        .header("retry-after", "5");
    error.status = http::StatusCode::TOO_MANY_REQUESTS;
    error
}
