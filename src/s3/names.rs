//! Valid names of buckets and keys.

use std::fmt;

/// The longest key, in bytes (R2 limits page: 1,024; the same as S3).
pub const MAX_KEY_BYTES: usize = 1024;

/// The id that S3 gives to the only version of an object in a bucket without versions.
pub const ONLY_VERSION: &str = "null";

/// A bucket's name: 3 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends (R2 "Create
/// buckets": unlike S3, no dots).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

/// An object's key: 1 to 1,024 bytes of UTF-8. It is never a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

/// A text that is not a name of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadName {
    /// Not a bucket name.
    Bucket,
    /// Not a key: empty or longer than [`MAX_KEY_BYTES`], or not UTF-8.
    Key,
}

impl BucketName {
    /// The name, checked.
    pub fn parse(text: &str) -> Result<BucketName, BadName> {
        let bytes = text.as_bytes();
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let good =
            (3..=63).contains(&bytes.len()) && bytes.iter().all(inner) && edge(bytes.first()) && edge(bytes.last());
        good.then(|| BucketName(text.to_owned())).ok_or(BadName::Bucket)
    }

    /// A name that another store may have and R2 has not: with dots, underscores and capitals, up to 255 bytes (S3 user
    /// guide, bucket naming rules of before 2018). It is never a dot segment.
    pub fn of_other_store(text: &str) -> Result<BucketName, BadName> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let good = (3..=255).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('.');
        (good && !text.contains("..")).then(|| BucketName(text.to_owned())).ok_or(BadName::Bucket)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ObjectKey {
    /// The key, checked.
    pub fn parse(text: &str) -> Result<ObjectKey, BadName> {
        let good = (1..=MAX_KEY_BYTES).contains(&text.len());
        good.then(|| ObjectKey(text.to_owned())).ok_or(BadName::Key)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_are_r2s() {
        let longest = "a".repeat(63);
        for good in ["abc", "a-b", "0a0", "a--b", longest.as_str()] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "ab", too_long.as_str(), "aBc", "a.b", "a_b", "-ab", "ab-", "a b", "a/b", "äbc", "a\0b"] {
            assert_eq!(BucketName::parse(bad), Err(BadName::Bucket), "{bad}");
        }
    }

    #[test]
    fn other_stores_have_more_names() {
        for good in ["abc", "a.b", "Photos_2019", "-ab", "ab.", &"a".repeat(255)] {
            assert!(BucketName::of_other_store(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "...", "..", ".ab", "a..b", "a/b", "a b", "a%2fb", "\u{e4}bc", "a\0b", &"a".repeat(256)] {
            assert_eq!(BucketName::of_other_store(bad), Err(BadName::Bucket), "{bad}");
        }
    }

    #[test]
    fn keys_are_bytes_of_utf8() {
        let longest = "é".repeat(512);
        for good in ["a", "/", "..", "../../etc/passwd", "a//b", "\0", longest.as_str()] {
            assert!(ObjectKey::parse(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(1025);
        for bad in ["", too_long.as_str()] {
            assert_eq!(ObjectKey::parse(bad), Err(BadName::Key));
        }
    }
}
