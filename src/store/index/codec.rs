//! How rows are encoded: a version, a checksum, and the fields, little-endian.
//!
//! An integer is 8 bytes, a text its length in 4 bytes and its UTF-8, an optional value a byte 0 or 1 and the value. The
//! checksum is the CRC-64/NVME of the row's key, its version and its fields: a row that has changed, or that is found under
//! another key, does not decode.

use crate::s3::checksum::{Algorithm, Checksum, Kind};
use crate::s3::metadata::Metadata;
use crate::s3::part_checksums::Plan;
use crate::s3::storage_class::StorageClass;
use crate::store::encryption::{KeyCheck, SALT};
use crate::store::folder::BlobId;
use crc_fast::{CrcAlgorithm, Digest};
use std::collections::BTreeMap;

/// The version of new rows.
pub(super) const VERSION: u8 = 5;
/// The last version whose extents are counted one by one ([`Counting`]).
const COUNTED_SINGLY: u8 = 3;
/// The oldest version of rows that are read: without storage class and encryption.
const OLDEST: u8 = 2;
/// Bytes of version and checksum.
const HEAD: usize = 1 + 8;

/// What a row's checksum covers.
fn checksum(key: &[u8], version: u8, fields: &[u8]) -> u64 {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    for bytes in [key, &[version], fields] {
        digest.update(bytes);
    }
    digest.finalize()
}

/// A run of bytes in a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Extent {
    pub(in crate::store) blob: BlobId,
    pub(in crate::store) offset: u64,
    pub(in crate::store) length: u64,
}

/// How a row with extents is counted in the rows of the blobs that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Counting {
    /// Once in each of them.
    Once,
    /// Once for each extent, as earlier versions have it.
    Singly,
}

/// The runs of blobs that are a body, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Extents {
    pub(in crate::store) runs: Vec<Extent>,
    pub(super) counting: Counting,
}

impl Extents {
    /// Those of a new row.
    pub(in crate::store) fn new(runs: Vec<Extent>) -> Extents {
        Extents { runs, counting: Counting::Once }
    }

    /// The blobs, and how often each of them counts the row.
    pub(in crate::store) fn references(&self) -> BTreeMap<BlobId, u64> {
        let mut references = BTreeMap::new();
        for run in &self.runs {
            let count = references.entry(run.blob).or_insert(0);
            *count = match self.counting {
                Counting::Once => 1,
                Counting::Singly => *count + 1,
            };
        }
        references
    }
}

/// Bytes of an [`Extent`] in a row.
pub(super) const EXTENT_BYTES: u64 = 3 * 8;

/// Bytes of metadata in a row.
pub(super) fn metadata_bytes(metadata: &Metadata) -> u64 {
    let mut out = Encoder { row: Vec::new(), version: VERSION };
    out.metadata(metadata);
    out.row.len() as u64
}

/// A row in the making: room for version and checksum, and the fields so far.
pub(super) struct Encoder {
    row: Vec<u8>,
    version: u8,
}

impl Encoder {
    pub(super) fn new() -> Encoder {
        Encoder { row: vec![0; HEAD], version: VERSION }
    }

    /// The row, complete, for its key.
    pub(super) fn seal(self, key: &[u8]) -> Vec<u8> {
        let version = self.version;
        self.seal_as(version, key)
    }

    pub(super) fn seal_as(mut self, row_version: u8, key: &[u8]) -> Vec<u8> {
        if let Some((head, fields)) = self.row.split_first_chunk_mut::<HEAD>() {
            let [version, sum @ ..] = head;
            *version = row_version;
            *sum = checksum(key, row_version, fields).to_le_bytes();
        }
        self.row
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.row.push(value);
    }

    pub(super) fn integer(&mut self, value: u64) {
        self.row.extend_from_slice(&value.to_le_bytes());
    }

