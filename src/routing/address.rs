//! Which bucket and key a request names, path style (`/bucket/key`) or virtual-host style (`bucket.domain/key`).

use crate::routing::host::{self, Style, UnknownHost};
use crate::s3::names::{BadName, BucketName, ObjectKey};
use crate::s3::operation::Target;
use crate::s3::{Code, S3Error};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The bucket and key that a request's host and path name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// The bucket; `None` is the account.
    pub bucket: Option<BucketName>,
    /// The key; `None` is the bucket itself.
    pub key: Option<ObjectKey>,
}

/// Why a request names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is unclear whether the host names a bucket, so the meaning of the path is unclear, too. Such a request must
    /// never be carried out.
    #[error(transparent)]
    Host(#[from] UnknownHost),
    /// The path does not start with `/`.
    #[error("the path does not start with /")]
    Path,
}

/// Where a request points, its names not yet read: enough to know the operation, not to carry it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAddress<'a> {
    /// Percent-encoded, as sent; empty for the account.
    bucket: Cow<'a, str>,
    /// Percent-encoded, as sent; empty for the bucket itself.
    key: &'a str,
}

impl<'a> RawAddress<'a> {
    /// Finds the border between bucket and key in a `Host` value, its port included if it has one, and a path as sent.
    /// `domains` are those of the settings, in lower case ([`host::style`]).
    ///
    /// The path is split before it is decoded, so an encoded slash never moves that border, and it is never normalised:
    /// `..` and `//` are parts of keys.
    ///
    /// # Errors
    /// A host that is not ours, and a path that is none. Names that no bucket or key can have are found by
    /// [`RawAddress::address`].
    pub fn find(host: &str, path: &'a str, domains: &[String]) -> Result<RawAddress<'a>, AddressError> {
        let style = host::style(host, domains)?;
        let path = path.strip_prefix('/').ok_or(AddressError::Path)?;
        let (bucket, key) = match style {
            Style::VirtualHost(bucket) => (Cow::Owned(bucket), path),
            Style::Path => path.split_once('/').map_or((Cow::Borrowed(path), ""), |(b, key)| (Cow::Borrowed(b), key)),
        };
        Ok(RawAddress { bucket, key })
    }

    /// Whether this names the account, a bucket or an object.
    pub fn target(&self) -> Target {
        match (self.bucket.is_empty(), self.key.is_empty()) {
            (true, true) => Target::Service,
            (false, true) => Target::Bucket,
            (_, false) => Target::Object,
        }
    }

    /// The key as it was sent, percent-encoded; empty for the account or a bucket.
    pub fn raw_key(&self) -> &'a str {
        self.key
    }

    /// The bucket, whatever the key is; `None` for the account.
    ///
    /// # Errors
    /// `InvalidBucketName`.
    pub fn bucket(&self) -> Result<Option<BucketName>, S3Error> {
        if self.target() == Target::Service {
            Ok(None)
        } else {
            parse_bucket(&self.bucket, BucketName::parse).map(Some)
        }
    }

    /// Reads the names as other stores do, which have buckets of more names.
    ///
    /// # Errors
    /// Those of [`RawAddress::address`].
    pub fn address_of_other_store(&self) -> Result<Address, S3Error> {
        let bucket = match self.target() {
            Target::Service => None,
            Target::Bucket | Target::Object => Some(parse_bucket(&self.bucket, BucketName::of_other_store)?),
        };
        Ok(Address { bucket, key: parse_key(self.key)? })
    }

    /// Reads the names: `InvalidBucketName`, or `InvalidObjectName` for a key that is too long or not UTF-8.
    pub fn address(&self) -> Result<Address, S3Error> {
        Ok(Address { bucket: self.bucket()?, key: parse_key(self.key)? })
    }
}

fn parse_bucket(segment: &str, parse: fn(&str) -> Result<BucketName, BadName>) -> Result<BucketName, S3Error> {
    let invalid = || {
        S3Error::new(Code::INVALID_BUCKET_NAME)
            .cause(format!("the name is {:?}", segment.chars().take(80).collect::<String>()))
    };
    let name = percent_decode_str(segment).decode_utf8().map_err(|_| invalid())?;
    parse(&name).map_err(|_| invalid())
}

