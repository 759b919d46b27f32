//! What upkeep tells while it works, and why it stops before the end.

use crate::store::error::{OpenError, StoreError};
use crate::store::findings::Finding;
use crate::store::index::Failure;
use std::fmt;
use std::io;

/// Something to tell while a check runs.
#[derive(Debug)]
pub enum Event {
    /// Something is wrong.
    Found(Finding),
    /// So many of so many bytes of blobs are read.
    Progress {
        /// Bytes read.
        done: u64,
        /// Bytes there are to read.
        of: u64,
    },
}

/// Why upkeep stopped before its end.
#[derive(Debug)]
pub enum UpkeepError {
    /// The folder cannot be opened.
    Open(OpenError),
    /// The disk or the index failed.
    Store(StoreError),
    /// Nobody could be told.
    Output(io::Error),
}

impl From<OpenError> for UpkeepError {
    fn from(error: OpenError) -> UpkeepError {
        UpkeepError::Open(error)
    }
}

impl From<StoreError> for UpkeepError {
    fn from(error: StoreError) -> UpkeepError {
        UpkeepError::Store(error)
    }
}

impl From<Failure> for UpkeepError {
    fn from(failure: Failure) -> UpkeepError {
        UpkeepError::Store(failure.into())
    }
}

impl fmt::Display for UpkeepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpkeepError::Open(error) => error.fmt(f),
            UpkeepError::Store(error) => error.fmt(f),
            UpkeepError::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UpkeepError {}