    /// Texts and lists are bounded by the limits on requests, far below 4 GiB.
    pub(super) fn length(&mut self, length: usize) {
        self.row.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.row.extend_from_slice(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Encoder, T)) {
        self.row.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(super) fn checksum(&mut self, checksum: &Checksum) {
        self.plan(&Plan { algorithm: checksum.algorithm, kind: checksum.kind });
        self.text(&checksum.value);
    }

    pub(super) fn plan(&mut self, plan: &Plan) {
        self.row.push(algorithm_number(plan.algorithm));
        self.row.push(match plan.kind {
            Kind::FullObject => 0,
            Kind::Composite => 1,
        });
    }

    pub(super) fn storage_class(&mut self, class: StorageClass) {
        self.row.push(match class {
            StorageClass::Standard => 0,
            StorageClass::InfrequentAccess => 1,
        });
    }

    pub(super) fn key_check(&mut self, check: &KeyCheck) {
        self.row.extend_from_slice(&check.salt);
        self.row.extend_from_slice(&check.mac);
    }

    pub(super) fn metadata(&mut self, metadata: &Metadata) {
        for header in [
            &metadata.content_type,
            &metadata.cache_control,
            &metadata.content_disposition,
            &metadata.content_encoding,
            &metadata.content_language,
            &metadata.expires,
        ] {
            self.option(header.as_deref(), Encoder::text);
        }
        self.length(metadata.user.len());
        for (name, value) in &metadata.user {
            self.text(name);
            self.text(value);
        }
    }

    /// Those that are counted as earlier versions do stay that way.
    pub(super) fn extents(&mut self, extents: &Extents) {
        if extents.counting == Counting::Singly {
            self.version = COUNTED_SINGLY;
        }
        self.length(extents.runs.len());
        for extent in &extents.runs {
            self.integer(extent.blob.0);
            self.integer(extent.offset);
            self.integer(extent.length);
        }
    }
}

/// What is left to read of a row. Every step answers `None` where the row cannot be ours.
pub(super) struct Decoder<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Decoder<'a> {
    /// The fields of a row, if it is the one that was written under this key.
    pub(super) fn from_row(key: &[u8], row: &'a [u8]) -> Option<Decoder<'a>> {
        let (version, rest) = row.split_first()?;
        let mut decoder = Decoder { rest, version: *version };
        let is_known = (OLDEST..=VERSION).contains(version);
        let is_ours = is_known && decoder.integer()? == checksum(key, *version, decoder.rest);
        is_ours.then_some(decoder)
    }

    /// A field that rows have since this version.
    pub(super) fn since<T: Default>(&mut self, version: u8, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.version < version { Some(T::default()) } else { read(self) }
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).and_then(|byte| byte.first().copied())
    }

    pub(super) fn integer(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        let length = self.take(4)?.try_into().ok().map(u32::from_le_bytes)?;
        usize::try_from(length).ok()
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// `Some(None)` is a value that is not there.
    pub(super) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    pub(super) fn checksum(&mut self) -> Option<Checksum> {
        let Plan { algorithm, kind } = self.plan()?;
        Some(Checksum { algorithm, kind, value: self.text()?.to_owned() })
    }

    pub(super) fn plan(&mut self) -> Option<Plan> {
        let algorithm = algorithm_of(self.byte()?)?;
        let kind = match self.byte()? {
            0 => Kind::FullObject,
            1 => Kind::Composite,
            _ => return None,
        };
        Some(Plan { algorithm, kind })
    }

    pub(super) fn storage_class(&mut self) -> Option<StorageClass> {
        match self.byte()? {
            0 => Some(StorageClass::Standard),
            1 => Some(StorageClass::InfrequentAccess),
            _ => None,
        }
    }

    pub(super) fn key_check(&mut self) -> Option<KeyCheck> {
        Some(KeyCheck { salt: *self.take(SALT)?.first_chunk()?, mac: *self.take(32)?.first_chunk()? })
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn metadata(&mut self) -> Option<Metadata> {
        let mut header = || self.option(Decoder::text).map(|text| text.map(str::to_owned));
        let mut metadata = Metadata {
            content_type: header()?,
            cache_control: header()?,
            content_disposition: header()?,
            content_encoding: header()?,
            content_language: header()?,
            expires: header()?,
            ..Metadata::default()
        };
        for _ in 0..self.length()? {
            metadata.user.insert(self.text()?.to_owned(), self.text()?.to_owned());
        }
        Some(metadata)
    }

    /// Runs that add up to `size` bytes.
    pub(super) fn extents(&mut self, size: u64) -> Option<Extents> {
        let counting = if self.version > COUNTED_SINGLY { Counting::Once } else { Counting::Singly };
        let mut extents = Vec::new();
        let mut total = 0u64;
        for _ in 0..self.length()? {
            let (blob, offset, length) = (BlobId(self.integer()?), self.integer()?, self.integer()?);
            offset.checked_add(length)?;
            total = total.checked_add(length)?;
            extents.push(Extent { blob, offset, length });
        }
        (total == size).then_some(Extents { runs: extents, counting })
    }

    /// Whatever the row holds must have been read by now.
    pub(super) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

/// The algorithms' numbers on disk: never changed, only added to.
pub(super) const ALGORITHMS: [(u8, Algorithm); 5] = [
    (1, Algorithm::Crc32),
    (2, Algorithm::Crc32c),
    (3, Algorithm::Crc64Nvme),
    (4, Algorithm::Sha1),
    (5, Algorithm::Sha256),
];

fn algorithm_number(algorithm: Algorithm) -> u8 {
    ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map_or(0, |(number, _)| *number)
}

fn algorithm_of(number: u8) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == number).map(|(_, algorithm)| *algorithm)
}
