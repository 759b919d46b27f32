//! `<ListBucketResult>`, in both versions.

use super::answers::Owner;
use super::writer::{Elements, large_document};
use crate::s3::listing::{Entry, ListQuery, ListedObject, Page, Position, Version};
use crate::s3::uri;
use percent_encoding::utf8_percent_encode;
use std::borrow::Cow;

/// Room for an entry of a listing: its markup takes 260 bytes, and most keys are short.
const ENTRY_BYTES: usize = 384;

/// The answer to a listing: what was asked, echoed, and the page. `owner` is in every entry of V1, and in those of
/// V2 where `fetch-owner` asked for it.
pub fn list_objects(bucket: &str, query: &ListQuery, page: &Page, owner: Owner<'_>) -> String {
    let names = Names { encoded: query.url_encoded };
    large_document("ListBucketResult", page.entries.len() * ENTRY_BYTES, |root| {
        root.text("Name", bucket);
        root.text("Prefix", &names.show(&query.prefix));
        match query.version {
            Version::V1 => write_v1(root, query, page, names),
            Version::V2 => write_v2(root, query, page, names),
        }
        root.value("MaxKeys", query.max_keys);
        root.optional("Delimiter", query.delimiter.as_deref().map(|text| names.show(text)).as_deref());
        root.optional("EncodingType", query.url_encoded.then_some("url"));
        root.value("IsTruncated", page.next.is_some());
        let shows_owner = query.version == Version::V1 || query.fetch_owner;
        write_entries(root, page, names, shows_owner.then_some(owner));
    })
}

/// R2 names the next marker of every page that has one; S3 only with a delimiter, as clients can go on from the last
/// key.
fn write_v1(root: &mut Elements, query: &ListQuery, page: &Page, names: Names) {
    root.text("Marker", &names.show(query.marker.as_deref().unwrap_or_default()));
    let next = page.next.as_ref().map(Position::as_str);
    root.optional("NextMarker", next.map(|text| names.show(text)).as_deref());
}

fn write_v2(root: &mut Elements, query: &ListQuery, page: &Page, names: Names) {
    root.value("KeyCount", page.entries.len());
    root.optional("ContinuationToken", query.continuation_token.as_deref());
    root.optional("NextContinuationToken", page.next.as_ref().map(Position::to_token).as_deref());
    root.optional("StartAfter", query.start_after.as_deref().map(|text| names.show(text)).as_deref());
}

fn write_entries(root: &mut Elements, page: &Page, names: Names, owner: Option<Owner<'_>>) {
    for entry in &page.entries {
        match entry {
            Entry::Object(object) => root.inside("Contents", |contents| write_object(contents, object, names, owner)),
            Entry::Prefix(prefix) => {
                root.inside("CommonPrefixes", |common| common.text("Prefix", &names.show(prefix)));
            }
        }
    }
}

fn write_object(contents: &mut Elements, object: &ListedObject, names: Names, owner: Option<Owner<'_>>) {
    contents.text("Key", &names.show(&object.key));
    contents.timestamp("LastModified", object.last_modified);
    contents.etag(&object.etag);
    if let Some((algorithm, kind)) = object.checksum {
        contents.text("ChecksumAlgorithm", algorithm.name());
        contents.text("ChecksumType", kind.name());
    }
    contents.value("Size", object.size);
    contents.text("StorageClass", object.storage_class.name());
    if let Some(owner) = owner {
        owner.write("Owner", contents);
    }
}

/// How keys, and what is cut from keys, are shown: as they are, or percent-encoded where the client asked for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) encoded: bool,
}

