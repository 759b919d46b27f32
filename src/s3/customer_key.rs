//! The key that a client brings to have its objects encrypted (SSE-C): three headers, read as one value.
//!
//! The key is the client's secret. It is not kept, and its `Debug` does not show it.

use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use md5::{Digest, Md5};
use std::fmt;
use subtle::ConstantTimeEq;

/// The only algorithm (S3 API, PutObject).
const ALGORITHM: &str = "AES256";

/// The names of the three headers of a key.
struct Names {
    algorithm: HeaderName,
    key: HeaderName,
    md5: HeaderName,
}

/// Of the object that a request is about.
const OBJECT: Names = Names {
    algorithm: HeaderName::from_static("x-amz-server-side-encryption-customer-algorithm"),
    key: HeaderName::from_static("x-amz-server-side-encryption-customer-key"),
    md5: HeaderName::from_static("x-amz-server-side-encryption-customer-key-md5"),
};

/// Of the source of a copy.
const COPY_SOURCE: Names = Names {
    algorithm: HeaderName::from_static("x-amz-copy-source-server-side-encryption-customer-algorithm"),
    key: HeaderName::from_static("x-amz-copy-source-server-side-encryption-customer-key"),
    md5: HeaderName::from_static("x-amz-copy-source-server-side-encryption-customer-key-md5"),
};

/// A client's key: 256 bits.
#[derive(Clone)]
pub struct CustomerKey([u8; 32]);

impl CustomerKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> CustomerKey {
        CustomerKey(bytes)
    }

    /// The key for the object that a request is about; `None` where no header speaks of one.
    ///
    /// # Errors
    /// `InvalidArgument` where one of the three headers is missing, where the key is none, or where its MD5 is not that
    /// of the key; `InvalidEncryptionAlgorithmError`. The words are R2's where they are known, else S3's.
    pub fn from_view(view: &RequestView<'_>) -> Result<Option<CustomerKey>, S3Error> {
        OBJECT.read(view)
    }

    /// The key for the source of a copy.
    ///
    /// # Errors
    /// As [`CustomerKey::from_view`].
    pub fn of_copy_source(view: &RequestView<'_>) -> Result<Option<CustomerKey>, S3Error> {
        COPY_SOURCE.read(view)
    }

    /// The secret itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The headers of an answer about an object that is encrypted with the key.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let md5 = HeaderValue::from_str(&STANDARD.encode(self.md5())).ok().map(|md5| (OBJECT.md5, md5));
        std::iter::once((OBJECT.algorithm, HeaderValue::from_static(ALGORITHM))).chain(md5).collect()
    }

    fn md5(&self) -> [u8; 16] {
        Md5::digest(self.0).into()
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

impl PartialEq for CustomerKey {
    fn eq(&self, other: &CustomerKey) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CustomerKey {}

impl Names {
    fn read(&self, view: &RequestView<'_>) -> Result<Option<CustomerKey>, S3Error> {
        let names = [&self.key, &self.md5, &self.algorithm].map(HeaderName::as_str);
        if !names.iter().any(|name| view.has_header(name)) {
            return Ok(None);
        }
        let [key, md5, algorithm] = names.map(|name| view.header_bytes(name));
        let key = key.ok_or_else(|| missing("an appropriate secret key"))?;
        let md5 = md5.ok_or_else(|| missing("the client calculated MD5 of the secret key"))?;
        if algorithm.ok_or_else(|| missing("a valid encryption algorithm"))? != ALGORITHM.as_bytes() {
            return Err(Code::INVALID_ENCRYPTION_ALGORITHM.into());
        }
        let decoded = STANDARD.decode(key).ok().and_then(|bytes| bytes.try_into().ok());
        let key =
            CustomerKey(decoded.ok_or_else(|| invalid("The secret key was invalid for the specified algorithm."))?);
        let agrees = STANDARD.decode(md5).is_ok_and(|md5| md5 == key.md5());
        let differs = || invalid("The calculated MD5 hash of the key did not match the hash that was provided.");
        if agrees { Ok(Some(key)) } else { Err(differs()) }
    }
}

fn missing(what: &str) -> S3Error {
    S3Error::new(Code::INVALID_ARGUMENT)
        .message(format!("Requests specifying Server Side Encryption with Customer provided keys must provide {what}."))
}

fn invalid(message: &'static str) -> S3Error {
    S3Error::new(Code::INVALID_ARGUMENT).message(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use crate::s3::secrecy::Secrecy;
    use http::HeaderMap;

    const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const MD5: &str = "KYvwGXoFFJ42a2u2GDWhwQ==";

    fn read(algorithm: Option<&str>, key: Option<&str>, md5: Option<&str>) -> Result<Option<CustomerKey>, String> {
        let given = [(OBJECT.algorithm, algorithm), (OBJECT.key, key), (OBJECT.md5, md5)];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).unwrap())));
        let headers = HeaderMap::from_iter(given);
        let view = RequestView::from_signed_headers(&headers, Query::default());
        CustomerKey::from_view(&view).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_three_headers() {
        assert_eq!(read(None, None, None), Ok(None));
        let key = read(Some("AES256"), Some(KEY), Some(MD5)).unwrap().unwrap();
        assert_eq!(key.bytes(), b"01234567890123456789012345678901");
        let answered = key.headers().into_iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let expected = [
            "x-amz-server-side-encryption-customer-algorithm: AES256",
            "x-amz-server-side-encryption-customer-key-md5: KYvwGXoFFJ42a2u2GDWhwQ==",
        ];
        assert_eq!(answered.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn invalid_customer_keys_are_refused_in_r2s_order() {
        let needs = |what: &str| {
            format!(
                "400 InvalidArgument: Requests specifying Server Side Encryption with Customer provided keys must \
                 provide {what}."
            )
        };
        let algorithm = "400 InvalidEncryptionAlgorithmError: The encryption request that you specified is not valid. \
                         The valid value is AES256.";
        let secret = "400 InvalidArgument: The secret key was invalid for the specified algorithm.";
        let md5 = "400 InvalidArgument: The calculated MD5 hash of the key did not match the hash that was provided.";
        for (given, expected) in [
            ((Some("AES256"), None, None), needs("an appropriate secret key")),
            ((None, None, Some(MD5)), needs("an appropriate secret key")),
            ((None, Some(KEY), None), needs("the client calculated MD5 of the secret key")),
            ((None, Some(KEY), Some(MD5)), needs("a valid encryption algorithm")),
            ((Some("aws:kms"), Some("x"), Some("x")), algorithm.to_owned()),
            ((Some("AES256"), Some("x"), Some(MD5)), secret.to_owned()),
            ((Some("AES256"), Some("MDEyMw=="), Some(MD5)), secret.to_owned()),
            ((Some("AES256"), Some(KEY), Some("x")), md5.to_owned()),
            ((Some("AES256"), Some(KEY), Some("1B2M2Y8AsgTpgAmY7PhCfg==")), md5.to_owned()),
        ] {
            assert_eq!(read(given.0, given.1, given.2), Err(expected), "{given:?}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", CustomerKey::new([b'k'; 32])), "CustomerKey(..)");
        for names in [OBJECT, COPY_SOURCE] {
            assert_eq!(Secrecy::of(names.key.as_str()), Some(Secrecy::Secret), "{}", names.key);
        }
    }
}
