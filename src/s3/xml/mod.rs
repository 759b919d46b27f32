//! The XML documents of S3, both ways: requests are read into values, answers written from values. Answers of another
//! store are read too, or rewritten ([`Rewriter`]).
//!
//! Only this module uses the XML library. It decides nothing: the caller carries documents out, and limits their size.

mod reader;
mod writer;
mod requests;
mod answers;
mod listings;
mod uploads;
mod cors;
mod encryption;
mod lifecycle;
mod malformed;
mod error_document;
mod bucket_page;
mod part_page;
mod next_marker;
mod rules;
mod rewriter;

pub use answers::{
    BucketInfo, BucketPaging, DeleteOutcome, OWNER, Owner, access_control_policy, copy_object, copy_part,
    create_bucket_configuration, delete_result, error, late_error, list_buckets, location_constraint, unversioned,
};
pub use bucket_page::BucketPage;
pub use cors::{CorsConfiguration, CorsRuleElement};
pub use encryption::BucketEncryption;
pub use error_document::{ErrorDocument, MAX_ERROR_BYTES};
pub use listings::list_objects;
pub use malformed::Malformed;
pub use next_marker::with_last_name;
pub use part_page::{PartPage, StoredPart};
pub use requests::{
    CompleteMultipartUpload, CompletedPart, CreateBucketConfiguration, Delete, DeleteEntry, MAX_DELETE_KEYS,
    MAX_PART_NUMBER,
};
pub use rewriter::{Ending, Rewriter};
pub use rules::RewriteRules;
pub use uploads::{
    CompletedUpload, ListedPart, PartList, UploadList, complete_upload, initiate_upload, list_parts, list_uploads,
    location,
};
