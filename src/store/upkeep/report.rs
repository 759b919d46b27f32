//! What upkeep reports while it works, and why it stops before the end.

use super::draft::TargetFault;
use crate::store::defects::Defect;
use crate::store::error::{OpenError, StoreError};
use crate::store::index::IndexError;
use std::io;
use thiserror::Error;

/// Something that upkeep reports while it runs.
#[derive(Debug)]
pub enum Event {
    /// Something is wrong.
    Found(Defect),
    /// Bytes of blobs that are read, of so many in all.
    Progress {
        /// Bytes read.
        done: u64,
        /// Bytes there are to read.
        of: u64,
    },
}

/// Why upkeep stopped before its end.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// The folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk or the index failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of the kind is under way in the same server.
    #[error("the server is checking, copying or compacting its store already; wait until that has ended")]
    Busy,
    /// A backup cannot be where it is to be.
    #[error(transparent)]
    Target(#[from] TargetFault),
    /// The index is not what was written, so a backup would lack what cannot be read.
    #[error("the index is damaged: {0}; `r2shim store check` finds more")]
    Unsound(String),
    /// The index was not compacted.
    #[error(transparent)]
    Compact(#[from] CompactFault),
    /// What was found could not be written.
    #[error(transparent)]
    Output(io::Error),
}

/// Why an index was not compacted. It is as it was.
#[derive(Debug, Error)]
pub enum CompactFault {
    /// The disk is too small.
    #[error("the new index may need {needed} bytes beside the old one, and the disk has {free} free")]
    NoRoom {
        /// Bytes, and those that stay free.
        needed: u64,
        /// Bytes.
        free: u64,
    },
    /// The disk or the engine says no.
    #[error("the new index cannot be written: {0}")]
    Copy(#[source] StoreError),
    /// There is damage in it, or it was opened anew meanwhile.
    #[error("the index does not read: {0}; `r2shim store check` finds more")]
    Source(#[source] StoreError),
    /// Writers are too fast.
    #[error(
        "more is written meanwhile than the new index can follow; try again when less is written, or at a higher rate"
    )]
    TooManyChanges,
}

impl From<IndexError> for UpkeepError {
    fn from(failure: IndexError) -> UpkeepError {
        UpkeepError::Store(failure.into())
    }
}
