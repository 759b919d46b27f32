//! What can go wrong in the store, and what a client is answered then.

use super::key_fault::KeyFault;
use crate::s3::part_list::PartsFault;
use crate::s3::{Code, Limit, S3Error};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// There is no bucket of this name.
    #[error("no such bucket")]
    NoSuchBucket,
    /// CreateBucket of a bucket that exists.
    #[error("the bucket exists")]
    BucketExists,
    /// DeleteBucket of a bucket with objects.
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    /// There is no object of this key.
    #[error("no such key")]
    NoSuchKey,
    /// There is no open upload of this id, or it is of another key.
    #[error("no such upload")]
    NoSuchUpload,
    /// As many uploads are open as there may be.
    #[error("too many uploads are open")]
    TooManyUploads,
    /// Their owner has as many uploads open as they may have.
    #[error("too many uploads of this owner are open")]
    TooManyUploadsOfOwner,
    /// The list of parts that an upload is to be completed with makes no object.
    #[error("the parts make no object: {0:?}")]
    Parts(PartsFault),
    /// The client's key does not fit what is stored.
    #[error("the client's key does not fit: {0:?}")]
    Key(KeyFault),
    /// What is copied was overwritten or removed while it was read.
    #[error("what is copied is gone")]
    SourceGone,
    /// A copy would have more metadata than an object may have.
    #[error("the metadata is too large")]
    MetadataTooLarge,
    /// A condition of the write does not hold.
    #[error("a condition of the write does not hold")]
    PreconditionFailed,
    /// The disk is full, or so nearly that only the reserve is left.
    #[error("the disk is full up to the reserve")]
    Full,
    /// The writer has reserved its whole [share](super::Share) of the disk.
    #[error("the share of the disk that its key may reserve is used up")]
    ShareUsed,
    /// The data folder cannot be written to.
    #[error("the data folder is read-only")]
    ReadOnly,
    /// What is stored cannot be what was written: the text says where.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The disk or the index failed.
    #[error("I/O: {0}")]
    Io(#[source] IoFailure),
}

/// A failure of the disk or the index.
#[derive(Debug, Clone, Error)]
#[error("{what}")]
pub struct IoFailure {
    /// What failed, in words.
    what: String,
    /// The system's error, if it was one.
    #[source]
    cause: Option<Arc<io::Error>>,
}

/// Two failures are the same if they say the same.
impl PartialEq for IoFailure {
    fn eq(&self, other: &IoFailure) -> bool {
        self.what == other.what
    }
}

impl Eq for IoFailure {}

impl From<String> for IoFailure {
    fn from(what: String) -> IoFailure {
        IoFailure { what, cause: None }
    }
}

impl From<&str> for IoFailure {
    fn from(what: &str) -> IoFailure {
        what.to_owned().into()
    }
}

impl From<io::Error> for IoFailure {
    fn from(error: io::Error) -> IoFailure {
        IoFailure { what: error.to_string(), cause: Some(Arc::new(error)) }
    }
}

impl From<PartsFault> for StoreError {
    fn from(fault: PartsFault) -> StoreError {
        StoreError::Parts(fault)
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
            io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
            _ => StoreError::Io(error.into()),
        }
    }
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> S3Error {
        let unavailable = |message| S3Error::new(Code::SERVICE_UNAVAILABLE).message(message).cause(&error);
        match &error {
            StoreError::NoSuchBucket => Code::NO_SUCH_BUCKET.into(),
            StoreError::BucketExists => Code::BUCKET_ALREADY_OWNED_BY_YOU.into(),
            StoreError::BucketNotEmpty => Code::BUCKET_NOT_EMPTY.into(),
            StoreError::NoSuchKey => Code::NO_SUCH_KEY.into(),
            StoreError::NoSuchUpload => Code::NO_SUCH_UPLOAD.into(),
            StoreError::Parts(fault) => (*fault).into(),
            StoreError::Key(fault) => (*fault).into(),
            StoreError::SourceGone => Code::NO_SUCH_KEY.into(),
            StoreError::MetadataTooLarge => Code::METADATA_TOO_LARGE.into(),
            StoreError::PreconditionFailed => Code::PRECONDITION_FAILED.into(),
            StoreError::TooManyUploads => {
                unavailable("Too many multipart uploads are open. Complete or abort some of them.")
            }
            StoreError::TooManyUploadsOfOwner => {
                let message = "Too many multipart uploads of this key are open. Complete or abort some of them.";
                S3Error::slow_down(Limit::Uploads, message).cause(&error)
            }
            StoreError::Full => unavailable("There is no space left to store this."),
            StoreError::ShareUsed => {
                S3Error::slow_down(Limit::Space, "Please write less at the same time: the space left is shared.")
                    .cause(&error)
            }
            StoreError::ReadOnly => unavailable("The store is read-only at present."),
            StoreError::Damaged(_) | StoreError::Io(_) => S3Error::new(Code::INTERNAL_ERROR).cause(&error),
        }
    }
}

