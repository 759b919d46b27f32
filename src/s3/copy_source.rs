//! `x-amz-copy-source`: the source of a copy, in any of the spellings that clients use.

use crate::s3::names::{BadName, BucketName, ObjectKey};
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use percent_encoding::percent_decode_str;

/// The header's name.
pub const COPY_SOURCE: &str = "x-amz-copy-source";

/// The object that a CopyObject or UploadPartCopy reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// Its bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// The version of it; only where a request is read as other stores read it.
    pub version: Option<String>,
}

impl CopySource {
    /// The source that a request names; `None` if it names none.
    ///
    /// # Errors
    /// Those of [`CopySource::parse`].
    pub fn from_view(view: &RequestView<'_>) -> Result<Option<CopySource>, S3Error> {
        read(view, CopySource::parse)
    }

    /// The same as other stores read it, which have versions and buckets of more names.
    ///
    /// # Errors
    /// Those of [`CopySource::parse_of_other_store`].
    pub fn of_other_store(view: &RequestView<'_>) -> Result<Option<CopySource>, S3Error> {
        read(view, CopySource::parse_of_other_store)
    }

    /// Reads `bucket/key`, with a slash in front or without, percent-encoded in whole, in part or not at all; a `+`
    /// stands for itself, as in a path.
    ///
    /// # Errors
    /// `InvalidArgument` in R2's words for what names no object, `NoSuchBucket` for what cannot be a bucket, as it can
    /// be none that is there, `InvalidObjectName` for a key that is too long, and
    /// `NotImplemented` for a version: R2 has none, and another version would be another object.
    pub fn parse(text: &str) -> Result<CopySource, S3Error> {
        if text.contains(VERSION) {
            let message = format!("Header '{COPY_SOURCE}' with value '{text}' not implemented");
            return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
        }
        object(text, BucketName::parse)
    }

    /// Reads the same with the names of buckets that other stores have, and with `?versionId=ID` behind the key.
    ///
    /// # Errors
    /// Those of [`CopySource::parse`], but for versions.
    pub fn parse_of_other_store(text: &str) -> Result<CopySource, S3Error> {
        let Some((path, version)) = text.split_once(VERSION) else { return object(text, BucketName::of_other_store) };
        let version = percent_decode_str(version).decode_utf8().map_err(|_| malformed())?.into_owned();
        Ok(CopySource { version: Some(version), ..object(path, BucketName::of_other_store)? })
    }
}

/// The separator between a key and its version.
const VERSION: &str = "?versionId=";

fn read(view: &RequestView<'_>, parse: fn(&str) -> Result<CopySource, S3Error>) -> Result<Option<CopySource>, S3Error> {
    let value = view.header_bytes(COPY_SOURCE);
    value.map(|value| std::str::from_utf8(value).map_err(|_| malformed()).and_then(parse)).transpose()
}

fn object(text: &str, bucket_name: fn(&str) -> Result<BucketName, BadName>) -> Result<CopySource, S3Error> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| malformed())?;
    let path = decoded.strip_prefix('/').unwrap_or(&decoded);
    let (bucket, key) = path.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(malformed)?;
    Ok(CopySource {
        bucket: bucket_name(bucket).map_err(|_| Code::NO_SUCH_BUCKET)?,
        key: ObjectKey::parse(key).map_err(|_| Code::INVALID_OBJECT_NAME)?,
        version: None,
    })
}

fn malformed() -> S3Error {
    S3Error::new(Code::INVALID_ARGUMENT).message("copy source bucket name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_in_many_spellings() {
        for (text, bucket, key) in [
            ("media/a", "media", "a"),
            ("/media/a", "media", "a"),
            ("media%2Fa", "media", "a"),
            ("%2fmedia%2fa", "media", "a"),
            ("media/a%20b", "media", "a b"),
            ("media/a b", "media", "a b"),
            ("media/a+b", "media", "a+b"),
            ("media/a%2Bb", "media", "a+b"),
            ("media/a%252Bb", "media", "a%2Bb"),
            ("media/%E2%9C%93", "media", "✓"),
            ("media/✓", "media", "✓"),
            ("media//a", "media", "/a"),
            ("/media/a//b/", "media", "a//b/"),
            ("media/../other/a", "media", "../other/a"),
            ("media/100%", "media", "100%"),
            ("media/a?b", "media", "a?b"),
            ("media/a%3FversionId=1", "media", "a?versionId=1"),
        ] {
            let source = CopySource::parse(text).unwrap();
            assert_eq!((source.bucket.as_str(), source.key.as_str()), (bucket, key), "{text}");
        }
    }

    #[test]
    fn other_stores_have_versions_and_more_names() {
        for (text, expected) in [
            ("media/a", Ok(("media", "a", None))),
            ("My.Media/a%20b", Ok(("My.Media", "a b", None))),
            ("/media/a?versionId=1%2F2", Ok(("media", "a", Some("1/2")))),
            ("media/a?versionId=", Ok(("media", "a", Some("")))),
            ("media/a?versionId=1?versionId=2", Ok(("media", "a", Some("1?versionId=2")))),
            ("media/a%3FversionId=1", Ok(("media", "a?versionId=1", None))),
            ("media?versionId=1/a", Err("InvalidArgument")),
            ("../a", Err("NoSuchBucket")),
            ("arn:aws:s3:eu-west-1:1:accesspoint/x/object/a", Err("NoSuchBucket")),
        ] {
            let source = CopySource::parse_of_other_store(text).map_err(|error| error.code);
            let read = source.as_ref().map(|s| (s.bucket.as_str(), s.key.as_str(), s.version.as_deref()));
            assert_eq!(read.map_err(|code| &**code), expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_object() {
        let long = format!("media/{}", "a".repeat(1025));
        for (text, code, message) in [
            ("", "InvalidArgument", "copy source bucket name"),
            ("/", "InvalidArgument", "copy source bucket name"),
            ("media", "InvalidArgument", "copy source bucket name"),
            ("/media/", "InvalidArgument", "copy source bucket name"),
            ("//media/a", "NoSuchBucket", "The specified bucket does not exist."),
            ("Media/a", "NoSuchBucket", "The specified bucket does not exist."),
            ("https://example.com/media/a", "NoSuchBucket", "The specified bucket does not exist."),
            ("media/%ff", "InvalidArgument", "copy source bucket name"),
            (&long, "InvalidObjectName", "The specified object name is not valid."),
            (
                "media/a?versionId=1",
                "NotImplemented",
                "Header 'x-amz-copy-source' with value 'media/a?versionId=1' not implemented",
            ),
        ] {
            let error = CopySource::parse(text).unwrap_err();
            assert_eq!((&*error.code, &*error.message), (code, message), "{text}");
        }
    }
}
