//! The documents that clients send, as values. A document that does not follow S3's schema is `MalformedXML`.
//!
//! R2 ignores elements that it does not know in Delete and CompleteMultipartUpload, and so does this module. The one
//! exception are checksums of an unknown algorithm: a checksum that cannot be verified is refused by its name.

use super::reader::{Element, malformed, parse, set_once};
use super::writer::document;
use crate::s3::checksum::Algorithm;
use crate::s3::names::ONLY_VERSION;
use crate::s3::{Code, S3Error};

/// The most keys one DeleteObjects may name (S3 and R2 limits: 1,000).
pub const MAX_DELETE_KEYS: usize = 1000;

/// The greatest part number, and so the most parts of an upload (S3 and R2 limits: 10,000).
pub const MAX_PART_NUMBER: u32 = 10_000;

/// The body of CreateBucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateBucketConfiguration {
    /// `<LocationConstraint>` as sent; an empty one is `Some("")`.
    pub location_constraint: Option<String>,
    /// Elements S3 knows here and R2 does not, by name: directory buckets and tags.
    pub unsupported: Vec<&'static str>,
}

impl CreateBucketConfiguration {
    /// Reads the body; an empty one asks for nothing.
    pub fn parse(document: &[u8]) -> Result<CreateBucketConfiguration, S3Error> {
        let mut configuration = CreateBucketConfiguration::default();
        if document.is_empty() {
            return Ok(configuration);
        }
        let root = parse(document, "CreateBucketConfiguration")?;
        for child in root.children()? {
            match child.name.as_str() {
                "LocationConstraint" => {
                    set_once(&mut configuration.location_constraint, child.leaf()?.trim().to_owned())?;
                }
                "Location" => configuration.unsupported.push("Location"),
                "Bucket" => configuration.unsupported.push("Bucket"),
                "Tags" => configuration.unsupported.push("Tags"),
                _ => return Err(root.unexpected(child)),
            }
        }
        Ok(configuration)
    }
}

/// The body of DeleteObjects. Its `<Quiet>` must be true or false and has no effect: R2 lists all it deleted either
/// way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// 1 to [`MAX_DELETE_KEYS`] keys, in the order sent; a key may come twice.
    pub entries: Vec<DeleteEntry>,
}

/// One `<Object>` of a [`Delete`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteEntry {
    /// `<Key>`, not empty; not yet checked to be one.
    pub key: String,
    /// `<VersionId>`.
    pub version_id: Option<String>,
    /// `<ETag>` as sent: delete only if the object has it.
    pub etag: Option<String>,
    /// `<LastModifiedTime>` as sent: delete only if the object was written then.
    pub last_modified_time: Option<String>,
    /// `<Size>` as sent: delete only if the object has this many bytes.
    pub size: Option<String>,
}

