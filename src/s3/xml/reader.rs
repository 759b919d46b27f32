//! Reads a request document into a small tree, within limits.
//!
//! Taken: UTF-8 with or without a byte order mark, the five predefined entities and character references, CDATA,
//! comments. Refused as `MalformedXML`: document types (so no entity of anyone's own), processing instructions,
//! anything behind the root, and whatever exceeds a limit. Namespaces are not looked at: elements are
//! known by their local name, attributes are not read at all. (RUSTSEC-2026-0194 and -0195, quadratic attributes and
//! unbounded namespaces, are in code this reader does not call, and mended in the library since 0.41.)

use crate::s3::{Code, S3Error};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::fmt::Display;

/// How deep elements may nest; S3's own documents need four.
const MAX_DEPTH: usize = 8;

/// How many elements a document may have; 10,000 parts with a checksum each need 40,002.
const MAX_ELEMENTS: usize = 100_000;

/// An element. The caller says whether it must have [elements](Element::children) or [text](Element::leaf); an element
/// that has the other is malformed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    children: Vec<Element>,
    text: String,
}

/// The error for a document that is not what it should be; `why` goes to the log.
pub(super) fn malformed(why: impl Display) -> S3Error {
    S3Error::new(Code::MALFORMED_XML).cause(why)
}

/// The root of a document, which must be called `root`.
pub(super) fn parse(document: &[u8], root: &str) -> Result<Element, S3Error> {
    if document.contains(&0) {
        return Err(malformed("a NUL, which XML has in no form"));
    }
    let text = std::str::from_utf8(document).map_err(malformed)?;
    let element = Builder::default().read(text.trim_start_matches('\u{feff}'))?;
    if element.name == root { Ok(element) } else { Err(malformed(format!("<{}> is not <{root}>", element.name))) }
}

impl Element {
    /// The elements in an element that may have no text but blanks.
    pub(super) fn children(&self) -> Result<&[Element], S3Error> {
        if is_blank(&self.text) { Ok(&self.children) } else { Err(malformed(format!("<{}> has text", self.name))) }
    }

    /// The text of an element that may have no elements.
    pub(super) fn leaf(&self) -> Result<&str, S3Error> {
        if self.children.is_empty() { Ok(&self.text) } else { Err(malformed(format!("<{}> has elements", self.name))) }
    }

    /// The error for a child that `self` may not have.
    pub(super) fn unexpected(&self, child: &Element) -> S3Error {
        malformed(format!("<{}> in <{}>", child.name, self.name))
    }
}

/// Puts `value` in a place that must still be empty: an element that came twice is malformed.
pub(super) fn set_once<T>(place: &mut Option<T>, value: T) -> Result<(), S3Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(malformed("an element came twice")),
    }
}