fn parse_key(rest: &str) -> Result<Option<ObjectKey>, S3Error> {
    if rest.is_empty() {
        return Ok(None);
    }
    let key = percent_decode_str(rest).decode_utf8().map_err(|_| Code::INVALID_OBJECT_NAME)?;
    ObjectKey::parse(&key).map(Some).map_err(S3Error::from)
}

impl From<AddressError> for S3Error {
    fn from(error: AddressError) -> S3Error {
        match error {
            AddressError::Host(unknown) => S3Error::new(Code::INVALID_REQUEST)
                .message(unknown.to_string())
                .cause(format!("the host {:?} is neither a domain nor below one", unknown.host)),
            AddressError::Path => Code::INVALID_URI.into(),
        }
    }
}

impl From<BadName> for S3Error {
    fn from(bad: BadName) -> S3Error {
        match bad {
            BadName::Bucket => Code::INVALID_BUCKET_NAME.into(),
            BadName::Key => Code::INVALID_OBJECT_NAME.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(host: &str, path: &str) -> Result<(String, String), String> {
        let domains = ["s3.example.test".to_owned()];
        let text = |name: Option<String>| name.unwrap_or_default();
        RawAddress::find(host, path, &domains)
            .map_err(S3Error::from)
            .and_then(|raw| raw.address())
            .map(|a| (text(a.bucket.map(|b| b.to_string())), text(a.key.map(|k| k.to_string()))))
            .map_err(|error| error.code.into_owned())
    }

    fn names(bucket: &str, key: &str) -> Result<(String, String), String> {
        Ok((bucket.to_owned(), key.to_owned()))
    }

    #[test]
    fn path_style() {
        for (path, bucket, key) in [
            ("/", "", ""),
            ("/media", "media", ""),
            ("/media/", "media", ""),
            ("/media/a", "media", "a"),
            ("/media//a", "media", "/a"),
            ("/media/a/", "media", "a/"),
            ("/media/a//b", "media", "a//b"),
            ("/media/../other/x", "media", "../other/x"),
            ("/media/%2e%2e/x", "media", "../x"),
            ("/media/a%2Fb", "media", "a/b"),
            ("/media/a+b%20c", "media", "a+b c"),
            ("/media/%E2%9C%93", "media", "✓"),
            ("/media/✓", "media", "✓"),
            ("/media/100%", "media", "100%"),
            ("/medi%61/k", "media", "k"),
        ] {
            assert_eq!(read("127.0.0.1:9000", path), names(bucket, key), "{path}");
        }
    }

    #[test]
    fn virtual_host_style() {
        for (host, path, bucket, key) in [
            ("media.s3.example.test", "/a/b", "media", "a/b"),
            ("media.s3.example.test:9000", "/", "media", ""),
            ("MEDIA.S3.EXAMPLE.TEST.", "/a", "media", "a"),
            ("s3.example.test", "/media/a", "media", "a"),
            ("[::1]:9000", "/media/a", "media", "a"),
        ] {
            assert_eq!(read(host, path), names(bucket, key), "{host} {path}");
        }
    }

    #[test]
    fn what_names_nothing() {
        let long = format!("/media/{}", "a".repeat(1025));
        for (path, code) in [
            ("*", "InvalidURI"),
            ("", "InvalidURI"),
            ("//media", "InvalidBucketName"),
            ("/me", "InvalidBucketName"),
            ("/Media/a", "InvalidBucketName"),
            ("/media%2Fa", "InvalidBucketName"),
            ("/%2e%2e/media/a", "InvalidBucketName"),
            ("/media/%ff", "InvalidObjectName"),
            (long.as_str(), "InvalidObjectName"),
        ] {
            assert_eq!(read("localhost", path), Err(code.to_owned()), "{path}");
        }
        assert_eq!(read("a.b.s3.example.test", "/k"), Err("InvalidBucketName".to_owned()));
        assert_eq!(read("medias3.example.test", "/media/a"), Err("InvalidRequest".to_owned()));
    }

    /// The client knows what it sent; the operator does not.
    #[test]
    fn the_log_has_the_name_that_cannot_be() {
        let (long, start) = (format!("/{}", "X".repeat(2000)), "X".repeat(80));
        for (path, name) in [("/Media/a", "Media"), ("/me", "me"), (long.as_str(), start.as_str())] {
            let error = RawAddress::find("localhost", path, &[]).unwrap().address().unwrap_err();
            assert_eq!(error.cause, Some(format!("the name is {name:?}")), "{path}");
        }
    }
}
