//! Answers about multipart uploads.

use super::answers::{Owner, write_checksum};
use super::listings::Names;
use super::writer::{Elements, document};
use crate::s3::Timestamp;
use crate::s3::checksum::Checksum;
use crate::s3::storage_class::StorageClass;
use crate::s3::upload_listing::ListedUpload;
use crate::s3::uri;
use percent_encoding::utf8_percent_encode;

/// `<InitiateMultipartUploadResult>`.
pub fn initiate_upload(bucket: &str, key: &str, upload_id: &str) -> String {
    document("InitiateMultipartUploadResult", |root| {
        root.text("Bucket", bucket);
        root.text("Key", key);
        root.text("UploadId", upload_id);
    })
}

/// What CompleteMultipartUpload answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedUpload<'a> {
    /// Where the object is: a URL.
    pub location: &'a str,
    /// Its bucket, as the client calls it.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its entity tag, without quotes.
    pub etag: &'a str,
    /// Its checksum.
    pub checksum: Option<&'a Checksum>,
}

/// `<CompleteMultipartUploadResult>`.
pub fn complete_upload(upload: CompletedUpload<'_>) -> String {
    document("CompleteMultipartUploadResult", |root| {
        root.text("Location", upload.location);
        root.text("Bucket", upload.bucket);
        root.text("Key", upload.key);
        root.etag(upload.etag);
        write_checksum(root, upload.checksum);
    })
}

/// The URL of an object, for a client that uses this scheme (`http`) and host (the `Host` header): in path style, or
/// with the bucket in the host's name where it is there already.
pub fn location(scheme: &str, host: &str, bucket: &str, key: &str) -> String {
    let key = utf8_percent_encode(key, uri::IN_PATH);
    let is_in_host = host.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'));
    if is_in_host { format!("{scheme}://{host}/{key}") } else { format!("{scheme}://{host}/{bucket}/{key}") }
}

/// A page of ListMultipartUploads: what was asked, echoed, and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadList<'a> {
    /// The bucket, as the client calls it.
    pub bucket: &'a str,
    /// `prefix` as asked.
    pub prefix: &'a str,
    /// `delimiter` as asked; never empty.
    pub delimiter: Option<&'a str>,
    /// `encoding-type=url`.
    pub url_encoded: bool,
    /// `key-marker` as asked.
    pub key_marker: &'a str,
    /// `upload-id-marker` as asked.
    pub upload_id_marker: &'a str,
    /// `max-uploads` as asked.
    pub max_uploads: u64,
    /// The next page's two markers; `None` on the last page.
    pub next: Option<(&'a str, &'a str)>,
    /// Uploads in order of key and time of creation.
    pub uploads: &'a [ListedUpload],
    /// Common prefixes in order.
    pub common_prefixes: &'a [String],
    /// The initiator and owner of all of them.
    pub owner: Owner<'a>,
}

/// `<ListMultipartUploadsResult>`.
pub fn list_uploads(list: UploadList<'_>) -> String {
    let names = Names { encoded: list.url_encoded };
    document("ListMultipartUploadsResult", |root| {
        root.text("Bucket", list.bucket);
        root.text("KeyMarker", &names.show(list.key_marker));
        root.text("UploadIdMarker", list.upload_id_marker);
        if let Some((key, upload_id)) = list.next {
            root.text("NextKeyMarker", &names.show(key));
            root.text("NextUploadIdMarker", upload_id);
        }
        root.text("Prefix", &names.show(list.prefix));
        root.optional("Delimiter", list.delimiter.map(|text| names.show(text)).as_deref());
        root.optional("EncodingType", list.url_encoded.then_some("url"));
        root.value("MaxUploads", list.max_uploads);
        root.value("IsTruncated", list.next.is_some());
        for upload in list.uploads {
            root.inside("Upload", |entry| write_upload(entry, upload, names, list.owner));
        }
        for prefix in list.common_prefixes {
            root.inside("CommonPrefixes", |common| common.text("Prefix", &names.show(prefix)));
        }
    })
}

fn write_upload(entry: &mut Elements, upload: &ListedUpload, names: Names, owner: Owner<'_>) {
    entry.text("Key", &names.show(&upload.key));
    entry.text("UploadId", &upload.upload_id);
    owner.write("Initiator", entry);
    owner.write("Owner", entry);
    entry.text("StorageClass", upload.storage_class.name());
    entry.timestamp("Initiated", upload.initiated);
}

/// A page of ListParts: what was asked, echoed, and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartList<'a> {
    /// The bucket, as the client calls it.
    pub bucket: &'a str,
    /// The key the upload will have.
    pub key: &'a str,
    /// The upload.
    pub upload_id: &'a str,
    /// `part-number-marker` as asked, 0 at the beginning.
    pub part_number_marker: u32,
    /// `max-parts` as asked.
    pub max_parts: u64,
    /// Whether parts follow behind the last.
    pub truncated: bool,
    /// Parts in order of their number.
    pub parts: &'a [ListedPart],
    /// The initiator and owner of the upload.
    pub owner: Owner<'a>,
    /// The storage class that the object will have.
    pub storage_class: StorageClass,
}

/// One `<Part>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart {
    /// Its number.
    pub number: u32,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Its entity tag, without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// Its checksum.
    pub checksum: Option<Checksum>,
}