impl Names {
    /// S3 itself writes a space as `+`. `%20` is read as a space by every client: by those that decode forms (botocore,
    /// Java, PHP, minio-go) and by those that decode paths; the S3 test suites expect it. A `+` is always `%2B`.
    pub(super) fn show(self, text: &str) -> Cow<'_, str> {
        if self.encoded { utf8_percent_encode(text, uri::IN_PATH).into() } else { text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::tests::inner;
    use super::*;
    use crate::s3::Timestamp;
    use crate::s3::checksum::{Algorithm, Kind};
    use crate::s3::query::Query;
    use crate::s3::storage_class::StorageClass;
    use crate::s3::view::RequestView;
    use http::HeaderMap;

    fn answer(version: Version, raw: &str, page: &Page) -> String {
        let headers = HeaderMap::new();
        let query =
            ListQuery::parse(version, &RequestView::from_signed_headers(&headers, Query::parse(raw).unwrap())).unwrap();
        let answer = list_objects("bkt", &query, page, Owner { id: "o", display_name: "n" });
        inner("ListBucketResult", &answer).to_owned()
    }

    fn object(key: &str) -> ListedObject {
        let last_modified = Timestamp::default();
        let storage_class = StorageClass::default();
        ListedObject {
            key: key.to_owned(),
            size: 3,
            etag: "e".to_owned(),
            last_modified,
            checksum: None,
            storage_class,
        }
    }

    fn page(keys: &[&str], prefixes: &[&str], next: Option<Position>) -> Page {
        let keys = keys.iter().map(|key| Entry::Object(object(key)));
        let entries = keys.chain(prefixes.iter().map(|prefix| Entry::Prefix((*prefix).to_owned()))).collect();
        Page { entries, next }
    }

    #[test]
    fn the_first_version() {
        let next = Some(Position::AfterPrefix("p/".to_owned()));
        let expected = "<Name>bkt</Name><Prefix></Prefix><Marker>0</Marker><NextMarker>p/</NextMarker>\
            <MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated><Contents><Key>a</Key>\
            <LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>3</Size>\
            <StorageClass>STANDARD</StorageClass><Owner><ID>o</ID><DisplayName>n</DisplayName></Owner></Contents>\
            <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>";
        let raw = "marker=0&delimiter=/&max-keys=2";
        assert_eq!(answer(Version::V1, raw, &page(&["a"], &["p/"], next)), expected);
    }

    #[test]
    fn the_first_version_names_the_next_marker_of_every_page() {
        let next = Some(Position::AfterKey("a".to_owned()));
        let text = answer(Version::V1, "", &page(&["a"], &[], next));
        assert!(text.contains("<Marker></Marker><NextMarker>a</NextMarker><MaxKeys>1000</MaxKeys>"), "{text}");
    }

    #[test]
    fn the_second_version() {
        let next = Position::AfterKey("a".to_owned());
        let token = next.to_token();
        let mut page = page(&["a"], &["p/"], Some(next));
        page.entries[0] =
            Entry::Object(ListedObject { checksum: Some((Algorithm::Crc64Nvme, Kind::FullObject)), ..object("a") });
        let expected = format!(
            "<Name>bkt</Name><Prefix></Prefix><KeyCount>2</KeyCount><ContinuationToken></ContinuationToken>\
            <NextContinuationToken>{token}</NextContinuationToken><StartAfter>0</StartAfter><MaxKeys>5000</MaxKeys>\
            <IsTruncated>true</IsTruncated><Contents><Key>a</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified>\
            <ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>\
            <ChecksumType>FULL_OBJECT</ChecksumType><Size>3</Size><StorageClass>STANDARD</StorageClass></Contents>\
            <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
        );
        assert_eq!(answer(Version::V2, "start-after=0&continuation-token=&max-keys=5000", &page), expected);
    }

    #[test]
    fn owners_are_shown_on_request() {
        let page = page(&["a"], &[], None);
        assert!(!answer(Version::V2, "", &page).contains("Owner"));
        assert!(answer(Version::V2, "fetch-owner=true", &page).contains("<Owner><ID>o</ID>"));
    }

    #[test]
    fn an_empty_page() {
        let expected = "<Name>bkt</Name><Prefix>x</Prefix><KeyCount>0</KeyCount><MaxKeys>0</MaxKeys>\
                        <IsTruncated>false</IsTruncated>";
        assert_eq!(answer(Version::V2, "prefix=x&max-keys=0", &Page::default()), expected);
    }

    #[test]
    fn odd_keys_plain_and_encoded() {
        for (key, plain, encoded) in [
            ("a b+c/d", "a b+c/d", "a%20b%2Bc/d"),
            ("<&>", "&lt;&amp;&gt;", "%3C%26%3E"),
            ("\u{1}\n", "&#x1;\n", "%01%0A"),
            ("é-._~*", "é-._~*", "%C3%A9-._~%2A"),
            ("%41", "%41", "%2541"),
        ] {
            let page = page(&[key], &[], None);
            assert!(answer(Version::V1, "", &page).contains(&format!("<Key>{plain}</Key>")), "{key}");
            let text = answer(Version::V1, "encoding-type=url", &page);
            assert!(text.contains(&format!("<Key>{encoded}</Key>")), "{text}");
        }
    }

    #[test]
    fn everything_cut_from_keys_is_encoded_and_tokens_are_not() {
        let next = Position::AfterPrefix("a b|".to_owned());
        let token = next.to_token();
        let page = page(&[], &["a b|"], Some(next));
        let raw = "encoding-type=url&prefix=a+&delimiter=%7C";
        let v1 = answer(Version::V1, &format!("{raw}&marker=a+0"), &page);
        for element in [
            "<Prefix>a%20</Prefix>",
            "<Marker>a%200</Marker>",
            "<NextMarker>a%20b%7C</NextMarker>",
            "<Delimiter>%7C</Delimiter>",
            "<EncodingType>url</EncodingType>",
            "<CommonPrefixes><Prefix>a%20b%7C</Prefix></CommonPrefixes>",
        ] {
            assert!(v1.contains(element), "{element} in {v1}");
        }
        let v2 = answer(Version::V2, &format!("{raw}&start-after=a+0"), &page);
        assert!(v2.contains("<StartAfter>a%200</StartAfter>"), "{v2}");
        assert!(v2.contains(&format!("<NextContinuationToken>{token}</")), "{v2}");
    }
}