impl DeleteEntry {
    /// The first element that says which version of the object goes or when it may not. Without versions the only one
    /// is [`ONLY_VERSION`], and to name it says nothing.
    pub fn restriction(&self, has_versions: bool) -> Option<&'static str> {
        let version = self.version_id.as_deref().is_some_and(|id| id != ONLY_VERSION) && !has_versions;
        let given = [
            ("VersionId", version),
            ("ETag", self.etag.is_some()),
            ("LastModifiedTime", self.last_modified_time.is_some()),
            ("Size", self.size.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

impl Delete {
    /// Reads the body.
    pub fn parse(document: &[u8]) -> Result<Delete, S3Error> {
        let root = parse(document, "Delete")?;
        let (mut entries, mut quiet) = (Vec::new(), None);
        for child in root.children()? {
            match child.name.as_str() {
                "Object" => entries.push(DeleteEntry::read(child)?),
                "Quiet" => set_once(&mut quiet, truth(child)?)?,
                _ => check_ignorable(child)?,
            }
        }
        if !(1..=MAX_DELETE_KEYS).contains(&entries.len()) {
            return Err(malformed(format!("{} keys to delete", entries.len())));
        }
        Ok(Delete { entries })
    }
}

impl Delete {
    /// The document that says the same and nothing else: what was ignored must not mean something to another store, and
    /// without `<Quiet>` a store lists all that it deleted, as R2 does.
    pub fn to_document(&self) -> String {
        document("Delete", |root| {
            for entry in &self.entries {
                root.inside("Object", |object| {
                    object.text("Key", &entry.key);
                    object.optional("VersionId", entry.version_id.as_deref());
                    object.optional("ETag", entry.etag.as_deref());
                    object.optional("LastModifiedTime", entry.last_modified_time.as_deref());
                    object.optional("Size", entry.size.as_deref());
                });
            }
        })
    }
}

impl DeleteEntry {
    fn read(object: &Element) -> Result<DeleteEntry, S3Error> {
        let (mut entry, mut key) = (DeleteEntry::default(), None);
        for child in object.children()? {
            let place = match child.name.as_str() {
                "Key" => &mut key,
                "VersionId" => &mut entry.version_id,
                "ETag" => &mut entry.etag,
                "LastModifiedTime" => &mut entry.last_modified_time,
                "Size" => &mut entry.size,
                _ => {
                    check_ignorable(child)?;
                    continue;
                }
            };
            set_once(place, child.leaf()?.to_owned())?;
        }
        entry.key = key.filter(|key| !key.is_empty()).ok_or_else(|| malformed("an <Object> without <Key>"))?;
        Ok(entry)
    }
}

/// The body of CompleteMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUpload {
    /// 1 to [`MAX_PART_NUMBER`] parts, in the order sent.
    pub parts: Vec<CompletedPart>,
}

/// One `<Part>` of a [`CompleteMultipartUpload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// `<PartNumber>` as sent; outside of 1 to [`MAX_PART_NUMBER`] there is no such part.
    pub number: i64,
    /// `<ETag>` without quotes, which clients may leave out.
    pub etag: String,
    /// The checksums given, as sent.
    pub checksums: Vec<(Algorithm, String)>,
}

impl CompleteMultipartUpload {
    /// Reads the body.
    pub fn parse(document: &[u8]) -> Result<CompleteMultipartUpload, S3Error> {
        let root = parse(document, "CompleteMultipartUpload")?;
        let mut parts = Vec::new();
        for child in root.children()? {
            match child.name.as_str() {
                "Part" => parts.push(CompletedPart::read(child)?),
                _ => check_ignorable(child)?,
            }
        }
        if !(1..=MAX_PART_NUMBER as usize).contains(&parts.len()) {
            return Err(malformed(format!("{} parts", parts.len())));
        }
        Ok(CompleteMultipartUpload { parts })
    }
}

impl CompleteMultipartUpload {
    /// The document that says the same and nothing else: what was ignored must not mean something to another store.
    pub fn to_document(&self) -> String {
        CompleteMultipartUpload::document_of(self.parts.iter())
    }

    /// The document of these parts, in their order.
    pub fn document_of<'p>(parts: impl Iterator<Item = &'p CompletedPart>) -> String {
        document("CompleteMultipartUpload", |root| {
            for part in parts {
                root.inside("Part", |element| {
                    element.value("PartNumber", part.number);
                    element.etag(&part.etag);
                    for (algorithm, value) in &part.checksums {
                        element.text(algorithm.element(), value);
                    }
                });
            }
        })
    }
}

impl CompletedPart {
    fn read(part: &Element) -> Result<CompletedPart, S3Error> {
        let (mut number, mut etag, mut checksums) = (None, None, Vec::new());
        for child in part.children()? {
            let text = || Ok::<_, S3Error>(child.leaf()?.trim());
            match (child.name.as_str(), Algorithm::from_element(&child.name)) {
                ("PartNumber", _) => set_once(&mut number, text()?.parse::<i64>().map_err(malformed)?)?,
                ("ETag", _) => set_once(&mut etag, text()?.trim_matches('"').to_owned())?,
                (_, Some(algorithm)) => checksums.push((algorithm, text()?.to_owned())),
                _ => check_ignorable(child)?,
            }
        }
        match (number, etag) {
            (Some(number), Some(etag)) => Ok(CompletedPart { number, etag, checksums }),
            _ => Err(malformed("a <Part> without <PartNumber> or <ETag>")),
        }
    }
}

/// An element that S3's schema does not have, or has only in S3, is ignored, but not a checksum.
fn check_ignorable(element: &Element) -> Result<(), S3Error> {
    if !element.name.starts_with("Checksum") {
        return Ok(());
    }
    Err(S3Error::new(Code::NOT_IMPLEMENTED).message(format!("Element '{}' not implemented", element.name)))
}

