//! Operations, and what they are answered.

use crate::s3::Timestamp;
use crate::s3::etag::ETag;
use crate::s3::listing::Position;
use crate::s3::precondition::WriteConditions;
use crate::store::ConfigurationKind;
use bytes::Bytes;
use std::ops::Range;

/// What is asked of a store.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    CreateBucket {
        bucket: String,
    },
    DeleteBucket {
        bucket: String,
    },
    Put {
        bucket: String,
        key: String,
        body: Bytes,
        conditions: WriteConditions,
        content_type: Option<String>,
        now: Timestamp,
    },
    Copy {
        bucket: String,
        key: String,
        from: (String, String),
        conditions: WriteConditions,
        content_type: Option<String>,
        now: Timestamp,
    },
    Get {
        bucket: String,
        key: String,
        range: Range<usize>,
    },
    Delete {
        bucket: String,
        key: String,
    },
    DeleteMany {
        bucket: String,
        keys: Vec<String>,
    },
    List {
        bucket: String,
        prefix: String,
        delimiter: Option<String>,
        start: Option<Position>,
        most: usize,
    },
    Configure {
        bucket: String,
        kind: ConfigurationKind,
        document: Option<String>,
    },
    Configuration {
        bucket: String,
        kind: ConfigurationKind,
    },
    PutPart {
        bucket: String,
        key: String,
        id: String,
        number: u16,
        body: Bytes,
        now: Timestamp,
    },
    CopyPart {
        bucket: String,
        key: String,
        id: String,
        number: u16,
        from: String,
        range: Range<usize>,
        now: Timestamp,
    },
    Complete {
        bucket: String,
        key: String,
        id: String,
        parts: Vec<u16>,
        tags: Vec<String>,
        conditions: WriteConditions,
        now: Timestamp,
    },
    Abort {
        bucket: String,
        key: String,
        id: String,
    },
    Parts {
        bucket: String,
        key: String,
        id: String,
    },
}

/// What a store answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Done {
    Nothing,
    Written(ETag, Timestamp),
    Object(Object),
    /// Keys and common prefixes, and whether there are more.
    Listed(Vec<String>, bool),
    Text(Option<String>),
    Parts(Vec<(u16, u64, ETag, Timestamp)>),
}

impl Operation {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Operation::CreateBucket { .. } => "CreateBucket",
            Operation::DeleteBucket { .. } => "DeleteBucket",
            Operation::Put { .. } => "Put",
            Operation::Copy { .. } => "Copy",
            Operation::Get { .. } => "Get",
            Operation::Delete { .. } => "Delete",
            Operation::DeleteMany { .. } => "DeleteMany",
            Operation::List { .. } => "List",
            Operation::Configure { .. } => "Configure",
            Operation::Configuration { .. } => "Configuration",
            Operation::PutPart { .. } => "PutPart",
            Operation::CopyPart { .. } => "CopyPart",
            Operation::Complete { .. } => "Complete",
            Operation::Abort { .. } => "Abort",
            Operation::Parts { .. } => "Parts",
        }
    }

    pub(super) fn bucket(&self) -> &str {
        match self {
            Operation::CreateBucket { bucket }
            | Operation::DeleteBucket { bucket }
            | Operation::Put { bucket, .. }
            | Operation::Copy { bucket, .. }
            | Operation::Get { bucket, .. }
            | Operation::Delete { bucket, .. }
            | Operation::DeleteMany { bucket, .. }
            | Operation::List { bucket, .. }
            | Operation::Configure { bucket, .. }
            | Operation::Configuration { bucket, .. }
            | Operation::PutPart { bucket, .. }
            | Operation::CopyPart { bucket, .. }
            | Operation::Complete { bucket, .. }
            | Operation::Abort { bucket, .. }
            | Operation::Parts { bucket, .. } => bucket,
        }
    }
}

/// An object, with all of its bytes or some.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: ETag,
    pub(super) last_modified: Timestamp,
    pub(super) content_type: Option<String>,
    pub(super) parts: Vec<u64>,
}
