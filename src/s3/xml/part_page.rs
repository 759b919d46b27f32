//! Reads the page of ListParts that a store answers with.

use super::malformed::Malformed;
use super::reader::{Element, malformed, parse, set_once};
use super::requests::MAX_PART_NUMBER;
use crate::s3::S3Error;
use std::str::FromStr;

/// A page of a store's `<ListPartsResult>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartPage {
    /// The parts in the order given.
    pub parts: Vec<StoredPart>,
    /// `<NextPartNumberMarker>` for the next page; `None` on the last one.
    pub next: Option<u16>,
}

/// A part that a store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Its number.
    pub number: u16,
    /// Its entity tag as the store writes it, without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

impl PartPage {
    /// Reads a page. Elements that S3 may add are passed over.
    pub fn parse(document: &[u8]) -> Result<PartPage, Malformed> {
        Ok(read(&parse(document, "ListPartsResult")?)?)
    }
}

fn read(root: &Element) -> Result<PartPage, S3Error> {
    let (mut parts, mut truncated, mut next) = (Vec::new(), None, None);
    for child in root.children()? {
        match child.name.as_str() {
            "Part" => parts.push(part(child)?),
            "IsTruncated" => set_once(&mut truncated, child.leaf()?.trim() == "true")?,
            // Some stores write it on the last page too, and as 0 or as nothing.
            "NextPartNumberMarker" => set_once(&mut next, child.leaf()?.trim().parse::<u16>().ok())?,
            _ => {}
        }
    }
    let next = match truncated {
        Some(true) => Some(next.flatten().ok_or_else(|| malformed("a page of parts that does not say how to go on"))?),
        _ => None,
    };
    Ok(PartPage { parts, next })
}

fn part(entry: &Element) -> Result<StoredPart, S3Error> {
    let (mut number, mut etag, mut size) = (None, None, None);
    for child in entry.children()? {
        match child.name.as_str() {
            "PartNumber" => set_once(&mut number, value::<u16>(child)?)?,
            "ETag" => set_once(&mut etag, child.leaf()?.trim().trim_matches('"').to_owned())?,
            "Size" => set_once(&mut size, value::<u64>(child)?)?,
            _ => {}
        }
    }
    match (number.filter(|number| u32::from(*number) <= MAX_PART_NUMBER), etag, size) {
        (Some(number), Some(etag), Some(size)) => Ok(StoredPart { number, etag, size }),
        _ => Err(entry.unexpected(entry)),
    }
}

fn value<T: FromStr>(element: &Element) -> Result<T, S3Error> {
    let text = element.leaf()?.trim();
    text.parse().map_err(|_| malformed(format!("{text:.40} is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "<Part><PartNumber>1</PartNumber><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
                        <ETag>&quot;x&quot;</ETag><Size>5</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>";

    fn page(next: Option<u16>) -> PartPage {
        PartPage { parts: vec![StoredPart { number: 1, etag: "x".to_owned(), size: 5 }], next }
    }

    #[test]
    fn pages_of_stores() {
        let more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>";
        let last = "<IsTruncated>false</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>";
        for (inside, expected) in [
            (format!("<UploadId>u</UploadId>{more}{PART}"), page(Some(1))),
            (format!("{last}<Owner><ID>1</ID></Owner>{PART}"), page(None)),
            (format!("<NextPartNumberMarker/>{PART}"), page(None)),
            (String::new(), PartPage::default()),
        ] {
            let document = format!("<ListPartsResult>{inside}</ListPartsResult>");
            assert_eq!(PartPage::parse(document.as_bytes()), Ok(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_page() {
        for inside in [
            "<Part>",
            "text",
            "<Part/>",
            "<IsTruncated>true</IsTruncated>",
            &PART.replace("<PartNumber>1<", "<PartNumber>10001<"),
            &PART.replace("<Size>5<", "<Size>-5<"),
            &PART.replace("</Size>", "</Size><Size>6</Size>"),
        ] {
            let document = format!("<ListPartsResult>{inside}</ListPartsResult>");
            assert!(PartPage::parse(document.as_bytes()).is_err(), "{inside}");
        }
        assert!(PartPage::parse(b"<Error><Code>AccessDenied</Code></Error>").is_err());
        assert!(PartPage::parse(b"").is_err());
    }
}
