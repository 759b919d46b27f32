//! Rows and keys of the store's index.

use super::input::Input;
use crate::s3::names::{BucketName, ObjectKey};
use crate::store::fuzzing::check_row;

/// What reads as a row is written as the same row; what is a name is kept as it is.
pub fn rows(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (table, version) = (input.byte(), input.byte());
    check_row(table, version, input.rest());
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    if let Ok(key) = ObjectKey::parse(text) {
        assert_eq!(key.as_str(), text);
    }
    if let Ok(bucket) = BucketName::parse(text) {
        assert_eq!(bucket.as_str(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
    }
}
