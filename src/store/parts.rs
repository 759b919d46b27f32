//! The types of the interface for multipart uploads: arguments and results.

use crate::s3::Timestamp;
use crate::s3::checksum::{Algorithm, Checksum, Kind};
use crate::s3::customer_key::CustomerKey;
use crate::s3::etag::ETag;
use crate::s3::metadata::Metadata;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::part_checksums::Plan;
use crate::s3::precondition::{ReadConditions, WriteConditions};
use crate::s3::storage_class::StorageClass;
use crate::s3::xml::CompletedPart;
use crate::store::encryption::KeyCheck;
use crate::store::error::StoreError;
use crate::store::key_fault::KeyFault;

/// A part that is copied shares at most so many runs of blobs; where it would be more its bytes are written anew. So an
/// object has at most so many runs for each of its parts, however often copies are made of copies.
pub(super) const SHARED_RUNS: usize = 2;
/// A copy of an object that is made of more blobs than this is written anew: to count each of them keeps every other
/// change waiting.
pub(super) const SHARED_BLOBS: usize = if cfg!(test) { 3 } else { 1024 };

/// The most bytes of an object (R2 limits page: 5 TiB less 5 GiB).
pub(super) const MAX_OBJECT: u64 = (5 << 40) - (5 << 30);

/// An upload as requests name it. One of another bucket or key is no such upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRef {
    /// The bucket.
    pub bucket: BucketName,
    /// The key the object will have.
    pub key: ObjectKey,
    /// The id that creating it gave.
    pub id: String,
}

/// What an upload says of its object before there is any part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Headers and user metadata to keep.
    pub metadata: Metadata,
    /// Its storage class.
    pub storage_class: StorageClass,
    /// How parts and object are to be checksummed, if the client chose it.
    pub checksum: Option<Plan>,
    /// The client's key that its bytes are to be encrypted with.
    pub key: Option<CustomerKey>,
    /// Whose it is; `None` if that is not known.
    pub owner: Option<UploadOwner>,
    /// The time of the request.
    pub now: Timestamp,
}

/// Whose an upload is. It stays theirs until it ends, whoever ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOwner {
    /// Who it is: the id of an access key.
    pub id: String,
    /// How many uploads they may have open, with this one; `None` for any number.
    pub most: Option<u64>,
}

/// What is known of an open upload besides its metadata and its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadInfo {
    /// The storage class that the object will have.
    pub storage_class: StorageClass,
    /// How parts and object are to be checksummed, if the client chose it.
    pub checksum: Option<Plan>,
    /// By what the client's key is recognised that all parts are encrypted with, if they are.
    pub encryption: Option<KeyCheck>,
}

impl UploadInfo {
    /// Whether a part may come with this key, or with none.
    ///
    /// # Errors
    /// [`StoreError::Key`].
    pub fn require_key(&self, key: Option<&CustomerKey>) -> Result<(), StoreError> {
        KeyCheck::judge(self.encryption.as_ref(), key).map_err(|fault| StoreError::Key(KeyFault::Upload(fault)))
    }
}

/// What a part states when its body is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPart {
    /// The tag of the body, its MD5.
    pub etag: ETag,
    /// The checksum the body was verified against, or that the upload asks for.
    pub checksum: Option<Checksum>,
    /// When the body was complete.
    pub now: Timestamp,
}

/// What is known of a part besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartInfo {
    /// 1 to 10,000.
    pub number: u16,
    /// Bytes.
    pub size: u64,
    /// Its entity tag.
    pub etag: ETag,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Its checksum.
    pub checksum: Option<Checksum>,
}

impl PartInfo {
    /// The same, no older than the part it replaces.
    pub(super) fn following(self, replaced: Option<&PartInfo>) -> PartInfo {
        let last_modified = replaced.map_or(self.last_modified, |old| old.last_modified.max(self.last_modified));
        PartInfo { last_modified, ..self }
    }

    /// What a write that made this part answers.
    pub(super) fn written(&self) -> WriteResult {
        WriteResult { etag: self.etag.clone(), checksum: self.checksum.clone(), last_modified: self.last_modified }
    }
}

/// What the parts of an upload must be like, besides what S3 asks of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartRules {
    /// Parts may be listed in any order; they are put in that of their numbers.
    pub any_order: bool,
    /// All parts but the last have one size, and the last is no larger.
    pub equal_parts: bool,
}

/// What CompleteMultipartUpload asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The parts the client lists, as listed.
    pub parts: Vec<CompletedPart>,
    /// The policy's rules for them.
    pub rules: PartRules,
    /// Bytes the object must have.
    pub size: Option<u64>,
    /// What the object's checksum is to cover.
    pub checksum_kind: Option<Kind>,
    /// The checksum the object must have; of a composite one the client may leave the number of parts out.
    pub checksum: Option<(Algorithm, String)>,
    /// The client's key, which a client need not send once more.
    pub key: Option<CustomerKey>,
    /// What must hold of the object it replaces.
    pub conditions: WriteConditions,
    /// The time of the request.
    pub now: Timestamp,
}

/// The metadata of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NewMetadata {
    /// The source's.
    #[default]
    Kept,
    /// This, and nothing of the source's.
    Replaced(Metadata),
    /// The source's, with this over it.
    Merged(Metadata),
}

impl NewMetadata {
    /// What is given with the request.
    pub(super) fn given(&self) -> Option<&Metadata> {
        match self {
            NewMetadata::Kept => None,
            NewMetadata::Replaced(given) | NewMetadata::Merged(given) => Some(given),
        }
    }

    /// The metadata of a copy of an object with this one.
    ///
    /// # Errors
    /// Both together are more than an object may have.
    pub(super) fn of_copy(&self, source: Metadata) -> Result<Metadata, StoreError> {
        match self {
            NewMetadata::Kept => Ok(source),
            NewMetadata::Replaced(given) => Ok(given.clone()),
            NewMetadata::Merged(given) => given.clone().over(source).ok_or(StoreError::MetadataTooLarge),
        }
    }
}

/// What CopyObject asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCopy {
    /// Where the copy goes.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// The bucket of what is copied.
    pub source_bucket: BucketName,
    /// The key of what is copied.
    pub source_key: ObjectKey,
    /// What must hold of the source.
    pub source_conditions: ReadConditions,
    /// What must hold of the object it replaces.
    pub conditions: WriteConditions,
    /// The metadata of the copy.
    pub metadata: NewMetadata,
    /// The storage class of the copy.
    pub storage_class: StorageClass,
    /// The client's keys.
    pub keys: CopyKeys,
    /// The time of the request.
    pub now: Timestamp,
}

/// The client's keys for a copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyKeys {
    /// That of the source, if it is encrypted.
    pub source: Option<CustomerKey>,
    /// That of the copy, if it is to be encrypted.
    pub target: Option<CustomerKey>,
}

/// An object or a part as its write answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteResult {
    /// Its entity tag.
    pub etag: ETag,
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// When it was written.
    pub last_modified: Timestamp,
}
