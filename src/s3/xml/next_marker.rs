//! The NextMarker of a page of ListObjects: always the last key or common prefix of the page. MinIO adds other text to
//! it: `a[minio_cache:v2,return:]`.

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use std::ops::Range;

/// A well-formed page with its last name in its NextMarker. A page without one stays as it is. `is_encoded` is whether
/// the names are percent-encoded.
pub fn with_last_name(page: String, is_encoded: bool) -> String {
    let names = Names::read(&page, is_encoded);
    let Some((marker, last)) = names.marker.zip(names.last) else { return page };
    [&page[..marker.start], &page[last.place], &page[marker.end..]].concat()
}

/// Where a page has its names.
#[derive(Default)]
struct Names {
    /// The content of NextMarker.
    marker: Option<Range<usize>>,
    last: Option<Last>,
}

/// The last name so far, in the order of its bytes.
struct Last {
    name: Vec<u8>,
    /// Its markup.
    place: Range<usize>,
}

impl Names {
    fn read(page: &str, is_encoded: bool) -> Names {
        let (mut names, mut reader) = (Names::default(), Reader::from_str(page));
        let mut open: Vec<String> = Vec::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Eof => break,
                Event::End(_) => drop(open.pop()),
                Event::Start(tag) => match element(&open, &tag) {
                    Element::Other(name) => open.push(name),
                    element => {
                        let Some(place) = content(&mut reader, &tag) else { break };
                        names.add(&element, page, place, is_encoded);
                    }
                },
                _ => {}
            }
        }
        names
    }

    fn add(&mut self, element: &Element, page: &str, place: Range<usize>, is_encoded: bool) {
        if matches!(element, Element::Marker) {
            self.marker = Some(place);
            return;
        }
        let name = decoded(&page[place.clone()], is_encoded);
        if self.last.as_ref().is_none_or(|last| last.name < name) {
            self.last = Some(Last { name, place });
        }
    }
}

enum Element {
    Marker,
    Name,
    Other(String),
}

fn element(open: &[String], tag: &BytesStart<'_>) -> Element {
    let parent = open.get(1).map(String::as_str);
    match (open.len(), parent, tag.local_name().into_inner()) {
        (1, _, "NextMarker") => Element::Marker,
        (2, Some("Contents"), "Key") | (2, Some("CommonPrefixes"), "Prefix") => Element::Name,
        (_, _, name) => Element::Other(name.to_owned()),
    }
}

fn content(reader: &mut Reader<&[u8]>, tag: &BytesStart<'_>) -> Option<Range<usize>> {
    let span = reader.read_to_end(tag.name()).ok()?;
    Some(usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?)
}

fn decoded(markup: &str, is_encoded: bool) -> Vec<u8> {
    let name = unescape(markup).unwrap_or_else(|_| markup.into());
    if is_encoded { percent_decode_str(&name).collect() } else { name.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(marker: &str, keys: &[&str], prefixes: &[&str]) -> String {
        let keys: String =
            keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>")).collect();
        let prefixes: String =
            prefixes.iter().map(|name| format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>")).collect();
        format!(
            "<ListBucketResult><Prefix>zz</Prefix>{marker}{keys}<Delimiter>/</Delimiter>{prefixes}</ListBucketResult>"
        )
    }

    #[test]
    fn it_is_the_last_name_of_the_page() {
        let minio = "<NextMarker>asdf[minio_cache:v2,return:]</NextMarker>";
        for (keys, prefixes, is_encoded, last) in [
            (&["a", "asdf"][..], &[][..], false, "asdf"),
            (&["a"], &["b/", "c/"], false, "c/"),
            (&["a", "d"], &["b/", "c/"], false, "d"),
            (&[], &["b/"], false, "b/"),
            (&["a&amp;b", "a&lt;b"], &["a%"], false, "a&lt;b"),
            // `~` comes after `é` only if it is encoded.
            (&["~", "%C3%A9"], &[], true, "%C3%A9"),
            (&["a%20b"], &["a%2Fb%2F"], true, "a%2Fb%2F"),
        ] {
            let expected = page(&format!("<NextMarker>{last}</NextMarker>"), keys, prefixes);
            assert_eq!(with_last_name(page(minio, keys, prefixes), is_encoded), expected);
        }
    }

    #[test]
    fn other_pages_stay_as_they_are() {
        for page in [
            page("", &["a", "b"], &["c/"]),
            page("<NextMarker/>", &["a"], &[]),
            page("<NextMarker>m</NextMarker>", &[], &[]),
            "<ListBucketResult><NextMarker>m</NextMarker><Contents><Key>a</Key>".replace("<Contents><Key>a</Key>", ""),
            String::new(),
        ] {
            assert_eq!(with_last_name(page.clone(), false), page);
        }
    }
}
