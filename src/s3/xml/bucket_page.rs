//! Reads the page of ListBuckets that a store answers with.

use super::answers::BucketInfo;
use super::malformed::Malformed;
use super::reader::{Element, malformed, parse, set_once};
use crate::s3::{S3Error, Timestamp};

/// A page of a store's `<ListAllMyBucketsResult>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// The buckets in the order given, by the store's names, of which any may be none that R2 would take.
    pub buckets: Vec<BucketInfo>,
    /// `<ContinuationToken>` for the next page; `None` on the last one.
    pub next: Option<String>,
}

impl BucketPage {
    /// Reads a page. Elements that S3 may add, and the owner, are passed over.
    pub fn parse(document: &[u8]) -> Result<BucketPage, Malformed> {
        Ok(read(&parse(document, "ListAllMyBucketsResult")?)?)
    }
}

fn read(root: &Element) -> Result<BucketPage, S3Error> {
    let mut page = BucketPage::default();
    for child in root.children()? {
        match child.name.as_str() {
            "Buckets" => page.buckets = child.children()?.iter().map(bucket).collect::<Result<_, _>>()?,
            "ContinuationToken" => page.next = Some(child.leaf()?.to_owned()).filter(|token| !token.is_empty()),
            _ => {}
        }
    }
    Ok(page)
}

/// A bucket without a date, or with one before 1970 (Go's zero time is of the year 1), counts as made in 1970.
fn bucket(entry: &Element) -> Result<BucketInfo, S3Error> {
    let (mut name, mut created) = (None, None);
    for child in entry.children()? {
        match child.name.as_str() {
            "Name" => set_once(&mut name, child.leaf()?.to_owned())?,
            "CreationDate" => set_once(&mut created, timestamp(child)?)?,
            _ => {}
        }
    }
    let name = name.ok_or_else(|| entry.unexpected(entry))?;
    Ok(BucketInfo { name, created: created.unwrap_or_default() })
}

fn timestamp(element: &Element) -> Result<Timestamp, S3Error> {
    let text = element.leaf()?;
    Timestamp::parse_iso_8601(text).ok_or_else(|| malformed(format!("{text:.40} is no date")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(buckets: &[(&str, u64)], next: Option<&str>) -> BucketPage {
        let bucket = |(name, millis): &(&str, u64)| BucketInfo {
            name: (*name).to_owned(),
            created: Timestamp::from_millis(*millis),
        };
        BucketPage { buckets: buckets.iter().map(bucket).collect(), next: next.map(str::to_owned) }
    }

    #[test]
    fn pages_of_stores() {
        for (document, expected) in [
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult \
                 xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>1</ID></Owner><Buckets><Bucket><Name>a.b\
                 </Name><CreationDate>1970-01-01T00:00:01.000Z</CreationDate><BucketRegion>eu-west-1</BucketRegion>\
                 <BucketArn>arn:aws:s3:::a.b</BucketArn></Bucket><Bucket><CreationDate>1970-01-01T01:00:02+01:00\
                 </CreationDate><Name>c</Name></Bucket></Buckets><ContinuationToken>t=</ContinuationToken>\
                 <Prefix>p</Prefix></ListAllMyBucketsResult>",
                page(&[("a.b", 1000), ("c", 2000)], Some("t=")),
            ),
            (
                "<ListAllMyBucketsResult><Buckets>\n <Bucket><Name>a</Name><CreationDate>0001-01-01T00:00:00Z\
                 </CreationDate></Bucket> <Bucket><Name>b</Name></Bucket></Buckets><ContinuationToken/>\
                 </ListAllMyBucketsResult>",
                page(&[("a", 0), ("b", 0)], None),
            ),
            ("<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>", page(&[], None)),
            ("<ListAllMyBucketsResult/>", page(&[], None)),
        ] {
            assert_eq!(BucketPage::parse(document.as_bytes()), Ok(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_page() {
        for inside in [
            "<Bucket>",
            "text",
            "<Buckets>text</Buckets>",
            "<Buckets><Bucket/></Buckets>",
            "<Buckets><Bucket><Name>a</Name><Name>b</Name></Bucket></Buckets>",
            "<Buckets><Bucket><Name><b/></Name></Bucket></Buckets>",
            "<Buckets><Bucket><Name>a</Name><CreationDate>yesterday</CreationDate></Bucket></Buckets>",
        ] {
            let document = format!("<ListAllMyBucketsResult>{inside}</ListAllMyBucketsResult>");
            assert!(BucketPage::parse(document.as_bytes()).is_err(), "{inside}");
        }
        assert!(BucketPage::parse(b"<Error><Code>AccessDenied</Code></Error>").is_err());
        assert!(BucketPage::parse(b"").is_err());
    }
}