/// The elements that are open, outermost first, and the root once it is closed.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Builder {
    fn read(mut self, text: &str) -> Result<Element, S3Error> {
        let mut reader = Reader::from_str(text);
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Start(tag) => self.start(&tag)?,
                Event::End(_) => self.end()?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end()?;
                }
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => self.text(&resolve(&reference)?)?,
                Event::Comment(_) => {}
                Event::Decl(_) if self.elements == 0 => {}
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) => return Err(malformed("no data")),
                Event::Eof => break,
            }
        }
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(malformed("the document ends early")),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), S3Error> {
        self.elements += 1;
        if self.root.is_some() || self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(malformed("a second root, too deep or too many elements"));
        }
        let name = tag.local_name().into_inner().to_owned();
        self.open.push(Element { name, ..Element::default() });
        Ok(())
    }

    /// The reader has matched the names of both tags.
    fn end(&mut self) -> Result<(), S3Error> {
        let element = self.open.pop().ok_or_else(|| malformed("an end without a start"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), S3Error> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if is_blank(text) => {}
            None => return Err(malformed("text outside the root")),
        }
        Ok(())
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, S3Error> {
    if let Some(c) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(c.to_string());
    }
    let text = resolve_xml_entity(reference).ok_or_else(|| malformed("an unknown entity"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Element {
        /// Whether an element of this name is anywhere inside.
        pub(in crate::s3::xml) fn contains(&self, name: &str) -> bool {
            self.children.iter().any(|child| child.name == name || child.contains(name))
        }
    }

    fn text_of(document: &str) -> Result<String, S3Error> {
        Ok(parse(document.as_bytes(), "a")?.leaf()?.to_owned())
    }

    #[test]
    fn text_is_read_as_it_was_meant() {
        for (document, text) in [
            ("<a/>", ""),
            ("<a></a>", ""),
            ("<a> x </a>", " x "),
            ("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>x</a>\n", "x"),
            ("<!-- c --><a>x<!-- c -->y</a><!-- c -->", "xy"),
            ("<a>&lt;&amp;&gt;&quot;&apos;</a>", "<&>\"'"),
            ("<a>&#65;&#x42;&#x1;&#x1D11E;</a>", "AB\u{1}𝄞"),
            ("<a><![CDATA[<&]]>x</a>", "<&x"),
            ("<a>1\r\n2\r3&#xD;</a>", "1\n2\n3\r"),
            ("<a xmlns='urn:x' xmlns:b='urn:y' b:c='1'>x</a>", "x"),
            ("<p:a xmlns:p='urn:x'>x</p:a >", "x"),
        ] {
            assert_eq!(text_of(document).as_deref(), Ok(text), "{document}");
        }
    }

    #[test]
    fn children_stand_in_order_and_blanks_between_them_do_not_count() {
        let root = parse(b"<a>\n <b>1</b>\n <c><d/></c>\t</a>", "a").unwrap();
        let names: Vec<_> = root.children().unwrap().iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
        assert!(root.leaf().is_err());
        assert!(parse(b"<a>x<b/></a>", "a").unwrap().children().is_err());
    }

    #[test]
    fn everything_else_is_malformed() {
        let deep = format!("{}{}", "<a>".repeat(MAX_DEPTH + 1), "</a>".repeat(MAX_DEPTH + 1));
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        for document in [
            "",
            " ",
            "x",
            "<b/>",
            "<a>",
            "<a",
            "</a>",
            "<a></b>",
            "<a/><a/>",
            "<a/>x",
            "x<a/>",
            "<a/>&#65;",
            "<a/></a>",
            "<a>x<b/></a>",
            "<a>&x;</a>",
            "<a>&</a>",
            "<a>&#0;</a>",
            "<a>\0</a>",
            "<a><![CDATA[\0]]></a>",
            "<a>&#xD800;</a>",
            "<a>&#x110000;</a>",
            "<a><![CDATA[x</a>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a><?xml version=\"1.0\"?></a>",
            "<?php x ?><a/>",
            deep.as_str(),
            many.as_str(),
        ] {
            let error = text_of(document).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, "MalformedXML"), "{document:.40}");
        }
        assert!(parse(b"<a>\xff</a>", "a").is_err());
        assert!(parse("<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(), "a").is_err());
    }

    #[test]
    fn cutting_a_document_anywhere_makes_it_malformed() {
        let whole = "<?xml version=\"1.0\"?><a><b>x&amp;y</b><!-- c --><c/></a>";
        assert!(parse(whole.as_bytes(), "a").is_ok());
        for end in 0..whole.len() {
            assert!(parse(&whole.as_bytes()[..end], "a").is_err(), "{}", &whole[..end]);
        }
    }

    #[test]
    fn no_single_wrong_byte_makes_it_panic() {
        let whole = b"<?xml version=\"1.0\"?><a b='c'>&#65;&amp;<![CDATA[x]]><!-- c --><p:c/></a>";
        for at in 0..whole.len() {
            for wrong in 0..=u8::MAX {
                let mut document = whole.to_vec();
                document[at] = wrong;
                if let Err(error) = parse(&document, "a") {
                    assert_eq!(error.code, "MalformedXML");
                }
            }
        }
    }
}
