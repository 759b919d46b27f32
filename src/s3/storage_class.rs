//! The storage class of an object: how often it is expected to be read. Nothing else follows from it here.

use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};
use http::{HeaderName, HeaderValue};

/// The header of requests and answers.
const HEADER: HeaderName = HeaderName::from_static("x-amz-storage-class");

/// The classes that R2 has (page "Storage classes", 2024-05-29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StorageClass {
    /// `STANDARD`, the class of an object whose write names none.
    #[default]
    Standard,
    /// `STANDARD_IA`: rarely read.
    InfrequentAccess,
}

impl StorageClass {
    /// The name in headers and documents.
    pub fn name(self) -> &'static str {
        match self {
            StorageClass::Standard => "STANDARD",
            StorageClass::InfrequentAccess => "STANDARD_IA",
        }
    }

    /// The class of that name, to the letter.
    pub fn parse(name: &[u8]) -> Option<StorageClass> {
        [StorageClass::Standard, StorageClass::InfrequentAccess]
            .into_iter()
            .find(|class| class.name().as_bytes() == name)
    }

    /// The class that a request asks for; `None` where it names none.
    ///
    /// # Errors
    /// `InvalidStorageClass` for a class that there is not.
    pub fn from_view(view: &RequestView<'_>) -> Result<Option<StorageClass>, S3Error> {
        let Some(name) = view.header_bytes(HEADER.as_str()) else { return Ok(None) };
        StorageClass::parse(name).map(Some).ok_or_else(|| Code::INVALID_STORAGE_CLASS.into())
    }

    /// The header of an answer about an object. S3 and R2 leave it out for `STANDARD`.
    pub fn header(self) -> Option<(HeaderName, HeaderValue)> {
        (self != StorageClass::Standard).then(|| (HEADER, HeaderValue::from_static(self.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::HeaderMap;

    #[test]
    fn a_class_has_one_name() {
        for (name, class) in [
            ("STANDARD", Some(StorageClass::Standard)),
            ("STANDARD_IA", Some(StorageClass::InfrequentAccess)),
            ("standard", None),
            ("GLACIER", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_static(name))]);
            let asked = StorageClass::from_view(&RequestView::from_signed_headers(&headers, Query::default()));
            match class {
                Some(class) => assert_eq!((asked, class.name()), (Ok(Some(class)), name)),
                None => assert_eq!(asked.unwrap_err().code, "InvalidStorageClass", "{name}"),
            }
        }
    }

    #[test]
    fn only_the_other_class_is_answered() {
        assert_eq!(StorageClass::Standard.header(), None);
        let header = (HEADER, HeaderValue::from_static("STANDARD_IA"));
        assert_eq!(StorageClass::InfrequentAccess.header(), Some(header));
    }
}