/// `<ListPartsResult>`.
pub fn list_parts(list: PartList<'_>) -> String {
    document("ListPartsResult", |root| {
        root.text("Bucket", list.bucket);
        root.text("Key", list.key);
        root.text("UploadId", list.upload_id);
        list.owner.write("Initiator", root);
        list.owner.write("Owner", root);
        root.text("StorageClass", list.storage_class.name());
        root.value("PartNumberMarker", list.part_number_marker);
        if let Some(last) = list.parts.last().filter(|_| list.truncated) {
            root.value("NextPartNumberMarker", last.number);
        }
        root.value("MaxParts", list.max_parts);
        root.value("IsTruncated", list.truncated);
        for part in list.parts {
            root.inside("Part", |entry| write_part(entry, part));
        }
    })
}

fn write_part(entry: &mut Elements, part: &ListedPart) {
    entry.value("PartNumber", part.number);
    entry.timestamp("LastModified", part.last_modified);
    entry.etag(&part.etag);
    entry.value("Size", part.size);
    // The type of a checksum belongs to the upload; a part shows the value alone.
    if let Some(checksum) = &part.checksum {
        entry.text(checksum.algorithm.element(), &checksum.value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::tests::inner;
    use super::*;
    use crate::s3::checksum::{Algorithm, Kind};

    const OWNER: Owner<'static> = Owner { id: "o", display_name: "n" };
    const PEOPLE: &str = "<Initiator><ID>o</ID><DisplayName>n</DisplayName></Initiator>\
                          <Owner><ID>o</ID><DisplayName>n</DisplayName></Owner>";

    #[test]
    fn the_beginning_and_the_end() {
        let begun = initiate_upload("b", "k&", "u");
        let expected = "<Bucket>b</Bucket><Key>k&amp;</Key><UploadId>u</UploadId>";
        assert_eq!(inner("InitiateMultipartUploadResult", &begun), expected);

        let checksum = Checksum { algorithm: Algorithm::Crc32, kind: Kind::Composite, value: "AAAAAA==-2".to_owned() };
        let location = "http://h/b/k";
        let upload = CompletedUpload { location, bucket: "b", key: "k", etag: "e-2", checksum: Some(&checksum) };
        let expected = "<Location>http://h/b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>&quot;e-2&quot;</ETag>\
                        <ChecksumCRC32>AAAAAA==-2</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType>";
        assert_eq!(inner("CompleteMultipartUploadResult", &complete_upload(upload)), expected);
    }

    #[test]
    fn locations_are_those_of_the_client() {
        for (scheme, host, location_of_key) in [
            ("http", "127.0.0.1:9000", "http://127.0.0.1:9000/media/a%20b/%C3%A9%3F"),
            ("https", "media.s3.test", "https://media.s3.test/a%20b/%C3%A9%3F"),
            ("http", "mediastore.test", "http://mediastore.test/media/a%20b/%C3%A9%3F"),
        ] {
            assert_eq!(location(scheme, host, "media", "a b/é?"), location_of_key);
        }
    }

    #[test]
    fn uploads() {
        let upload = ListedUpload {
            key: "a b".to_owned(),
            upload_id: "u".to_owned(),
            initiated: Timestamp::default(),
            storage_class: StorageClass::InfrequentAccess,
        };
        let list = UploadList {
            bucket: "b",
            prefix: "a ",
            delimiter: Some("/"),
            url_encoded: true,
            key_marker: "",
            upload_id_marker: "",
            max_uploads: 1,
            next: Some(("a b", "u")),
            uploads: &[upload],
            common_prefixes: &["a c/".to_owned()],
            owner: OWNER,
        };
        let expected = format!(
            "<Bucket>b</Bucket><KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker>\
             <NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker><Prefix>a%20</Prefix>\
             <Delimiter>/</Delimiter><EncodingType>url</EncodingType><MaxUploads>1</MaxUploads>\
             <IsTruncated>true</IsTruncated><Upload><Key>a%20b</Key><UploadId>u</UploadId>{PEOPLE}\
             <StorageClass>STANDARD_IA</StorageClass><Initiated>1970-01-01T00:00:00.000Z</Initiated></Upload>\
             <CommonPrefixes><Prefix>a%20c/</Prefix></CommonPrefixes>"
        );
        assert_eq!(inner("ListMultipartUploadsResult", &list_uploads(list)), expected);
    }

    #[test]
    fn parts() {
        let part = ListedPart {
            number: 7,
            last_modified: Timestamp::default(),
            etag: "e".to_owned(),
            size: 5,
            checksum: Some(Checksum::from_digest(Algorithm::Crc32, &[0; 4])),
        };
        let list = PartList {
            bucket: "b",
            key: "k",
            upload_id: "u",
            part_number_marker: 6,
            max_parts: 1,
            truncated: true,
            parts: &[part],
            owner: OWNER,
            storage_class: StorageClass::Standard,
        };
        let expected = format!(
            "<Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>{PEOPLE}<StorageClass>STANDARD</StorageClass>\
             <PartNumberMarker>6</PartNumberMarker><NextPartNumberMarker>7</NextPartNumberMarker><MaxParts>1</MaxParts>\
             <IsTruncated>true</IsTruncated><Part><PartNumber>7</PartNumber>\
             <LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size>\
             <ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
        );
        assert_eq!(inner("ListPartsResult", &list_parts(list)), expected);
        let last = PartList { truncated: false, parts: &[], ..list };
        assert!(!list_parts(last).contains("NextPartNumberMarker"));
    }
}
