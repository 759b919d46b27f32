//! Ground: the vocabulary of the S3 protocol.
//!
//! What a request looks like, what operations there are, how names, dates, ranges, conditions, checksums, errors and
//! XML documents are written and read. No policy, no clock, no async and no I/O: text in, values out, and back.

pub mod dates;
pub mod error;
pub mod operation;
pub mod names;
pub mod query;
pub mod request;
pub mod view;
pub mod copy_source;
pub mod headers;
pub mod payload;
pub mod etag;
pub mod range;
pub mod precondition;
pub mod checksum;
pub mod part_checksums;
mod rfc2047;
pub mod metadata;
pub mod listing;
pub mod upload_listing;
pub mod xml;

pub use dates::Timestamp;
pub use error::{Code, S3Error};
pub use operation::Operation;
pub use payload::PayloadKind;