pub(super) fn truth(element: &Element) -> Result<bool, S3Error> {
    match element.leaf()?.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(malformed(format!("<{}> is '{other}'", element.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_bucket() {
        let read = |text: &str| CreateBucketConfiguration::parse(text.as_bytes());
        let wrap = |inner: &str| {
            format!(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</CreateBucketConfiguration>"
            )
        };
        for (document, constraint) in [
            (String::new(), None),
            (wrap(""), None),
            (wrap("<LocationConstraint/>"), Some("")),
            (wrap("<LocationConstraint>auto</LocationConstraint>"), Some("auto")),
            (wrap("\n  <LocationConstraint>\n us-east-1 </LocationConstraint>\n"), Some("us-east-1")),
        ] {
            let configuration = read(&document).unwrap();
            assert_eq!(configuration.location_constraint.as_deref(), constraint, "{document}");
            assert!(configuration.unsupported.is_empty());
        }
        let directory = read(&wrap("<Location><Name>x</Name></Location><Bucket/><Tags/>")).unwrap();
        assert_eq!(directory.unsupported, ["Location", "Bucket", "Tags"]);
        let twice = "<LocationConstraint/>".repeat(2);
        for inner in ["<X/>", "auto", twice.as_str(), "<LocationConstraint><X/></LocationConstraint>"] {
            assert_eq!(read(&wrap(inner)).unwrap_err().code, "MalformedXML", "{inner}");
        }
        assert!(read(" ").is_err());
    }

    fn delete(inner: &str) -> Result<Delete, S3Error> {
        Delete::parse(format!("<Delete>{inner}</Delete>").as_bytes())
    }

    #[test]
    fn deletes_name_keys_to_the_letter() {
        let objects =
            "<Object><Key> a&amp;b&#xA;</Key></Object><Object><Key>a</Key><VersionId>null</VersionId></Object>";
        let read = delete(objects).unwrap();
        let key = |key: &str| DeleteEntry { key: key.to_owned(), ..DeleteEntry::default() };
        let version = DeleteEntry { version_id: Some("null".to_owned()), ..key("a") };
        assert_eq!(read, Delete { entries: vec![key(" a&b\n"), version] });

        let conditions = "<ETag>\"e\"</ETag><Size>1</Size><LastModifiedTime>t</LastModifiedTime>";
        let read = delete(&format!("<Quiet>true</Quiet><Object><Key>a</Key>{conditions}</Object>")).unwrap();
        assert_eq!(read.entries[0].etag.as_deref(), Some("\"e\""));
        assert_eq!(
            (read.entries[0].size.as_deref(), read.entries[0].last_modified_time.as_deref()),
            (Some("1"), Some("t"))
        );
    }

    #[test]
    fn deletes_that_are_malformed() {
        let object = "<Object><Key>a</Key></Object>";
        assert_eq!(delete(&object.repeat(MAX_DELETE_KEYS)).unwrap().entries.len(), MAX_DELETE_KEYS);
        let too_many = object.repeat(MAX_DELETE_KEYS + 1);
        let quiet = |value: &str| format!("<Quiet>{value}</Quiet>{object}");
        for inner in [
            "",
            too_many.as_str(),
            "<Object/>",
            "<Object><Key/></Object>",
            "<Object><Key>a</Key><Key>b</Key></Object>",
            "<X/>",
            &quiet(""),
            &quiet("yes"),
            &quiet("TRUE"),
            &quiet("true</Quiet><Quiet>true"),
        ] {
            assert_eq!(delete(inner).unwrap_err().code, "MalformedXML", "{inner:.60}");
        }
    }

    #[test]
    fn unknown_elements_of_deletes_are_ignored() {
        let key = |key: &str| DeleteEntry { key: key.to_owned(), ..DeleteEntry::default() };
        for inner in [
            "<Object><Key>a</Key></Object><X/>",
            "<X>text<Object><Key>b</Key></Object></X><Object><Key>a</Key></Object>",
            "<Object><X><Key>b</Key></X><Key>a</Key><Key2/></Object>",
            "<Object><Key>a</Key><versionid>1</versionid></Object>",
        ] {
            assert_eq!(delete(inner), Ok(Delete { entries: vec![key("a")] }), "{inner}");
        }
    }

    fn complete(inner: &str) -> Result<Vec<CompletedPart>, S3Error> {
        let document = format!("<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>");
        CompleteMultipartUpload::parse(document.as_bytes()).map(|read| read.parts)
    }

    #[test]
    fn parts_to_complete() {
        let parts = "<Part><PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag></Part>\
                     <Part><ETag>f</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32><PartNumber> 0 </PartNumber></Part>";
        let expected = [
            CompletedPart { number: 2, etag: "e".to_owned(), checksums: Vec::new() },
            CompletedPart {
                number: 0,
                etag: "f".to_owned(),
                checksums: vec![(Algorithm::Crc32, "AAAAAA==".to_owned())],
            },
        ];
        assert_eq!(complete(parts).unwrap(), expected);
    }

    #[test]
    fn unknown_elements_of_parts_are_ignored() {
        let expected = [CompletedPart { number: 1, etag: "e".to_owned(), checksums: Vec::new() }];
        let part = "<PartNumber>1</PartNumber><ETag>e</ETag>";
        for inner in [
            format!("<X/><Part>{part}</Part>"),
            format!("<X><Part/></X><Part>{part}</Part>"),
            format!("<Part><X/>{part}</Part>"),
            format!("<Part><X>text<PartNumber>2</PartNumber></X>{part}<Size>5</Size></Part>"),
        ] {
            assert_eq!(complete(&inner).unwrap(), expected, "{inner}");
        }
    }

    /// botocore sends these since 1.44.
    #[test]
    fn checksums_of_unknown_algorithms_are_refused_by_name() {
        for name in ["ChecksumSHA512", "ChecksumMD5", "ChecksumXXHASH64", "ChecksumXXHASH3", "ChecksumXXHASH128"] {
            let checksum = format!("<{name}>AAAA</{name}>");
            for error in [
                complete(&format!("<Part><PartNumber>1</PartNumber><ETag>e</ETag>{checksum}</Part>")).unwrap_err(),
                complete(&format!("{checksum}<Part><PartNumber>1</PartNumber><ETag>e</ETag></Part>")).unwrap_err(),
                delete(&format!("<Object><Key>a</Key>{checksum}</Object>")).unwrap_err(),
            ] {
                assert_eq!(error.code, "NotImplemented");
                assert_eq!(error.message, format!("Element '{name}' not implemented"));
            }
        }
    }

    #[test]
    fn parts_that_are_malformed() {
        for inner in [
            "",
            "<X/>",
            "<X><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></X>",
            "<Part/>",
            "<Part><PartNumber>1</PartNumber></Part>",
            "<Part><ETag>e</ETag></Part>",
            "<Part><PartNumber>x</PartNumber><ETag>e</ETag></Part>",
            "<Part><PartNumber>1.0</PartNumber><ETag>e</ETag></Part>",
            "<Part><PartNumber/><ETag>e</ETag></Part>",
            "<Part><PartNumber>1</PartNumber><PartNumber>2</PartNumber><ETag>e</ETag></Part>",
        ] {
            assert_eq!(complete(inner).unwrap_err().code, "MalformedXML", "{inner}");
        }
    }

    /// The forwarded document has the same meaning, and none of the ignored elements.
    #[test]
    fn documents_are_sent_on_with_what_was_read_and_nothing_else() {
        let read = delete(
            "<Quiet>true</Quiet><X/><Object><X/><Key> a&amp;b&#xD;&#xA;&#1;</Key><VersionId>v</VersionId><ETag>\"e\"</ETag>\
             <LastModifiedTime>t</LastModifiedTime><Size>1</Size></Object><Object><Key>b</Key></Object>",
        )
        .unwrap();
        assert_eq!(Delete::parse(read.to_document().as_bytes()), Ok(read.clone()));
        assert!(!read.to_document().contains("<X") && !read.to_document().contains("Quiet"));

        let part = "<PartNumber>1</PartNumber><X/><ETag>e&lt;</ETag><ChecksumSHA1>AA==</ChecksumSHA1>";
        let parts = complete(&format!("<X/><Part>{part}</Part><Part>{part}</Part>")).unwrap();
        let read = CompleteMultipartUpload { parts };
        assert_eq!(CompleteMultipartUpload::parse(read.to_document().as_bytes()), Ok(read.clone()));
        assert!(!read.to_document().contains("<X"));
    }
}