/// Why a data folder was not opened; each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "the data folder {} is in use by another process; stop it, or choose another folder with --data",
        .0.display()
    )]
    InUse(PathBuf),
    /// A newer version of this program wrote it.
    #[error(
        "the data folder {} has version {found}, and this r2shim knows versions up to {current}: \
         a newer r2shim wrote it; use that one, or choose another folder with --data",
        folder.display()
    )]
    TooNew {
        /// The data folder.
        folder: PathBuf,
        /// The version it has.
        found: u64,
        /// The version this program writes.
        current: u64,
    },
    /// It is older than the version before, which is the oldest that is migrated.
    #[error(
        "the data folder {} has version {found}, which is too old for this r2shim to migrate to version {current}; \
         open it with the releases between first, or choose another folder with --data",
        folder.display()
    )]
    TooOld {
        /// The data folder.
        folder: PathBuf,
        /// The version it has.
        found: u64,
        /// The version this program writes.
        current: u64,
    },
    /// It has the version before, or was not migrated to the end, and cannot be written to.
    #[error(
        "the data folder {} was written by an earlier r2shim and must be migrated to version {current}, which is done \
         when it is opened for writing; make it writable and start `r2shim serve` or `r2shim store gc`",
        folder.display()
    )]
    NotMigrated {
        /// The data folder.
        folder: PathBuf,
        /// The version this program writes.
        current: u64,
    },
    /// Its index is not what was written.
    #[error(
        "{} is damaged: {cause}; restore the data folder from a backup, or choose another folder with --data",
        path.display()
    )]
    Damaged {
        /// The index.
        path: PathBuf,
        /// What is wrong, and where.
        cause: String,
    },
    /// It holds bodies but no index.
    #[error(
        "the data folder {} holds bodies but no index.redb; restore the index from a backup, \
         or choose another folder with --data",
        .0.display()
    )]
    IndexMissing(PathBuf),
    /// There is nothing in it to look after.
    #[error("{} is no data folder: it has no index.redb; name another with --data", .0.display())]
    NoIndex(PathBuf),
    /// It cannot be made, read or understood.
    #[error("{} cannot be used: {cause}; check its owner, mode and disk", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What the system or the index reported.
        cause: String,
    },
}

impl OpenError {
    /// What an error of the index at `path` means when it is opened.
    pub(super) fn of_index(path: impl Into<PathBuf>, error: StoreError) -> OpenError {
        match error {
            StoreError::Damaged(cause) => OpenError::Damaged { path: path.into(), cause },
            error => OpenError::unusable(path, error),
        }
    }

    /// [`OpenError::Unusable`], with its cause in words.
    pub(super) fn unusable(path: impl Into<PathBuf>, cause: impl fmt::Display) -> OpenError {
        OpenError::Unusable { path: path.into(), cause: cause.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_another_version_is_refused_with_advice() {
        let folder = || PathBuf::from("data");
        for (error, expected) in [
            (
                OpenError::TooNew { folder: folder(), found: 4, current: 3 },
                "the data folder data has version 4, and this r2shim knows versions up to 3: a newer r2shim wrote it; \
                 use that one, or choose another folder with --data",
            ),
            (
                OpenError::TooOld { folder: folder(), found: 1, current: 3 },
                "the data folder data has version 1, which is too old for this r2shim to migrate to version 3; open it \
                 with the releases between first, or choose another folder with --data",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_systems_error_stays_the_source() {
        use std::error::Error as _;
        let error = StoreError::from(io::Error::from(io::ErrorKind::TimedOut));
        let system = error.source().and_then(|failure| failure.source()).unwrap();
        assert_eq!(system.downcast_ref::<Arc<io::Error>>().unwrap().kind(), io::ErrorKind::TimedOut);
        assert!(StoreError::Io("stopped".into()).source().unwrap().source().is_none());
    }

    #[test]
    fn clients_get_codes_and_the_log_gets_causes() {
        for (error, status, code, cause) in [
            (StoreError::NoSuchBucket, 404, "NoSuchBucket", None),
            (StoreError::BucketExists, 409, "BucketAlreadyOwnedByYou", None),
            (StoreError::BucketNotEmpty, 409, "BucketNotEmpty", None),
            (StoreError::NoSuchKey, 404, "NoSuchKey", None),
            (StoreError::NoSuchUpload, 404, "NoSuchUpload", None),
            (StoreError::Parts(PartsFault::Missing), 400, "InvalidPart", None),
            (StoreError::Parts(PartsFault::Order), 400, "InvalidPartOrder", None),
            (StoreError::Parts(PartsFault::TooSmall), 400, "EntityTooSmall", None),
            (StoreError::Parts(PartsFault::TooLarge), 400, "EntityTooLarge", None),
            (StoreError::PreconditionFailed, 412, "PreconditionFailed", None),
            (StoreError::TooManyUploads, 503, "ServiceUnavailable", Some("too many uploads are open")),
            (StoreError::TooManyUploadsOfOwner, 503, "SlowDown", Some("too many uploads of this owner are open")),
            (StoreError::Full, 503, "ServiceUnavailable", Some("the disk is full up to the reserve")),
            (StoreError::ShareUsed, 503, "SlowDown", Some("the share of the disk that its key may reserve is used up")),
            (StoreError::ReadOnly, 503, "ServiceUnavailable", Some("the data folder is read-only")),
            (StoreError::Io("EIO".into()), 500, "InternalError", Some("I/O: EIO")),
            (StoreError::Damaged("row".into()), 500, "InternalError", Some("damaged: row")),
        ] {
            let answer = S3Error::from(error);
            assert_eq!((answer.status.as_u16(), &*answer.code, answer.cause.as_deref()), (status, code, cause));
        }
    }
}
